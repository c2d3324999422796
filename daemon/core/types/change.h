// What one reply changes, as values: stored in one transaction, then told to the sinks.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/events/event.h"
#include "core/types/distribution.h"
#include "core/types/job.h"
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

// One task's new record, and how it came to it.
struct TaskChange {
  TaskRecord record{};
  bool first_sight = false;
  // Named by id in the configuration; the others are of watched jobs.
  bool explicit_id = true;
  // Changed after we began to watch: counts for the detection delay. True for each transition.
  bool changed_while_watched = false;
  std::optional<TaskStatus> from{};  // of a transition
  // Steps read just now, for the histograms: absent unless the step itself was read.
  std::optional<Duration> queue_wait{};  // UtcQueueTime to leaving QUEUED
  std::optional<Duration> execution{};   // IN_PROGRESS to the end
};

// Durable counters, kept apart from events so that pruning these lowers none. A job's counters go
// when nothing else of the job is left.
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
  Wall created;  // when the first of its job was made; new ones are shown as 0 for a minute
};

// A durable instant: "alive" (last good reply of an account), "success:QueryTask".
struct Mark {
  std::string account;
  std::string key;
  Wall at;
};

// One group of changes: all of it is stored, or nothing.
struct Commit {
  std::vector<TaskRecord> records = {};                // the later of two for one task wins
  std::vector<JobRecord> jobs = {};                    // likewise
  std::vector<DistributionRecord> distributions = {};  // likewise
  std::vector<Event> events = {};                      // in order; ids are given by the store
  std::vector<CounterDelta> counters = {};
  std::vector<Mark> marks = {};
  // Sinks' cursors: the id of the last event whose delivery has returned.
  std::vector<std::pair<std::string, std::uint64_t>> cursors = {};
  bool empty() const {
    return records.empty() && jobs.empty() && distributions.empty() && events.empty() &&
           counters.empty() && marks.empty() && cursors.empty();
  }
};

// What is stored of one account.
struct Stored {
  std::vector<TaskRecord> records;  // put in by who asks for them: an account has too many
  std::vector<Mark> marks;
  std::vector<JobRecord> jobs;
  std::vector<DistributionRecord> distributions;
};

}  // namespace taskwatchd
