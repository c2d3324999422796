// Tests an account that watches a job. The tests supply the API responses.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "account/account.h"
#include "fakes/main_path.h"

namespace taskwatchd {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;
using enum TaskStatus;

// A job `job` whose tasks are `tasks`; the fixture derives list pages and statistics from them.
class AccountJobsTest : public testing::Test {
 protected:
  AccountJobsTest() {
    description.job_id = "job";
    description.job_name = "ota";
    description.status = JobStatus::kInProgress;
    description.modified = description.created = now.wall - minutes(10);
    config = account_of({instance_of("main", {})});
    config.instances[0].jobs = {"job"};
    for (const Api api : {Api::kListTask, Api::kQueryJobStatistics, Api::kQueryJob}) {
      config.quota[api] = 5;
    }
  }
  void open(const Stored& stored = {}) { account.emplace(config, stored, now); }
  void set(const std::string& id, TaskStatus status) {
    tasks[id] = reply_of(id, status, now.wall);
    tasks[id].queued = now.wall - minutes(10);
  }
  void pass(Duration span) {
    now.mono += span;
    now.wall += std::chrono::duration_cast<milliseconds>(span);
  }
  void run(Duration span) {
    const Mono end = now.mono + span;
    while (now.mono < end) {
      const NextCall choice = account->next(now);
      if (!choice.call) {
        pass(std::max<Duration>(milliseconds(1), std::min(choice.wake, end) - now.mono));
        continue;
      }
      send(*account, *choice.call, now);
      asked.push_back(*choice.call);
      settle(*choice.call, denied.contains(choice.call->api)
                               ? Outcome(failure_of(Reason::kForbidden))
                               : answer(*choice.call));
    }
  }
  Outcome answer(const Call& call) {
    if (call.api == Api::kQueryJob) return description;
    if (call.api == Api::kQueryTask) return tasks.at(call.task_id);
    if (call.api == Api::kQueryJobStatistics) {
      JobStatistics counts;
      for (const auto& [id, task] : tasks) ++count_of(counts.tasks, task.status);
      counts.total = static_cast<std::uint32_t>(tasks.size());
      return counts;
    }
    TaskPage page;
    for (const auto& [id, task] : tasks) {
      if (call.status && *call.status != task.status) continue;
      page.tasks.push_back(task);
      page.tasks.back().listed = true;
    }
    return page;
  }
  void settle(const Call& call, Outcome outcome) {
    CallResult given;
    given.call = call;
    given.outcome = std::move(outcome);
    last = account->apply(given, now, 0.5);
    for (const Event& event : last.events) news.push_back(event.name);
    for (const Event& event : last.observation.events) events.push_back(event.name);
    for (const JobRecord& job : last.jobs) jobs.push_back(job);
    for (const TaskChange& change : last.observation.changes) records.push_back(change.record);
  }
  std::size_t calls_of(Api api) const {
    return static_cast<std::size_t>(std::count_if(
        asked.begin(), asked.end(), [&](const Call& call) { return call.api == api; }));
  }
  const JobView view() const { return status_of(account->parts(), now).jobs.at(0); }

