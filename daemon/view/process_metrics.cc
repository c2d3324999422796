#include "view/process_metrics.h"

#include <optional>

#include "view/families.h"
#include "view/sample.h"

namespace taskwatchd {

std::vector<prometheus::MetricFamily> process_families(const ProcessStats& stats) {
  std::vector<prometheus::MetricFamily> families;
  const auto add = [&families](FamilyId id, const auto& value) {
    if (!value) return;
    families.push_back(empty_family(family(id)));
    add_sample(families.back(), {}, static_cast<double>(*value));
  };
  add(FamilyId::kProcessCpu, stats.cpu_seconds);
  add(FamilyId::kProcessResident, stats.resident_bytes);
  add(FamilyId::kProcessVirtual, stats.virtual_bytes);
  add(FamilyId::kProcessOpenFds, stats.open_fds);
  add(FamilyId::kProcessMaxFds, stats.max_fds);
  add(FamilyId::kProcessThreads, stats.threads);
  add(FamilyId::kProcessStartTime, stats.start_time);
  return families;
}

}  // namespace taskwatchd
