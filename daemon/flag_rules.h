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

}  // namespace taskwatchd
