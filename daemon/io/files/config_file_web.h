// Reads the file of --web.config.file and the files that it refers to. Blocks while it reads: small
// local files. Keeps no state.
#pragma once

#include <cstddef>
#include <string>
#include <variant>
#include <vector>

#include "config/web_config.h"

namespace taskwatchd {

inline constexpr std::size_t kMaxWebFileBytes = 1024 * 1024;  // per file

struct LoadedWebConfig {
  WebConfig config;
  WebTlsTexts tls;                    // empty without `tls_server_config`
  std::size_t digest = 0;             // of everything that was read
  std::vector<ConfigError> warnings;  // including those of the configuration itself
};
// Returns all errors found: those of the file, or, if it has none, those of the files that it
// refers to.
std::variant<LoadedWebConfig, std::vector<ConfigError>> load_web_config(const std::string& path);

// Returns the folders to watch for changes of these files, without duplicates.
std::vector<std::string> web_config_folders(const std::string& path, const WebConfig& config);

}  // namespace taskwatchd
