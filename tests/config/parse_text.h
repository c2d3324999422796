// Short helpers that parse a text in tests.
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "config/parse.h"

namespace taskwatchd {

inline ParseContext test_context() {
  return {"f.yaml", "/etc/taskwatchd", "", ""};
}

// Returns the configuration. If it has errors, fails the test and returns an empty one.
inline Config parsed(std::string_view yaml, const ParseContext& context = test_context()) {
  ConfigResult result = parse_config(yaml, context);
  if (const auto* errors = std::get_if<std::vector<ConfigError>>(&result)) {
    for (const ConfigError& error : *errors) ADD_FAILURE() << to_string(error);
    return {};
  }
  return std::get<Config>(std::move(result));
}

// Returns the errors, one per line, each ended by a newline; empty if there are none.
inline std::string errors_of(std::string_view yaml, const ParseContext& context = test_context()) {
  const ConfigResult result = parse_config(yaml, context);
  std::string lines;
  if (const auto* errors = std::get_if<std::vector<ConfigError>>(&result)) {
    EXPECT_FALSE(errors->empty());
    for (const ConfigError& error : *errors) lines += to_string(error) + "\n";
  }
  return lines;
}

inline std::string read_text(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file.is_open()) << path;
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace taskwatchd
