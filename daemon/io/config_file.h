// The configuration file and what it names, read from disk: task files, and whether key and CA
// files can be used. Blocks while it reads; call it at start and at a reload. Keeps nothing.
#pragma once

#include <cstddef>
#include <string>
#include <variant>
#include <vector>

#include "config/parse.h"

namespace taskwatchd {

inline constexpr std::size_t kMaxConfigBytes = 16 * 1024 * 1024;  // also of one task or CA file
inline constexpr std::size_t kMaxTaskFiles = 10'000;              // matched by all globs together
inline constexpr std::size_t kMaxTasks = 1'000'000;               // explicit ones, all accounts

struct LoadedConfig {
  Config config;  // `tasks` holds those of the task files too
  // What does not stop us: a glob that matches nothing, a bad line in a task file (left out), an
  // instance that watches nothing. Line 0 where no place is known.
  std::vector<ConfigError> warnings;
};
// Reads CREDENTIALS_DIRECTORY and STATE_DIRECTORY from the environment. On any error (exit code 78)
// all errors that could be found: those of the file, or else those of the files that it names.
std::variant<LoadedConfig, std::vector<ConfigError>> load_config(const std::string& path);

// Differs from an earlier answer if a file that `task_files` matches was added, changed or removed
// since: then load_config again. Looks at names, sizes and times only.
std::string task_files_state(const Config& config);

}  // namespace taskwatchd
