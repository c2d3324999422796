#include "core/types/distribution.h"

#include <algorithm>

namespace taskwatchd {

std::string_view name(DistributionStatus status) {
  switch (status) {
    case DistributionStatus::kInitializing:
      return "INITIALIZING";
    case DistributionStatus::kRunning:
      return "RUNNING";
    case DistributionStatus::kFinished:
      return "FINISHED";
    case DistributionStatus::kAborted:
      return "ABORTED";
    case DistributionStatus::kUnknown:
      return "UNKNOWN";
  }
  return "UNKNOWN";
}

DistributionStatus parse_distribution_status(std::int64_t number) {
  return number >= 0 && number < 4 ? static_cast<DistributionStatus>(number)
                                   : DistributionStatus::kUnknown;
}

std::string_view name(ResultFormat format) {
  switch (format) {
    case ResultFormat::kUnknown:
      return "unknown";
    case ResultFormat::kJsonArray:
      return "json";
    case ResultFormat::kJsonLines:
      return "json_lines";
    case ResultFormat::kCsv:
      return "csv";
    case ResultFormat::kXlsx:
      return "xlsx";
  }
  return "unknown";
}

std::uint32_t unknown_devices(const DistributionRecord& record) {
  if (!record.result) return 0;
  const DistributionResult& result = *record.result;
  const std::uint64_t named = std::uint64_t{result.ok} + result.failed;
  const std::uint64_t total = record.last.total.value_or(0);
  const std::uint32_t least = result.understood ? result.unknown : 1;
  if (total <= named) return least;
  return std::max(least, static_cast<std::uint32_t>(total - named));
}

}  // namespace taskwatchd
