#include "core/events/job_events.h"

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
  std::int64_t total = 0;
  for (const std::uint32_t n : counts) total += n;
  event.msg =
      "job " + record.key.job_id + ": initial scan complete, " + std::to_string(total) + " tasks";
  event.add("tasks", total);
  for (const TaskStatus status : kAllTaskStatuses) {
    event.add(lower(name(status)), std::int64_t{count_of(counts, status)});
  }
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
