// What an account predicts for one task must match its later calls.
#include "commands/explain_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "account/account.h"
#include "core/events/event_text.h"
#include "fakes/main_path.h"
#include "view/task_json.h"

namespace taskwatchd {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;
using enum TaskStatus;

class ExplainTest : public testing::Test {
 protected:
  void open(const AccountConfig& config) { account.emplace(config, Stored{}, now); }
  void pass(Duration span) {
    now.mono += span;
    now.wall = wall_start + std::chrono::floor<milliseconds>(now.mono - mono_start);
  }
  PlannedCall plan(const std::string& id, Api api = Api::kQueryTask) {
    const auto explained = explain(account->parts(), id, now);
    if (explained) {
      for (const PlannedCall& call : explained->next) {
        if (call.api == api) return call;
      }
    }
    ADD_FAILURE() << "no plan of " << name(api) << " for " << id;
    return {};
  }
  std::string rule(const std::string& id, Api api = Api::kQueryTask) {
    return std::string(name(plan(id, api).rule));
  }
  Call next() {
    for (int i = 0; i < 100'000; ++i) {
      const NextCall choice = account->next(now);
      if (choice.call) return *choice.call;
      pass(std::max<Duration>(milliseconds(1),
                              std::min(choice.wake - now.mono, Duration(minutes(10)))));
    }
    ADD_FAILURE() << "nothing is asked";
    return {};
  }
  void answer(const Call& call, Outcome outcome) {
    CallResult answer;
    answer.call = call;
    answer.outcome = std::move(outcome);
    account->apply(answer, now, 0.5);
  }
  // Makes the next call and applies its result.
  void turn(const std::function<Outcome(const Call&)>& cloud) {
    const Call call = next();
    send(*account, call, now);
    answer(call, cloud(call));
  }
  std::function<Outcome(const Call&)> all(TaskStatus status) {
    return [this, status](const Call& call) { return reply_of(call.task_id, status, born); };
  }

