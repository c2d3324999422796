#include "pipeline/chat_notifier.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakes/notify_path.h"

namespace taskwatchd {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::Pair;

// One run of the daemon with one chat.
struct Life : NotifyLife {
  explicit Life(ShakyStore& kept, const SinkConfig& config = chat_sink(), Wall start = kNotifyStart)
      : NotifyLife(kept, start) {
    notifier = std::make_shared<ChatNotifier>(ports, recorder, files, config, notify_context());
    on_events = [this](std::uint64_t last) { notifier->wake(last); };
    on_store_change = [this](const Event& event) { notifier->report(event); };
    spawn(context.get_executor(), run(notifier, ended));
    clock.settle();
  }
  static Awaitable<void> run(std::shared_ptr<Notifier> notifier, std::shared_ptr<bool> ended) {
    co_await notifier->run(notifier);
    *ended = true;
  }
  void fail_task(const std::string& job = "j") {
    store_events({failure("t" + std::to_string(store.events().size()), job)});
  }
  void mute(Mute mute, milliseconds time) {
    mute.id = "m" + std::to_string(mutes.size());
    mute.until = clock.now().wall + time;
    mutes.push_back(mute);
    notifier->wake(0);
    clock.settle();
  }
  void stop() {
    notifier->stop();
    clock.advance(seconds(10));
    recorder.stop();
    clock.settle();
  }

