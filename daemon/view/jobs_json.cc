#include "view/jobs_json.h"

#include "core/events/event_text.h"
#include "core/types/task.h"
#include "view/json_fields.h"

namespace taskwatchd {
namespace {

std::string counts_json(const TaskCounts& counts) {
  std::vector<Field> fields;
  for (const TaskStatus status : kAllTaskStatuses) {
    add(fields, std::string(name(status)), counted(count_of(counts, status)));
  }
  return to_json_object(fields);
}

std::size_t sum(const TaskCounts& counts) {
  std::size_t all = 0;
  for (const std::uint32_t n : counts) all += n;
  return all;
}

// Finished by all; nothing while the job has no tasks.
std::optional<double> progress(const TaskCounts& counts) {
  std::size_t finished = 0;
  for (const TaskStatus status : kAllTaskStatuses) {
    if (is_finished(status)) finished += count_of(counts, status);
  }
  const std::size_t all = sum(counts);
  if (all == 0) return std::nullopt;
  return static_cast<double>(finished) / static_cast<double>(all);
}

std::string job_json(const std::string& account, const JobView& job) {
  std::vector<Field> fields;
  add(fields, "account", account);
  add(fields, "iot_instance", job.instance);
  add(fields, "job_id", job.job_id);
  add_if(fields, "job_name", job.name);
  add_if(fields, "job_type", job.type);
  if (job.status_read) add(fields, "status", std::string(name(job.status)));
  add(fields, "labels", job.labels);
  if (job.statistics) {
    add(fields, "total", counted(job.statistics->total));
    if (const auto ratio = progress(job.statistics->tasks)) {
      add(fields, "progress_ratio", number(*ratio));
    }
  }
  add_if(fields, "statistics_at", job.statistics_read);
  add_if(fields, "eta_half_at", job.eta_half);
  add_if(fields, "eta_most_at", job.eta_most);
  add(fields, "stalled", counted(job.stalled));
  if (job.overdue) add(fields, "overdue", counted(sum(*job.overdue)));
  add(fields, "unseen_ended", counted(job.unseen_ended));
  add_if(fields, "unseen_since", job.unseen_since);
  add(fields, "unreconciled", counted(job.unreconciled));
  add_if(fields, "ended_at", job.ended);
  std::string json = to_json_object(fields);
  if (job.statistics) json = with_member(json, "tasks", counts_json(job.statistics->tasks));
  return with_member(json, "observed", counts_json(job.held));
}

}  // namespace

std::string jobs_json(const std::vector<AccountStatus>& accounts) {
  std::vector<std::string> jobs;
  for (const AccountStatus& account : accounts) {
    for (const JobView& job : account.jobs) jobs.push_back(job_json(account.name, job));
  }
  return with_member("{}", "jobs", json_list(jobs));
}

}  // namespace taskwatchd