  const Mono mono_start{std::chrono::hours(1)};
  const Wall wall_start{std::chrono::hours(400'000)};
  Now now{mono_start, wall_start};
  Wall born = now.wall - seconds(10);
  std::optional<Account> account;
};

TEST_F(ExplainTest, ATaskThatIsNotWatched) {
  open(account_of({instance_of("main", {"a"})}));
  EXPECT_FALSE(explain(account->parts(), "b", now));
  const auto unseen = explain(account->parts(), "a", now);
  ASSERT_TRUE(unseen);
  EXPECT_EQ(unseen->state, WatchState::kPending);
  EXPECT_FALSE(unseen->record);
  EXPECT_EQ(rule("a"), "unseen");
}

TEST_F(ExplainTest, AnUnfinishedTaskKeepsItsPace) {
  open(account_of({instance_of("main", {"a"})}));
  const Call call = next();
  send(*account, call, now);
  EXPECT_EQ(rule("a"), "in_flight");
  EXPECT_FALSE(plan("a").not_before);
  answer(call, reply_of("a", kInProgress, born));
  EXPECT_EQ(rule("a"), "pace_task");
  EXPECT_THAT(plan("a").why, HasSubstr("5s (pace.task)"));
  const Wall promised = *plan("a").not_before;
  EXPECT_EQ(promised, now.wall + seconds(5));
  next();
  EXPECT_EQ(now.wall, promised);
}

// Each polled task was due by then. A single task is polled within 1 ms of its due time.
TEST_F(ExplainTest, NothingIsPolledBeforeItsTime) {
  for (const std::size_t tasks : {1, 2, 7, 60}) {
    for (const TaskStatus status : {kQueued, kInProgress, kFailed, kSucceeded}) {
      std::vector<std::string> ids;
      for (std::size_t i = 0; i < tasks; ++i) ids.push_back("t" + std::to_string(i));
      open(account_of({instance_of("main", ids)}));
      for (int turns = 0; turns < 150; ++turns) {
        std::map<std::string, std::optional<Wall>> promised;
        for (const std::string& id : ids) promised[id] = plan(id).not_before;
        const Call call = next();
        const auto& instant = promised.at(call.task_id);
        ASSERT_TRUE(instant) << tasks << " " << name(status) << " turn " << turns;
        ASSERT_LE(*instant, now.wall) << tasks << " " << name(status) << " turn " << turns;
        if (tasks == 1) {
          ASSERT_GE(*instant, now.wall - milliseconds(1)) << name(status) << " turn " << turns;
        }
        send(*account, call, now);
        const bool odd = turns % 11 == 10;
        if (odd) {
          answer(call, failure_of(Reason::kBadRequest));
        } else {
          answer(call, reply_of(call.task_id, status, born));
        }
        pass(milliseconds(70));
      }
    }
  }
}

TEST_F(ExplainTest, FinishedTasksWaitForAHeartbeat) {
  open(account_of({instance_of("main", {"a"})}));
  turn(all(kSucceeded));
  EXPECT_EQ(rule("a"), "heartbeat");
  EXPECT_EQ(*plan("a").not_before, now.wall + minutes(1));
  AccountConfig two = account_of({instance_of("main", {"a", "b"})});
  account->configure(two, {}, now);
  turn(all(kInProgress));
  EXPECT_EQ(rule("a"), "final_poll") << "beside one that is not finished";
}

TEST_F(ExplainTest, FailuresHoldAnInstance) {
  open(account_of({instance_of("main", {"a", "b"})}));
  for (int i = 0; i < 4; ++i) {
    turn([](const Call&) { return failure_of(Reason::kUnreachable); });
  }
  EXPECT_EQ(rule("a"), "backing_off");
  EXPECT_THAT(plan("a").why, HasSubstr("instance main is backing off after consecutive failures"));
  const Wall promised = *plan("a").not_before;
  const Call probe = next();
  EXPECT_GE(now.wall, promised);
  send(*account, probe, now);
  const std::string other = probe.task_id == "a" ? "b" : "a";
  EXPECT_EQ(rule(other), "probe");
  EXPECT_FALSE(plan(other).not_before);
}

TEST_F(ExplainTest, AnApiThatMayNotBeUsedIsReported) {
  AccountConfig config = account_of({instance_of("main", {"a"})});
  config.quota[Api::kQueryTask] = 0;
  open(config);
  EXPECT_EQ(rule("a"), "no_quota");
  EXPECT_FALSE(plan("a").not_before);
}

// A job of three tasks. The modelled platform responds with the statuses in `tasks`.
class ExplainJobTest : public ExplainTest {
 protected:
  void SetUp() override {
    InstanceConfig instance = instance_of("main", {});
    instance.jobs = {"job"};
    AccountConfig config = account_of({instance});
    for (const Api api : {Api::kListTask, Api::kQueryJobStatistics, Api::kQueryJob}) {
      config.quota[api] = 5;
    }
    open(config);
  }
  Outcome cloud(const Call& call) {
    if (call.api == Api::kQueryTask) return reply_of(call.task_id, tasks.at(call.task_id), born);
    if (call.api == Api::kQueryJob) {
      JobReply job;
      job.job_id = "job";
      job.status = JobStatus::kInProgress;
      return job;
    }
    JobStatistics statistics;
    TaskPage page;
    for (const auto& [id, status] : tasks) {
      ++statistics.total;
      ++count_of(statistics.tasks, status);
      if (call.status && *call.status != status) continue;
      page.tasks.push_back(reply_of(id, status, born));
      page.tasks.back().listed = true;
    }
    if (call.api == Api::kQueryJobStatistics) return statistics;
    return page;
  }
  // Runs until a call of this API is next; returns it without sending it.
  Call until(Api api) {
    for (int i = 0; i < 1000; ++i) {
      const Call call = next();
      if (call.api == api) return call;
      send(*account, call, now);
      answer(call, cloud(call));
    }
    ADD_FAILURE() << name(api) << " is never asked";
    return {};
  }

  std::map<std::string, TaskStatus> tasks = {
      {"x", kInProgress}, {"y", kInProgress}, {"z", kInProgress}};
};

TEST_F(ExplainJobTest, ListsAreReadForWhatTheCountsShow) {
  EXPECT_FALSE(explain(account->parts(), "x", now)) << "no list has shown it";
  const Call first = until(Api::kListTask);
  send(*account, first, now);
  answer(first, cloud(first));
  EXPECT_EQ(explain(account->parts(), "x", now)->job, JobWatch::kWatched);
  EXPECT_FALSE(explain(account->parts(), "x", now)->explicit_id);
  EXPECT_EQ(rule("x", Api::kListTask), "nothing_unreconciled");
  EXPECT_FALSE(plan("x", Api::kListTask).not_before);
  EXPECT_EQ(rule("x", Api::kQueryJobStatistics), "pace_job");
  const Wall promised = *plan("x", Api::kQueryJobStatistics).not_before;

  tasks["y"] = kFailed;
  born = now.wall;
  const Call counts = until(Api::kQueryJobStatistics);
  EXPECT_EQ(now.wall, promised);
  send(*account, counts, now);
  EXPECT_EQ(rule("x", Api::kQueryJobStatistics), "in_flight");
  answer(counts, cloud(counts));
  EXPECT_EQ(rule("x", Api::kListTask), "list_unreconciled");
  EXPECT_THAT(plan("x", Api::kListTask).why, HasSubstr("1 more task in status FAILED"));

  const Call list = until(Api::kListTask);
  EXPECT_EQ(list.status, kFailed);
  send(*account, list, now);
  answer(list, cloud(list));
  EXPECT_EQ(rule("y"), "message_wanted") << "QueryTask tells what the list does not";
  const Call look = until(Api::kQueryTask);
  EXPECT_EQ(look.task_id, "y");
  send(*account, look, now);
  EXPECT_EQ(rule("y"), "in_flight");
}

TEST_F(ExplainJobTest, WithoutCountsTheListsAreReadInTurn) {
  for (int i = 0; i < 60; ++i) {
    turn([this](const Call& call) -> Outcome {
      if (call.api == Api::kQueryJobStatistics) return failure_of(Reason::kForbidden);
      return cloud(call);
    });
  }
  EXPECT_EQ(rule("x", Api::kListTask), "lists_round_robin");
  EXPECT_EQ(rule("x", Api::kQueryJobStatistics), "api_denied");
}

// The complete text as the reader's terminal shows it.
TEST(ExplainText, ShowsWhatIsRecorded) {
  Explanation task;
  task.key = {"prod", "a"};
  task.instance = "main";
  task.state = WatchState::kWatched;
  const Wall at = *parse_utc("2026-11-22T01:02:03.004Z");
  TaskRecord record;
  record.key = task.key;
  record.last = reply_of("a", kFailed, at);
  record.last.progress = 62;
  record.last.message = "bo\x1b[31mom\n\"";
  record.attempt = 2;
  record.first_seen = record.last_seen = at;
  task.record = record;
  task.next.push_back({Api::kQueryTask, PlanRule::kPaceFinished, at, "because"});
  Event event = event_named("task_transition");
  event.ts = at;
  event.fields = {{"from", std::string("SENT")},
                  {"to", std::string("FAILED")},
                  {"attempt", std::int64_t{2}},
                  {"modified_at", rfc3339(at)},
                  {"observed_at", rfc3339(at + seconds(2))},
                  {"not_before", rfc3339(at - seconds(2))},
                  {"inferred", StringList{"IN_PROGRESS"}}};
  const std::string json =
      "{\"status\":\"success\",\"data\":" + task_json(task, {{event}, true}, at) + "}";
  const DaemonText said = daemon_text(200, json, &explain_text);
  EXPECT_EQ(said.exit_code, 0);
  EXPECT_THAT(said.text, HasSubstr("a of account prod: FAILED, 62 %, attempt 2\n"));
  EXPECT_THAT(said.text, HasSubstr("bo\\x1b[31mom\\x0a\"")) << "nothing for the terminal to obey";
  EXPECT_THAT(said.text, Not(Contains('\x1b')));
  EXPECT_THAT(said.text,
              HasSubstr("SENT -> FAILED, attempt 2, between 2026-11-22T01:02:01.004Z and "
                        "2026-11-22T01:02:05.004Z; skipped (inferred): IN_PROGRESS; platform time "
                        "2026-11-22T01:02:03.004Z\n"));
  EXPECT_THAT(said.text, HasSubstr("older events are left out"));
  EXPECT_THAT(said.text, HasSubstr("QueryTask not before 2026-11-22T01:02:03.004Z "
                                   "[pace_finished]\n      because\n"));
}

TEST(ExplainText, ReportsWhyThereIsNothing) {
  const auto said = [](int status, const char* body) {
    return daemon_text(status, body, &explain_text);
  };
  const char* unknown = R"({"status":"error","errorType":"not_found","error":"no \u001b task"})";
  EXPECT_EQ(said(404, unknown).exit_code, 1);
  EXPECT_EQ(said(404, unknown).text, "no \\x1b task");
  EXPECT_EQ(said(503, R"({"status":"error","errorType":"unavailable","error":"x"})").exit_code, 69);
  const DaemonText there = said(
      421,
      R"({"status":"error","errorType":"not_here","error":"x","holder":"b","holder_url":"u"})");
  EXPECT_EQ(there.exit_code, 1);
  EXPECT_EQ(there.holder + " " + there.holder_url, "b u");
  EXPECT_EQ(said(404, R"({"status":"error","error":"x","holder_url":"u"})").holder_url, "");
  for (const char* stranger : {"", "<html>", "[]", "{}", R"({"status":"success"})",
                               R"({"status":"success","data":[]})", "{\"status\":{}}"}) {
    EXPECT_EQ(said(200, stranger).exit_code, 69) << stranger;
  }
  EXPECT_EQ(said(200, R"({"status":"success","data":{}})").exit_code, 0) << "nothing to trip over";
}

}  // namespace
}  // namespace taskwatchd
