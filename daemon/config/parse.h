// Converts YAML text to a checked Config, or to the list of all its errors. No I/O: no file is
// opened. yaml-cpp alone would accept duplicate keys, aliases and octal numbers; this parser does
// not.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "config/config.h"

namespace taskwatchd {

struct ConfigError {
  std::string file;
  int line = 0;    // starts at 1; 0 if the position is unknown
  int column = 0;  // starts at 1
  std::string message;
};
// FILE:LINE:COL: message
std::string to_string(const ConfigError& error);

struct ParseContext {
  std::string file;                   // included in errors
  std::string directory;              // base of relative paths
  std::string credentials_directory;  // for $CREDENTIALS_DIRECTORY/; empty: using it is an error
  std::string state_directory;        // for $STATE_DIRECTORY/; empty: using it is an error
};

using ConfigResult = std::variant<Config, std::vector<ConfigError>>;

// Reports all errors at once, in the file's order.
ConfigResult parse_config(std::string_view yaml, const ParseContext& context);

// 1 to 128 printable ASCII bytes without space, ", \ and #.
bool is_valid_id(std::string_view text);

}  // namespace taskwatchd
