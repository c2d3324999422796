#include "core/types/change.h"

#include "core/types/names.h"

namespace taskwatchd {
namespace {
constexpr std::array<std::string_view, kAllAnomalies.size()> kAnomalyNames = {
    "unknown_status", "regression",  "stale_reply", "wrong_task_id",
    "negative_delay", "job_changed", "endless_list"};
}

std::string_view name(Anomaly anomaly) {
  return name_in(kAnomalyNames, anomaly);
}

}  // namespace taskwatchd
