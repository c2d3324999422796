#include "core/polling/job_planner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace taskwatchd {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using enum TaskStatus;

TaskCounts counts(std::initializer_list<std::pair<TaskStatus, std::uint32_t>> some) {
  TaskCounts all{};
  for (const auto& [status, n] : some) count_of(all, status) = n;
  return all;
}
JobStatistics statistics(const TaskCounts& tasks) {
  JobStatistics all{.tasks = tasks};
  for (const std::uint32_t n : tasks) all.total += n;
  return all;
}

class JobPlannerTest : public testing::Test {
 protected:
  JobPlanner planner{Pace{.task = seconds(5), .job = seconds(1), .finished = minutes(1)}};
  Mono now{std::chrono::hours(1)};
  Gates gates = [] {
    Gates gates;
    gates.add("main", Mono::min());
    return gates;
  }();
  std::uint64_t calls = 0;

  void count(const std::string& job, const TaskCounts& tasks) {
    const Call asked = sent(call(Api::kQueryJobStatistics, job));
    planner.on_statistics(asked, statistics(tasks), now);
  }
  Call sent(Call call) {
    call.number = ++calls;
    planner.on_sent(call, now);
    return call;
  }
  static Call call(Api api, const std::string& job) {
    Call call;
    call.api = api;
    call.job_id = job;
    return call;
  }
  // Sends the next list page call; the response has 50 rows, `fresh` of them new.
  Call page(const TaskCounts& known, std::size_t fresh, const std::string& next = "") {
    const NextCall choice = planner.next_page(now, gates);
    EXPECT_TRUE(choice.call);
    if (!choice.call) return {};
    const Call asked = sent(*choice.call);
    TaskPage reply;
    reply.tasks.resize(50);
    if (!next.empty()) reply.next_token = next + std::to_string(calls);
    planner.on_page(asked, reply, fresh, known, now);
    return asked;
  }
};

TEST_F(JobPlannerTest, AJobIsCountedFirstThenWhatIsUnreconciledIsListed) {
  planner.add("j", "main", {}, false);
  EXPECT_FALSE(planner.next_page(now, gates).call) << "nobody knows of what";
  ASSERT_EQ(planner.next_statistics(now, gates).call->job_id, "j");
  count("j", counts({{kQueued, 100}, {kFailed, 3}}));
  const NextCall choice = planner.next_page(now, gates);
  ASSERT_TRUE(choice.call);
  EXPECT_EQ(choice.call->status, kFailed) << "the bad ones first";
}

TEST_F(JobPlannerTest, NothingIsListedWhenNothingIsUnreconciled) {
  const TaskCounts all = counts({{kQueued, 100}, {kFailed, 3}});
  planner.add("j", "main", all, false);
  count("j", all);
  EXPECT_FALSE(planner.next_page(now, gates).call);
  EXPECT_EQ(planner.unreconciled("j"), 0u);
  EXPECT_TRUE(planner.fully_observed("j"));
}

TEST_F(JobPlannerTest, BadOnesDoNotStarveTheOthers) {
  planner.add("j", "main", {}, false);
  count("j", counts({{kSucceeded, 5000}, {kFailed, 5000}, {kQueued, 5000}}));
  std::map<TaskStatus, int> pages;
  for (int i = 0; i < 1000; ++i) {
    now += milliseconds(200);
    ++pages[*page({}, 1, i % 4 == 3 ? "" : "more").status];
  }
  EXPECT_NEAR(pages[kFailed], 700, 20);
  EXPECT_GT(pages[kSucceeded], 200);
  EXPECT_GT(pages[kQueued], 5);
}

TEST_F(JobPlannerTest, AFailureThatTurnsUpIsNotPutOff) {
  planner.set_pace({.task = {}, .job = {}, .finished = minutes(1)});
  planner.add("j", "main", {}, false);
  for (int i = 0; i < 20; ++i) {
    now += milliseconds(200);
    count("j", counts({{kSucceeded, 5000}}));
    EXPECT_EQ(page({}, 50, "more").status, kSucceeded);
    now += milliseconds(200);
    count("j", counts({{kSucceeded, 5000}, {kFailed, 1}}));
    EXPECT_EQ(page({}, 1, "").status, kFailed) << i << " good pages came before";
  }
}

