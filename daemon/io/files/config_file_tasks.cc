#include "io/files/config_file_tasks.h"

#include <glob.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <set>
#include <utility>

#include "config/task_owners.h"
#include "io/files/config_file_read.h"

namespace taskwatchd {
namespace {

constexpr std::size_t kMaxTaskFileBytes = 16 * 1024 * 1024;
// File system time stamps have steps of up to 2 s: a younger file may change without a new time
// stamp.
constexpr Duration kTimeStep = std::chrono::seconds(2);

struct Matches {
  std::vector<std::string> paths;
  std::string problem;  // a folder that could not be searched
};

// Thread-local, because glob(3) passes no context to its error handler.
thread_local int glob_error = 0;

int remember_error(const char* /*path*/, int error) {
  // A folder that does not exist has no matches.
  if (error == ENOENT || error == ENOTDIR) return 0;
  glob_error = error;
  return 1;
}

bool has_wildcard(const std::string& pattern) {
  return pattern.find_first_of("*?[") != std::string::npos;
}

Matches expand(const std::string& pattern) {
  if (!has_wildcard(pattern)) return {{pattern}, {}};
  Matches matches;
  glob_t found{};
  const int result = ::glob(pattern.c_str(), 0, remember_error, &found);
  if (result == 0) {
    for (std::size_t i = 0; i < found.gl_pathc; ++i) matches.paths.emplace_back(found.gl_pathv[i]);
  } else if (result != GLOB_NOMATCH) {
    matches.problem = unreadable(result == GLOB_NOSPACE ? ENOMEM : glob_error).problem;
  }
  ::globfree(&found);
  return matches;
}

// Returns a text that changes whenever the file does; empty if the file does not exist.
std::string signature_of(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return {};
  std::string signature;
  for (const auto number :
       {static_cast<long long>(status.st_dev), static_cast<long long>(status.st_ino),
        static_cast<long long>(status.st_size), static_cast<long long>(status.st_mtim.tv_sec),
        static_cast<long long>(status.st_mtim.tv_nsec),
        static_cast<long long>(status.st_ctim.tv_sec),
        static_cast<long long>(status.st_ctim.tv_nsec)}) {
    signature += std::to_string(number) + " ";
  }
  return signature;
}

}  // namespace

bool TaskFiles::check(const Config& config, Now now) {
  bool changed = false;
  bool too_many = false;
  std::size_t held = 0;
  for (const auto& [pattern, glob] : globs_) held += glob.files.size();
  const std::vector<std::string> patterns = task_file_globs(config);
  for (const std::string& pattern : std::set<std::string>(patterns.begin(), patterns.end())) {
    const auto [at, is_new] = globs_.try_emplace(pattern);
    Glob& glob = at->second;
    Matches matches = expand(pattern);
    changed = changed || is_new || glob.problem != matches.problem;
    glob.problem = std::move(matches.problem);
    // If a folder cannot be searched now, its files may still exist: keep them.
    if (!glob.problem.empty()) continue;
    for (const std::string& path : matches.paths) {
      if (glob.files.contains(path)) continue;
      too_many = too_many || held == kMaxTaskFiles;
      if (held == kMaxTaskFiles) break;
      glob.files.emplace(path, File(path));
      ++held;
    }
    for (auto file = glob.files.begin(); file != glob.files.end();) {
      changed = check_file(file->first, file->second, now) || changed;
      const bool over = file->second.watched.gone() && has_wildcard(pattern);
      if (over) --held;
      file = over ? glob.files.erase(file) : std::next(file);
    }
  }
  return std::exchange(too_many_, too_many) != too_many || changed;
}

bool TaskFiles::check_file(const std::string& path, File& file, Now now) {
  std::string signature = signature_of(path);
  const bool settled = !file.watched.due();
  // A file that was modified recently is read regardless of its time stamps: their steps may be
  // coarse.
  if (settled && !signature.empty() && signature == file.signature) return false;
  const FileText read = read_file(path, kMaxTaskFileBytes);
  const bool readable = read.problem.empty() || read.absent;
  const std::string problem = readable ? "" : read.problem;
  bool changed = std::exchange(file.problem, problem) != problem;
  if (!readable) return changed;
  const auto age = std::chrono::duration_cast<Duration>(now.wall - read.written);
  std::optional<std::string_view> text;
  if (!read.absent) text = read.text;
  changed = file.watched.see(text, age, now.mono) || changed;
  file.signature = age < kTimeStep ? std::string() : std::move(signature);
  return changed;
}

TaskFiles::Problems TaskFiles::add_to(Config& config, const std::string& file) const {
  Problems problems;
  std::size_t tasks = 0;
  const auto error = [&](std::string text) {
    problems.errors.push_back({file, 0, 0, std::move(text)});
  };
  const auto warn = [&](const std::vector<ConfigError>& more) {
    problems.warnings.insert(problems.warnings.end(), more.begin(), more.end());
  };
  const std::string later = "; it is checked again while taskwatchd runs";
  for (AccountConfig& account : config.accounts) {
    TaskOwners owners(account);
    for (std::size_t i = 0; i < account.instances.size(); ++i) {
      const std::size_t before = account.instances[i].tasks.size();
      for (const std::string& pattern : account.instances[i].task_files) {
        const Glob& glob = globs_.at(pattern);
        if (!glob.problem.empty()) error("`task_files` " + pattern + " " + glob.problem);
        if (glob.files.empty() && glob.problem.empty()) {
          warn({{file, 0, 0, "`task_files` " + pattern + " matches no file" + later}});
        }
        for (const auto& [path, one] : glob.files) {
          if (!one.problem.empty()) error("`task_files` " + path + " " + one.problem);
          if (one.watched.gone()) {
            warn({{file, 0, 0, "`task_files` " + path + " does not exist" + later}});
          }
          problems.bad_lines = problems.bad_lines || !one.watched.taken().errors.empty();
          warn(one.watched.taken().errors);
          warn(owners.add(i, one.watched.taken()));
        }
      }
      tasks += account.instances[i].tasks.size() - before;
    }
  }
  if (too_many_) {
    error("`task_files` match more than " + std::to_string(kMaxTaskFiles) +
          " files; put more tasks into each");
  }
  problems.too_many_tasks = tasks > kMaxTasks;
  if (problems.too_many_tasks) {
    error("the task files contain more than " + std::to_string(kMaxTasks) + " tasks; list fewer");
  }
  return problems;
}

std::optional<Mono> TaskFiles::due() const {
  std::optional<Mono> first;
  for (const auto& [pattern, glob] : globs_) {
    for (const auto& [path, file] : glob.files) {
      const auto due = file.watched.due();
      if (due && (!first || *due < *first)) first = due;
    }
  }
  return first;
}

void TaskFiles::keep_only(const Config& config) {
  const std::vector<std::string> patterns = task_file_globs(config);
  const std::set<std::string> named(patterns.begin(), patterns.end());
  std::erase_if(globs_, [&](const auto& glob) { return !named.contains(glob.first); });
}

std::vector<std::string> task_file_globs(const Config& config) {
  std::vector<std::string> all;
  for (const AccountConfig& account : config.accounts) {
    for (const InstanceConfig& instance : account.instances) {
      all.insert(all.end(), instance.task_files.begin(), instance.task_files.end());
    }
  }
  return all;
}

std::vector<std::string> task_file_folders(const Config& config) {
  std::set<std::string> all;
  for (std::string pattern : task_file_globs(config)) {
    do {
      pattern = pattern.substr(0, std::max<std::size_t>(pattern.rfind('/'), 1));
      for (std::string& folder : expand(pattern).paths) all.insert(std::move(folder));
    } while (has_wildcard(pattern));
  }
  return {all.begin(), all.end()};
}

}  // namespace taskwatchd