  Now now{Mono(std::chrono::hours(1)), Wall(std::chrono::hours(400'000))};
  AccountConfig config;
  JobReply description;
  std::map<std::string, TaskReply> tasks;
  std::set<Api> denied;
  std::optional<Account> account;
  std::vector<Call> asked;
  std::vector<std::string> news, events;
  std::vector<JobRecord> jobs;
  std::vector<TaskRecord> records;
  CallEffects last;
};

TEST_F(AccountJobsTest, TheInitialScanIsReportedOnceAndItsSucceededTasksAreNot) {
  for (int i = 0; i < 9; ++i) set("t" + std::to_string(i), i < 2 ? kFailed : kQueued);
  open();
  run(seconds(5));
  EXPECT_THAT(events,
              testing::UnorderedElementsAre("task_baseline", "task_baseline", "job_baseline"));
  EXPECT_EQ(view().statistics->total, 9u);
  EXPECT_EQ(view().unreconciled, 0u);
  EXPECT_THAT(news, IsEmpty());
  run(minutes(2));
  EXPECT_EQ(events.size(), 3u);
}

TEST_F(AccountJobsTest, WhatWasStoredIsNotLogged) {
  for (int i = 0; i < 9; ++i) set("t" + std::to_string(i), i < 2 ? kFailed : kQueued);
  open();
  run(seconds(5));
  Stored stored;
  stored.jobs = {jobs.back()};
  stored.records = records;
  events.clear();
  records.clear();
  open(stored);
  run(seconds(30));
  EXPECT_THAT(events, IsEmpty());
  EXPECT_EQ(view().unreconciled, 0u);
  set("t5", kSent);
  run(seconds(10));
  EXPECT_THAT(events, ElementsAre("task_transition"));
}

TEST_F(AccountJobsTest, AnExplicitTaskOfAWatchedJobIsPolledByOneOfBoth) {
  config.instances[0].tasks = {"t1"};
  for (int i = 0; i < 9; ++i) set("t" + std::to_string(i), kInProgress);
  open();
  run(seconds(5));
  set("t1", kFailed);
  set("t2", kFailed);
  run(minutes(5));
  EXPECT_EQ(std::count(events.begin(), events.end(), "task_transition"), 2);
  EXPECT_LE(calls_of(Api::kQueryTask), 5u * 60 / 5 + 60);
}

TEST_F(AccountJobsTest, AnotherJobsReplyIsNotAccepted) {
  set("t1", kQueued);
  open();
  run(seconds(3));
  events.clear();
  JobReply another = description;
  another.job_id = "other";
  another.status = JobStatus::kCancelled;
  another.modified = now.wall;
  Call call;
  call.api = Api::kQueryJob;
  call.job_id = "job";
  call.iot_instance = "main";
  call.owner = CallOwner::kJobs;
  call.number = 1000;
  pass(seconds(1));
  send(*account, call, now);
  settle(call, another);
  EXPECT_EQ(last.failure, Reason::kProtocol);
  EXPECT_THAT(events, IsEmpty());
  EXPECT_EQ(view().status, JobStatus::kInProgress);
}

TEST_F(AccountJobsTest, AnOlderResponseIsNotAcceptedUntilItStays) {
  set("t1", kSucceeded);
  const JobReply before = description;
  description.status = JobStatus::kCompleted;
  description.modified = now.wall;
  open();
  run(seconds(3));
  events.clear();
  JobReply old = before;
  std::swap(old, description);
  Call call;
  call.api = Api::kQueryJob;
  call.job_id = "job";
  call.iot_instance = "main";
  call.owner = CallOwner::kJobs;
  call.number = 1000;
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(view().status, JobStatus::kCompleted);
    EXPECT_THAT(events, IsEmpty());
    pass(seconds(30));
    call.number += 100;
    send(*account, call, now);
    settle(call, description);
  }
  EXPECT_THAT(events, ElementsAre("job_transition")) << "three agree for a minute";
  EXPECT_EQ(view().status, JobStatus::kInProgress);
}

TEST_F(AccountJobsTest, AResponseThatShowsARerunHasTheTasksCountedAtOnce) {
  set("t1", kFailed);
  set("t2", kSucceeded);
  description.status = JobStatus::kCompleted;
  open();
  run(minutes(10));
  events.clear();
  for (int i = 0; i < 30; ++i) {
    set("t1", kQueued);
    description.status = JobStatus::kInProgress;
    description.modified = now.wall;
    const Mono begun = now.mono;
    const auto seen = [&] { return std::count(events.begin(), events.end(), "task_transition"); };
    while (seen() == 0 && now.mono < begun + minutes(5)) run(seconds(1));
    EXPECT_LE(now.mono - begun, seconds(61));
    set("t1", kFailed);
    description.status = JobStatus::kCompleted;
    description.modified = now.wall;
    run(minutes(2) + seconds(13 * i));
    events.clear();
  }
}

// Statistics calls work and list calls are denied: a completion counts as unseen until a response
// shows it.
TEST_F(AccountJobsTest, EndsThatNoResponseHasShownAreCountedSinceTheFirst) {
  for (int i = 0; i < 9; ++i) set("t" + std::to_string(i), kInProgress);
  open();
  run(seconds(10));
  EXPECT_EQ(view().unseen_ended, 0u);
  EXPECT_FALSE(view().unseen_since);
  denied = {Api::kListTask, Api::kQueryTask};
  const Wall before = now.wall;
  set("t1", kSucceeded);
  run(seconds(5));
  set("t2", kFailed);
  run(seconds(5));
  EXPECT_EQ(view().unseen_ended, 2u);
  ASSERT_TRUE(view().unseen_since);
  EXPECT_GE(*view().unseen_since, before);
  EXPECT_LT(*view().unseen_since, before + seconds(5));
  denied.clear();
  run(minutes(3));
  EXPECT_EQ(view().unseen_ended, 0u);
  EXPECT_FALSE(view().unseen_since);
}

// QueryTask shows the completion of a job's task, as a list does, before the next statistics
// arrive.
TEST_F(AccountJobsTest, ACompletionThatQueryTaskShowsIsObserved) {
  set("t", kInProgress);
  set("other", kInProgress);
  config.instances[0].tasks = {"t"};
  open();
  run(seconds(10));
  denied = {Api::kListTask, Api::kQueryTask};
  set("t", kSucceeded);
  run(seconds(5));
  EXPECT_EQ(view().unseen_ended, 1u);
  denied = {Api::kListTask, Api::kQueryJobStatistics};
  run(minutes(3));
  EXPECT_EQ(view().unseen_ended, 0u);
  EXPECT_FALSE(view().unseen_since);
}

}  // namespace
}  // namespace taskwatchd
