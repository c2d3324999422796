// How every command adds its flags to CLI11. No I/O.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "commands/flag_rules.h"
#include "config/problems.h"

namespace taskwatchd {

inline CLI::Option* text_flag(CLI::App& app, const std::string& name, std::string& value,
                              const std::string& type, const std::string& help) {
  return app.add_option(name, value, help)->type_name(type)->capture_default_str();
}

inline void check_by(CLI::Option* option, FlagProblem (*problem)(const std::string&)) {
  option->check([problem](const std::string& value) {
    const std::string message = problem(value).value_or(std::string());
    return message.empty() ? message : message + odd_note(value, message);
  });
}

}  // namespace taskwatchd
