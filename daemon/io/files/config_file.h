// Reads the configuration file and what it refers to: task files, and whether credential and CA
// files can be used. Blocks while it reads; call it at start and at a reload. Keeps no state.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "config/parse.h"
#include "io/files/config_file_tasks.h"

namespace taskwatchd {

inline constexpr std::size_t kMaxConfigBytes = 16 * 1024 * 1024;  // also for one CA file

struct LoadedConfig {
  Config config;  // `tasks` includes those of the task files
  // Problems that do not prevent a start: a glob without a match, an invalid line in a task file
  // (skipped), an instance that watches nothing. The line is 0 if no location is known.
  std::vector<ConfigError> warnings;
  // Nothing is watched, because the task files contain invalid lines only.
  bool nothing_readable = false;
};
// kUnused is for callers that make no API call and keep no state: it checks no credential or CA
// file, and $CREDENTIALS_DIRECTORY and $STATE_DIRECTORY need not be set.
enum class FileChecks : std::uint8_t { kNeeded, kUnused };
// Reads CREDENTIALS_DIRECTORY and STATE_DIRECTORY from the environment. Returns all errors found
// (exit code 78): those of the file, or, if it has none, those of the files that it refers to.
std::variant<LoadedConfig, std::vector<ConfigError>> load_config(
    const std::string& path, FileChecks key_files = FileChecks::kNeeded);

// The same in two steps, for callers that watch the task files. Reads the configuration file alone;
// no file that it refers to is read.
std::variant<Config, std::vector<ConfigError>> read_config(const std::string& path);
// The second step. REQUIRES: `config` was read from `path`, and files.look was called for it.
std::variant<LoadedConfig, std::vector<ConfigError>> complete_config(Config config,
                                                                     const std::string& path,
                                                                     const TaskFiles& files);

// For commands that use the state only: as read_config, but $CREDENTIALS_DIRECTORY need not be set.
std::variant<Config, std::vector<ConfigError>> read_config_for_state(const std::string& path);

}  // namespace taskwatchd
