#include "io/files/config_file.h"

#include <string.h>
#include <sys/stat.h>

#include <utility>

#include "config/characters.h"
#include "config/key_text.h"
#include "config/summary.h"
#include "io/files/config_file_read.h"
#include "notify/sink_secrets.h"

namespace taskwatchd {
namespace {

// Collects everything that the configuration refers to. Use it once.
class Loader {
 public:
  Loader(std::string path, Config config)
      : path_(std::move(path)), loaded_{std::move(config), {}, false} {}

  // REQUIRES: files.look was called just before.
  std::variant<LoadedConfig, std::vector<ConfigError>> run(const TaskFiles& files,
                                                           FileChecks key_files) {
    for (const AccountConfig& account : loaded_.config.accounts) {
      if (key_files == FileChecks::kUnused) break;
      check_keys(account);
      check_ca("account `" + account.name + "`", account.ca_file);
      for (const InstanceConfig& instance : account.instances) {
        if (instance.ca_file == account.ca_file) continue;
        check_ca("account `" + account.name + "`, instance `" + instance.name + "`",
                 instance.ca_file);
      }
    }
    for (const SinkConfig& sink : loaded_.config.sinks) {
      if (key_files != FileChecks::kUnused) check_sink(sink);
    }
    if (key_files == FileChecks::kNeeded) check_state();
    TaskFiles::Problems problems = files.add_to(loaded_.config, path_);
    errors_.insert(errors_.end(), problems.errors.begin(), problems.errors.end());
    if (!errors_.empty()) return std::move(errors_);
    loaded_.warnings.insert(loaded_.warnings.end(), problems.warnings.begin(),
                            problems.warnings.end());
    for (const AccountConfig& account : loaded_.config.accounts) warn_of_oddities(account);
    loaded_.nothing_readable = problems.bad_lines && watches_nothing(loaded_.config);
    return std::move(loaded_);
  }

 private:
  void error(std::string message) { errors_.push_back({path_, 0, 0, std::move(message)}); }
  void warn(std::string message) { loaded_.warnings.push_back({path_, 0, 0, std::move(message)}); }

  void check_keys(const AccountConfig& account) {
    const CredentialsConfig& credentials = account.credentials;
    const std::pair<const char*, const std::string&> files[] = {
        {"access_key_id_file", credentials.access_key_id_file},
        {"access_key_secret_file", credentials.access_key_secret_file},
        {"security_token_file", credentials.security_token_file}};
    for (const auto& [key, file] : files) {
      if (file.empty()) continue;
      FileText read = read_file(file, kMaxKeyBytes);
      std::string problem = read.problem;
      if (problem.empty()) problem = clean_key_text(read.text).problem;
      explicit_bzero(read.text.data(), read.text.size());
      const std::string who = "account `" + account.name + "`: `" + key + "` " + file + " ";
      if (!problem.empty()) {
        error(who + problem);
      } else if (const auto open = mode_problem(read.mode, S_IWOTH); !open.empty()) {
        warn(who + open);
      }
    }
  }

  void check_sink(const SinkConfig& sink) {
    const auto check = [&](const char* key, const std::string& file, const auto& problem_of) {
      if (file.empty()) return;
      FileText read = read_file(file, kMaxConfigBytes);
      const std::string problem = read.problem.empty() ? problem_of(read.text) : read.problem;
      explicit_bzero(read.text.data(), read.text.size());
      const std::string who = "sink `" + sink.name + "`: `" + key + "` " + file + " ";
      if (!problem.empty()) {
        error(who + problem);
      } else if (const auto open = mode_problem(read.mode, S_IROTH | S_IWOTH); !open.empty()) {
        warn(who + open);
      }
    };
    check("url_file", sink.url_file,
          [](const std::string& text) { return parse_sink_url(text).problem; });
    check("secret_file", sink.secret_file,
          [&](const std::string& text) { return parse_sink_secrets(sink.format, text).problem; });
    check("headers_file", sink.headers_file,
          [](const std::string& text) { return parse_sink_headers(text).problem; });
    check_ca("sink `" + sink.name + "`", sink.ca_file);
  }

  // The state database contains device messages. We create it with mode 0600, but it may have been
  // copied here.
  void check_state() {
    struct stat status {};
    const std::string& path = loaded_.config.state_path;
    if (path.empty() || ::stat(path.c_str(), &status) != 0) return;
    const std::string open = mode_problem(status.st_mode, S_IROTH | S_IWOTH);
    if (!open.empty()) warn("state database " + path + " " + open);
  }