TEST_F(JobPlannerTest, TasksOfANewJobAreObservedInTheListOfAll) {
  planner.add("j", "main", {}, false);
  count("j", counts({{kQueued, 4000}, {kSucceeded, 500}}));
  std::map<std::optional<TaskStatus>, int> pages;
  for (int i = 0; i < 40; ++i) {
    now += milliseconds(200);
    ++pages[page({}, 50, "more").status];
  }
  EXPECT_EQ(pages[std::nullopt], 30);
  EXPECT_GE(pages[kSucceeded], 9) << "the others have not stopped";
  // The scan goes on to the end of the list, although most tasks are known by now. Then it is
  // finished.
  const TaskCounts most = counts({{kQueued, 3900}, {kSucceeded, 500}});
  for (int i = 0; i < 8; ++i) {
    now += milliseconds(200);
    const Call call = page(most, 50, i < 7 ? "more" : "");
    if (i < 7) {
      EXPECT_EQ(call.status, std::nullopt);
    }
  }
}

TEST_F(JobPlannerTest, InTheMiddleOfARollOutQueuedTasksAreObservedToo) {
  planner.add("j", "main", {}, false);
  count("j", counts({{kQueued, 4000}, {kSucceeded, 4000}}));
  std::map<std::optional<TaskStatus>, int> pages;
  for (int i = 0; i < 40; ++i) {
    now += milliseconds(200);
    ++pages[page({}, 50, "more").status];
  }
  EXPECT_EQ(pages[kQueued], 10);
  EXPECT_EQ(pages[kSucceeded], 30);
}

TEST_F(JobPlannerTest, ASecondScanBeginsHalfWayWhileTheFirstWaits) {
  planner.add("j", "main", counts({{kSucceeded, 490}}), false);
  count("j", counts({{kSucceeded, 500}}));
  const TaskCounts known = counts({{kSucceeded, 490}});
  for (int i = 0; i < 5; ++i) {
    const NextCall first = planner.next_page(now, gates);
    ASSERT_TRUE(first.call);
    EXPECT_EQ(first.call->page, static_cast<std::uint32_t>(i));
    EXPECT_FALSE(first.call->parallel);
    const Call asked = sent(*first.call);
    EXPECT_FALSE(planner.next_page(now, gates).call) << "too near to the first walk";
    TaskPage reply;
    reply.tasks.resize(50);
    reply.next_token = "t" + std::to_string(i);
    planner.on_page(asked, reply, 0, known, now);
  }
  const NextCall first = planner.next_page(now, gates);
  const Call asked = sent(*first.call);
  const NextCall second = planner.next_page(now, gates);
  ASSERT_TRUE(second.call);
  EXPECT_TRUE(second.call->parallel);
  EXPECT_EQ(second.call->token, "");
  const Call again = sent(*second.call);
  EXPECT_FALSE(planner.next_page(now, gates).call) << "both wait";
  TaskPage reply;
  reply.tasks.resize(50);
  reply.next_token = "second";
  planner.on_page(again, reply, 0, known, now);
  EXPECT_EQ(planner.next_page(now, gates).call->token, "second") << "each has its own place";
}

TEST_F(JobPlannerTest, StatisticsGoWhereTasksRun) {
  planner.set_pace({.task = {}, .job = {}, .finished = minutes(1)});
  planner.add("busy", "main", {}, false);
  planner.add("quiet", "main", {}, false);
  count("busy", counts({{kInProgress, 500}}));
  count("quiet", counts({{kSent, 5}}));
  std::map<std::string, int> calls;
  for (int i = 0; i < 1000; ++i) {
    now += milliseconds(200);
    const NextCall choice = planner.next_statistics(now, gates);
    ASSERT_TRUE(choice.call);
    ++calls[choice.call->job_id];
    count(choice.call->job_id,
          choice.call->job_id == "busy" ? counts({{kInProgress, 500}}) : counts({{kSent, 5}}));
  }
  EXPECT_GT(calls["busy"], 900);
  EXPECT_GT(calls["quiet"], 20) << "but it is not forgotten";
}

TEST_F(JobPlannerTest, ThePaceOfAJobHolds) {
  planner.add("j", "main", {}, false);
  count("j", counts({{kInProgress, 500}}));
  const NextCall choice = planner.next_statistics(now, gates);
  EXPECT_FALSE(choice.call);
  EXPECT_EQ(choice.wake, now + seconds(1));
}

