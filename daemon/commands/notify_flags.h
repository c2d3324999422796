// The flags of `taskwatchd notify`, `mute`, `unmute` and `mutes`, and those of every command that
// asks a running daemon. No I/O.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>

#include "commands/mute_command.h"
#include "commands/notify_command.h"

namespace taskwatchd {

void add_daemon_flags(CLI::App& command, DaemonOptions& options);
// Returns what is wrong with them together, or nullopt.
std::optional<std::string> daemon_flags_problem(const DaemonOptions& options);

void add_notify(CLI::App& app, NotifyOptions& options);
std::optional<std::string> notify_flags_problem(const NotifyOptions& options);

// mute, unmute and mutes: `options` is of the one that is used.
void add_mutes(CLI::App& app, MuteOptions& options);
std::optional<std::string> mute_flags_problem(const MuteOptions& options);

}  // namespace taskwatchd
