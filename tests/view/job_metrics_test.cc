// The metrics when a job is added, is over the series limit, finishes and is watched again.
#include <gmock/gmock.h>

#include "page_text.h"
#include "view/metrics.h"
#include "view_world.h"

namespace taskwatchd {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using enum TaskStatus;

class JobMetricsTest : public testing::Test {
 protected:
  JobMetricsTest() { metrics.configure(config); }

  PageText page(const DaemonStatus& status, Wall now = kStart) {
    PageText read = read_page(page_of(metrics, status, full_process(), now));
    EXPECT_THAT(read.problems, testing::IsEmpty());
    return read;
  }
  void commit(const std::string& id, TaskStatus status, const std::string& job = "J1") {
    metrics.committed(of_job(transition(record_of(id, status, job), kSent)), kStart);
  }
  static std::size_t tasks_on(const PageText& read) { return read.count("aliyun_iot_task_info{"); }
  static std::size_t series_of(const PageText& read, const std::string& job) {
    std::size_t found = 0;
    for (const auto& [series, value] : read.series) {
      if (series.find("job_id=\"" + job + "\"") != std::string::npos) ++found;
    }
    return found;
  }

  Config config = config_with({"T1"});
  Metrics metrics{kBuild};
};

TEST_F(JobMetricsTest, AJobComesWithAllItsSeries) {
  const PageText read = page(status_of_jobs({full_job("J1")}));
  EXPECT_EQ(series_of(read, "J1"), 2 * kTaskStatusCount + 31);
  EXPECT_EQ(read.at("taskwatchd_jobs{account=\"prod\",state=\"watched\"}"), 1);
  EXPECT_EQ(read.at("taskwatchd_jobs{account=\"prod\",state=\"skipped\"}"), 0);
}

TEST_F(JobMetricsTest, SkippedJobsAreOnlyCounted) {
  DaemonStatus status = status_of_jobs({});
  status.accounts[0].jobs_skipped = 499;
  const PageText read = page(status);
  EXPECT_EQ(read.at("taskwatchd_jobs{account=\"prod\",state=\"skipped\"}"), 499);
  EXPECT_EQ(read.at("taskwatchd_job_series_refused"), 0);
}

TEST_F(JobMetricsTest, JobsOverTheLimitAreRefusedWhole) {
  config.job_series_limit = 1;
  metrics.configure(config);
  PageText read = page(status_of_jobs({full_job("J1"), full_job("J2")}));
  EXPECT_EQ(series_of(read, "J2"), 0u);
  EXPECT_EQ(read.at("taskwatchd_job_series_refused"), 1);
  read = page(status_of_jobs({full_job("J2")}));
  EXPECT_EQ(series_of(read, "J2"), 2 * kTaskStatusCount + 31);
  EXPECT_EQ(read.at("taskwatchd_job_series_refused"), 0);
}

TEST_F(JobMetricsTest, BadTasksOfJobsHaveSeriesUpToTheLimitAndExplicitOnesAlways) {
  config.task_series_limit = 2;
  metrics.configure(config);
  for (const char* id : {"A", "B", "C", "D"}) commit(id, kTimedOut);
  commit("E", kInProgress);
  metrics.committed(transition(record_of("T1", kSucceeded), kSent), kStart);
  const PageText read = page(status_of_jobs({full_job("J1")}));
  EXPECT_EQ(tasks_on(read), 3u);
  EXPECT_EQ(read.at("taskwatchd_task_series_refused"), 2);
}

TEST_F(JobMetricsTest, AnEndedJobLeavesNothingAfterItsTimeAndComesBackWhenTakenUp) {
  commit("A", kFailed);
  metrics.counted(transition_to(kFailed), kStart);
  JobView job = full_job("J1");
  job.ended = kStart;
  EXPECT_EQ(tasks_on(page(status_of_jobs({job}), kStart + hours(23))), 1u);
  const std::string text = page_of(metrics, status_of_jobs({job}), {}, kStart + hours(24));
  EXPECT_EQ(text.find("J1"), std::string::npos);
  EXPECT_EQ(read_page(text).at("taskwatchd_jobs{account=\"prod\",state=\"watched\"}"), 1);
  job.ended.reset();
  commit("A", kFailed);
  const PageText read = page(status_of_jobs({job}), kStart + hours(25));
  EXPECT_EQ(tasks_on(read), 1u);
  EXPECT_EQ(read.at("aliyun_iot_task_transitions_total{account=\"prod\",job_id=\"J1\","
                    "to=\"FAILED\"}"),
            1);
}

TEST_F(JobMetricsTest, TheSeriesOfAnExplicitTaskOutliveItsJobs) {
  commit("A", kFailed);
  metrics.committed(transition(record_of("T1", kFailed), kSent), kStart);
  JobView job = full_job("J1");
  job.ended = kStart;
  const PageText read = page(status_of_jobs({job}), kStart + hours(48));
  EXPECT_EQ(tasks_on(read), 1u);
  EXPECT_EQ(read.count("aliyun_iot_job_"), 0u);
  EXPECT_EQ(read.count("aliyun_iot_task_transitions_total{"), kTaskStatusCount);
}

TEST_F(JobMetricsTest, AJobThatIsNotWatchedLeavesNothing) {
  commit("A", kFailed);
  metrics.counted(transition_to(kFailed), kStart);
  EXPECT_GT(series_of(page(status_of_jobs({full_job("J1")})), "J1"), 0u);
  // A response that was in flight.
  commit("B", kFailed);
  EXPECT_EQ(page_of(metrics, status_of_jobs({}), {}, kStart).find("J1"), std::string::npos);
  EXPECT_EQ(page_of(metrics, {}, {}, kStart).find("J1"), std::string::npos);
}

TEST_F(JobMetricsTest, AnAccountThatIsNotListedHasNoTasks) {
  TaskRecord record = record_of("A", kFailed);
  record.key.account = "nobody";
  metrics.committed(of_job(first_observation(record)), kStart);
  EXPECT_EQ(tasks_on(page(status_of_jobs({full_job("J1")}))), 0u);
}

TEST_F(JobMetricsTest, RestoresTheTasksThatWantSeries) {
  config.task_series_limit = 1;
  metrics.configure(config);
  metrics.restore_job_tasks({record_of("A", kFailed), record_of("B", kSucceeded)}, {}, kStart);
  metrics.restore_job_tasks({record_of("C", kFailed)}, {}, kStart);
  metrics.restore_job_tasks({record_of("D", kFailed, "J2")}, kStart - hours(25), kStart);
  const PageText read = page(status_of_jobs({full_job("J1"), full_job("J2")}));
  EXPECT_EQ(tasks_on(read), 1u);
  EXPECT_EQ(read.at("taskwatchd_task_series_refused"), 1) << "J2 ended long ago";
}

TEST_F(JobMetricsTest, TasksCarryTheirInstancesLabels) {
  config.accounts[0].instances[0].labels = {{"team", "ota"}};
  metrics.configure(config);
  commit("A", kFailed);
  EXPECT_EQ(page(status_of_jobs({full_job("J1")}))
                .at("aliyun_iot_task_info{account=\"prod\",iot_instance=\"main\",job_id=\"J1\","
                    "task_id=\"A\",job_name=\"ota\",product_key=\"pk\",device_name=\"dev-A\","
                    "team=\"ota\"}"),
            1);
}

TEST_F(JobMetricsTest, ATaskKeepsItsSeriesBetweenItsJobAndTheList) {
  config.task_series_limit = 1;
  metrics.configure(config);
  const DaemonStatus jobs = status_of_jobs({full_job("J1")});
  commit("A", kFailed);
  commit("B", kFailed);
  config.accounts[0].instances[0].tasks = {"A"};
  metrics.configure(config);
  commit("B", kFailed);
  PageText read = page(jobs);
  EXPECT_EQ(tasks_on(read), 2u) << "named by id it takes no room";
  EXPECT_EQ(read.at("taskwatchd_task_series_refused"), 0);
  EXPECT_EQ(tasks_on(page(status_of_jobs({}))), 1u);

  config.accounts[0].instances[0].tasks = {};
  metrics.configure(config);
  EXPECT_EQ(tasks_on(page(jobs)), 1u);
  EXPECT_EQ(tasks_on(page(status_of_jobs({}))), 0u);
}

TEST_F(JobMetricsTest, ApisInUseHaveAllTheirCounters) {
  DaemonStatus status = status_of_jobs({});
  status.accounts[0].apis = {{Api::kListTask, 4, 4, {}}, {Api::kQueryJobStatistics, 4, 4, {}}};
  const PageText read = page(status);
  for (const char* action : {"ListTask", "QueryJobStatistics"}) {
    const std::string labels = "{account=\"prod\",action=\"" + std::string(action) + "\"";
    EXPECT_EQ(read.at("taskwatchd_api_requests_total" + labels + "}"), 0);
    EXPECT_EQ(read.at("taskwatchd_api_retries_total" + labels + "}"), 0);
    EXPECT_EQ(read.count("taskwatchd_api_failures_total" + labels), kAllReasons.size());
    EXPECT_EQ(read.at("taskwatchd_api_last_success_timestamp_seconds" + labels + "}"), 0);
  }
  EXPECT_EQ(read.count("taskwatchd_api_requests_total{account=\"prod\",action=\"ListJob\""), 0u);
}

// Prints the time; the limit only catches far too much work.
TEST_F(JobMetricsTest, TwoHundredJobsAreQuick) {
  std::vector<JobView> jobs;
  for (int i = 0; i < 200; ++i) jobs.push_back(full_job("sGWotgRkutxXaaaaa" + std::to_string(i)));
  const DaemonStatus status = status_of_jobs(jobs);
  auto best = std::chrono::nanoseconds::max();
  std::size_t bytes = 0;
  for (int i = 0; i < 5; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    bytes = page_of(metrics, status, full_process(), kStart).size();
    best = std::min<std::chrono::nanoseconds>(best, std::chrono::steady_clock::now() - begin);
  }
  std::printf("rendered %zu bytes in %.2f ms\n", bytes, static_cast<double>(best.count()) / 1e6);
  EXPECT_LT(best, std::chrono::milliseconds(500));
}

}  // namespace
}  // namespace taskwatchd
