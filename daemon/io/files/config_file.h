// The configuration file and what it names, read from disk: task files, and whether key and CA
// files can be used. Blocks while it reads; call it at start and at a reload. Keeps nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "config/parse.h"
#include "io/files/config_file_tasks.h"

namespace taskwatchd {

inline constexpr std::size_t kMaxConfigBytes = 16 * 1024 * 1024;  // also of one CA file

struct LoadedConfig {
  Config config;  // `tasks` holds those of the task files too
  // What does not stop us: a glob that matches nothing, a bad line in a task file (left out), an
  // instance that watches nothing. Line 0 where no place is known.
  std::vector<ConfigError> warnings;
  // Nothing is watched, because the task files have bad lines and no other.
  bool nothing_readable = false;
};
// For who calls no cloud and keeps no state: kUnused looks at no key and CA file, and takes
// $CREDENTIALS_DIRECTORY and $STATE_DIRECTORY as given where they are not set.
enum class FileChecks : std::uint8_t { kNeeded, kUnused };
// Reads CREDENTIALS_DIRECTORY and STATE_DIRECTORY from the environment. On any error (exit code 78)
// all errors that could be found: those of the file, or else those of the files that it names.
std::variant<LoadedConfig, std::vector<ConfigError>> load_config(
    const std::string& path, FileChecks key_files = FileChecks::kNeeded);

// The same in two steps, for whoever follows the task files. The file alone: nothing that it names
// is looked at.
std::variant<Config, std::vector<ConfigError>> read_config(const std::string& path);
// The rest. REQUIRES: `config` was read from `path`, and `files` has looked for it.
std::variant<LoadedConfig, std::vector<ConfigError>> complete_config(Config config,
                                                                     const std::string& path,
                                                                     const TaskFiles& files);

}  // namespace taskwatchd
