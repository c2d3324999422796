#include "io/config_file.h"

#include <fcntl.h>
#include <glob.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <system_error>
#include <utility>

#include "config/key_text.h"
#include "config/task_owners.h"

namespace taskwatchd {
namespace {

constexpr const char* kAccessMend =
    "check the path, and that the user taskwatchd runs as may read it";

// Either text, or why not and the mend.
struct FileText {
  std::string text;
  std::string problem;  // "cannot be read: ..."
  bool absent = false;
};

FileText failed(int error) {
  return {{},
          "cannot be read: " + std::generic_category().message(error) + "; " + kAccessMend,
          error == ENOENT || error == ENOTDIR};
}

FileText read_file(const std::string& path, std::size_t max_bytes) {
  // Without waiting: opening a pipe that nobody writes to would hang for ever.
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (fd < 0) return failed(errno);
  FileText file;
  struct stat status {};
  if (::fstat(fd, &status) != 0) {
    file = failed(errno);
  } else if (!S_ISREG(status.st_mode)) {
    file.problem = "is not a regular file; name a file";
  }
  while (file.problem.empty()) {
    constexpr std::size_t kChunkBytes = 64 * 1024;
    const std::size_t size = file.text.size();
    file.text.resize(size + kChunkBytes);
    const ssize_t got = ::read(fd, file.text.data() + size, kChunkBytes);
    file.text.resize(size + static_cast<std::size_t>(got > 0 ? got : 0));
    if (got < 0 && errno != EINTR) file.problem = failed(errno).problem;
    if (got == 0) break;
    if (file.text.size() > max_bytes) {
      file.problem =
          "is larger than " + std::to_string(max_bytes) + " bytes; is it the right file?";
    }
  }
  ::close(fd);
  if (!file.problem.empty()) explicit_bzero(file.text.data(), file.text.size());
  return file;
}

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

std::string directory_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  std::string directory = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  if (directory.starts_with('/')) return directory;
  char* cwd = ::getcwd(nullptr, 0);
  if (cwd == nullptr) return directory;
  directory = directory == "." ? std::string(cwd) : std::string(cwd) + "/" + directory;
  std::free(cwd);
  return directory;
}

ParseContext context_of(const std::string& path) {
  ParseContext context;
  context.file = path;
  context.directory = directory_of(path);
  context.credentials_directory = environment("CREDENTIALS_DIRECTORY");
  // systemd joins several directories with colons; the first is the main one.
  const std::string state = environment("STATE_DIRECTORY");
  context.state_directory = state.substr(0, state.find(':'));
  return context;
}

struct Matches {
  std::vector<std::string> paths;
  std::string problem;  // a folder that could not be searched
};

// glob passes no context to its error handler.
thread_local int glob_error = 0;

int remember_error(const char* /*path*/, int error) {
  // A folder that does not exist just has no matches.
  if (error == ENOENT || error == ENOTDIR) return 0;
  glob_error = error;
  return 1;
}

Matches expand(const std::string& pattern) {
  if (pattern.find_first_of("*?[") == std::string::npos) return {{pattern}, {}};
  Matches matches;
  glob_t found{};
  const int result = ::glob(pattern.c_str(), 0, remember_error, &found);
  if (result == 0) {
    for (std::size_t i = 0; i < found.gl_pathc; ++i) matches.paths.emplace_back(found.gl_pathv[i]);
  } else if (result != GLOB_NOMATCH) {
    matches.problem = failed(result == GLOB_NOSPACE ? ENOMEM : glob_error).problem;
  }
  ::globfree(&found);
  return matches;
}

// Gathers what the configuration names; one use.
class Loader {
 public:
  Loader(std::string path, Config config)
      : path_(std::move(path)), loaded_{std::move(config), {}} {}

  std::variant<LoadedConfig, std::vector<ConfigError>> run() {
    for (AccountConfig& account : loaded_.config.accounts) {
      check_keys(account);
      TaskOwners owners(account);
      for (std::size_t i = 0; i < account.instances.size(); ++i) {
        check_ca(account, account.instances[i]);
        read_tasks(account, i, owners);
      }
      look_for_oddities(account);
    }
    if (!errors_.empty()) return std::move(errors_);
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
      if (problem.empty()) continue;
      error("account `" + account.name + "`: `" + key + "` " + file + " " + problem);
    }
  }

