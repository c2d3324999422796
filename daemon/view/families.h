// Every metric family, declared once: name, kind, labels, help, buckets. /metrics is written from
// this table and docs/reference/metrics.md is generated from it, so they always agree. Constants
// only.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace taskwatchd {

enum class MetricKind : std::uint8_t { kGauge, kCounter, kHistogram };
// Stable: name, labels and meaning change only in a new major version. Standard: defined by
// Prometheus' own conventions.
enum class Stability : std::uint8_t { kStable, kStandard };

// In the table's order.
enum class FamilyId : std::uint8_t {
  kTaskStatus,
  kTaskProgress,
  kTaskInfo,
  kTaskQueued,
  kTaskModified,
  kTaskTransitions,
  kTaskFirstSeen,
  kTaskDuration,
  kTaskQueueWait,
  kTaskExecution,
  kJobTasks,
  kJobStatisticsTime,
  kJobProgress,
  kJobStatus,
  kJobInfo,
  kJobEta,
  kJobStalled,
  kJobOverdue,
  kJobUnseenEnded,
  kJobOldestUnseenEnd,
  kJobUnreconciled,
  kDistributionStatus,
  kDistributionDevices,
  kBuildInfo,
  kAccountUp,
  kInstanceUp,
  kApiRequests,
  kApiRequestDuration,
  kApiRetries,
  kApiFailures,
  kApiLastSuccess,
  kApiRateLimit,
  kApiRateLimitConfigured,
  kDetectionDelay,
  kDetectionDelayBound,
  kOldestObservation,
  kTasks,
  kTaskState,
  kJobs,
  kAnomalies,
  kTaskSeriesRefused,
  kJobSeriesRefused,
  kBlindSeconds,
  kClockOffset,
  kEventsPending,
  kNotifyRequests,
  kNotifyDelay,
  kNotifyDropped,
  kNotifyLastSuccess,
  kNotifyUp,
  kNotifyDirect,
  kMutes,
  kLeaseHeld,
  kLeaseEpoch,
  kLeaseTransitions,
  kReplicas,
  kStoreUp,
  kStoreCommitDuration,
  kLoopDelay,
  kReloadSuccessful,
  kReloadSuccessTime,
  kLogMessages,
  kLogMessagesDropped,
  kHttpRequests,
  kProcessCpu,
  kProcessResident,
  kProcessVirtual,
  kProcessOpenFds,
  kProcessMaxFds,
  kProcessThreads,
  kProcessStartTime,
};
inline constexpr std::size_t kFamilyCount = 71;

struct Family {
  FamilyId id;
  std::string_view name;
  MetricKind kind;
  std::string_view labels;               // joined by ", "
  std::string_view help;                 // one line; the text writer does not escape it
  std::span<const double> buckets = {};  // of a histogram: upper edges, ascending
  Stability stability = Stability::kStable;
};

std::span<const Family> all_families();  // kFamilyCount of them
const Family& family(FamilyId id);
std::string_view name(MetricKind kind);  // as written after # TYPE
std::string_view name(Stability stability);

}  // namespace taskwatchd
