// Validates the values of flags. Each function returns the error and how to fix it, as text that
// follows the flag's name, or nullopt if the value is valid. No I/O.
#pragma once

#include <optional>
#include <string>

namespace taskwatchd {

using FlagProblem = std::optional<std::string>;

FlagProblem listen_address_problem(const std::string& value);  // HOST:PORT, [V6]:PORT, :PORT
FlagProblem telemetry_path_problem(const std::string& value);
FlagProblem external_url_problem(const std::string& value);
FlagProblem route_prefix_problem(const std::string& value);
FlagProblem allowed_host_problem(const std::string& value);
FlagProblem max_requests_problem(const std::string& value);
FlagProblem daemon_url_problem(const std::string& value);  // https, or http to loopback
FlagProblem timeout_problem(const std::string& value);
FlagProblem span_problem(const std::string& value);  // a duration, 0s included
// Parses a share: 2% or 0.02. Numbers of 1 and above need the percent sign, because a plain 1 is
// ambiguous.
std::optional<double> parse_share(const std::string& value);
FlagProblem share_problem(const std::string& value);
// Parses a rate in calls per second, such as 3 or 0.5.
std::optional<double> parse_rate(const std::string& value);
FlagProblem rate_problem(const std::string& value);

}  // namespace taskwatchd
