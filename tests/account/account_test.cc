#include "account/account.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/events/event_fields.h"
#include "fakes/main_path.h"

namespace taskwatchd {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;
using enum TaskStatus;

// An account and a platform that responds as the function `cloud` returns. The clock advances from
// call to call.
class AccountTest : public testing::Test {
 protected:
  using Cloud = std::function<Outcome(const std::string& id)>;

  void open(const AccountConfig& config, const Stored& stored = {}) {
    account.emplace(config, stored, now);
  }
  void pass(Duration span) {
    now.mono += span;
    now.wall += std::chrono::duration_cast<milliseconds>(span);
  }
  // Polls for `span`. Adds the account's events to `news` and the task events to `events`.
  void run(Duration span) {
    const Mono end = now.mono + span;
    while (now.mono < end) {
      const NextCall choice = account->next(now);
      if (!choice.call) {
        pass(std::max<Duration>(milliseconds(1), std::min(choice.wake, end) - now.mono));
        continue;
      }
      asked.push_back(choice.call->task_id);
      endpoints.push_back(ask(*choice.call));
      settle(choice.call->task_id, cloud(choice.call->task_id));
    }
  }
  Endpoint ask(const Call& call) {
    calls[call.task_id] = call;
    return send(*account, call, now);
  }
  CallEffects settle(const std::string& id, Outcome outcome) {
    CallResult answer;
    answer.call = calls.at(id);
    answer.outcome = std::move(outcome);
    answer.server_date = server_date;
    CallEffects effects = account->apply(answer, now, 0.5);
    for (const Event& event : effects.events) news.push_back(event.name);
    for (const Event& event : effects.observation.events) {
      (find_field(event, "task_id") != nullptr ? events : news).push_back(event.name);
    }
    last = effects;
    return effects;
  }
  Outcome good(const std::string& id, TaskStatus status = kQueued) const {
    return reply_of(id, status, born);
  }
  Cloud all_good() {
    return [this](const std::string& id) { return good(id); };
  }
  static Cloud all_fail(Failure failure) {
    return [failure](const std::string&) { return failure; };
  }
  std::size_t times(const std::string& id) const {
    return static_cast<std::size_t>(std::count(asked.begin(), asked.end(), id));
  }

