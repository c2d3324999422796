#include "view/job_counters.h"

#include <gmock/gmock.h>

#include <chrono>
#include <ctime>

#include "page_text.h"
#include "view_world.h"

namespace taskwatchd {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

class JobCountersTest : public testing::Test {
 protected:
  JobCountersTest() { jobs.set_limit(1000); }

  PageText at(Wall now) {
    const std::vector<JobNumbers> shown = jobs.shown(now);
    const std::string text = written([&](MetricsWriter& page) { write_job_counters(shown, page); });
    PageText read = read_page(text);
    EXPECT_THAT(read.problems, testing::IsEmpty());
    return read;
  }
  std::optional<double> failed(Wall now, const std::string& job = "J1") {
    return at(now).at("aliyun_iot_task_transitions_total{account=\"prod\",job_id=\"" + job +
                      "\",to=\"FAILED\"}");
  }
  static CounterValue stored(TaskStatus to, std::uint64_t value, Wall created,
                             const std::string& job = "J1") {
    return {{"prod", job, Counter::kTransitions, to}, value, created};
  }

  // Watches these jobs. An exclamation mark after the id means that the job has finished.
  void list(const std::vector<std::string>& ids, Wall now) {
    std::vector<JobView> views;
    for (const std::string& id : ids) {
      JobView& view = views.emplace_back(job_view(id.substr(0, id.find('!'))));
      if (id.ends_with('!')) view.ended = kStart;
    }
    const DaemonStatus status = status_of_jobs(std::move(views));
    jobs.list(live_jobs(status, hours(24), kStart), now);
  }