  std::shared_ptr<bool> ended = std::make_shared<bool>(false);
  std::shared_ptr<ChatNotifier> notifier;
};

TEST(ChatNotifier, AFailureIsAMessage) {
  ShakyStore store;
  Life life(store);
  life.fail_task();
  ASSERT_EQ(life.http.sent(), 1u);
  EXPECT_EQ(life.http.requests().back().request.url, "https://chat.example/robot");
  EXPECT_THAT(life.last_body(), AllOf(HasSubstr("1 task failed"), HasSubstr("no space")));
  EXPECT_EQ(life.notifier->status().cursor, 1u);
  EXPECT_EQ(life.notifier->status().pending, 0u);
  EXPECT_FALSE(life.notifier->status().oldest_pending);
  EXPECT_EQ(life.observer.ages.size(), 1u);
}

TEST(ChatNotifier, AFailureOfTheServiceIsLoggedOnceAndItsEndToo) {
  ShakyStore store;
  Life life(store);
  life.status = 500;
  life.fail_task();
  life.clock.advance(minutes(5));
  EXPECT_EQ(life.log.count("notify_failed"), 1u);
  EXPECT_EQ(life.notifier->status().cursor, 0u);
  EXPECT_EQ(life.notifier->status().oldest_pending, kNotifyStart);
  EXPECT_TRUE(life.notifier->status().failing_since);
  life.status = 200;
  const std::size_t before = life.http.sent();
  life.clock.advance(minutes(5));
  EXPECT_EQ(life.http.sent(), before + 1);
  EXPECT_EQ(life.log.count("notify_recovered"), 1u);
  EXPECT_EQ(life.notifier->status().cursor, 1u);
}

TEST(ChatNotifier, AnHourWithoutTheServiceIsOneDigest) {
  ShakyStore store;
  Life life(store);
  life.status = 0;
  for (int i = 0; i < 60; ++i) {
    life.fail_task("j" + std::to_string(i % 3));
    life.clock.advance(minutes(1));
  }
  life.status = 200;
  const std::size_t before = life.http.sent();
  life.clock.advance(minutes(5));
  EXPECT_EQ(life.http.sent(), before + 1);
  EXPECT_THAT(life.last_body(), HasSubstr("LATE"));
  EXPECT_EQ(life.notifier->status().cursor, 60u);
}

TEST(ChatNotifier, FiveRejectionsDropOneMessageOnly) {
  ShakyStore store;
  Life life(store);
  life.judge = [](const HttpRequest& request) -> HttpResult {
    const bool bad = request.body.find("bad-job") != std::string::npos;
    return HttpReply{bad ? 400 : 200, {}, bad ? "invalid_payload" : "ok"};
  };
  life.fail_task("bad-job");
  life.fail_task("good");
  life.clock.advance(minutes(2));
  EXPECT_EQ(life.count("bad-job"), 5u);
  EXPECT_EQ(life.count("good"), 1u);
  EXPECT_EQ(life.log.count("notify_dropped"), 1u);
  EXPECT_EQ(life.log.count("notify_failed"), 0u);
  EXPECT_THAT(life.notifier->status().dropped, ElementsAre(Pair("rejected", 1)));
  EXPECT_EQ(life.notifier->status().cursor, 2u);
  EXPECT_EQ(life.observer.ages.size(), 1u) << "a dropped message notifies nobody";
}

TEST(ChatNotifier, WhileTheStoreFailsAtBeginNothingIsLost) {
  ShakyStore store;
  store.reads_fail = true;
  Life life(store);
  life.clock.advance(minutes(5));
  store.reads_fail = false;
  life.clock.advance(seconds(2));
  life.fail_task();
  EXPECT_EQ(life.http.sent(), 1u);
}

TEST(ChatNotifier, AStoreThatFailsInTheMiddleDelaysOnly) {
  ShakyStore store;
  Life life(store);
  store.reads_fail = true;
  life.fail_task();
  life.clock.advance(minutes(5));
  EXPECT_EQ(life.http.sent(), 0u);
  store.reads_fail = false;
  life.clock.advance(seconds(2));
  EXPECT_EQ(life.http.sent(), 1u);
}

TEST(ChatNotifier, StoreDownIsSentWhileTheStoreFails) {
  ShakyStore store;
  Life life(store);
  store.is_down = true;
  life.fail_task();
  life.clock.advance(seconds(5));
  ASSERT_EQ(life.http.sent(), 1u);
  EXPECT_THAT(life.last_body(), HasSubstr("the state database cannot be written"));
  life.clock.advance(minutes(5));
  EXPECT_EQ(life.http.sent(), 1u);
  store.is_down = false;
  life.clock.advance(seconds(5));
  EXPECT_EQ(life.http.sent(), 3u);
  EXPECT_EQ(life.count("writable again"), 1u);
  EXPECT_EQ(life.count("task failed"), 1u);
  EXPECT_EQ(life.notifier->status().cursor, 1u);
}

TEST(ChatNotifier, StoreDownIsTriedAgainUntilTheServiceTakesIt) {
  ShakyStore store;
  Life life(store);
  life.status = 0;
  for (int i = 0; i < 20; ++i) life.notifier->report(life.of_account("store_down", ""));
  life.clock.advance(minutes(5));
  const std::size_t before = life.http.sent();
  life.status = 200;
  life.clock.advance(minutes(2));
  EXPECT_EQ(life.http.sent(), before + 8) << "the newest eight";
}

TEST(ChatNotifier, WhatASinkDoesNotAcceptIsNotReported) {
  SinkConfig config = chat_sink();
  config.events = {"task_transition"};
  ShakyStore store;
  Life life(store, config);
  life.notifier->report(life.of_account("store_down", ""));
  EXPECT_EQ(life.http.sent(), 0u);
}

TEST(ChatNotifier, ARestartGoesOnAndRepeatsNothing) {
  ShakyStore store;
  {
    Life life(store);
    life.fail_task("a");
    life.clock.advance(seconds(6));
    life.status = 500;
    life.fail_task("b");
    life.clock.advance(minutes(1));
    life.stop();
    EXPECT_TRUE(*life.ended);
  }
  Life next(store, chat_sink(), kNotifyStart + minutes(5));
  next.clock.advance(minutes(1));
  ASSERT_EQ(next.http.sent(), 1u);
  EXPECT_THAT(next.last_body(), AllOf(HasSubstr("b: 1 task failed"), Not(HasSubstr("a: 1 task"))));
  EXPECT_TRUE(next.notifier->status().last_success);
}

TEST(ChatNotifier, ACrashRightAfterAMessageRepeatsNothing) {
  ShakyStore store;
  {
    Life life(store);
    life.fail_task("a");
    EXPECT_EQ(life.http.sent(), 1u);
  }
  Life next(store, chat_sink(), kNotifyStart + minutes(5));
  next.clock.advance(hours(1));
  EXPECT_EQ(next.http.sent(), 0u);
}

TEST(ChatNotifier, WhatIsTakenAfterStopIsNotSentAgain) {
  ShakyStore store;
  {
    Life life(store);
    life.http.set_delay(seconds(3));
    life.fail_task("a");
    life.stop();
    EXPECT_TRUE(*life.ended);
    EXPECT_EQ(life.http.sent(), 1u);
  }
  Life next(store, chat_sink(), kNotifyStart + minutes(5));
  next.clock.advance(hours(1));
  EXPECT_EQ(next.http.sent(), 0u);
}

TEST(ChatNotifier, EventsThatAreTooOldAfterARestartAreDroppedAndCounted) {
  ShakyStore store;
  {
    Life life(store);
    life.status = 500;
    for (int i = 0; i < 3; ++i) life.fail_task();
    life.stop();
  }
  Life next(store, chat_sink(), kNotifyStart + hours(6) + minutes(5));
  next.clock.advance(minutes(1));
  EXPECT_THAT(next.notifier->status().dropped, ElementsAre(Pair("too_old", 3)));
  EXPECT_EQ(next.log.count("notify_dropped"), 1u);
  EXPECT_EQ(next.notifier->status().cursor, 3u);
}

TEST(ChatNotifier, AMessageWaitsForTheBudget) {
  SinkConfig config = chat_sink();
  config.max_per_minute = 6;
  ShakyStore store;
  Life life(store, config);
  life.http.set_delay(seconds(1));
  for (int i = 0; i < 4; ++i) life.store_events({life.of_account("auth_failed")});
  life.clock.advance(minutes(1));
  std::vector<Duration> at;
  for (const auto& one : life.http.requests()) at.push_back(one.at - life.http.requests()[0].at);
  EXPECT_THAT(at, ElementsAre(seconds(0), seconds(11), seconds(22), seconds(33)));
}

TEST(ChatNotifier, AMuteHoldsMessagesBackAndItsEndSendsADigest) {
  ShakyStore store;
  Life life(store);
  life.mute({}, minutes(30));
  EXPECT_TRUE(life.notifier->status().muted);
  life.fail_task();
  life.store_events({life.of_account("auth_failed")});
  life.notifier->report(life.of_account("store_down", ""));
  life.clock.advance(minutes(29));
  EXPECT_EQ(life.http.sent(), 0u);
  EXPECT_EQ(life.notifier->status().cursor, 2u);
  life.clock.advance(minutes(1));
  ASSERT_EQ(life.http.sent(), 1u);
  EXPECT_THAT(life.last_body(), AllOf(HasSubstr("the mute ended"), HasSubstr("1 job, 1 other")));
  EXPECT_FALSE(life.notifier->status().muted);
}

TEST(ChatNotifier, AMuteOfAnotherSinkDoesNotMatter) {
  ShakyStore store;
  Life life(store);
  Mute other;
  other.sink = "other";
  life.mute(other, minutes(30));
  life.fail_task();
  EXPECT_EQ(life.http.sent(), 1u);
}

TEST(ChatNotifier, WhatAMuteCoversDoesNotCountAsDelivered) {
  ShakyStore store;
  Life life(store);
  Mute mute;
  mute.job = "a";
  life.mute(mute, minutes(30));
  life.store_events({life.failure("t1", "a"), life.failure("t2", "b")});
  EXPECT_EQ(life.http.sent(), 1u);
  EXPECT_EQ(life.observer.ages.size(), 1u);
}

TEST(ChatNotifier, ARestartUnderAMuteKeepsWhatItCovered) {
  ShakyStore store;
  Mute mute;
  mute.id = "m";
  mute.until = kNotifyStart + minutes(30);
  {
    Life life(store);
    life.mutes = {mute};
    life.fail_task();
    life.clock.advance(minutes(1));
    life.stop();
    EXPECT_EQ(life.http.sent(), 0u);
  }
  Life next(store, chat_sink(), kNotifyStart + minutes(40));
  next.clock.advance(minutes(1));
  ASSERT_EQ(next.http.sent(), 1u);
  EXPECT_THAT(next.last_body(), HasSubstr("the mute ended"));
}

TEST(ChatNotifier, AReplayIsOneDigestWhileNewEventsGoOn) {
  ShakyStore store;
  Life life(store);
  for (int i = 0; i < 3; ++i) life.fail_task("a");
  life.store_events({life.of_account("auth_failed")});
  life.clock.advance(minutes(1));
  const std::size_t before = life.http.sent();
  life.http.set_delay(seconds(1));
  EXPECT_TRUE(life.notifier->replay({0, 4}, Wall::min()));
  life.clock.settle();
  EXPECT_EQ(life.notifier->status().replaying, 1u);
  EXPECT_FALSE(life.notifier->replay({0, 4}, Wall::min()));
  life.fail_task("b");
  life.clock.advance(seconds(10));
  EXPECT_EQ(life.http.sent(), before + 2);
  EXPECT_EQ(life.count("REPLAYED"), 1u);
  EXPECT_EQ(life.count("b: 1 task failed"), 1u);
  EXPECT_EQ(life.notifier->status().replaying, 0u);
  EXPECT_TRUE(life.notifier->replay({0, 0}, Wall::min()));
  life.clock.advance(seconds(1));
  EXPECT_EQ(life.http.sent(), before + 2) << "no message without events";
}

TEST(ChatNotifier, AReplayWaitsForTheStoreAndTheService) {
  ShakyStore store;
  Life life(store);
  life.fail_task("a");
  store.reads_fail = true;
  EXPECT_TRUE(life.notifier->replay({0, 1}, Wall::min()));
  life.clock.advance(minutes(1));
  EXPECT_EQ(life.count("REPLAYED"), 0u);
  life.status = 500;
  store.reads_fail = false;
  life.clock.advance(minutes(1));
  EXPECT_EQ(life.notifier->status().replaying, 1u);
  life.status = 200;
  life.clock.advance(minutes(1));
  EXPECT_EQ(life.notifier->status().replaying, 0u);
  EXPECT_THAT(life.last_body(), HasSubstr("REPLAYED"));
}

TEST(ChatNotifier, TheDailyLineComesAtItsTime) {
  SinkConfig config = chat_sink();
  config.heartbeat = hours(9);  // in one hour
  ShakyStore store;
  Life life(store, config);
  life.numbers.jobs = 7;
  life.clock.advance(minutes(59));
  EXPECT_EQ(life.http.sent(), 0u);
  life.clock.advance(minutes(1));
  EXPECT_EQ(life.http.sent(), 1u);
  EXPECT_THAT(life.last_body(), HasSubstr("7 jobs"));
  life.clock.advance(hours(72));
  EXPECT_EQ(life.http.sent(), 4u);
  life.mute({}, hours(30));
  life.clock.advance(hours(30));
  EXPECT_EQ(life.http.sent(), 4u) << "a mute covers it";
}

// A board without a battery begins in 1970 and learns the time later.
TEST(ChatNotifier, AJumpOfTheClockIsOneDailyLine) {
  SinkConfig config = chat_sink();
  config.heartbeat = hours(9);
  ShakyStore store;
  Life life(store, config);
  life.clock.jump_wall(hours(24 * 300));
  life.clock.advance(hours(3));
  EXPECT_EQ(life.http.sent(), 1u);
}

TEST(ChatNotifier, AReplacedUrlIsUsedWhileTheServiceFails) {
  ShakyStore store;
  Life life(store);
  life.status = 404;
  life.fail_task();
  life.clock.advance(minutes(3));
  life.files.files["/url"] = "https://chat.example/new";
  life.status = 200;
  life.clock.advance(minutes(1));
  EXPECT_EQ(life.http.requests().back().request.url, "https://chat.example/new");
  EXPECT_EQ(life.log.count("notify_recovered"), 1u);
}

}  // namespace
}  // namespace taskwatchd
