// What the values of flags must look like. Each returns what is wrong and the mend, to stand behind
// the flag's name, or nothing. Pure.
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
FlagProblem span_problem(const std::string& value);  // a duration, also 0s
// A share: 2% or 0.02. A number from 1 on needs the sign, for 1 may mean either.
std::optional<double> parse_share(const std::string& value);
FlagProblem share_problem(const std::string& value);
// Calls a second, such as 3 or 0.5.
std::optional<double> parse_rate(const std::string& value);
FlagProblem rate_problem(const std::string& value);

}  // namespace taskwatchd
