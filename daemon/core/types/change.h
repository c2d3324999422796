// The changes caused by one response, as values: stored in one transaction, then published to
// sinks.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/events/event.h"
#include "core/types/distribution.h"
#include "core/types/job.h"
#include "core/types/mute.h"
#include "core/types/names.h"
#include "core/types/task.h"

namespace taskwatchd {

// The label `kind` of taskwatchd_anomalies_total.
enum class Anomaly : std::uint8_t {
  kUnknownStatus,
  kRegression,
  kStaleReply,
  kWrongTaskId,
  kNegativeDelay,
  kJobChanged,
  kEndlessList,
};
inline constexpr std::array<Anomaly, 7> kAllAnomalies = {
    Anomaly::kUnknownStatus, Anomaly::kRegression, Anomaly::kStaleReply, Anomaly::kWrongTaskId,
    Anomaly::kNegativeDelay, Anomaly::kJobChanged, Anomaly::kEndlessList};
inline constexpr std::array<std::string_view, kAllAnomalies.size()> kAnomalyNames = {
    "unknown_status", "regression",  "stale_reply", "wrong_task_id",
    "negative_delay", "job_changed", "endless_list"};
inline std::string_view name(Anomaly anomaly) {
  return name_in(kAnomalyNames, anomaly);
}

// One task's new record, and how it came about.
struct TaskChange {
  TaskRecord record{};
  bool first_observation = false;
  // Named by id in the configuration; otherwise a task of a watched job.
  bool explicit_id = true;
  // Changed after watching began: counts for the detection delay. True for each transition.
  bool changed_while_watched = false;
  std::optional<TaskStatus> from{};  // for a transition
  // Durations for the histograms: absent unless the transition itself was observed just now.
  std::optional<Duration> queue_wait{};  // UtcQueueTime to leaving QUEUED
  std::optional<Duration> execution{};   // IN_PROGRESS to completion
};

// Durable counters, separate from events, so that pruning events does not lower them. A job's
// counters are deleted when nothing else of the job is left.
enum class Counter : std::uint8_t { kTransitions, kFirstSeen };
struct CounterKey {
  std::string account;
  std::string job_id;
  Counter counter = Counter::kTransitions;
  TaskStatus status = TaskStatus::kUnknown;
  auto operator<=>(const CounterKey&) const = default;
};
struct CounterDelta {
  CounterKey key;
  std::uint64_t add = 1;
};
struct CounterValue {
  CounterKey key;
  std::uint64_t value = 0;
  Wall created;  // of the job's first counter; new ones are exported as 0 for 1 min
};

// A durable timestamp: "alive" (last successful response of an account), "success:QueryTask".
struct StoredTime {
  std::string account;
  std::string key;
  Wall at;
};

// How far a sink of notifications has come. (The log's cursors are `cursors` of a commit.)
struct SinkState {
  std::string sink;
  std::uint64_t event_id = 0;  // all events up to this one are delivered or dropped
  std::string memory;          // what the sink remembers between messages; its own format
  Wall at;                     // when it was written: a sink that was away for long begins again
  std::optional<Wall> last_success = {};  // when the receiver last took something
  bool operator==(const SinkState&) const = default;
};

// One group of changes: all of it is stored, or none.
struct Commit {
  std::vector<TaskRecord> records = {};                // of two for one task the later one applies
  std::vector<JobRecord> jobs = {};                    // of two for one job the later one applies
  std::vector<DistributionRecord> distributions = {};  // same for distributions
  std::vector<Event> events = {};                      // in order; the store assigns the ids
  std::vector<CounterDelta> counters = {};
  std::vector<StoredTime> stored_times = {};
  // Sinks' cursors: the id of the last event that was delivered.
  std::vector<std::pair<std::string, std::uint64_t>> cursors = {};
  std::vector<SinkState> sinks = {};
  std::vector<Mute> mutes = {};  // new ones, and others with a new end
  // The same at each try to store this group; 0: it is tried once only. A store that lost the
  // answer to a try recognises the group by it.
  std::uint64_t id = 0;
  bool empty() const {
    return records.empty() && jobs.empty() && distributions.empty() && events.empty() &&
           counters.empty() && stored_times.empty() && cursors.empty() && sinks.empty() &&
           mutes.empty();
  }
};

// The stored data of one account.
struct Stored {
  std::vector<TaskRecord> records;  // added by the caller: an account has too many
  std::vector<StoredTime> stored_times;
  std::vector<JobRecord> jobs;
  std::vector<DistributionRecord> distributions;
};

}  // namespace taskwatchd
