#include "view/metrics.h"

#include <gmock/gmock.h>

#include <algorithm>

#include "page_text.h"
#include "view/account_series.h"
#include "view/daemon_series.h"
#include "view/status_families.h"
#include "view_world.h"

namespace taskwatchd {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

class MetricsTest : public testing::Test {
 protected:
  MetricsTest() { metrics.configure(config_with({"T1", "T2"})); }

  PageText page(Wall now = kStart, const DaemonStatus& status = {}) {
    PageText read = read_page(page_of(metrics, status, full_process(), now));
    EXPECT_THAT(read.problems, testing::IsEmpty());
    return read;
  }
  std::size_t task_series() { return page().count("aliyun_iot_task_status{"); }
  std::optional<double> delays_up_to(const std::string& le, const std::string& of = "bad") {
    return page().at("taskwatchd_detection_delay_seconds_bucket{account=\"prod\",class=\"" + of +
                     "\",le=\"" + le + "\"}");
  }

  Metrics metrics{kBuild};
};

const std::string kApi = "{account=\"prod\",action=\"QueryTask\"";

TEST_F(MetricsTest, ClosedCountersBeginAtZeroWithTheAccount) {
  const PageText read = page();
  EXPECT_EQ(read.at("taskwatchd_api_requests_total" + kApi + "}"), 0);
  EXPECT_EQ(read.at("taskwatchd_api_retries_total" + kApi + "}"), 0);
  EXPECT_EQ(read.count("taskwatchd_api_failures_total" + kApi), kAllReasons.size());
  EXPECT_EQ(read.count("taskwatchd_anomalies_total{account=\"prod\""), kAllAnomalies.size());
  EXPECT_EQ(read.count("taskwatchd_log_messages_total{"), 4u);
  EXPECT_EQ(read.at("taskwatchd_log_messages_dropped_total"), 0);
  EXPECT_EQ(delays_up_to("+Inf"), 0);
  EXPECT_EQ(read.at("taskwatchd_build_info{compiler=\"g++ 12\",revision=\"abc\","
                    "version=\"1.2.3\"}"),
            1);
}

TEST_F(MetricsTest, NoTaskSeriesBeforeTheFirstReply) {
  EXPECT_EQ(page(kStart, full_status({"T1", "T2"})).count("aliyun_iot_task_"),
            page().count("aliyun_iot_task_"));
  EXPECT_EQ(task_series(), 0u);
  metrics.committed(first_observation(record_of("T1", TaskStatus::kQueued)), kStart);
  EXPECT_EQ(task_series(), kTaskStatusCount);
}

TEST_F(MetricsTest, LeasesAreShownOnlyWithReplicas) {
  const PageText read = page(kStart, full_status({"T1"}));
  EXPECT_EQ(read.at("taskwatchd_lease_held{account=\"prod\"}"), 1);
  EXPECT_EQ(read.at("taskwatchd_lease_held{account=\"test\"}"), 0);
  EXPECT_EQ(read.at("taskwatchd_lease_epoch{account=\"prod\"}"), 7);
  EXPECT_EQ(read.at("taskwatchd_lease_epoch{account=\"test\"}"), 3);
  EXPECT_EQ(read.at("taskwatchd_lease_transitions_total{account=\"prod\"}"), 2);
  EXPECT_EQ(read.at("taskwatchd_lease_transitions_total{account=\"test\"}"), 0);
  EXPECT_EQ(read.at("taskwatchd_replicas"), 2);
  EXPECT_EQ(page().count("taskwatchd_lease_"), 0u);
  EXPECT_EQ(page().count("taskwatchd_replicas"), 0u);
}

TEST_F(MetricsTest, CountsCalls) {
  metrics.call_ended({"prod", Api::kQueryTask, std::nullopt, milliseconds(60), false});
  metrics.call_ended({"prod", Api::kQueryTask, Reason::kTimeout, seconds(10), true});
  metrics.call_ended({"prod", Api::kListTask, Reason::kForbidden, seconds(1), false});
  metrics.call_ended({"nobody", Api::kQueryTask, std::nullopt, seconds(1), false});
  const PageText read = page();
  EXPECT_EQ(read.at("taskwatchd_api_requests_total" + kApi + "}"), 2);
  EXPECT_EQ(read.at("taskwatchd_api_retries_total" + kApi + "}"), 1);
  EXPECT_EQ(read.at("taskwatchd_api_failures_total" + kApi + ",reason=\"timeout\"}"), 1);
  EXPECT_EQ(read.at("taskwatchd_api_failures_total" + kApi + ",reason=\"throttled\"}"), 0);
  EXPECT_EQ(read.at("taskwatchd_api_failures_total{account=\"prod\",action=\"ListTask\","
                    "reason=\"forbidden\"}"),
            1);
  EXPECT_EQ(read.at("taskwatchd_api_request_duration_seconds_bucket" + kApi + ",le=\"0.1\"}"), 1);
  EXPECT_EQ(read.at("taskwatchd_api_request_duration_seconds_sum" + kApi + "}"), 10.06);
  EXPECT_EQ(read.count("taskwatchd_api_requests_total{account=\"nobody\""), 0u);
}

TEST_F(MetricsTest, DetectionDelayCountsOnlyWhatChangedWhileWatched) {
  metrics.committed(first_observation(record_of("T1", TaskStatus::kFailed)), kStart + hours(2));
  EXPECT_EQ(delays_up_to("+Inf"), 0);
  TaskChange fresh = first_observation(record_of("T1", TaskStatus::kFailed));
  fresh.changed_while_watched = true;
  metrics.committed(fresh, kStart + seconds(4));
  EXPECT_EQ(delays_up_to("2"), 0);
  EXPECT_EQ(delays_up_to("5"), 1);
}

TEST_F(MetricsTest, DetectionDelayHasAClassByTheNewStatus) {
  const std::pair<TaskStatus, std::string> expected[] = {
      {TaskStatus::kFailed, "bad"},       {TaskStatus::kRejected, "bad"},
      {TaskStatus::kTimedOut, "bad"},     {TaskStatus::kSucceeded, "good"},
      {TaskStatus::kCancelled, "other"},  {TaskStatus::kQueued, "other"},
      {TaskStatus::kInProgress, "other"}, {TaskStatus::kUnknown, "other"}};
  for (const auto& [status, of] : expected) {
    const auto before = delays_up_to("+Inf", of);
    metrics.committed(transition(record_of("T1", status), TaskStatus::kSent), kStart);
    EXPECT_EQ(delays_up_to("+Inf", of), *before + 1) << name(status);
  }
}

TEST_F(MetricsTest, ADelayBelowZeroIsZero) {
  metrics.committed(transition(record_of("T1", TaskStatus::kFailed), TaskStatus::kSent),
                    kStart - seconds(5));
  EXPECT_EQ(delays_up_to("0.25"), 1);
  EXPECT_EQ(page().at("taskwatchd_detection_delay_seconds_sum{account=\"prod\",class=\"bad\"}"), 0);
}

TEST_F(MetricsTest, TheBoundIsABucketsEdge) {
  Config config = config_with({"T1"});
  config.detection_delay_bound = milliseconds(42'500);
  metrics.configure(config);
  metrics.committed(transition(record_of("T1", TaskStatus::kFailed), TaskStatus::kSent),
                    kStart + milliseconds(42'500));
  EXPECT_EQ(delays_up_to("30"), 0);
  EXPECT_EQ(delays_up_to("42.5"), 1);
  metrics.configure(config);
  EXPECT_EQ(delays_up_to("42.5"), 1) << "the same bound again keeps the counts";
}

TEST(DelayBuckets, HaveAnEdgeAboveTheBound) {
  const auto declared = family(FamilyId::kDetectionDelay).buckets;
  const std::vector<double> buckets(declared.begin(), declared.end());
  EXPECT_EQ(delay_buckets(std::nullopt), buckets);
  EXPECT_EQ(delay_buckets(seconds(30)), buckets);
  EXPECT_EQ(delay_buckets(milliseconds(100)).front(), 0.1);
  EXPECT_EQ(delay_buckets(hours(1)).back(), 7200);
  EXPECT_EQ(delay_buckets(hours(5)).back(), 36000);
}

TEST_F(MetricsTest, MeasuresTheEndsOfTasks) {
  TaskChange end = transition(record_of("T1", TaskStatus::kSucceeded), TaskStatus::kInProgress);
  end.execution = seconds(20);
  metrics.committed(end, kStart);
  TaskChange left = transition(record_of("T2", TaskStatus::kSent), TaskStatus::kQueued);
  left.queue_wait = seconds(7);
  metrics.committed(left, kStart);
  metrics.committed(first_observation(record_of("T2", TaskStatus::kSucceeded)), kStart);
  const PageText read = page();
  const std::string good = "{account=\"prod\",outcome=\"SUCCEEDED\"";
  EXPECT_EQ(read.at("aliyun_iot_task_duration_seconds_sum" + good + "}"), 3600);
  EXPECT_EQ(read.at("aliyun_iot_task_duration_seconds_count" + good + "}"), 1);
  EXPECT_EQ(read.at("aliyun_iot_task_execution_seconds_sum" + good + "}"), 20);
  EXPECT_EQ(read.at("aliyun_iot_task_queue_wait_seconds_sum{account=\"prod\"}"), 7);
  EXPECT_EQ(read.at("aliyun_iot_task_queue_wait_seconds_count{account=\"prod\"}"), 1);
}

TEST_F(MetricsTest, AnUnlistedTaskLeavesNothingBehind) {
  for (const char* task : {"T1", "T2"}) {
    metrics.committed(
        first_observation(record_of(task, TaskStatus::kFailed, "J-" + std::string(task))), kStart);
  }
  metrics.configure(config_with({"T2"}));
  // A response that was in flight when the configuration changed.
  metrics.committed(transition(record_of("T1", TaskStatus::kSent, "J-T1"), TaskStatus::kFailed),
                    kStart);
  metrics.counted(transition_to(TaskStatus::kSent, "J-T1"), kStart);
  const std::string text = page_of(metrics, full_status({"T2"}), full_process(), kStart);
  EXPECT_EQ(text.find("T1"), std::string::npos);
  EXPECT_NE(text.find("task_id=\"T2\""), std::string::npos);
}

TEST_F(MetricsTest, AnAccountThatIsNoLongerListedEnds) {
  Config config = config_with({"T1"});
  config.accounts.push_back(account_with("dev", {"D1"}));
  metrics.configure(config);
  metrics.call_ended({"prod", Api::kQueryTask, std::nullopt, seconds(1), false});
  EXPECT_NE(page_of(metrics, {}, {}, kStart).find("dev"), std::string::npos);
  metrics.configure(config_with({"T1"}));
  EXPECT_EQ(page_of(metrics, {}, {}, kStart).find("\"dev\""), std::string::npos);
  EXPECT_EQ(page().at("taskwatchd_api_requests_total" + kApi + "}"), 1)
      << "an account that stays goes on counting";
}

TEST_F(MetricsTest, SupersededAndGoneTasksHaveNoSeries) {
  for (const bool gone : {false, true}) {
    TaskRecord record = record_of("T1", TaskStatus::kFailed);
    metrics.committed(first_observation(record), kStart);
    EXPECT_EQ(task_series(), kTaskStatusCount);
    (gone ? record.gone : record.superseded) = true;
    TaskChange end;
    end.record = record;
    metrics.committed(end, kStart);
    EXPECT_EQ(task_series(), 0u);
    EXPECT_EQ(page().count("aliyun_iot_task_info{"), 0u);
    EXPECT_EQ(page().count("aliyun_iot_task_transitions_total{"), kTaskStatusCount);
  }
  metrics.committed(first_observation(record_of("T1", TaskStatus::kSent)), kStart);
  EXPECT_EQ(task_series(), kTaskStatusCount) << "the cloud knows it again";
}

TEST_F(MetricsTest, ForgetEndsATask) {
  metrics.committed(first_observation(record_of("T1", TaskStatus::kFailed)), kStart);
  metrics.forget({"prod", "T1"});
  metrics.forget({"prod", "T1"});
  EXPECT_EQ(page().count("aliyun_iot_task_status{"), 0u);
  EXPECT_EQ(page().count("aliyun_iot_task_transitions_total{"), 0u);
}

TEST_F(MetricsTest, RestoredThingsAreThereAtOnce) {
  metrics.restore_counters(
      {{"prod", "J1"}},
      {{{"prod", "J1", Counter::kTransitions, TaskStatus::kFailed}, 4, kStart - hours(1)}}, kStart);
  metrics.restore({record_of("T1", TaskStatus::kFailed), record_of("T9", TaskStatus::kFailed)},
                  kStart);
  EXPECT_EQ(task_series(), kTaskStatusCount) << "T9 is not listed";
  const std::string failed =
      "aliyun_iot_task_transitions_total{account=\"prod\",job_id=\"J1\",to=\"FAILED\"}";
  EXPECT_EQ(page().at(failed), 4);
  metrics.counted(transition_to(TaskStatus::kFailed), kStart);
  EXPECT_EQ(page().at(failed), 5);
}

TEST_F(MetricsTest, NoneLeavesNothingWithATaskId) {
  metrics.committed(first_observation(record_of("T1", TaskStatus::kFailed)), kStart);
  Config config = config_with({"T1", "T2"});
  config.task_series = TaskSeries::kNone;
  metrics.configure(config);
  const std::string text = page_of(metrics, full_status({"T1"}), full_process(), kStart);
  EXPECT_EQ(text.find("task_id=\""), std::string::npos);
  config.task_series = TaskSeries::kExplicit;
  metrics.configure(config);
  EXPECT_EQ(task_series(), kTaskStatusCount) << "known already, shown again without a new reply";
}

TEST_F(MetricsTest, AReloadRenamesInstancesAndLabels) {
  metrics.committed(first_observation(record_of("T1", TaskStatus::kSent)), kStart);
  Config config = config_with({"T1"});
  config.accounts[0].instances[0].name = "renamed";
  config.accounts[0].instances[0].labels = {{"team", "ota"}};
  metrics.configure(config);
  EXPECT_EQ(page().at("aliyun_iot_task_info{account=\"prod\",iot_instance=\"renamed\","
                      "job_id=\"J1\",task_id=\"T1\",job_name=\"ota\",product_key=\"pk\","
                      "device_name=\"dev-T1\",team=\"ota\"}"),
            1);
}

TEST_F(MetricsTest, ShowsTheStatusAsItIs) {
  DaemonStatus status = full_status({"T1"});
  status.accounts[0].explicit_tasks = std::make_shared<const std::vector<ExplicitTask>>(
      std::vector<ExplicitTask>{{"T1", WatchState::kWatched}, {"Tgone", WatchState::kGone}});
  const PageText read = page(kStart, status);
  EXPECT_EQ(read.at("taskwatchd_account_up{account=\"prod\"}"), 1);
  EXPECT_EQ(read.at("taskwatchd_instance_up{account=\"prod\",iot_instance=\"main\"}"), 1);
  EXPECT_EQ(read.at("taskwatchd_api_rate_limit" + kApi + "}"), 3.5);
  EXPECT_EQ(read.at("taskwatchd_api_rate_limit_configured" + kApi + "}"), 4);
  EXPECT_EQ(read.at("taskwatchd_api_last_success_timestamp_seconds" + kApi + "}"), 1763776923.004);
  EXPECT_EQ(read.at("taskwatchd_tasks{account=\"prod\",state=\"unfinished\"}"), 1);
  EXPECT_EQ(read.at("taskwatchd_tasks{account=\"prod\",state=\"gone\"}"), 0);
  const std::string gone = "taskwatchd_task_state{account=\"prod\",task_id=\"Tgone\",state=";
  EXPECT_EQ(read.at(gone + "\"pending\"}"), 0);
  EXPECT_EQ(read.at(gone + "\"watched\"}"), 0);
  EXPECT_EQ(read.at(gone + "\"gone\"}"), 1);
  EXPECT_EQ(read.at("taskwatchd_blind_seconds_total{account=\"prod\"}"), 12.5);
  EXPECT_EQ(read.at("taskwatchd_clock_offset_seconds{account=\"prod\"}"), -0.25);
  EXPECT_EQ(read.at("taskwatchd_detection_delay_bound_seconds{account=\"prod\"}"), 30);
  EXPECT_EQ(read.at("taskwatchd_events_pending{sink=\"log\"}"), 3);
  EXPECT_EQ(read.at("taskwatchd_store_up"), 1);
  EXPECT_EQ(read.at("process_open_fds"), 12);
}

TEST_F(MetricsTest, WhatIsNotKnownIsAbsentOrZeroAsDeclared) {
  DaemonStatus status = full_status({});
  AccountStatus& account = status.accounts[0];
  account.up = false;
  account.apis[0].last_success.reset();
  account.oldest_observation.reset();
  account.clock_offset_seconds.reset();
  account.detection_delay_bound.reset();
  status.last_reload_success.reset();
  const PageText read = read_page(page_of(metrics, status, ProcessStats{}, kStart));
  EXPECT_EQ(read.at("taskwatchd_account_up{account=\"prod\"}"), 0);
  EXPECT_EQ(read.at("taskwatchd_api_last_success_timestamp_seconds" + kApi + "}"), 0);
  for (const char* absent :
       {"taskwatchd_oldest_observation_timestamp_seconds", "taskwatchd_clock_offset_seconds",
        "taskwatchd_detection_delay_bound_seconds",
        "taskwatchd_config_last_reload_success_timestamp_seconds", "process_cpu_seconds_total"}) {
    EXPECT_EQ(read.kinds.count(absent), 0u) << absent;
  }
}

TEST_F(MetricsTest, CountsItsOwnWork) {
  metrics.anomaly("prod", Anomaly::kStaleReply);
  metrics.anomaly("nobody", Anomaly::kStaleReply);
  metrics.commit_took(milliseconds(5));
  metrics.loop_delayed(milliseconds(2));
  metrics.http_request("/metrics", 200);
  metrics.log_messages({1, 2, 3, 4}, 5);
  const PageText read = page();
  EXPECT_EQ(read.at("taskwatchd_anomalies_total{account=\"prod\",kind=\"stale_reply\"}"), 1);
  EXPECT_EQ(read.at("taskwatchd_store_commit_duration_seconds_bucket{le=\"0.005\"}"), 1);
  EXPECT_EQ(read.at("taskwatchd_loop_delay_seconds_sum"), 0.002);
  EXPECT_EQ(read.at("taskwatchd_http_requests_total{code=\"200\",handler=\"/metrics\"}"), 1);
  EXPECT_EQ(read.at("taskwatchd_log_messages_total{level=\"warn\"}"), 3);
  EXPECT_EQ(read.at("taskwatchd_log_messages_dropped_total"), 5);
}

TEST(TaskStates, AreThreeLinesPerTask) {
  for (const std::size_t n : {0u, 1u, 500u}) {
    const DaemonStatus status = full_status(std::vector<std::string>(n, std::string(128, 't')));
    const std::string text = written([&](MetricsWriter& page) { write_task_states(status, page); });
    const auto lines = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
    EXPECT_EQ(lines, n == 0 ? 0 : 2 + 3 * n);
  }
}

TEST_F(MetricsTest, HandlersAndCodesHaveALimit) {
  for (int i = 0; i < 100; ++i) metrics.http_request("/" + std::to_string(i), 100 + 37 * i);
  const PageText read = page();
  EXPECT_LE(read.count("taskwatchd_http_requests_total{"), DaemonSeries::kHandlers + 14);
  EXPECT_EQ(read.at("taskwatchd_http_requests_total{code=\"other\",handler=\"other\"}"), 68);
}

}  // namespace
}  // namespace taskwatchd
