// The cloud's calls that we may spend, each with a quota of its own per account.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace taskwatchd {

enum class Api : std::uint8_t {
  kQueryTask,
  kListTask,
  kQueryJobStatistics,
  kQueryJob,
  kListJob,
  kQueryDeviceDistributeJob,
  kQueryDeviceDistributeDetail,
};
inline constexpr std::array<Api, 7> kAllApis = {Api::kQueryTask,
                                                Api::kListTask,
                                                Api::kQueryJobStatistics,
                                                Api::kQueryJob,
                                                Api::kListJob,
                                                Api::kQueryDeviceDistributeJob,
                                                Api::kQueryDeviceDistributeDetail};

// The Action's name: "QueryTask".
std::string_view name(Api api);
std::optional<Api> parse_api(std::string_view word);
// Calls per second and account that the API's documents allow.
double documented_quota(Api api);

}  // namespace taskwatchd
