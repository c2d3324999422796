#include "view/job_families.h"

#include <gmock/gmock.h>

#include "page_text.h"
#include "view_world.h"

namespace taskwatchd {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

const std::string kJ1 = "{account=\"prod\",job_id=\"J1\"";

PageText shown(const DaemonStatus& status, Wall now = kStart) {
  const std::vector<LiveJob> jobs = live_jobs(status, hours(24), now);
  const std::string text = written([&](MetricsWriter& page) { write_job_families(jobs, page); });
  PageText read = read_page(text);
  EXPECT_THAT(read.problems, testing::IsEmpty());
  return read;
}

TEST(JobFamilies, ShowEverythingThatIsKnown) {
  const PageText read = shown(status_of_jobs({full_job("J1")}));
  const auto tasks = [&](const char* status) {
    return read.at("aliyun_iot_job_tasks" + kJ1 + ",status=\"" + status + "\"}");
  };
  EXPECT_EQ(read.count("aliyun_iot_job_tasks{"), kTaskStatusCount);
  EXPECT_EQ(tasks("QUEUED"), 2);
  EXPECT_EQ(tasks("FAILED"), 1);
  EXPECT_EQ(tasks("CANCELLED"), 0);
  EXPECT_EQ(tasks("UNKNOWN"), 1);
  EXPECT_EQ(read.at("aliyun_iot_job_statistics_timestamp_seconds" + kJ1 + "}"), 1763776923.004);
  EXPECT_EQ(read.at("aliyun_iot_job_progress_ratio" + kJ1 + "}"), 0.4);
  EXPECT_EQ(read.at("aliyun_iot_job_info{account=\"prod\",iot_instance=\"main\",job_id=\"J1\","
                    "job_name=\"spring\",job_type=\"CUSTOM_JOB\",team=\"ota\"}"),
            1);
  EXPECT_EQ(read.at("aliyun_iot_job_eta_timestamp_seconds" + kJ1 + ",confidence=\"0.5\"}"),
            1763777223.004);
  EXPECT_EQ(read.at("aliyun_iot_job_eta_timestamp_seconds" + kJ1 + ",confidence=\"0.9\"}"),
            1763777463.004);
  EXPECT_EQ(read.at("aliyun_iot_job_stalled_tasks" + kJ1 + "}"), 2);
  EXPECT_EQ(read.count("aliyun_iot_job_overdue_tasks{"), 4u) << "the unfinished statuses";
  EXPECT_EQ(read.at("aliyun_iot_job_overdue_tasks" + kJ1 + ",status=\"IN_PROGRESS\"}"), 3);
  EXPECT_EQ(read.at("aliyun_iot_job_unreconciled_tasks" + kJ1 + "}"), 4);
  EXPECT_EQ(read.at("aliyun_iot_job_unseen_ended_tasks" + kJ1 + "}"), 6);
  EXPECT_EQ(read.at("aliyun_iot_job_oldest_unseen_end_timestamp_seconds" + kJ1 + "}"),
            1763776803.004);
  EXPECT_EQ(read.series.size(), 31u);
}

TEST(JobFamilies, ExactlyOneStatusIsOne) {
  for (const JobStatus status : kAllJobStatuses) {
    JobView job = full_job("J1");
    job.status = status;
    const PageText read = shown(status_of_jobs({job}));
    double sum = 0;
    for (const JobStatus each : kAllJobStatuses) {
      const auto value =
          read.at("aliyun_iot_job_status" + kJ1 + ",status=\"" + std::string(name(each)) + "\"}");
      ASSERT_TRUE(value) << name(each);
      EXPECT_EQ(*value, each == status ? 1 : 0);
      sum += *value;
    }
    EXPECT_EQ(sum, 1);
  }
}

TEST(JobFamilies, WhatIsNotKnownIsAbsent) {
  const PageText read = shown(status_of_jobs({job_view("J1")}));
  EXPECT_EQ(read.at("aliyun_iot_job_info{account=\"prod\",iot_instance=\"main\",job_id=\"J1\","
                    "job_name=\"\",job_type=\"\"}"),
            1);
  EXPECT_EQ(read.at("aliyun_iot_job_stalled_tasks" + kJ1 + "}"), 0);
  EXPECT_EQ(read.series.size(), 2u);
  JobView job = job_view("J1");
  job.eta_most = kStart;
  EXPECT_EQ(shown(status_of_jobs({job})).count("aliyun_iot_job_eta_timestamp_seconds{"), 1u);
}

TEST(JobFamilies, TheOldestUnseenEndIsAbsentWhileThereIsNone) {
  JobView job = full_job("J1");
  job.unseen_ended = 0;
  job.unseen_since.reset();
  const PageText read = shown(status_of_jobs({job}));
  EXPECT_EQ(read.at("aliyun_iot_job_unseen_ended_tasks" + kJ1 + "}"), 0);
  EXPECT_EQ(read.count("aliyun_iot_job_oldest_unseen_end_timestamp_seconds"), 0u);
}

TEST(JobFamilies, ProgressIsOfAllTasksAndAbsentWithoutAny) {
  const auto progress = [](TaskCounts tasks) {
    JobView job = job_view("J1");
    job.statistics = JobStatistics{.tasks = tasks, .total = 0};
    return shown(status_of_jobs({job})).at("aliyun_iot_job_progress_ratio" + kJ1 + "}");
  };
  EXPECT_EQ(progress({}), std::nullopt);
  EXPECT_EQ(progress({7, 0, 0, 0, 0, 0, 0, 0, 0}), 0);
  EXPECT_EQ(progress({0, 0, 0, 1, 1, 1, 1, 1, 0}), 1);
  EXPECT_EQ(progress({1, 1, 1, 0, 0, 0, 0, 0, 1}), 0) << "a word that we do not know is no end";
  EXPECT_EQ(progress({4'000'000'000, 0, 0, 4'000'000'000, 0, 0, 0, 0, 0}), 0.5);
}

TEST(JobFamilies, NamesAreRepairedAndCut) {
  JobView job = job_view("J1");
  job.name = "bad\xff" + std::string(200, 'x');
  job.type = std::string(127, 'y') + "\xE4\xBB\xBB";
  const PageText read = shown(status_of_jobs({job}));
  EXPECT_EQ(read.at("aliyun_iot_job_info{account=\"prod\",iot_instance=\"main\",job_id=\"J1\","
                    "job_name=\"bad\xEF\xBF\xBD" +
                    std::string(122, 'x') + "\",job_type=\"" + std::string(127, 'y') + "\"}"),
            1);
}

TEST(LiveJobs, EndKeepFinishedAfterTheirLastTask) {
  JobView job = full_job("J1");
  job.ended = kStart;
  const DaemonStatus status = status_of_jobs({job, full_job("J2")});
  EXPECT_EQ(live_jobs(status, hours(24), kStart + hours(24) - milliseconds(1)).size(), 2u);
  const auto later = live_jobs(status, hours(24), kStart + hours(24));
  ASSERT_EQ(later.size(), 1u);
  EXPECT_EQ(later[0].key, (JobKey{"prod", "J2"}));
}

TEST(LiveJobs, SimilarIdsAreOne) {
  const std::string one = std::string(128, 'j') + "1";
  const std::string two = std::string(128, 'j') + "2";
  const DaemonStatus status = status_of_jobs({job_view(one), job_view(two)});
  const auto jobs = live_jobs(status, hours(24), kStart);
  ASSERT_EQ(jobs.size(), 1u);
  EXPECT_EQ(jobs[0].view->job_id, one);
}

}  // namespace
}  // namespace taskwatchd
