#include "account/overdue_watch.h"

#include <algorithm>
#include <limits>
#include <map>
#include <string_view>

#include "core/events/task_events.h"

namespace taskwatchd {
namespace {

constexpr char kInstant[] = "overdue";
constexpr char kHash[] = "overdue_hash";  // a number, stored as milliseconds
constexpr std::uint32_t kAllHashes = std::numeric_limits<std::uint32_t>::max();

// FNV-1a: the same in every build, unlike std::hash.
std::uint32_t hash_of(std::string_view id) {
  std::uint32_t hash = 2166136261U;
  for (const char c : id) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
  return hash;
}

}  // namespace

OverdueWatch::OverdueWatch(std::string account, const std::vector<StoredTime>& stored, Wall now)
    : account_(std::move(account)), reported_(now, kAllHashes), ahead_until_(Wall::min(), 0) {
  for (const StoredTime& stored_time : stored) {
    if (stored_time.key == kInstant) reported_.first = stored_time.at;
    if (stored_time.key == kHash) {
      reported_.second = static_cast<std::uint32_t>(stored_time.at.time_since_epoch().count());
    }
  }
}

// Unfinished tasks whose deadline lies after `reported_` and not after `until`, in no order.
std::vector<OverdueWatch::Passed> OverdueWatch::unfinished_due(
    const std::vector<InstanceConfig>& instances, const Tracker& tracker, Wall until) const {
  std::map<std::string_view, Duration> deadlines;
  for (const InstanceConfig& instance : instances) {
    if (instance.deadline) deadlines.emplace(instance.name, *instance.deadline);
  }
  std::vector<Passed> passed;
  if (deadlines.empty()) return passed;
  const TaskTable& table = tracker.table();
  table.for_each(0, table.end_slot(), [&](const TaskRow& row) {
    if (!row.seen || row.gone || row.superseded || is_finished(row.status)) return;
    const auto deadline = deadlines.find(row.context->instance);
    if (deadline == deadlines.end()) return;
    const Wall at =
        row.queued + std::chrono::duration_cast<std::chrono::milliseconds>(deadline->second);
    if (at < reported_.first || at > until) return;
    const Due due(at, hash_of(row.id));
    if (due > reported_) passed.push_back({due, &row, deadline->second});
  });
  return passed;
}

// After a step back the clock repeats a time span. The tasks handled in that span are remembered
// until the clock has caught up; tasks that are new since then are not skipped.
void OverdueWatch::follow_clock(const std::vector<InstanceConfig>& instances,
                                const Tracker& tracker, Wall now) {
  if (now >= reported_.first) return;
  const Due handled = std::exchange(reported_, Due(now, kAllHashes));
  for (const Passed& task : unfinished_due(instances, tracker, handled.first)) {
    if (task.due <= handled) ahead_.insert(task.row->id);
  }
  ahead_until_ = std::max(ahead_until_, handled);
}

void OverdueWatch::report(const std::vector<InstanceConfig>& instances, const Tracker& tracker,
                          Wall now, Commit& commit) {
  const bool any = std::any_of(instances.begin(), instances.end(),
                               [](const auto& instance) { return instance.deadline.has_value(); });
  follow_clock(instances, tracker, now);
  std::vector<Passed> passed;
  if (any) passed = unfinished_due(instances, tracker, now);
  std::erase_if(passed, [this](const Passed& task) { return ahead_.contains(task.row->id); });
  std::sort(passed.begin(), passed.end(),
            [](const Passed& a, const Passed& b) { return a.due < b.due; });
  std::size_t most = std::min(passed.size(), kMost);
  // The stored time cannot distinguish two ids with the same hash and time: they are reported
  // together.
  while (most > 0 && most < passed.size() && passed[most].due == passed[most - 1].due) ++most;
  for (std::size_t i = 0; i < most; ++i) {
    const TaskRow& row = *passed[i].row;
    commit.events.push_back(
        task_overdue(*tracker.record(row.id), passed[i].deadline, now, row.context->labels));
  }
  reported_ = most < passed.size() ? passed[most - 1].due : Due(now, kAllHashes);
  if (reported_ >= ahead_until_) ahead_.clear();
  if (!any && commit.empty()) return;  // an idle daemon writes nothing
  const Due stored = std::max(reported_, ahead_.empty() ? reported_ : ahead_until_);
  commit.stored_times.push_back({account_, kInstant, stored.first});
  commit.stored_times.push_back(
      {account_, kHash, Wall(std::chrono::milliseconds(std::int64_t{stored.second}))});
}

}  // namespace taskwatchd
