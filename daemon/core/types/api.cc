#include "core/types/api.h"

#include "core/types/names.h"

namespace taskwatchd {
namespace {
constexpr std::array<std::string_view, kAllApis.size()> kApiNames = {"QueryTask",
                                                                     "ListTask",
                                                                     "QueryJobStatistics",
                                                                     "QueryJob",
                                                                     "ListJob",
                                                                     "QueryDeviceDistributeJob",
                                                                     "QueryDeviceDistributeDetail"};
}

std::string_view name(Api api) {
  return name_in(kApiNames, api);
}

std::optional<Api> parse_api(std::string_view word) {
  return find_in<Api>(kApiNames, word);
}

double documented_quota(Api api) {
  return api == Api::kQueryDeviceDistributeJob ? 10 : 5;
}

}  // namespace taskwatchd
