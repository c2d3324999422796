// The API operations that taskwatchd calls, each with a separate quota per account.
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
// Calls per second and account according to the API documentation.
double documented_quota(Api api);

}  // namespace taskwatchd