  void check_ca(const std::string& owner, const std::string& ca_file) {
    if (ca_file.empty()) return;
    const FileText read = read_file(ca_file, kMaxConfigBytes);
    std::string problem = read.problem;
    const char* const is_utf16 = without_mark(read.text).problem;
    if (problem.empty() && is_utf16 != nullptr) problem = is_utf16;
    if (problem.empty() && read.text.find("CERTIFICATE-----") == std::string::npos) {
      problem = "contains no certificate; it must be in PEM format";
    }
    if (problem.empty()) return;
    error(owner + ": `ca_file` " + ca_file + " " + problem);
  }

  void warn_of_oddities(const AccountConfig& account) {
    bool has_tasks = false;
    bool has_jobs = false;
    bool discovers = false;
    for (const InstanceConfig& instance : account.instances) {
      has_tasks = has_tasks || !instance.tasks.empty();
      discovers = discovers || instance.discover_jobs.has_value();
      has_jobs = has_jobs || discovers || !instance.jobs.empty();
      if (instance.tasks.empty() && instance.task_files.empty() && instance.jobs.empty() &&
          !instance.discover_jobs) {
        warn("account `" + account.name + "`, instance `" + instance.name +
             "` watches nothing; add `tasks`, `task_files`, `jobs` or `discover_jobs`");
      }
    }
    const CredentialsConfig& credentials = account.credentials;
    if (!credentials.access_key_id.empty() && !is_temporary_id(credentials.access_key_id) &&
        !credentials.security_token_file.empty()) {
      warn("account `" + account.name +
           "`: `security_token_file` is not used, because `access_key_id` does not begin with "
           "STS.; remove it, or give the id that the token belongs to");
    }
    const auto warn_of_unused = [&](Api api, const std::string& loss) {
      if (account.quota.at(api) != 0) return;
      warn("account `" + account.name + "`: quota `" + std::string(name(api)) + "` is 0, so " +
           loss + "; raise it");
    };
    if (has_tasks) warn_of_unused(Api::kQueryTask, "its tasks are never polled");
    if (has_jobs) warn_of_unused(Api::kListTask, "the tasks of its jobs are never found");
    if (discovers) warn_of_unused(Api::kListJob, "`discover_jobs` finds nothing");
  }

  std::string path_;
  LoadedConfig loaded_;
  std::vector<ConfigError> errors_;
};

std::variant<Config, std::vector<ConfigError>> read_in(const ParseContext& context) {
  const FileText file = read_file(context.file, kMaxConfigBytes);
  if (!file.problem.empty()) return std::vector<ConfigError>{{context.file, 0, 0, file.problem}};
  return parse_config(file.text, context);
}

}  // namespace

std::variant<Config, std::vector<ConfigError>> read_config(const std::string& path) {
  return read_in(parse_context(path));
}

std::variant<Config, std::vector<ConfigError>> read_config_for_state(const std::string& path) {
  ParseContext context = parse_context(path);
  if (context.credentials_directory.empty()) context.credentials_directory = context.directory;
  return read_in(context);
}

std::variant<LoadedConfig, std::vector<ConfigError>> complete_config(Config config,
                                                                     const std::string& path,
                                                                     const TaskFiles& files) {
  return Loader(path, std::move(config)).run(files, FileChecks::kNeeded);
}

std::variant<LoadedConfig, std::vector<ConfigError>> load_config(const std::string& path,
                                                                 FileChecks key_files) {
  ParseContext context = parse_context(path);
  if (key_files == FileChecks::kUnused) {
    for (std::string* const directory :
         {&context.credentials_directory, &context.state_directory}) {
      if (directory->empty()) *directory = context.directory;
    }
  }
  auto read = read_in(context);
  if (auto* errors = std::get_if<std::vector<ConfigError>>(&read)) return std::move(*errors);
  Config config = std::get<Config>(std::move(read));
  TaskFiles files;
  // There is no second check: a time far in the future makes a last line without a line end count
  // too.
  constexpr Wall kLate{std::chrono::years(1000)};
  files.check(config, {Mono{}, kLate});
  return Loader(path, std::move(config)).run(files, key_files);
}

}  // namespace taskwatchd
