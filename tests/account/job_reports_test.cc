// Tests the events about a job as a whole: job_finished and job_stalled. The tests supply the API
// responses and keep what the account wants stored, so that it can be restarted from it.
#include "account/job_reports.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "account/account.h"
#include "core/events/event_fields.h"
#include "core/types/stored_times.h"
#include "fakes/main_path.h"

namespace taskwatchd {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using enum TaskStatus;

const JobKey kJob{"prod", "job"};

class JobReportsTest : public testing::Test {
 protected:
  JobReportsTest() {
    description.job_id = "job";
    description.job_name = "ota";
    description.status = JobStatus::kInProgress;
    description.modified = description.created = now.wall - minutes(10);
    config = account_of({instance_of("main", {})});
    config.instances[0].jobs = {"job"};
    config.instances[0].labels = {{"team", "ota"}};
    for (const Api api : {Api::kListTask, Api::kQueryJobStatistics, Api::kQueryJob}) {
      config.quota[api] = 5;
    }
  }
  // Starts, or starts again from what was stored.
  void open() {
    Stored stored;
    for (const auto& [id, record] : records) stored.records.push_back(record);
    for (const auto& [key, at] : times) stored.stored_times.push_back({"prod", key, at});
    if (job) stored.jobs.push_back(*job);
    account.emplace(config, stored, now);
    refresh_at = now.mono + seconds(10);
  }
  void set(const std::string& id, TaskStatus status) {
    const Wall queued = tasks.contains(id) ? tasks[id].queued : now.wall - minutes(1);
    tasks[id] = reply_of(id, status, now.wall);
    tasks[id].queued = queued;
    tasks[id].job_name = "ota";
  }
  void set_all(std::size_t count, TaskStatus status) {
    for (std::size_t i = 0; i < count; ++i) set("t" + std::to_string(i), status);
  }
  void pass(Duration span) {
    now.mono += span;
    now.wall += std::chrono::duration_cast<milliseconds>(span);
  }
  void run(Duration span) {
    const Mono end = now.mono + span;
    while (now.mono < end) {
      if (now.mono >= refresh_at) {
        refresh_at = now.mono + seconds(10);
        account->survey(now);
        keep(account->refresh(now));
      }
      const NextCall choice = account->next(now);
      if (!choice.call) {
        const Mono wake = std::min({choice.wake, end, refresh_at});
        pass(std::max<Duration>(milliseconds(1), wake - now.mono));
        continue;
      }
      send(*account, *choice.call, now);
      settle(*choice.call, denied.contains(choice.call->api)
                               ? Outcome(failure_of(Reason::kForbidden))
                               : answer(*choice.call));
    }
  }
  JobStatistics counted() const {
    JobStatistics counts;
    for (const auto& [id, task] : tasks) ++count_of(counts.tasks, task.status);
    counts.total = static_cast<std::uint32_t>(tasks.size());
    return counts;
  }
  Outcome answer(const Call& call) {
    if (call.api == Api::kQueryJob) return description;
    if (call.api == Api::kQueryTask) return tasks.at(call.task_id);
    if (call.api == Api::kQueryJobStatistics) return lag ? *lag : counted();
    TaskPage page;
    for (const auto& [id, task] : tasks) {
      if (hidden.contains(id) || (call.status && *call.status != task.status)) continue;
      page.tasks.push_back(task);
      page.tasks.back().listed = true;
      page.tasks.back().message.clear();
    }
    return page;
  }
  void settle(const Call& call, Outcome outcome) {
    CallResult given;
    given.call = call;
    given.outcome = std::move(outcome);
    CallEffects effects = account->apply(given, now, 0.5);
    Commit commit;
    commit.events = std::move(effects.observation.events);
    commit.jobs = std::move(effects.jobs);
    commit.stored_times = std::move(effects.stored_times);
    for (TaskChange& change : effects.observation.changes) {
      commit.records.push_back(std::move(change.record));
    }
    keep(std::move(commit));
  }
  void keep(Commit commit) {
    for (Event& event : commit.events) events.push_back(std::move(event));
    for (TaskRecord& record : commit.records) records[record.key.task_id] = std::move(record);
    for (JobRecord& record : commit.jobs) job = std::move(record);
    for (const StoredTime& time : commit.stored_times) times[time.key] = time.at;
  }
  std::vector<Event> named(const std::string& name) const {
    std::vector<Event> found;
    for (const Event& event : events) {
      if (event.name == name) found.push_back(event);
    }
    return found;
  }
  static std::int64_t number(const Event& event, const std::string& field) {
    const FieldValue* const value = find_field(event, field);
    return value == nullptr ? -1 : std::get<std::int64_t>(*value);
  }