TEST_F(JobPlannerTest, AFinishedJobCostsACallAMinute) {
  const TaskCounts all = counts({{kSucceeded, 90}, {kFailed, 10}});
  planner.add("j", "main", all, false);
  count("j", all);
  const Call asked = sent(call(Api::kQueryJob, "j"));
  JobReply done;
  done.job_id = "j";
  done.status = JobStatus::kCompleted;
  planner.on_details(asked, done);
  int calls = 0, descriptions = 0;
  for (const Mono end = now + std::chrono::hours(1); now < end; now += milliseconds(500)) {
    if (planner.next_statistics(now, gates).call) {
      count("j", all);
      ++calls;
    }
    if (const NextCall choice = planner.next_details(now, gates); choice.call) {
      planner.on_details(sent(*choice.call), done);
      ++calls;
      ++descriptions;
    }
    EXPECT_FALSE(planner.next_page(now, gates).call);
  }
  EXPECT_GE(calls, 58);
  EXPECT_LE(calls, 60);
  EXPECT_NEAR(descriptions, 6, 1);
}

TEST_F(JobPlannerTest, ATimeoutThatIsDueDrawsTheStatistics) {
  planner.set_pace({.task = {}, .job = {}, .finished = minutes(1)});
  planner.add("busy", "main", {}, false);
  planner.add("due", "main", {}, false);
  count("busy", counts({{kInProgress, 100}}));
  count("due", counts({{kInProgress, 1}}));
  now += seconds(1);
  EXPECT_EQ(planner.next_statistics(now, gates).call->job_id, "busy");
  planner.expect_timeout("due", now);
  EXPECT_EQ(planner.next_statistics(now, gates).call->job_id, "due");
  count("due", counts({{kTimedOut, 1}, {kSucceeded, 0}, {kInProgress, 0}, {kQueued, 1}}));
  now += seconds(1);
  EXPECT_EQ(planner.next_statistics(now, gates).call->job_id, "busy") << "it was seen";
}

TEST_F(JobPlannerTest, WithoutStatisticsTheListsAreReadInTurn) {
  planner.set_usable(Api::kQueryJobStatistics, false);
  planner.add("j", "main", {}, false);
  std::set<TaskStatus> seen;
  for (int i = 0; i < 200; ++i) {
    now += seconds(2);
    if (planner.next_page(now, gates).call) seen.insert(*page({}, 0).status);
  }
  EXPECT_EQ(seen.size(), 8u);
  EXPECT_TRUE(planner.fully_observed("j"));
}

TEST_F(JobPlannerTest, ManyInProgressAndFewUnreconciledAreFoundByWhoLeft) {
  const TaskCounts held_counts = counts({{kSucceeded, 5000}, {kInProgress, 60}});
  planner.add("j", "main", held_counts, false);
  count("j", counts({{kSucceeded, 5003}, {kInProgress, 57}}));
  std::map<TaskStatus, int> pages;
  for (int i = 0; i < 90; ++i) {
    now += seconds(6);  // longer than pace.task, which limits lists of unfinished tasks
    ++pages[*page(held_counts, 1, i % 3 == 2 ? "" : "more").status];
  }
  EXPECT_GT(pages[kInProgress], 40) << "two pages instead of a hundred";
  EXPECT_GT(pages[kSucceeded], 20) << "what was never seen running is found there only";
}

TEST_F(JobPlannerTest, AnExcessIsReportedWhenItStays) {
  planner.add("j", "main", counts({{kFailed, 5}, {kQueued, 1}}), false);
  count("j", counts({{kFailed, 3}, {kQueued, 1}}));
  EXPECT_FALSE(planner.excess("j", now));
  now += seconds(31);
  count("j", counts({{kFailed, 3}, {kQueued, 1}}));
  EXPECT_EQ(planner.excess("j", now), kFailed);
  EXPECT_EQ(planner.unreconciled("j"), 2u);
}

TEST_F(JobPlannerTest, AnAssistingJobIsListedWhenItsCountsChange) {
  planner.add("j", "main", {}, true);
  count("j", counts({{kSucceeded, 10}}));
  EXPECT_EQ(page({}, 2).status, kSucceeded);
  EXPECT_FALSE(planner.next_page(now, gates).call) << "walked: nothing moved since";
  now += seconds(1);
  count("j", counts({{kSucceeded, 11}}));
  EXPECT_EQ(page({}, 1).status, kSucceeded);
}

TEST_F(JobPlannerTest, AnInstanceThatBacksOffGetsNoCall) {
  planner.add("j", "main", {}, false);
  gates = {};
  gates.add("main", now + seconds(20));
  const NextCall choice = planner.next_statistics(now, gates);
  EXPECT_FALSE(choice.call);
  EXPECT_EQ(choice.wake, now + seconds(20));
}

}  // namespace
}  // namespace taskwatchd
