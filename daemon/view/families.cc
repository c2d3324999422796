#include "view/families.h"

#include <array>
#include <cassert>

#include "core/types/names.h"

namespace taskwatchd {
namespace {

using enum MetricKind;
using Id = FamilyId;

constexpr double kHour = 3600;
constexpr double kDay = 24 * kHour;

constexpr double kDelayBuckets[] = {0.25, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600};
// Devices respond in seconds or in days: a task waits until its device is switched on.
constexpr double kTaskBuckets[] = {1,          5,    15,       60,        300,
                                   900,        1800, kHour,    3 * kHour, 6 * kHour,
                                   12 * kHour, kDay, 2 * kDay, 7 * kDay};
constexpr double kCallBuckets[] = {0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10};
constexpr double kLoopBuckets[] = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1,
                                   0.25,  0.5,    1,     2.5,  5,     10};

constexpr double kNotifyBuckets[] = {0.1, 0.25, 0.5, 1, 1.5, 2.5, 5, 10, 30, 60, 300, 900, 3600};

constexpr std::array<Family, kFamilyCount> kFamilies = {{
    {Id::kTaskStatus, "aliyun_iot_task_status", kGauge, "account, job_id, task_id, status",
     "Status of the task: 1 for the current one, 0 for the others. Polled and cached: as of the "
     "last successful response."},
    {Id::kTaskProgress, "aliyun_iot_task_progress_ratio", kGauge, "account, job_id, task_id",
     "Progress that the device last reported, 0 to 1; absent if it reported none. Polled and "
     "cached."},
    {Id::kTaskInfo, "aliyun_iot_task_info", kGauge,
     "account, iot_instance, job_id, task_id, job_name, product_key, device_name",
     "Names of the task, always 1, with the instance's configured labels after the others. Polled "
     "and cached."},
    {Id::kTaskQueued, "aliyun_iot_task_queued_timestamp_seconds", kGauge,
     "account, job_id, task_id",
     "When the platform queued the task (UtcQueueTime), Unix time. Polled and cached."},
    {Id::kTaskModified, "aliyun_iot_task_modified_timestamp_seconds", kGauge,
     "account, job_id, task_id",
     "When the platform last changed the task (UtcModified), Unix time. Polled and cached."},
    {Id::kTaskTransitions, "aliyun_iot_task_transitions_total", kCounter, "account, job_id, to",
     "Recorded status changes of watched tasks, by the new status; kept over restarts. Shown as 0 "
     "for the first 60 s of a job. Polled: counted when observed."},
    {Id::kTaskFirstSeen, "aliyun_iot_task_first_seen_total", kCounter, "account, job_id, status",
     "Tasks by their status at the first observation; kept over restarts. Polled: counted when "
     "observed."},
    {Id::kTaskDuration, "aliyun_iot_task_duration_seconds", kHistogram, "account, outcome",
     "Time from UtcQueueTime to the completion of tasks that finished while watched.",
     kTaskBuckets},
    {Id::kTaskQueueWait, "aliyun_iot_task_queue_wait_seconds", kHistogram, "account",
     "Time from UtcQueueTime until the task left QUEUED, if that step was observed.", kTaskBuckets},
    {Id::kTaskExecution, "aliyun_iot_task_execution_seconds", kHistogram, "account, outcome",
     "Time from IN_PROGRESS to the completion, if both steps were observed.", kTaskBuckets},
    {Id::kJobTasks, "aliyun_iot_job_tasks", kGauge, "account, job_id, status",
     "Tasks of the watched job by status, from the newest statistics (if denied: from a complete "
     "scan); UNKNOWN is the total minus the rest. Polled and cached."},
    {Id::kJobStatisticsTime, "aliyun_iot_job_statistics_timestamp_seconds", kGauge,
     "account, job_id",
     "When the job's statistics were read, Unix time; absent before the first. Polled and cached."},
    {Id::kJobProgress, "aliyun_iot_job_progress_ratio", kGauge, "account, job_id",
     "Finished tasks of the job by all of its tasks, 0 to 1; absent while it has none. Polled and "
     "cached."},
    {Id::kJobStatus, "aliyun_iot_job_status", kGauge, "account, job_id, status",
     "Status of the job: 1 for the current one, 0 for the others; absent until read. Polled and "
     "cached."},
    {Id::kJobInfo, "aliyun_iot_job_info", kGauge,
     "account, iot_instance, job_id, job_name, job_type",
     "Names of the watched job, always 1, with the instance's configured labels after the others. "
     "Polled and cached; name and type are empty until read."},
    {Id::kJobEta, "aliyun_iot_job_eta_timestamp_seconds", kGauge, "account, job_id, confidence",
     "When the job's last task is expected to finish, Unix time, with that confidence; absent "
     "while there is too little data. Polled: estimated from the tasks of the job."},
    {Id::kJobStalled, "aliyun_iot_job_stalled_tasks", kGauge, "account, job_id",
     "Unfinished tasks of the job that have been unchanged for longer than is usual for the job. "
     "Polled and cached."},
    {Id::kJobOverdue, "aliyun_iot_job_overdue_tasks", kGauge, "account, job_id, status",
     "Tasks of the job that are unfinished longer after they were queued than the configured "
     "deadline, by status; absent without one. Polled and cached."},
    {Id::kJobUnseenEnded, "aliyun_iot_job_unseen_ended_tasks", kGauge, "account, job_id",
     "Tasks of the job that the statistics count as finished and that no response has shown as "
     "finished. Polled and cached; absent before the first statistics."},
    {Id::kJobOldestUnseenEnd, "aliyun_iot_job_oldest_unseen_end_timestamp_seconds", kGauge,
     "account, job_id",
     "Since when aliyun_iot_job_unseen_ended_tasks has been more than 0, Unix time: no unobserved "
     "completion of the job is older. Absent while it is 0. A restart begins again. Polled and "
     "cached."},
    {Id::kJobUnreconciled, "aliyun_iot_job_unreconciled_tasks", kGauge, "account, job_id",
     "Tasks of the job on which the recorded statuses and the statistics disagree. Polled and "
     "cached; absent before the first statistics."},
    {Id::kDistributionStatus, "aliyun_iot_distribution_status", kGauge,
     "account, distribution_id, status",
     "Status of the distribution: 1 for the current one, 0 for the others; FINISHED does not mean "
     "that every device was distributed. Polled and cached."},
    {Id::kDistributionDevices, "aliyun_iot_distribution_devices", kGauge,
     "account, distribution_id, result",
     "Devices by their result in the result file: ok (code 200), failed, unknown. Devices that the "
     "platform counts but the file does not contain are unknown, all of them if the file could not "
     "be understood. Absent until a file was read. Polled and cached."},
    {Id::kBuildInfo, "taskwatchd_build_info", kGauge, "version, revision, compiler",
     "The running build, always 1."},
    {Id::kAccountUp, "taskwatchd_account_up", kGauge, "account",
     "1 after a successful response; 0 before the first one, and after 3 consecutive failures "
     "(throttled calls do not count) over at least 10 s."},
    {Id::kInstanceUp, "taskwatchd_instance_up", kGauge, "account, iot_instance",
     "As taskwatchd_account_up, for one instance of the account."},
    {Id::kApiRequests, "taskwatchd_api_requests_total", kCounter, "account, action",
     "API calls that were completed, successful or failed, including retries."},
    {Id::kApiRequestDuration, "taskwatchd_api_request_duration_seconds", kHistogram,
     "account, action", "Duration of API calls, successful or failed.", kCallBuckets},
    {Id::kApiRetries, "taskwatchd_api_retries_total", kCounter, "account, action",
     "API calls that repeated a failed one."},
    {Id::kApiFailures, "taskwatchd_api_failures_total", kCounter, "account, action, reason",
     "Failed API calls, by reason."},
    {Id::kApiLastSuccess, "taskwatchd_api_last_success_timestamp_seconds", kGauge,
     "account, action",
     "When the last successful response arrived, Unix time, kept over restarts; 0 until the "
     "first."},
    {Id::kApiRateLimit, "taskwatchd_api_rate_limit", kGauge, "account, action",
     "Calls per second allowed right now; lower than configured after calls were throttled."},
    {Id::kApiRateLimitConfigured, "taskwatchd_api_rate_limit_configured", kGauge, "account, action",
     "Calls per second allowed by the configuration: quota x quota_share."},
    {Id::kDetectionDelay, "taskwatchd_detection_delay_seconds", kHistogram, "account, class",
     "Time from a change at the platform (UtcModified) to its commit to the state database, by "
     "class of the new status: bad, good, other. The configured bound is a bucket edge.",
     kDelayBuckets},
    {Id::kDetectionDelayBound, "taskwatchd_detection_delay_bound_seconds", kGauge, "account",
     "The configured bound for the detection delay of failed tasks; absent without one."},
    {Id::kOldestObservation, "taskwatchd_oldest_observation_timestamp_seconds", kGauge, "account",
     "When the least recently observed unfinished task was observed, Unix time; absent when none "
     "is unfinished."},
    {Id::kTasks, "taskwatchd_tasks", kGauge, "account, state",
     "Watched tasks by state: unseen (no successful response yet), unfinished, finished, gone (the "
     "platform does not know them)."},
    {Id::kTaskState, "taskwatchd_task_state", kGauge, "account, task_id, state",
     "State of an explicit task: 1 for pending (no successful response yet), watched or gone (the "
     "platform does not know the id), 0 for the others."},
    {Id::kJobs, "taskwatchd_jobs", kGauge, "account, state",
     "Jobs by state: watched, or skipped (found by discovery but not watched: the name does not "
     "match, the last change is too old, or the job is over the limit of discover_jobs)."},
    {Id::kAnomalies, "taskwatchd_anomalies_total", kCounter, "account, kind",
     "Responses that contradict the documents or earlier responses, by kind."},
    {Id::kTaskSeriesRefused, "taskwatchd_task_series_refused", kGauge, "",
     "Tasks of jobs that metrics.task_series would show now, but that have no series because "
     "task_series_limit was reached when they last changed."},
    {Id::kJobSeriesRefused, "taskwatchd_job_series_refused", kGauge, "",
     "Jobs without series of their own because job_series_limit was reached."},
    {Id::kBlindSeconds, "taskwatchd_blind_seconds_total", kCounter, "account",
     "Monitoring gaps: time in which tasks were unfinished and the daemon was down, or had no "
     "successful response for 60 s."},
    {Id::kClockOffset, "taskwatchd_clock_offset_seconds", kGauge, "account",
     "The Date of the platform minus the clock of this host; absent until known."},
    {Id::kEventsPending, "taskwatchd_events_pending", kGauge, "sink",
     "Stored events that the sink has not accepted yet."},
    {Id::kNotifyRequests, "taskwatchd_notify_requests_total", kCounter, "sink, code",
     "Requests to the sink's receiver, by HTTP status, code of the service, or why there was no "
     "answer."},
    {Id::kNotifyDelay, "taskwatchd_notify_delivery_delay_seconds", kHistogram, "sink",
     "Time from the response that showed a change to the receiver's answer that it took the event.",
     kNotifyBuckets},
    {Id::kNotifyDropped, "taskwatchd_notify_dropped_total", kCounter, "sink, reason",
     "Events that were dropped: too_old (give_up) or rejected (five times)."},
    {Id::kNotifyLastSuccess, "taskwatchd_notify_last_success_timestamp_seconds", kGauge, "sink",
     "When the receiver last took a notification, Unix time; kept over restarts; 0 until the "
     "first."},
    {Id::kNotifyUp, "taskwatchd_notify_up", kGauge, "sink",
     "0 while the sink's receiver takes nothing and requests are repeated, else 1."},
    {Id::kNotifyDirect, "taskwatchd_notify_direct", kGauge, "account",
     "1 while a chat without filters delivers, so that people are notified of the account's "
     "failures without Prometheus, else 0; absent without chats."},
    {Id::kMutes, "taskwatchd_mutes", kGauge, "sink",
     "Active mutes that concern the chat; absent for other sinks."},
    {Id::kLeaseHeld, "taskwatchd_lease_held", kGauge, "account",
     "1 while this replica holds the valid lease of the account and may send its calls, else 0; "
     "absent without replicas."},
    {Id::kLeaseEpoch, "taskwatchd_lease_epoch", kGauge, "account",
     "Epoch of the account's lease: grows with each change of the holder, over all replicas; 0 "
     "before the first holder; absent without replicas."},
    {Id::kLeaseTransitions, "taskwatchd_lease_transitions_total", kCounter, "account",
     "Changes of the holder of the account's lease that this replica has seen; absent without "
     "replicas."},
    {Id::kReplicas, "taskwatchd_replicas", kGauge, "",
     "Replicas that live, including this one: their beat has changed in the last 10 s; absent "
     "without replicas."},
    {Id::kStoreUp, "taskwatchd_store_up", kGauge, "", "1 while the state database can be written."},
    {Id::kStoreCommitDuration, "taskwatchd_store_commit_duration_seconds", kHistogram, "",
     "Duration of commits to the state database.", kLoopBuckets},
    {Id::kLoopDelay, "taskwatchd_loop_delay_seconds", kHistogram, "",
     "How late the event loop handled a timer.", kLoopBuckets},
    {Id::kReloadSuccessful, "taskwatchd_config_last_reload_successful", kGauge, "",
     "1 if the last attempt to load the configuration succeeded."},
    {Id::kReloadSuccessTime, "taskwatchd_config_last_reload_success_timestamp_seconds", kGauge, "",
     "When the active configuration was loaded, Unix time."},
    {Id::kLogMessages, "taskwatchd_log_messages_total", kCounter, "level",
     "Messages logged, by level."},
    {Id::kLogMessagesDropped, "taskwatchd_log_messages_dropped_total", kCounter, "",
     "Diagnostics dropped because the log was stalled; stored events are never dropped."},
    {Id::kHttpRequests, "taskwatchd_http_requests_total", kCounter, "handler, code",
     "Requests that the HTTP server answered."},
    {Id::kProcessCpu,
     "process_cpu_seconds_total",
     kCounter,
     "",
     "Total user and system CPU time spent in seconds.",
     {},
     Stability::kStandard},
    {Id::kProcessResident,
     "process_resident_memory_bytes",
     kGauge,
     "",
     "Resident memory size in bytes.",
     {},
     Stability::kStandard},
    {Id::kProcessVirtual,
     "process_virtual_memory_bytes",
     kGauge,
     "",
     "Virtual memory size in bytes.",
     {},
     Stability::kStandard},
    {Id::kProcessOpenFds,
     "process_open_fds",
     kGauge,
     "",
     "Number of open file descriptors.",
     {},
     Stability::kStandard},
    {Id::kProcessMaxFds,
     "process_max_fds",
     kGauge,
     "",
     "Maximum number of open file descriptors.",
     {},
     Stability::kStandard},
    {Id::kProcessThreads,
     "process_threads",
     kGauge,
     "",
     "Number of OS threads in the process.",
     {},
     Stability::kStandard},
    {Id::kProcessStartTime,
     "process_start_time_seconds",
     kGauge,
     "",
     "Start time of the process since unix epoch in seconds.",
     {},
     Stability::kStandard},
}};

constexpr bool in_order() {
  for (std::size_t i = 0; i < kFamilies.size(); ++i) {
    if (static_cast<std::size_t>(kFamilies[i].id) != i) return false;
  }
  return true;
}
static_assert(in_order(), "the table's rows must stand in FamilyId's order");

constexpr std::array<std::string_view, 3> kKinds = {"gauge", "counter", "histogram"};
constexpr std::array<std::string_view, 2> kStabilities = {"stable", "standard"};

}  // namespace

std::span<const Family> all_families() {
  return kFamilies;
}
const Family& family(FamilyId id) {
  return kFamilies.at(static_cast<std::size_t>(id));
}
std::string_view name(MetricKind kind) {
  return name_in(kKinds, kind);
}
std::string_view name(Stability stability) {
  return name_in(kStabilities, stability);
}

}  // namespace taskwatchd
