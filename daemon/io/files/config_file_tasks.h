// The task files of a configuration and what is taken of each, kept from look to look. A file that
// is replaced, half written, away for a moment or shut loses no task: see config/followed_file.h.
// Loop's thread. Blocks while it reads; a file that has not changed is not read again.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/followed_file.h"

namespace taskwatchd {

inline constexpr std::size_t kMaxTaskFiles = 10'000;  // matched by all globs together
inline constexpr std::size_t kMaxTasks = 1'000'000;   // explicit ones, all accounts

class TaskFiles {
 public:
  // Looks at all files that `task_files` of `config` match. Returns whether what add_to would say
  // has changed since the last look.
  bool look(const Config& config, Now now);

  struct Problems {
    std::vector<ConfigError> errors;    // a file or folder that cannot be read, too many of them
    std::vector<ConfigError> warnings;  // a bad line (left out), a glob without a match
    bool too_many_tasks = false;        // this is one of the errors
    bool bad_lines = false;             // some are among the warnings
  };
  // Adds the tasks seen by the last look to the instances of `config`. The earlier tasks of a file
  // that cannot be read now are among them. `file` is named where no task file is to blame.
  // REQUIRES: look was given the same task_files.
  Problems add_to(Config& config, const std::string& file) const;

  // When to look again though nothing may have changed.
  std::optional<Mono> due() const;
  // Forgets the files of globs that `config` does not name.
  void keep_only(const Config& config);

 private:
  struct File {
    explicit File(const std::string& path) : followed(path) {}
    FollowedFile followed;
    std::string signature;  // inode, size and times when it was last read; empty: read it
    std::string problem;    // why it cannot be read now
  };
  struct Glob {
    std::map<std::string, File> files;  // by path
    std::string problem;                // a folder that could not be searched
  };
  static bool look_at(const std::string& path, File& file, Now now);

  std::map<std::string, Glob> globs_;  // by pattern
  bool too_many_ = false;
};

// All of a configuration's globs.
std::vector<std::string> task_file_globs(const Config& config);
// The folders where files that they match may come and go, as far as they exist.
std::vector<std::string> task_file_folders(const Config& config);

}  // namespace taskwatchd
