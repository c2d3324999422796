#include "core/events/job_events.h"

#include <numeric>

#include "core/events/device_text.h"

namespace taskwatchd {
namespace {

Event begin(std::string name, Level level, Wall at, const JobRecord& record) {
  Event event;
  event.ts = at;
  event.level = level;
  event.name = std::move(name);
  event.fields = {{"account", record.key.account},
                  {"iot_instance", record.instance},
                  {"job_id", record.key.job_id}};
  if (!record.last.job_name.empty()) {
    event.add("job_name", name_text(record.last.job_name));
  }
  return event;
}

std::string lower(std::string_view word) {
  std::string text(word);
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

std::int64_t total_of(const TaskCounts& counts) {
  return std::accumulate(counts.begin(), counts.end(), std::int64_t{0});
}

// The number of tasks, and of those in each status.
void add_counts(Event& event, const TaskCounts& counts) {
  event.add("tasks", total_of(counts));
  for (const TaskStatus status : kAllTaskStatuses) {
    event.add(lower(name(status)), std::int64_t{count_of(counts, status)});
  }
}

}  // namespace

Event job_transition(const JobRecord& record, JobStatus from, Wall observed_at,
                     const StringMap& labels) {
  const JobReply& last = record.last;
  const Level level = last.status == JobStatus::kTimedOut ? Level::kWarn : Level::kInfo;
  Event event = begin("job_transition", level, observed_at, record);
  const std::string to(name(last.status));
  event.msg = "job " + record.key.job_id + " is " + to + ", was " + std::string(name(from));
  event.add("from", std::string(name(from)));
  event.add("to", to);
  event.add("modified_at", rfc3339(last.modified));
  event.add("observed_at", rfc3339(observed_at));
  if (last.status == JobStatus::kUnknown) {
    event.add("status_text", device_text(last.status_text));
  }
  if (!labels.empty()) event.add("labels", labels);
  return event;
}

Event job_baseline(const JobRecord& record, const TaskCounts& counts, Wall observed_at,
                   const StringMap& labels) {
  Event event = begin("job_baseline", Level::kInfo, observed_at, record);
  event.msg = "job " + record.key.job_id + ": initial scan complete, " +
              std::to_string(total_of(counts)) + " tasks";
  add_counts(event, counts);
  event.add("observed_at", rfc3339(observed_at));
  if (!labels.empty()) event.add("labels", labels);
  return event;
}

Event job_stalled(const JobRecord& record, const StalledTasks& tasks, Wall observed_at,
                  const StringMap& labels) {
  const bool over = tasks.stalled == 0;
  Event event = begin("job_stalled", over ? Level::kInfo : Level::kWarn, observed_at, record);
  const std::string of_all = " of " + std::to_string(tasks.all) + " tasks";
  event.msg = over ? "job " + record.key.job_id + ": no task is stalled any more, " +
                         std::to_string(tasks.unfinished) + of_all + " are unfinished"
                   : "job " + record.key.job_id + ": " + std::to_string(tasks.stalled) + of_all +
                         " are stalled: their progress has not moved for longer than is usual for "
                         "this job; check the devices";
  event.add("stalled", std::int64_t{tasks.stalled});
  event.add("unfinished", std::int64_t{tasks.unfinished});
  event.add("tasks", std::int64_t{tasks.all});
  event.add("since", rfc3339(tasks.since));
  event.add("observed_at", rfc3339(observed_at));
  if (!labels.empty()) event.add("labels", labels);
  return event;
}

Event job_finished(const JobRecord& record, const TaskCounts& counts, std::uint32_t attempt,
                   Wall observed_at, const StringMap& labels) {
  std::int64_t bad = 0;
  for (const TaskStatus status : kAllTaskStatuses) {
    if (is_bad(status)) bad += count_of(counts, status);
  }
  Event event = begin("job_finished", bad > 0 ? Level::kWarn : Level::kInfo, observed_at, record);
  event.msg = "job " + record.key.job_id + " is finished: " + std::to_string(bad) + " of " +
              std::to_string(total_of(counts)) + " tasks failed";
  add_counts(event, counts);
  event.add("bad", bad);
  event.add("attempt", std::int64_t{attempt});
  event.add("observed_at", rfc3339(observed_at));
  if (!labels.empty()) event.add("labels", labels);
  return event;
}

Event endless_list(const JobRecord& record, std::optional<TaskStatus> status, Wall observed_at) {
  Event event = begin("endless_list", Level::kWarn, observed_at, record);
  const std::string which = status ? std::string(name(*status)) : std::string("all");
  event.msg =
      "ListTask for job " + record.key.job_id + " (" + which +
      " tasks) does not end: it repeats a pagination token or has more than twice the pages "
      "that the job statistics allow; the scan was given up and is repeated with a backoff "
      "of 1 to 16 minutes; tasks behind that point are polled by QueryTask once known";
  event.add("status", which);
  return event;
}

}  // namespace taskwatchd