  Now now{Mono(std::chrono::hours(1)), Wall(std::chrono::hours(400'000))};
  AccountConfig config;
  JobReply description;
  std::map<std::string, TaskReply> tasks;
  std::set<std::string> hidden;  // in no list
  std::optional<JobStatistics> lag;
  std::set<Api> denied;
  std::optional<Account> account;
  Mono refresh_at;
  std::vector<Event> events;
  std::map<std::string, TaskRecord> records;
  std::map<std::string, Wall> times;
  std::optional<JobRecord> job;
};

TEST_F(JobReportsTest, TheEndIsReportedOnceAfterTheLastTransition) {
  set_all(200, kQueued);
  open();
  run(seconds(20));
  for (int i = 0; i < 200; ++i) {
    set("t" + std::to_string(i), i < 3 ? kFailed : kSucceeded);
    if (i % 20 == 0) run(seconds(3));
  }
  EXPECT_THAT(named("job_finished"), IsEmpty());
  run(minutes(3));
  ASSERT_EQ(named("job_finished").size(), 1u);
  const Event end = named("job_finished")[0];
  EXPECT_EQ(events.back().name, "job_finished");
  EXPECT_EQ(named("task_transition").size(), 200u);
  EXPECT_EQ(end.level, Level::kWarn);
  EXPECT_EQ(number(end, "tasks"), 200);
  EXPECT_EQ(number(end, "failed"), 3);
  EXPECT_EQ(number(end, "succeeded"), 197);
  EXPECT_EQ(number(end, "queued"), 0);
  EXPECT_EQ(number(end, "bad"), 3);
  EXPECT_EQ(number(end, "attempt"), 1);
  EXPECT_EQ(text_field(end, "job_name"), "ota");
  EXPECT_EQ(text_field(end, "iot_instance"), "main");
  EXPECT_THAT(end.fields, Contains(Field{"labels", StringMap{{"team", "ota"}}}));
  open();
  run(minutes(5));
  EXPECT_EQ(named("job_finished").size(), 1u) << "not after a restart";
}

TEST_F(JobReportsTest, ARerunIsReportedWhenItIsOver) {
  set_all(9, kSucceeded);
  set("t1", kInProgress);
  open();
  run(seconds(5));
  set("t1", kFailed);
  run(minutes(2));
  ASSERT_EQ(named("job_finished").size(), 1u);
  set("t1", kQueued);
  run(minutes(2));
  EXPECT_EQ(named("job_finished").size(), 1u);
  open();
  run(seconds(10));
  set("t1", kSucceeded);
  run(minutes(2));
  ASSERT_EQ(named("job_finished").size(), 2u);
  EXPECT_EQ(number(named("job_finished")[1], "attempt"), 2);
  EXPECT_EQ(number(named("job_finished")[1], "bad"), 0);
  EXPECT_EQ(named("job_finished")[1].level, Level::kInfo);
}

TEST_F(JobReportsTest, ARerunThatFailedAgainBetweenTwoPollsIsReported) {
  config.instances[0].tasks = {"t1"};
  set_all(9, kSucceeded);
  set("t1", kInProgress);
  open();
  run(seconds(5));
  set("t1", kFailed);
  run(minutes(2));
  ASSERT_EQ(named("job_finished").size(), 1u);
  tasks["t1"].queued = tasks["t1"].modified = now.wall;
  run(minutes(3));
  ASSERT_EQ(named("job_finished").size(), 2u) << "its status never differs";
  EXPECT_EQ(number(named("job_finished")[1], "attempt"), 2);
  EXPECT_EQ(number(named("job_finished")[1], "bad"), 1);
}

TEST_F(JobReportsTest, AJobThatWasOverWhenFirstSeenHasABaselineOnly) {
  set_all(9, kSucceeded);
  set("t1", kFailed);
  open();
  run(minutes(3));
  EXPECT_EQ(named("job_baseline").size(), 1u);
  EXPECT_THAT(named("job_finished"), IsEmpty());
  open();
  run(minutes(3));
  EXPECT_THAT(named("job_finished"), IsEmpty());
}

TEST_F(JobReportsTest, AJobThatEndsDuringItsFirstScanIsReported) {
  set_all(9, kInProgress);
  hidden = {"t1"};
  open();
  run(seconds(5));
  EXPECT_THAT(named("job_baseline"), IsEmpty());
  open();
  set_all(9, kSucceeded);
  hidden.clear();
  run(minutes(3));
  EXPECT_EQ(named("job_baseline").size(), 1u);
  ASSERT_EQ(named("job_finished").size(), 1u);
  EXPECT_EQ(events.back().name, "job_finished");
}

TEST_F(JobReportsTest, ARestartBetweenTheEndAndItsLastTaskLosesNothing) {
  set_all(9, kInProgress);
  open();
  run(seconds(5));
  hidden = {"t1"};
  set_all(9, kSucceeded);
  lag = counted();
  const TaskReply ended = tasks["t1"];
  tasks["t1"].status = kInProgress;  // to QueryTask as well
  tasks["t1"].modified -= seconds(5);
  run(minutes(2));
  EXPECT_TRUE(job->ended) << "by its statistics";
  EXPECT_THAT(named("job_finished"), IsEmpty());
  open();
  run(seconds(5));
  EXPECT_THAT(named("job_finished"), IsEmpty());
  tasks["t1"] = ended;
  hidden.clear();
  run(minutes(20));
  ASSERT_EQ(named("job_finished").size(), 1u);
  EXPECT_EQ(number(named("job_finished")[0], "succeeded"), 9);
}

TEST_F(JobReportsTest, OldStatisticsAreNoRerun) {
  set_all(9, kInProgress);
  open();
  run(seconds(5));
  lag = counted();
  set_all(9, kSucceeded);
  const JobStatistics old = *std::exchange(lag, std::nullopt);
  run(minutes(2));
  ASSERT_EQ(named("job_finished").size(), 1u);
  lag = old;
  run(minutes(2));
  lag.reset();
  run(minutes(2));
  EXPECT_EQ(named("job_finished").size(), 1u);
}

TEST_F(JobReportsTest, WithoutStatisticsTheListsDecide) {
  denied = {Api::kQueryJobStatistics};
  set_all(9, kInProgress);
  open();
  run(minutes(1));
  set_all(9, kSucceeded);
  run(minutes(10));
  EXPECT_EQ(named("job_finished").size(), 1u);
}

TEST_F(JobReportsTest, TheStateOfAnOlderVersionIsContinued) {
  set_all(9, kInProgress);
  open();
  run(seconds(5));
  times.clear();
  set_all(9, kSucceeded);
  open();
  run(minutes(2));
  EXPECT_EQ(named("job_finished").size(), 1u) << "it ended while the daemon was replaced";
  times.clear();
  open();
  run(minutes(2));
  EXPECT_EQ(named("job_finished").size(), 1u) << "it was over";
}

// 97 of 100 tasks run for 1 to 2 minutes; three hang.
class JobStalledTest : public JobReportsTest {
 protected:
  void hang() {
    set_all(100, kInProgress);
    open();
    run(minutes(1));
    for (int i = 3; i < 100; ++i) {
      set("t" + std::to_string(i), kSucceeded);
      run(milliseconds(600));
    }
    run(minutes(10));
  }
};

TEST_F(JobStalledTest, IsReportedOnceAndItsEndOnce) {
  hang();
  ASSERT_EQ(named("job_stalled").size(), 1u);
  const Event begun = named("job_stalled")[0];
  EXPECT_EQ(begun.level, Level::kWarn);
  EXPECT_EQ(number(begun, "stalled"), 3);
  EXPECT_EQ(number(begun, "unfinished"), 3);
  EXPECT_EQ(number(begun, "tasks"), 100);
  EXPECT_EQ(text_field(begun, "job_name"), "ota");
  const Wall since = *parse_utc(std::string(text_field(begun, "since")));
  EXPECT_LE(since + JobReports::kSteady, begun.ts + seconds(1));
  EXPECT_THAT(begun.fields, Contains(Field{"labels", StringMap{{"team", "ota"}}}));

  // After a restart nothing is known of how long tasks run: that is no end.
  open();
  run(minutes(10));
  EXPECT_EQ(named("job_stalled").size(), 1u);

  for (const char* id : {"t0", "t1", "t2"}) set(id, kSucceeded);
  run(minutes(5));
  ASSERT_EQ(named("job_stalled").size(), 2u);
  const Event over = named("job_stalled")[1];
  EXPECT_EQ(over.level, Level::kInfo);
  EXPECT_EQ(number(over, "stalled"), 0);
  EXPECT_EQ(text_field(over, "since"), text_field(begun, "since"));
  ASSERT_GE(events.size(), 2u);
  EXPECT_EQ(events[events.size() - 2].name, "job_stalled");
  EXPECT_EQ(events.back().name, "job_finished");
  open();
  run(minutes(5));
  EXPECT_EQ(events.back().name, "job_finished");
}

TEST_F(JobStalledTest, EndsWhenTheTasksMoveWhileTheJobGoesOn) {
  hang();
  set("t200", kInProgress);
  for (const char* id : {"t0", "t1", "t2"}) set(id, kSucceeded);
  run(JobReports::kSteady + seconds(30));
  ASSERT_EQ(named("job_stalled").size(), 2u);
  EXPECT_EQ(number(named("job_stalled")[1], "unfinished"), 1);
  EXPECT_THAT(named("job_finished"), IsEmpty());
}

TEST_F(JobReportsTest, ADeviceMessageThatComesLaterIsStoredOnce) {
  set_all(9, kInProgress);
  open();
  run(seconds(5));
  set("t1", kFailed);
  tasks["t1"].message = "flash full";
  run(minutes(2));
  ASSERT_EQ(named("task_details").size(), 1u);
  const Event details = named("task_details")[0];
  EXPECT_EQ(text_field(details, "status_message"), "flash full");
  EXPECT_EQ(text_field(details, "job_name"), "ota");
  EXPECT_THAT(details.fields, Contains(Field{"labels", StringMap{{"team", "ota"}}}));
  ASSERT_EQ(named("task_transition").size(), 1u);
  EXPECT_EQ(text_field(named("task_transition")[0], "job_name"), "ota");
  EXPECT_EQ(events.back().name, "task_details") << "after the transition";
  open();
  run(minutes(2));
  EXPECT_EQ(named("task_details").size(), 1u);
}

TEST(JobReportsTimes, ANumberThatChangesBackAndForthIsNotReported) {
  JobReports reports;
  std::vector<StoredTime> stored;
  Now now{Mono(std::chrono::hours(1)), Wall(std::chrono::hours(400'000))};
  const auto take = [&](std::optional<std::uint32_t> stalled) {
    now.mono += seconds(10);
    now.wall += seconds(10);
    return reports.on_stalled(kJob, stalled, now, stored);
  };
  for (int i = 0; i < 60; ++i) EXPECT_FALSE(take(i % 6 == 0 ? 0 : 2));
  EXPECT_THAT(stored, IsEmpty());
  EXPECT_FALSE(take(0));
  const Wall first = now.wall + seconds(10);
  for (int i = 0; i < 6; ++i) EXPECT_FALSE(take(1)) << i;
  const auto begun = take(1);
  ASSERT_TRUE(begun);
  EXPECT_FALSE(begun->over);
  EXPECT_EQ(begun->since, first);
  for (int i = 0; i < 60; ++i) EXPECT_FALSE(take(std::nullopt)) << "not known";
  for (int i = 0; i < 60; ++i) EXPECT_FALSE(take(5)) << "more of them";

  JobReports restarted;
  restarted.restore(by_key(stored), {.key = kJob,
                                     .instance = {},
                                     .last = {},
                                     .first_seen = {},
                                     .last_seen = {},
                                     .baselined = true,
                                     .ended = {}});
  reports = restarted;
  for (int i = 0; i < 6; ++i) EXPECT_FALSE(take(0)) << i;
  const auto over = take(0);
  ASSERT_TRUE(over);
  EXPECT_TRUE(over->over);
  EXPECT_EQ(over->since, first);
  restarted.restore(by_key(stored), {.key = kJob,
                                     .instance = {},
                                     .last = {},
                                     .first_seen = {},
                                     .last_seen = {},
                                     .baselined = true,
                                     .ended = {}});
  EXPECT_FALSE(restarted.end_stalled(kJob, stored)) << "a restart does not repeat the end";
}

}  // namespace
}  // namespace taskwatchd
