#include "view/jobs_json.h"

#include "core/events/event_text.h"
#include "core/types/task.h"
#include "view/json_fields.h"

namespace taskwatchd {
namespace {

std::string counts_json(const TaskCounts& counts) {
  JsonObject json;
  for (const TaskStatus status : kAllTaskStatuses) {
    json.add(std::string(name(status)), counted(count_of(counts, status)));
  }
  return json.text();
}

std::size_t sum(const TaskCounts& counts) {
  std::size_t all = 0;
  for (const std::uint32_t n : counts) all += n;
  return all;
}

// Finished tasks divided by all; nullopt while the job has no tasks.
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
  JsonObject json;
  json.add("account", account);
  json.add("iot_instance", job.instance);
  json.add("job_id", job.job_id);
  json.add_if("job_name", job.name);
  json.add_if("job_type", job.type);
  if (job.status_read) json.add("status", std::string(name(job.status)));
  json.add("labels", job.labels);
  if (job.statistics) {
    json.add("total", counted(job.statistics->total));
    if (const auto ratio = progress(job.statistics->tasks)) {
      json.add("progress_ratio", json_number(*ratio));
    }
  }
  json.add_if("statistics_at", job.statistics_read);
  json.add_if("eta_half_at", job.eta_half);
  json.add_if("eta_most_at", job.eta_most);
  json.add("stalled", counted(job.stalled));
  if (job.overdue) json.add("overdue", counted(sum(*job.overdue)));
  json.add("unseen_ended", counted(job.unseen_ended));
  json.add_if("unseen_since", job.unseen_since);
  json.add("unreconciled", counted(job.unreconciled));
  json.add_if("ended_at", job.ended);
  if (job.statistics) json.add_json("tasks", counts_json(job.statistics->tasks));
  return json.add_json("observed", counts_json(job.known)).text();
}

}  // namespace

std::string jobs_json(const std::vector<AccountStatus>& accounts) {
  std::vector<std::string> jobs;
  for (const AccountStatus& account : accounts) {
    for (const JobView& job : account.jobs) jobs.push_back(job_json(account.name, job));
  }
  return JsonObject().add_json("jobs", json_list(jobs)).text();
}

}  // namespace taskwatchd
