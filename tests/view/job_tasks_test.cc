#include "view/job_tasks.h"

#include <gmock/gmock.h>

#include "page_text.h"
#include "view_world.h"

namespace taskwatchd {
namespace {

using enum TaskStatus;
using testing::ElementsAre;
using testing::IsEmpty;

class JobTasksTest : public testing::Test {
 protected:
  JobTasksTest() { tasks.configure(TaskSeries::kBad, 2); }

  void put(const std::string& id, TaskStatus status, const std::string& job = "J1") {
    tasks.put(record_of(id, status, job), "main", {});
  }
  void keep(std::vector<JobView> views) {
    const DaemonStatus status = status_of_jobs(std::move(views));
    tasks.keep(live_jobs(status, std::chrono::hours(24), kStart));
  }
  // Returns the ids in the metrics. Checks that they are exactly the admitted ones.
  std::vector<std::string> shown() {
    std::vector<std::string> ids;
    for (const auto& task : tasks.admitted()) {
      EXPECT_TRUE(page.status(task.key)) << task.key.task_id;
      ids.push_back(task.key.task_id);
    }
    const std::string text =
        written([&](MetricsWriter& to) { write_task_families(page.share(), to); });
    EXPECT_EQ(read_page(text).count("aliyun_iot_task_info{"), ids.size());
    return ids;
  }

