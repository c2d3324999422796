// The task files of a configuration and the tasks read from each, kept between checks. No task is
// lost when a file is replaced, partially written, absent for a moment or unreadable: see
// config/watched_file.h. Event-loop thread only. Blocks while it reads; an unchanged file is not
// read again.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/watched_file.h"

namespace taskwatchd {

inline constexpr std::size_t kMaxTaskFiles = 10'000;  // matched by all globs together
inline constexpr std::size_t kMaxTasks = 1'000'000;   // explicit ones, all accounts

class TaskFiles {
 public:
  // Checks all files that `task_files` of `config` match. Returns whether the result of add_to
  // would differ from that after the previous check.
  bool check(const Config& config, Now now);

  struct Problems {
    std::vector<ConfigError> errors;    // an unreadable file or folder, or too many files or tasks
    std::vector<ConfigError> warnings;  // an invalid line (skipped), a glob without a match
    bool too_many_tasks = false;        // this is one of the errors
    bool bad_lines = false;             // invalid lines are among the warnings
  };
  // Adds the tasks found by the last check to the instances of `config`, including the previous
  // tasks of a file that cannot be read now. Problems that belong to no task file are reported for
  // `file`. REQUIRES: look was called with the same task_files.
  Problems add_to(Config& config, const std::string& file) const;

  // Returns when to check again even without a change.
  std::optional<Mono> due() const;
  // Removes the files of globs that are not in `config`.
  void keep_only(const Config& config);

 private:
  struct File {
    explicit File(const std::string& path) : watched(path) {}
    WatchedFile watched;
    std::string signature;  // inode, size and times when last read; empty: read it again
    std::string problem;    // why it cannot be read now
  };
  struct Glob {
    std::map<std::string, File> files;  // by path
    std::string problem;                // a folder that could not be searched
  };
  static bool check_file(const std::string& path, File& file, Now now);

  std::map<std::string, Glob> globs_;  // by pattern
  bool too_many_ = false;
};

// Returns all globs of a configuration.
std::vector<std::string> task_file_globs(const Config& config);
// Returns the existing folders in which files that match the globs may be created or removed.
std::vector<std::string> task_file_folders(const Config& config);

}  // namespace taskwatchd
