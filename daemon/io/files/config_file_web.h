// The file of --web.config.file and what it names, read from disk. Blocks while it reads: small
// local files. Keeps nothing.
#pragma once

#include <cstddef>
#include <string>
#include <variant>
#include <vector>

#include "config/web_config.h"

namespace taskwatchd {

inline constexpr std::size_t kMaxWebFileBytes = 1024 * 1024;  // each

struct LoadedWebConfig {
  WebConfig config;
  WebTlsTexts tls;                    // empty without `tls_server_config`
  std::size_t digest = 0;             // of all that was read
  std::vector<ConfigError> warnings;  // those of the configuration too
};
// All errors that could be found: those of the file, or else those of the files that it names.
std::variant<LoadedWebConfig, std::vector<ConfigError>> load_web_config(const std::string& path);

// Where changes of these files can be seen, each folder once.
std::vector<std::string> web_config_folders(const std::string& path, const WebConfig& config);

}  // namespace taskwatchd