  JobCounters jobs;
};

TEST_F(JobCountersTest, AllTargetsExistWithTheJob) {
  EXPECT_EQ(at(kStart).series.size(), 0u);
  jobs.watch({"prod", "T1"}, "J1", kStart);
  const PageText read = at(kStart);
  EXPECT_EQ(read.count("aliyun_iot_task_transitions_total{"), kTaskStatusCount);
  EXPECT_EQ(read.count("aliyun_iot_task_first_seen_total{"), kTaskStatusCount);
}

TEST_F(JobCountersTest, ANewJobShowsZeroForAMinute) {
  jobs.watch({"prod", "T1"}, "J1", kStart);
  jobs.add(transition_to(TaskStatus::kFailed), kStart + seconds(1));
  EXPECT_EQ(failed(kStart + seconds(1)), 0);
  EXPECT_EQ(failed(kStart + seconds(59)), 0);
  EXPECT_EQ(failed(kStart + seconds(60)), 1);
  jobs.add(transition_to(TaskStatus::kFailed), kStart + seconds(61));
  EXPECT_EQ(failed(kStart + seconds(61)), 2);
}

TEST_F(JobCountersTest, ShownOnceItNeverFallsBackWhenTheClockDoes) {
  jobs.watch({"prod", "T1"}, "J1", kStart);
  jobs.add(transition_to(TaskStatus::kFailed), kStart);
  EXPECT_EQ(failed(kStart + seconds(60)), 1);
  EXPECT_EQ(failed(kStart - hours(1)), 1);
}

TEST_F(JobCountersTest, RestoredNumbersOfAnOldJobAreShownAtOnce) {
  jobs.restore({stored(TaskStatus::kFailed, 7, kStart - seconds(61))}, kStart);
  jobs.watch({"prod", "T1"}, "J1", kStart);
  EXPECT_EQ(failed(kStart), 7);
  jobs.add(transition_to(TaskStatus::kFailed), kStart);
  EXPECT_EQ(failed(kStart), 8);
}

TEST_F(JobCountersTest, ARestartInTheFirstMinuteKeepsTheZero) {
  jobs.restore({stored(TaskStatus::kFailed, 7, kStart - seconds(20))}, kStart);
  jobs.watch({"prod", "T1"}, "J1", kStart);
  EXPECT_EQ(failed(kStart), 0);
  EXPECT_EQ(failed(kStart + seconds(40)), 7);
}

TEST_F(JobCountersTest, ACreationInTheFutureIsShownAtOnce) {
  jobs.restore({stored(TaskStatus::kFailed, 7, kStart + hours(1))}, kStart);
  jobs.watch({"prod", "T1"}, "J1", kStart);
  EXPECT_EQ(failed(kStart), 7);
}

TEST_F(JobCountersTest, RestoringAgainLowersNothing) {
  jobs.restore({stored(TaskStatus::kFailed, 7, kStart - hours(1))}, kStart);
  jobs.watch({"prod", "T1"}, "J1", kStart);
  jobs.add(transition_to(TaskStatus::kFailed), kStart);
  jobs.restore({stored(TaskStatus::kFailed, 7, kStart - hours(1))}, kStart);
  EXPECT_EQ(failed(kStart), 8);
}

TEST_F(JobCountersTest, SeriesEndWithTheLastTaskAndGoOnWhenListedAgain) {
  jobs.restore({stored(TaskStatus::kFailed, 7, kStart - hours(1))}, kStart);
  EXPECT_EQ(failed(kStart), std::nullopt);
  jobs.watch({"prod", "T1"}, "J1", kStart);
  jobs.watch({"prod", "T2"}, "J1", kStart);
  jobs.unwatch({"prod", "T1"});
  EXPECT_EQ(failed(kStart), 7);
  jobs.unwatch({"prod", "T2"});
  jobs.unwatch({"prod", "T2"});
  EXPECT_EQ(at(kStart).series.size(), 0u);
  jobs.watch({"prod", "T1"}, "J1", kStart);
  EXPECT_EQ(failed(kStart), 7);
}

TEST_F(JobCountersTest, ATaskThatNamesAnotherJobMoves) {
  jobs.watch({"prod", "T1"}, "J1", kStart);
  jobs.watch({"prod", "T1"}, "J2", kStart);
  EXPECT_EQ(failed(kStart, "J1"), std::nullopt);
  EXPECT_EQ(failed(kStart, "J2"), 0);
}

TEST_F(JobCountersTest, JobsOverTheLimitAreRefusedUntilThereIsRoom) {
  jobs.set_limit(2);
  for (int i = 1; i <= 4; ++i) {
    jobs.watch({"prod", "T" + std::to_string(i)}, "J" + std::to_string(i), kStart);
  }
  EXPECT_EQ(jobs.refused(), 2u);
  EXPECT_EQ(at(kStart).series.size(), 2 * 2 * kTaskStatusCount);
  EXPECT_EQ(failed(kStart, "J2"), 0);
  EXPECT_EQ(failed(kStart, "J3"), std::nullopt);
  jobs.unwatch({"prod", "T1"});
  EXPECT_EQ(failed(kStart, "J2"), 0);
  EXPECT_EQ(failed(kStart, "J3"), 0);
  EXPECT_EQ(jobs.refused(), 1u);
}

TEST_F(JobCountersTest, DropsTheOldestJobsThatAreNotWatched) {
  std::vector<CounterValue> values;
  for (std::size_t i = 0; i <= JobCounters::kHiddenJobs; ++i) {
    values.push_back(
        stored(TaskStatus::kFailed, 5, kStart - seconds(100 + i), "J" + std::to_string(i)));
  }
  jobs.restore(values, kStart);
  list({}, kStart);
  EXPECT_TRUE(jobs.known(
      {"prod", "J" + std::to_string(JobCounters::kHiddenJobs - JobCounters::kDropped - 1)}));
  EXPECT_FALSE(
      jobs.known({"prod", "J" + std::to_string(JobCounters::kHiddenJobs - JobCounters::kDropped)}));
  jobs.watch({"prod", "T1"}, "J0", kStart);
  jobs.watch({"prod", "T2"}, "J" + std::to_string(JobCounters::kHiddenJobs), kStart - hours(1));
  EXPECT_EQ(failed(kStart, "J0"), 5);
  EXPECT_EQ(failed(kStart, "J" + std::to_string(JobCounters::kHiddenJobs)), 0);
}

// The time must not be quadratic: that was half a minute of the event loop for this many jobs.
TEST_F(JobCountersTest, ManyJobsComeAndGoInAboutOnePass) {
  constexpr int kJobs = 30'000;
  const std::clock_t begun = std::clock();  // of this process, because the machine may be busy
  std::vector<CounterValue> values;
  for (int i = 0; i < kJobs; ++i) {
    values.push_back(stored(TaskStatus::kFailed, 5, kStart - hours(1), "J" + std::to_string(i)));
  }
  jobs.restore(values, kStart);
  list({}, kStart);
  jobs.set_limit(kJobs);
  for (int i = 0; i < kJobs; ++i) {
    const std::string id = std::to_string(i);
    jobs.add(transition_to(TaskStatus::kFailed, "K" + id), kStart);
    jobs.watch({"prod", "T" + id}, "L" + id, kStart);
  }
  EXPECT_EQ(jobs.refused(), 0u);
  for (int i = 0; i < kJobs; ++i) jobs.unwatch({"prod", "T" + std::to_string(i)});
  EXPECT_LT(std::clock() - begun, 10 * CLOCKS_PER_SEC) << "well below 1 s when optimized";
}

TEST_F(JobCountersTest, ANewJobIsLoadedAndNotShownUntilItsStoredNumbersAreKnown) {
  int asked = 0;
  jobs.ask([&asked] { ++asked; });
  jobs.watch({"prod", "T1"}, "J1", kStart);
  jobs.add(transition_to(TaskStatus::kFailed, "J2"), kStart);
  EXPECT_EQ(asked, 1);
  EXPECT_THAT(jobs.wanted(9), testing::ElementsAre(JobKey{"prod", "J1"}, JobKey{"prod", "J2"}));
  EXPECT_THAT(jobs.wanted(1), testing::ElementsAre(JobKey{"prod", "J1"}));
  EXPECT_EQ(at(kStart).series.size(), 0u) << "0 now and the old numbers next would be an increase";

  // Added after the commit, and the store is read after that: the stored value already includes it.
  jobs.add(transition_to(TaskStatus::kFailed), kStart);
  jobs.restore({stored(TaskStatus::kFailed, 7, kStart - hours(1))}, kStart);
  jobs.know({{"prod", "J1"}, {"prod", "J2"}}, kStart);
  EXPECT_TRUE(jobs.wanted(9).empty());
  EXPECT_EQ(failed(kStart), 7);
  jobs.add(transition_to(TaskStatus::kFailed), kStart);
  EXPECT_EQ(failed(kStart), 8);
  EXPECT_EQ(asked, 1);

  list({"J3"}, kStart + seconds(5));
  EXPECT_EQ(asked, 2);
  EXPECT_EQ(failed(kStart + seconds(5), "J3"), std::nullopt);
  jobs.know({{"prod", "J3"}}, kStart + seconds(6));
  EXPECT_EQ(failed(kStart + seconds(6), "J3"), 0) << "nothing is stored of it";
}

TEST_F(JobCountersTest, AWatchedJobHasAllTargetsFromItsFirstObservation) {
  jobs.add(transition_to(TaskStatus::kFailed), kStart);
  EXPECT_EQ(at(kStart).series.size(), 0u);
  list({"J1"}, kStart + seconds(1));
  EXPECT_EQ(at(kStart + seconds(1)).series.size(), 2 * kTaskStatusCount);
  EXPECT_EQ(failed(kStart + seconds(1)), 0);
  EXPECT_EQ(failed(kStart + seconds(60)), 1);
  list({}, kStart + seconds(61));
  EXPECT_EQ(at(kStart + seconds(61)).series.size(), 0u);
  list({"J1"}, kStart + seconds(62));
  EXPECT_EQ(failed(kStart + seconds(62)), 1);
}

TEST_F(JobCountersTest, AnExplicitTaskKeepsItsJobsSeries) {
  list({"J1"}, kStart);
  jobs.watch({"prod", "T1"}, "J1", kStart);
  list({}, kStart);
  EXPECT_TRUE(jobs.admitted({"prod", "J1"}));
  list({"J1"}, kStart);
  jobs.unwatch({"prod", "T1"});
  EXPECT_TRUE(jobs.admitted({"prod", "J1"}));
  list({}, kStart);
  EXPECT_FALSE(jobs.admitted({"prod", "J1"}));
  EXPECT_FALSE(jobs.admitted({"prod", "J-never"}));
  EXPECT_EQ(jobs.refused(), 0u);
}

TEST_F(JobCountersTest, WhereRoomIsScarceJobsThatHaveNotEndedComeFirst) {
  jobs.set_limit(2);
  list({"J1!", "J2!", "J3", "J4!"}, kStart);
  EXPECT_TRUE(jobs.admitted({"prod", "J1"}));
  EXPECT_TRUE(jobs.admitted({"prod", "J3"}));
  EXPECT_EQ(jobs.refused(), 2u);
  list({"J1!", "J2", "J3", "J4!"}, kStart);
  EXPECT_TRUE(jobs.admitted({"prod", "J1"})) << "once admitted it stays";
  list({"J2", "J3", "J4!"}, kStart);
  EXPECT_TRUE(jobs.admitted({"prod", "J2"}));
  EXPECT_EQ(jobs.refused(), 1u);
}

// Two ids that differ only beyond a label's maximum length must not become two equal series.
TEST_F(JobCountersTest, SimilarIdsShareOneSeries) {
  const std::string one = std::string(128, 'j') + "1";
  const std::string two = one.substr(0, one.size() - 1) + "2";
  jobs.restore({stored(TaskStatus::kFailed, 1, kStart - hours(1), one),
                stored(TaskStatus::kFailed, 2, kStart - hours(1), two)},
               kStart);
  jobs.watch({"prod", "T1"}, one, kStart);
  jobs.watch({"prod", "T2"}, two, kStart);
  EXPECT_EQ(failed(kStart, std::string(128, 'j')), 3);
  EXPECT_EQ(at(kStart).series.size(), 2 * kTaskStatusCount);
}

}  // namespace
}  // namespace taskwatchd
