// Helpers for the tests of daemon/view: one configuration, and short ways to make records and
// changes.
#pragma once

#include <string>
#include <string_view>

#include "config/config.h"
#include "core/types/change.h"
#include "core/types/status.h"
#include "view/metrics.h"

namespace taskwatchd {

inline const Wall kStart{std::chrono::milliseconds(1'763'776'923'004)};
// Returns all that `write` writes.
template <typename Write>
std::string written(const Write& write, MetricsFormat format = MetricsFormat::kText,
                    std::size_t part_bytes = MetricsWriter::kPartBytes) {
  std::string all;
  MetricsWriter page(
      format, [&](std::string_view part) { all += part; }, part_bytes);
  write(page);
  page.flush();
  return all;
}
inline std::string page_of(Metrics& metrics, const DaemonStatus& status,
                           const ProcessStats& process, Wall now,
                           MetricsFormat format = MetricsFormat::kText) {
  const auto picture = metrics.picture(status, process, now);
  return written([&](MetricsWriter& page) { write_page(*picture, page); }, format);
}

inline const BuildInfo kBuild{"1.2.3", "abc", "g++ 12"};

inline AccountConfig account_with(const std::string& name, std::vector<std::string> tasks) {
  AccountConfig account;
  account.name = name;
  for (const Api api : kAllApis) account.quota[api] = documented_quota(api);
  InstanceConfig instance;
  instance.name = "main";
  instance.region = "cn-shanghai";
  instance.tasks = std::move(tasks);
  account.instances.push_back(instance);
  return account;
}

inline Config config_with(std::vector<std::string> tasks) {
  Config config;
  config.accounts.push_back(account_with("prod", std::move(tasks)));
  return config;
}

inline TaskRecord record_of(const std::string& task, TaskStatus status,
                            const std::string& job = "J1") {
  TaskRecord record;
  record.key = {"prod", task};
  record.instance = "main";
  record.last.task_id = task;
  record.last.job_id = job;
  record.last.job_name = "ota";
  record.last.product_key = "pk";
  record.last.device_name = "dev-" + task;
  record.last.status = status;
  record.last.progress = 25;
  record.last.queued = kStart - std::chrono::hours(1);
  record.last.modified = kStart;
  record.first_seen = kStart;
  record.last_seen = kStart;
  return record;
}

inline TaskChange first_observation(const TaskRecord& record) {
  TaskChange change;
  change.record = record;
  change.first_observation = true;
  return change;
}

inline TaskChange transition(const TaskRecord& record, TaskStatus from) {
  TaskChange change;
  change.record = record;
  change.from = from;
  change.changed_while_watched = true;
  return change;
}

inline CounterDelta transition_to(TaskStatus to, const std::string& job = "J1") {
  return {{"prod", job, Counter::kTransitions, to}, 1};
}

inline TaskChange of_job(TaskChange change) {
  change.explicit_id = false;
  return change;
}

inline JobView job_view(const std::string& job) {
  JobView view;
  view.job_id = job;
  view.instance = "main";
  return view;
}

// A job with all information: 10 tasks, 4 of them finished, one of those FAILED.
inline JobView full_job(const std::string& job) {
  JobView view = job_view(job);
  view.labels = {{"team", "ota"}};
  view.name = "spring";
  view.type = "CUSTOM_JOB";
  view.status = JobStatus::kInProgress;
  view.status_read = true;
  view.statistics = JobStatistics{.tasks = {2, 1, 2, 3, 1, 0, 0, 0, 1}, .total = 10};
  view.statistics_read = kStart;
  view.eta_half = kStart + std::chrono::minutes(5);
  view.eta_most = kStart + std::chrono::minutes(9);
  view.stalled = 2;
  view.overdue = TaskCounts{1, 0, 3, 0, 0, 0, 0, 0, 0};
  view.unseen_ended = 6;
  view.unseen_since = kStart - std::chrono::minutes(2);
  view.unreconciled = 4;
  return view;
}

inline DistributionView full_distribution(const std::string& id) {
  DistributionView view;
  view.distribution_id = id;
  view.status = DistributionStatus::kFinished;
  view.status_read = true;
  view.devices = {7, 2, 1};
  return view;
}

inline DaemonStatus status_of_jobs(std::vector<JobView> jobs) {
  DaemonStatus status;
  status.accounts.emplace_back().name = "prod";
  status.accounts[0].jobs = std::move(jobs);
  return status;
}

// Two replicas: `one` is this one and holds prod, `two` holds test.
inline ReplicationStatus full_replication() {
  LeaseStatus here;
  here.account = "prod";
  here.held = true;
  here.epoch = 7;
  here.transitions = 2;
  LeaseStatus there;
  there.account = "test";
  there.epoch = 3;
  there.elsewhere = true;
  there.holder = "two";
  there.holder_url = "https://two.example/iot";
  return {{here, there},
          {{"one", "", true, {"prod"}, std::chrono::milliseconds(1500)},
           {"two", "https://two.example/iot", false, {"test"}, std::chrono::seconds(2)}}};
}

// Everything that DaemonStatus can contain about account prod, so that each family except those of
// jobs has a sample.
inline DaemonStatus full_status(const std::vector<std::string>& tasks) {
  AccountStatus account;
  account.name = "prod";
  account.up = true;
  account.instances = {{"main", true}};
  account.apis = {{Api::kQueryTask, 3.5, 4, kStart}};
  account.unfinished = tasks.size();
  std::vector<ExplicitTask> explicit_tasks;
  for (const std::string& task : tasks) explicit_tasks.push_back({task, WatchState::kWatched});
  account.explicit_tasks =
      std::make_shared<const std::vector<ExplicitTask>>(std::move(explicit_tasks));
  account.oldest_observation = kStart;
  account.clock_offset_seconds = -0.25;
  account.detection_delay_bound = std::chrono::seconds(30);
  account.blind_seconds = 12.5;
  DaemonStatus status;
  status.accounts.push_back(account);
  status.events_pending = {{"log", 3}};
  SinkStatus sink;
  sink.name = "ops";
  sink.format = "dingtalk";
  sink.pending = 2;
  sink.failing_since = kStart;
  sink.reason = "HTTP 503";
  sink.requests = {{"200", 4}, {"503", 1}};
  sink.dropped = {{"rejected", 1}};
  sink.mutes = 1;
  status.sinks = {sink};
  status.notified_directly = {{"prod", true}};
  status.last_reload_success = kStart;
  status.replication = full_replication();
  return status;
}

inline ProcessStats full_process() {
  return {1.5, 20u << 20, 80u << 20, 12, 1024, 4, 1.7e9};
}

}  // namespace taskwatchd