  Now now{Mono(std::chrono::hours(1)), Wall(std::chrono::hours(400'000))};
  Wall born = now.wall - seconds(10);
  std::optional<Account> account;
  Cloud cloud = all_good();
  std::optional<Wall> server_date;
  std::vector<std::string> asked, news, events;
  std::vector<Endpoint> endpoints;
  std::map<std::string, Call> calls;  // by task
  CallEffects last;
};

TEST_F(AccountTest, StartsDownAndEmptyAndComesUpWithTheFirstSuccess) {
  open(account_of({instance_of("main", {"a", "b"})}));
  EXPECT_FALSE(account->next(now).call) << "a restart must not double the rate";
  EXPECT_FALSE(status_of(account->parts(), now).up);
  EXPECT_EQ(status_of(account->parts(), now).unseen, 2u);
  run(seconds(1));
  const AccountStatus status = status_of(account->parts(), now);
  EXPECT_TRUE(status.up);
  EXPECT_TRUE(status.instances.at(0).up);
  EXPECT_EQ(status.unfinished, 2u);
  EXPECT_THAT(events, ElementsAre("task_baseline", "task_baseline"));
  EXPECT_THAT(news, IsEmpty());
}

TEST_F(AccountTest, EachReasonIsCountedAsItIs) {
  for (const Reason reason : kAllReasons) {
    if (reason == Reason::kNotFound) continue;  // set by the account, not by a call
    open(account_of({instance_of("main", {"a"})}));
    cloud = all_fail(failure_of(reason));
    asked.clear();
    run(milliseconds(300));
    ASSERT_EQ(asked.size(), 1u);
    EXPECT_EQ(last.failure, reason) << name(reason);
    EXPECT_FALSE(last.retry);
  }
}

TEST_F(AccountTest, AnOutageIsReportedOnceAndItsEndOnce) {
  open(account_of({instance_of("main", {"a", "b", "c"})}));
  run(seconds(20));
  cloud = all_fail(failure_of(Reason::kUnreachable));
  asked.clear();
  run(minutes(10));
  EXPECT_FALSE(status_of(account->parts(), now).up);
  EXPECT_LE(asked.size(), 10u * 60 / 10 + 10) << "probes, not polls";
  EXPECT_GE(asked.size(), 10u * 60 / 20);
  cloud = all_good();
  run(minutes(1));
  EXPECT_TRUE(status_of(account->parts(), now).up);
  EXPECT_EQ(std::count(news.begin(), news.end(), "account_unreachable"), 1);
  EXPECT_EQ(std::count(news.begin(), news.end(), "account_recovered"), 1);
  EXPECT_EQ(std::count(news.begin(), news.end(), "blind_interval"), 1);
}

TEST_F(AccountTest, ARejectedKeyIsReportedAtOnceAndProbedOnceAMinute) {
  open(account_of({instance_of("main", {"a", "b", "c"})}));
  run(seconds(20));
  cloud = all_fail(failure_of(Reason::kAuth, "InvalidAccessKeyId.NotFound"));
  run(seconds(30));
  asked.clear();
  run(minutes(10));
  EXPECT_LE(asked.size(), 11u);
  EXPECT_THAT(news, ElementsAre("auth_failed"));
  account->keys_changed();
  cloud = all_good();
  asked.clear();
  run(seconds(1));
  EXPECT_FALSE(asked.empty()) << "new keys are tried at once";
}

TEST_F(AccountTest, ThrottlingReducesTheRateIsReportedOnceAndDoesNotAffectHealth) {
  open(account_of({instance_of("main", {"a", "b", "c"})}));
  run(seconds(20));
  cloud = all_fail(failure_of(Reason::kThrottled, "Throttling.User"));
  run(minutes(4));
  EXPECT_TRUE(status_of(account->parts(), now).up);
  EXPECT_NEAR(status_of(account->parts(), now).apis.at(0).rate_limit, 0.5, 0.03);
  EXPECT_THAT(news, ElementsAre("api_throttled"));
}

TEST_F(AccountTest, ObeysTheRequestedDelay) {
  open(account_of({instance_of("main", {"a", "b", "c"})}));
  Failure slow = failure_of(Reason::kThrottled);
  slow.retry_after = seconds(30);
  cloud = all_fail(slow);
  run(seconds(1));
  const std::size_t before = asked.size();
  EXPECT_EQ(before, 1u);
  run(seconds(28));
  EXPECT_EQ(asked.size(), before);
  run(seconds(3));
  EXPECT_EQ(asked.size(), before + 1);
}

Failure absence() {
  Failure failure = failure_of(Reason::kBadRequest, "iot.job.NoSuchTask");
  failure.http_status = 200;
  failure.maybe_not_found = true;
  return failure;
}

TEST_F(AccountTest, ATaskNotFoundWhileOthersRespondIsGoneAfterTwoMinutes) {
  open(account_of({instance_of("main", {"a", "lost"})}));
  cloud = [this](const std::string& id) { return id == "lost" ? Outcome(absence()) : good(id); };
  run(seconds(100));
  EXPECT_EQ(status_of(account->parts(), now).gone, 0u);
  EXPECT_THAT(news, ElementsAre("task_not_found"));
  run(seconds(100));
  EXPECT_EQ(status_of(account->parts(), now).gone, 1u);
  EXPECT_EQ(std::count(events.begin(), events.end(), "task_gone"), 1);
  EXPECT_TRUE(status_of(account->parts(), now).up);
  asked.clear();
  run(minutes(21));
  EXPECT_GE(times("lost"), 1u);
  EXPECT_LE(times("lost"), 3u) << "every ten minutes";
  EXPECT_EQ(std::count(events.begin(), events.end(), "task_gone"), 1);

  cloud = all_good();
  run(minutes(11));
  EXPECT_EQ(status_of(account->parts(), now).gone, 0u) << "it came back";
}

TEST_F(AccountTest, AnInstanceThatAnswersEverythingSoIsDownAndLosesNoTask) {
  std::vector<std::string> ids;
  for (int i = 0; i < 40; ++i) ids.push_back("t" + std::to_string(i));
  open(account_of({instance_of("main", ids)}));
  run(minutes(1));
  cloud = all_fail(absence());
  run(minutes(30));
  EXPECT_EQ(status_of(account->parts(), now).gone, 0u);
  EXPECT_FALSE(status_of(account->parts(), now).up);
  EXPECT_EQ(std::count(news.begin(), news.end(), "account_unreachable"), 1);
  cloud = all_good();
  run(minutes(5));
  EXPECT_TRUE(status_of(account->parts(), now).up);
  EXPECT_EQ(status_of(account->parts(), now).unfinished, 40u);
}

TEST_F(AccountTest, IdsThatAreAllUnknownFromTheStartAreReportedButNotWithoutEnd) {
  std::vector<std::string> ids;
  for (int i = 0; i < 40; ++i) ids.push_back("t" + std::to_string(i));
  open(account_of({instance_of("main", ids)}));
  cloud = all_fail(absence());
  run(minutes(10));
  EXPECT_EQ(news.size(), 10u);
  EXPECT_EQ(status_of(account->parts(), now).gone, 0u) << "nothing answered";
}

TEST_F(AccountTest, TheFirstGetIsLearntByAllCallsUnderWay) {
  open(account_of({instance_of("main", {"a", "b"})}));
  for (int i = 0; i < 2; ++i) {
    pass(seconds(1));
    const NextCall choice = account->next(now);
    ASSERT_TRUE(choice.call);
    EXPECT_FALSE(ask(*choice.call).use_get);
  }
  Failure wrong_method = failure_of(Reason::kBadRequest, "UnsupportedHTTPMethod");
  wrong_method.wants_get = true;
  settle("a", wrong_method);
  settle("b", wrong_method);
  EXPECT_THAT(news, IsEmpty());
  run(seconds(2));
  ASSERT_EQ(asked.size(), 2u);
  EXPECT_TRUE(endpoints.at(0).use_get && endpoints.at(1).use_get);
  EXPECT_TRUE(last.retry);
  EXPECT_FALSE(last.failure);
}

TEST_F(AccountTest, AWrongClockIsFixedByThePlatformsDateOnce) {
  open(account_of({instance_of("main", {"a"})}));
  server_date = now.wall + std::chrono::hours(2);
  bool refused = false;
  cloud = [&](const std::string& id) {
    return std::exchange(refused, true) ? good(id) : Outcome(failure_of(Reason::kClockSkew));
  };
  run(seconds(1));
  EXPECT_NEAR(static_cast<double>(account->clock_correction().count()), 7200e3, 2e3);
  EXPECT_EQ(asked.size(), 2u);
  EXPECT_TRUE(last.retry);
  EXPECT_THAT(news, IsEmpty());
  ASSERT_TRUE(status_of(account->parts(), now).clock_offset_seconds);
  EXPECT_NEAR(*status_of(account->parts(), now).clock_offset_seconds, 7200, 2);
}

TEST_F(AccountTest, AReplyForAnotherTaskIsNotTaken) {
  open(account_of({instance_of("main", {"a"})}));
  cloud = [this](const std::string&) { return good("other"); };
  run(milliseconds(300));
  EXPECT_EQ(last.failure, Reason::kProtocol);
  EXPECT_THAT(last.observation.anomalies, ElementsAre(Anomaly::kWrongTaskId));
  EXPECT_EQ(status_of(account->parts(), now).unseen, 1u);
  EXPECT_FALSE(status_of(account->parts(), now).up);
}

TEST_F(AccountTest, WithoutCredentialsItIsReportedOncePolledRarelyAndNotUp) {
  open(account_of({instance_of("main", {"a"})}));
  run(seconds(1));
  EXPECT_TRUE(status_of(account->parts(), now).up);
  std::vector<Event> logged;
  for (int i = 0; i < 4; ++i) {
    pass(seconds(10));
    const NextCall choice = account->next(now);
    ASSERT_TRUE(choice.call) << i;
    ask(*choice.call);
    for (Event& event : account->no_keys(calls.at("a"), "no keys", now))
      logged.push_back(std::move(event));
    EXPECT_FALSE(account->next(now).call);
  }
  EXPECT_THAT(names(logged), ElementsAre("auth_failed"));
  EXPECT_FALSE(status_of(account->parts(), now).up);
  run(seconds(20));
  EXPECT_TRUE(status_of(account->parts(), now).up);
  EXPECT_THAT(news, ElementsAre("account_recovered"));
}

TEST_F(AccountTest, OneWrongInstanceNeitherFloodsNorHoldsUpTheOther) {
  open(account_of({instance_of("good", {"a"}), instance_of("bad", {"x", "y"})}));
  cloud = [this](const std::string& id) {
    return id == "a" ? good(id)
                     : Outcome(failure_of(Reason::kBadRequest, "iot.sre.IotInstanceNotFound"));
  };
  run(minutes(30));
  EXPECT_THAT(news, ElementsAre("account_unreachable"));
  const AccountStatus status = status_of(account->parts(), now);
  EXPECT_TRUE(status.up);
  EXPECT_TRUE(status.instances.at(0).up);
  EXPECT_FALSE(status.instances.at(1).up);
  EXPECT_GE(times("a"), 30u * 60 / 6) << "every five seconds, as ever";
}

TEST_F(AccountTest, AFinishedAccountThatSeesARerunWasNotBlind) {
  open(account_of({instance_of("main", {"a"})}));
  cloud = [this](const std::string& id) { return good(id, kFailed); };
  run(minutes(10));
  cloud = [this](const std::string& id) {
    pass(milliseconds(50));  // makes the period a little longer than the minute between heartbeats
    return reply_of(id, kQueued, born + minutes(10));
  };
  run(minutes(3));
  EXPECT_EQ(status_of(account->parts(), now).unfinished, 1u);
  EXPECT_THAT(news, IsEmpty());
  EXPECT_EQ(status_of(account->parts(), now).blind_seconds, 0);
}

TEST_F(AccountTest, ASlowPaceIsNotBlindness) {
  AccountConfig config = account_of({instance_of("main", {"a"})});
  config.pace.task = minutes(5);
  open(config);
  run(minutes(60));
  EXPECT_THAT(news, IsEmpty());
  EXPECT_EQ(asked.size(), 12u);
}

TEST_F(AccountTest, ARestartGoesOnFromWhatIsStored) {
  Stored stored;
  TaskRecord record;
  record.key = {"prod", "a"};
  record.last = reply_of("a", kQueued, born);
  record.last_seen = now.wall - minutes(10);
  stored.records.push_back(record);
  stored.stored_times.push_back({"prod", "alive", now.wall - minutes(10)});
  stored.stored_times.push_back({"prod", "success:QueryTask", now.wall - minutes(10)});
  open(account_of({instance_of("main", {"a"})}), stored);
  EXPECT_EQ(status_of(account->parts(), now).apis.at(0).last_success, now.wall - minutes(10));
  run(seconds(1));
  EXPECT_THAT(events, IsEmpty()) << "no second baseline";
  EXPECT_THAT(news, ElementsAre("blind_interval"));
  EXPECT_NEAR(status_of(account->parts(), now).blind_seconds, 600, 1);
  const Commit seen = account->refresh(now);
  EXPECT_EQ(seen.records.size(), 1u);
  EXPECT_EQ(seen.stored_times.size(), 4u);
  EXPECT_TRUE(account->refresh(now).empty());
}

TEST_F(AccountTest, ANewListKeepsWhatGoesOnWhileCallsAreUnderWay) {
  open(account_of({instance_of("one", {"a", "b"}), instance_of("two", {"c"})}));
  run(seconds(2));
  std::vector<std::string> under_way;
  while (under_way.size() < 3) {
    pass(seconds(2));
    const NextCall choice = account->next(now);
    if (!choice.call) continue;
    ask(*choice.call);
    under_way.push_back(choice.call->task_id);
  }
  // Task a is removed, b moves to the other instance, c stays, and d is new.
  const AccountConfig next = account_of({instance_of("two", {"b", "c", "d"})});
  EXPECT_THAT(account->configure(next, {}, now), ElementsAre("a"));
  events.clear();
  EXPECT_TRUE(settle("a", reply_of("a", kFailed, born + seconds(5))).observation.events.empty());
  settle("b", reply_of("b", kFailed, born + seconds(5)));
  settle("c", failure_of(Reason::kTimeout));
  EXPECT_THAT(events, ElementsAre("task_transition"));
  asked.clear();
  run(seconds(30));
  EXPECT_EQ(times("a"), 0u);
  EXPECT_GE(times("c"), 4u) << "no call is thought to be under way for ever";
  EXPECT_GE(times("d"), 1u);
  EXPECT_THAT(account->refresh(now).records.size(), 3u);

  // The task is removed and added again while its first call is in flight. Either response is
  // accepted.
  pass(seconds(10));
  const NextCall choice = account->next(now);
  ASSERT_TRUE(choice.call);
  const std::string id = choice.call->task_id;
  ask(*choice.call);
  account->configure(account_of({instance_of("two", {})}), {}, now);
  account->configure(account_of({instance_of("two", {id})}), {}, now);
  settle(id, good(id));
  run(seconds(20));
  EXPECT_EQ(status_of(account->parts(), now).unfinished, 1u);
}

TEST_F(AccountTest, AQuotaOf0SendsNoCallAndCanBeRaised) {
  AccountConfig config = account_of({instance_of("main", {"a"})});
  config.quota[Api::kQueryTask] = 0;
  open(config);
  EXPECT_EQ(account->next(now).wake, Mono::max());
  EXPECT_TRUE(status_of(account->parts(), now).apis.empty());
  run(minutes(1));
  EXPECT_TRUE(asked.empty());
  config.quota[Api::kQueryTask] = 5;
  account->configure(config, {}, now);
  run(seconds(2));
  EXPECT_FALSE(asked.empty());
}

}  // namespace
}  // namespace taskwatchd