  void check_ca(const AccountConfig& account, const InstanceConfig& instance) {
    if (instance.ca_file.empty()) return;
    const FileText read = read_file(instance.ca_file, kMaxConfigBytes);
    std::string problem = read.problem;
    if (problem.empty() && read.text.find("CERTIFICATE-----") == std::string::npos) {
      problem = "holds no certificate; it must be in PEM form";
    }
    if (problem.empty()) return;
    error("account `" + account.name + "`, instance `" + instance.name + "`: `ca_file` " +
          instance.ca_file + " " + problem);
  }

  void read_tasks(AccountConfig& account, std::size_t index, TaskOwners& owners) {
    std::vector<TaskFile> files;
    for (const std::string& pattern : account.instances[index].task_files) {
      const Matches matches = expand(pattern);
      if (!matches.problem.empty()) error("`task_files` " + pattern + " " + matches.problem);
      for (const std::string& path : matches.paths) read_task_file(path, files);
      if (matches.paths.empty() && matches.problem.empty()) {
        warn("`task_files` " + pattern + " matches no file; it is looked at again while running");
      }
    }
    const std::size_t before = account.instances[index].tasks.size();
    for (const TaskFile& file : files) add_warnings(owners.add(index, file));
    tasks_ += account.instances[index].tasks.size() - before;
    if (tasks_ > kMaxTasks && !told_limit_) {
      told_limit_ = true;
      error("the task files hold more than " + std::to_string(kMaxTasks) + " tasks; list fewer");
    }
  }

  void read_task_file(const std::string& path, std::vector<TaskFile>& files) {
    if (++task_files_ > kMaxTaskFiles) {
      if (task_files_ == kMaxTaskFiles + 1) {
        error("`task_files` match more than " + std::to_string(kMaxTaskFiles) +
              " files; put more tasks into each");
      }
      return;
    }
    const FileText read = read_file(path, kMaxConfigBytes);
    if (read.absent) {
      warn("`task_files` " + path + " does not exist; it is looked at again while running");
    } else if (!read.problem.empty()) {
      error("`task_files` " + path + " " + read.problem);
    } else {
      files.push_back(parse_task_file(read.text, path));
      add_warnings(files.back().errors);
    }
  }

  void add_warnings(const std::vector<ConfigError>& warnings) {
    loaded_.warnings.insert(loaded_.warnings.end(), warnings.begin(), warnings.end());
  }

  void look_for_oddities(const AccountConfig& account) {
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
             "` watches nothing; give it `tasks`, `task_files`, `jobs` or `discover_jobs`");
      }
    }
    const auto warn_of_unused = [&](Api api, const std::string& loss) {
      if (account.quota.at(api) != 0) return;
      warn("account `" + account.name + "`: quota `" + std::string(name(api)) + "` is 0, so " +
           loss + "; raise it");
    };
    if (has_tasks) warn_of_unused(Api::kQueryTask, "its tasks are never asked");
    if (has_jobs) warn_of_unused(Api::kListTask, "the tasks of its jobs are never found");
    if (discovers) warn_of_unused(Api::kListJob, "`discover_jobs` finds nothing");
  }

  std::string path_;
  LoadedConfig loaded_;
  std::vector<ConfigError> errors_;
  std::size_t task_files_ = 0;
  std::size_t tasks_ = 0;
  bool told_limit_ = false;
};

}  // namespace

std::variant<LoadedConfig, std::vector<ConfigError>> load_config(const std::string& path) {
  const FileText file = read_file(path, kMaxConfigBytes);
  if (!file.problem.empty()) return std::vector<ConfigError>{{path, 0, 0, file.problem}};
  ConfigResult parsed = parse_config(file.text, context_of(path));
  if (auto* errors = std::get_if<std::vector<ConfigError>>(&parsed)) return std::move(*errors);
  return Loader(path, std::get<Config>(std::move(parsed))).run();
}

std::string task_files_state(const Config& config) {
  std::string state;
  std::size_t files = 0;
  for (const AccountConfig& account : config.accounts) {
    for (const InstanceConfig& instance : account.instances) {
      for (const std::string& pattern : instance.task_files) {
        for (const std::string& path : expand(pattern).paths) {
          if (++files > kMaxTaskFiles) return state;
          struct stat status {};
          if (::stat(path.c_str(), &status) != 0) continue;
          for (const auto number :
               {static_cast<long long>(status.st_ino), static_cast<long long>(status.st_size),
                static_cast<long long>(status.st_mtim.tv_sec),
                static_cast<long long>(status.st_mtim.tv_nsec),
                static_cast<long long>(status.st_ctim.tv_sec),
                static_cast<long long>(status.st_ctim.tv_nsec)}) {
            state += std::to_string(number) + " ";
          }
          state += path + "\n";
        }
      }
    }
  }
  return state;
}

}  // namespace taskwatchd
