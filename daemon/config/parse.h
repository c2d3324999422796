// YAML text to a checked Config, or everything that is wrong with it. Pure: no file is opened.
// yaml-cpp alone accepts duplicate keys, aliases and octal numbers; this walker does not.
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
  int line = 0;    // from 1; 0 when no place is known
  int column = 0;  // from 1
  std::string message;
};
// FILE:LINE:COL: message
std::string to_string(const ConfigError& error);

struct ParseContext {
  std::string file;                   // named in errors
  std::string directory;              // relative paths begin here
  std::string credentials_directory;  // for $CREDENTIALS_DIRECTORY/; empty: using it is an error
  std::string state_directory;        // for $STATE_DIRECTORY/; empty: likewise
};

using ConfigResult = std::variant<Config, std::vector<ConfigError>>;

// All errors in one run, in the file's order.
ConfigResult parse_config(std::string_view yaml, const ParseContext& context);

// 1 to 128 printable ASCII bytes without space, ", \ and #.
bool is_valid_id(std::string_view text);

}  // namespace taskwatchd
