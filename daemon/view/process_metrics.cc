#include "view/process_metrics.h"

#include <optional>

#include "view/families.h"

namespace taskwatchd {

void write_process_families(const ProcessStats& stats, MetricsWriter& page) {
  const auto write = [&page](FamilyId id, const auto& value) {
    page.begin(family(id));
    if (value) page.sample({}, static_cast<double>(*value));
  };
  write(FamilyId::kProcessCpu, stats.cpu_seconds);
  write(FamilyId::kProcessResident, stats.resident_bytes);
  write(FamilyId::kProcessVirtual, stats.virtual_bytes);
  write(FamilyId::kProcessOpenFds, stats.open_fds);
  write(FamilyId::kProcessMaxFds, stats.max_fds);
  write(FamilyId::kProcessThreads, stats.threads);
  write(FamilyId::kProcessStartTime, stats.start_time);
}

}  // namespace taskwatchd