  TaskFamilies page;
  JobTasks tasks{page};
};

TEST_F(JobTasksTest, EachPolicyAdmitsItsOwn) {
  const std::pair<TaskSeries, std::vector<std::string>> expected[] = {
      {TaskSeries::kNone, {}},
      {TaskSeries::kExplicit, {}},
      {TaskSeries::kBad, {"FAILED", "REJECTED", "TIMED_OUT"}},
      {TaskSeries::kActive,
       {"FAILED", "IN_PROGRESS", "QUEUED", "REJECTED", "SENT", "TIMED_OUT", "UNKNOWN"}},
      {TaskSeries::kAll,
       {"CANCELLED", "FAILED", "IN_PROGRESS", "QUEUED", "REJECTED", "SENT", "SUCCEEDED",
        "TIMED_OUT", "UNKNOWN"}}};
  for (const auto& [policy, ids] : expected) {
    TaskFamilies fresh;
    JobTasks some(fresh);
    some.configure(policy, 100);
    for (const TaskStatus status : kAllTaskStatuses) {
      some.put(record_of(std::string(name(status)), status), "main", {});
    }
    std::vector<std::string> admitted;
    for (const auto& task : some.admitted()) admitted.push_back(task.key.task_id);
    EXPECT_EQ(admitted, ids);
    EXPECT_EQ(some.refused(), 0u);
  }
}

TEST_F(JobTasksTest, AnAdmittedTaskStaysWhateverBecomesOfIt) {
  put("T1", kQueued);
  EXPECT_THAT(shown(), IsEmpty());
  put("T1", kFailed);
  put("T1", kQueued);
  put("T1", kSucceeded);
  EXPECT_THAT(shown(), ElementsAre("T1"));
  EXPECT_EQ(page.status({"prod", "T1"}), kSucceeded);
}

TEST_F(JobTasksTest, RefusedTasksAreCountedOnceAndOnlyWhileTheyWantSeries) {
  for (const char* id : {"T1", "T2", "T3", "T4", "T3"}) put(id, kFailed);
  EXPECT_THAT(shown(), ElementsAre("T1", "T2"));
  EXPECT_EQ(tasks.refused(), 2u);
  put("T4", kTimedOut);
  EXPECT_EQ(tasks.refused(), 2u) << "still bad";
  put("T4", kQueued);
  EXPECT_EQ(tasks.refused(), 1u) << "a rerun took it up";
  put("T5", kSucceeded);
  EXPECT_EQ(tasks.refused(), 1u);
}

TEST_F(JobTasksTest, ARefusedTaskIsExportedWithItsNextRecordOnceThereIsRoom) {
  for (const char* id : {"T1", "T2", "T3"}) put(id, kFailed);
  TaskRecord superseded = record_of("T1", kFailed);
  superseded.superseded = true;
  tasks.put(superseded, "main", {});
  EXPECT_THAT(shown(), ElementsAre("T2"));
  EXPECT_EQ(tasks.refused(), 1u);
  put("T3", kRejected);
  EXPECT_THAT(shown(), ElementsAre("T2", "T3"));
  EXPECT_EQ(tasks.refused(), 0u);
}

TEST_F(JobTasksTest, SupersededAndGoneTasksAreNeitherShownNorCounted) {
  for (const char* id : {"T1", "T2", "T3", "T4"}) put(id, kFailed);
  for (const char* id : {"T1", "T3"}) {
    TaskRecord gone = record_of(id, kFailed);
    gone.gone = true;
    tasks.put(gone, "main", {});
  }
  EXPECT_THAT(shown(), ElementsAre("T2"));
  EXPECT_EQ(tasks.refused(), 1u);
}

TEST_F(JobTasksTest, ALostJobTakesItsTasksAndItsCountAlong) {
  put("T1", kFailed, "J1");
  put("T2", kFailed, "J2");
  put("T3", kFailed, "J1");
  put("T4", kFailed, "J2");
  EXPECT_EQ(tasks.refused(), 2u);
  keep({job_view("J2")});
  EXPECT_THAT(shown(), ElementsAre("T2"));
  EXPECT_EQ(tasks.refused(), 1u);
  put("T4", kFailed, "J2");
  EXPECT_THAT(shown(), ElementsAre("T2", "T4"));
  keep({});
  EXPECT_THAT(shown(), IsEmpty());
  EXPECT_EQ(tasks.refused(), 0u);
}

TEST_F(JobTasksTest, NamesFollowTheJobsView) {
  put("T1", kFailed);
  JobView view = job_view("J1");
  view.instance = "renamed";
  view.labels = {{"team", "ota"}};
  keep({view});
  const std::string labels = page.share().at(0)->labels(0).text;
  EXPECT_TRUE(labels.ends_with(",iot_instance=\"renamed\",team=\"ota\"")) << labels;
}

TEST_F(JobTasksTest, ANarrowerPolicyEndsWhatItDoesNotWant) {
  tasks.configure(TaskSeries::kAll, 3);
  put("T1", kFailed);
  put("T2", kSucceeded);
  put("T3", kQueued);
  put("T4", kFailed);
  EXPECT_EQ(tasks.refused(), 1u);
  tasks.configure(TaskSeries::kAll, 1);
  EXPECT_THAT(shown(), ElementsAre("T1", "T2", "T3")) << "a smaller limit ends none";
  tasks.configure(TaskSeries::kActive, 3);
  EXPECT_THAT(shown(), ElementsAre("T1", "T3"));
  EXPECT_EQ(tasks.refused(), 0u);
  put("T4", kFailed);
  EXPECT_THAT(shown(), ElementsAre("T1", "T3", "T4"));
  tasks.configure(TaskSeries::kNone, 3);
  EXPECT_THAT(shown(), IsEmpty());
}

TEST_F(JobTasksTest, AWiderPolicyKeepsTheCount) {
  for (const char* id : {"T1", "T2", "T3"}) put(id, kFailed);
  tasks.configure(TaskSeries::kActive, 2);
  EXPECT_EQ(tasks.refused(), 1u);
}

TEST_F(JobTasksTest, ReleasedAndForgottenTasksLeaveRoom) {
  for (const char* id : {"T1", "T2", "T3"}) put(id, kFailed);
  tasks.release({"prod", "T1"}, "J1");
  tasks.release({"prod", "T1"}, "J-never");
  EXPECT_NE(page.status({"prod", "T1"}), std::nullopt) << "its series are another's business now";
  tasks.forget({"prod", "T2"});
  tasks.forget({"prod", "T3"});
  EXPECT_EQ(page.status({"prod", "T2"}), std::nullopt);
  EXPECT_EQ(tasks.refused(), 0u);
  EXPECT_THAT(tasks.admitted(), IsEmpty());
  put("T4", kFailed);
  put("T5", kFailed);
  EXPECT_EQ(tasks.admitted().size(), 2u);
}

TEST_F(JobTasksTest, AdoptsWhatIsWantedWhileThereIsRoom) {
  for (const auto& [id, status] : {std::pair("T1", kFailed), std::pair("T2", kSucceeded),
                                   std::pair("T3", kFailed), std::pair("T4", kFailed)}) {
    page.put(record_of(id, status), "main", {});
    tasks.adopt({"prod", id}, "J1");
    tasks.adopt({"prod", id}, "J1");
  }
  tasks.adopt({"prod", "never"}, "J1");
  EXPECT_THAT(shown(), ElementsAre("T1", "T3"));
  EXPECT_EQ(tasks.refused(), 1u);
}

TEST_F(JobTasksTest, CountsAHundredThousandRefusedTasksExactly) {
  tasks.configure(TaskSeries::kAll, 2);
  for (int i = 0; i < 100'000; ++i) put("MSnT9aaaaaaaaaaaaq" + std::to_string(i), kQueued);
  EXPECT_EQ(tasks.refused(), 99'998u);
  for (int i = 0; i < 100'000; ++i) put("MSnT9aaaaaaaaaaaaq" + std::to_string(i), kSucceeded);
  EXPECT_EQ(tasks.refused(), 99'998u);
  keep({});
  EXPECT_EQ(tasks.refused(), 0u);
}

}  // namespace
}  // namespace taskwatchd
