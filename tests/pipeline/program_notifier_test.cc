#include "pipeline/program_notifier.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakes/notify_path.h"

namespace taskwatchd {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

// One run of the daemon with one sink for a program.
struct Life : NotifyLife {
  explicit Life(ShakyStore& kept, const SinkConfig& config = program_sink(),
                Wall start = kNotifyStart)
      : NotifyLife(kept, start) {
    status = 204;
    notifier = std::make_shared<ProgramNotifier>(context.get_executor(), ports, recorder, files,
                                                 config, notify_context());
    on_events = [this](std::uint64_t last) {
      if (const auto alive = notifier) alive->wake(last);
    };
    spawn(context.get_executor(), run(notifier, ended));
    clock.settle();
  }
  static Awaitable<void> run(std::shared_ptr<Notifier> notifier, std::shared_ptr<bool> ended) {
    co_await notifier->run(notifier);
    *ended = true;
  }
  void fail_tasks(int count) {
    std::vector<Event> events;
    for (int i = 0; i < count; ++i) events.push_back(failure("t" + std::to_string(i)));
    store_events(std::move(events));
  }
  // Stops and lets everything end.
  void stop() {
    notifier->stop();
    clock.advance(seconds(10));
    recorder.stop();
    clock.settle();
  }
  bool replay(std::uint64_t after, std::uint64_t through, Wall since = Wall::min()) {
    const bool begun = notifier->replay({after, through}, since);
    clock.settle();
    return begun;
  }

  std::shared_ptr<bool> ended = std::make_shared<bool>(false);
  std::shared_ptr<ProgramNotifier> notifier;
};

TEST(ProgramNotifier, EachEventIsARequest) {
  ShakyStore store;
  Life life(store);
  life.fail_tasks(3);
  EXPECT_THAT(life.ids(), ElementsAre("1", "2", "3"));
  EXPECT_EQ(life.observer.ages.size(), 3u);
  EXPECT_EQ(life.notifier->status().cursor, 3u);
  EXPECT_EQ(life.notifier->status().pending, 0u);
  EXPECT_EQ(life.count("replayed"), 0u);
}

TEST(ProgramNotifier, EightRequestsAtOnceAndInOrderForASubject) {
  ShakyStore store;
  Life life(store);
  life.http.set_delay(milliseconds(100));
  std::vector<Event> events;
  for (int i = 0; i < 40; ++i) events.push_back(life.failure("t" + std::to_string(i % 20)));
  life.store_events(events);
  EXPECT_EQ(life.http.in_flight(), 8u);
  EXPECT_EQ(life.notifier->status().pending, 40u);
  EXPECT_EQ(life.notifier->status().oldest_pending, kNotifyStart);
  life.clock.advance(seconds(2));
  EXPECT_EQ(life.http.most_in_flight(), 8u);
  std::map<int, std::vector<int>> by_task;
  for (const std::string& id : life.ids()) by_task[std::stoi(id) % 20].push_back(std::stoi(id));
  EXPECT_EQ(by_task.size(), 20u);
  for (const auto& [task, ids] : by_task) EXPECT_TRUE(std::is_sorted(ids.begin(), ids.end()));
}

TEST(ProgramNotifier, AFailureIsLoggedOnceAndItsEndToo) {
  ShakyStore store;
  Life life(store);
  life.status = 503;
  life.fail_tasks(3);
  life.clock.advance(minutes(10));
  EXPECT_EQ(life.log.count("notify_failed"), 1u);
  EXPECT_EQ(life.log.count("notify_recovered"), 0u);
  EXPECT_EQ(life.notifier->status().cursor, 0u);
  EXPECT_EQ(life.notifier->status().pending, 3u);
  life.status = 204;
  const std::size_t before = life.http.sent();
  life.clock.advance(minutes(1));
  EXPECT_EQ(life.http.sent(), before + 3) << "each event is taken once";
  EXPECT_EQ(life.log.count("notify_recovered"), 1u);
  EXPECT_EQ(life.notifier->status().cursor, 3u);
  EXPECT_THAT(life.notifier->status().dropped, IsEmpty());
}

TEST(ProgramNotifier, FiveRejectionsDropOneEventOnly) {
  ShakyStore store;
  Life life(store);
  life.judge = [&](const HttpRequest& request) -> HttpResult {
    return HttpReply{life.id_of(request) == "2" ? 400 : 204, {}, "bad field"};
  };
  life.fail_tasks(4);
  EXPECT_EQ(life.notifier->status().cursor, 1u) << "the others do not wait";
  EXPECT_EQ(life.http.sent(), 4u);
  life.clock.advance(minutes(1));
  EXPECT_EQ(life.http.sent(), 8u) << "five attempts";
  EXPECT_EQ(life.log.count("notify_dropped"), 1u);
  EXPECT_EQ(life.log.count("notify_failed"), 0u);
  EXPECT_THAT(life.log.events.back().msg, HasSubstr("bad field"));
  EXPECT_THAT(life.notifier->status().dropped, ElementsAre(Pair("rejected", 1)));
  EXPECT_EQ(life.notifier->status().cursor, 4u);
}

TEST(ProgramNotifier, ARejectedOtlpBatchIsSentOneByOne) {
  ShakyStore store;
  Life life(store, program_sink("otlp", SinkFormat::kOtlp));
  life.judge = [&](const HttpRequest& request) -> HttpResult {
    const bool bad = request.body.find(R"("stringValue":"t1")") != std::string::npos;
    return HttpReply{bad ? 400 : 200, {}, ""};
  };
  life.fail_tasks(4);
  life.clock.advance(minutes(1));
  EXPECT_EQ(life.http.sent(), 1u + 1 + 5 + 2) << "t0, t1 five times, t2, t3";
  EXPECT_THAT(life.notifier->status().dropped, ElementsAre(Pair("rejected", 1)));
  life.store_events({life.failure("t8"), life.failure("t9")});
  EXPECT_THAT(life.last_body(), testing::AllOf(HasSubstr("t8"), HasSubstr("t9")))
      << "later events are a batch again";
}

TEST(ProgramNotifier, WhileTheStoreFailsAtBeginNothingIsLost) {
  ShakyStore store;
  store.reads_fail = true;
  Life life(store);
  life.clock.advance(minutes(5));
  store.reads_fail = false;
  life.clock.advance(seconds(2));
  life.fail_tasks(2);
  EXPECT_THAT(life.ids(), ElementsAre("1", "2"));
}

TEST(ProgramNotifier, AStoreThatFailsInTheMiddleDelaysOnly) {
  ShakyStore store;
  Life life(store);
  life.fail_tasks(1);
  store.reads_fail = true;
  life.fail_tasks(2);
  life.clock.advance(minutes(5));
  EXPECT_THAT(life.ids(), ElementsAre("1"));
  EXPECT_FALSE(life.notifier->status().failing_since) << "the receiver works";
  store.reads_fail = false;
  life.clock.advance(seconds(1));
  EXPECT_THAT(life.ids(), ElementsAre("1", "2", "3"));
}

TEST(ProgramNotifier, ARestartGoesOnFromTheCursorWithTheSameIds) {
  ShakyStore store;
  {
    Life life(store);
    life.fail_tasks(3);
    life.status = 503;
    life.fail_tasks(2);
    life.clock.advance(minutes(2));
    life.stop();
    EXPECT_TRUE(*life.ended);
  }
  Life next(store, program_sink(), kNotifyStart + minutes(10));
  EXPECT_THAT(next.ids(), ElementsAre("4", "5"));
  EXPECT_TRUE(next.notifier->status().last_success);
}

TEST(ProgramNotifier, ACrashRepeatsOnlyWhatWasNotStoredAsTaken) {
  ShakyStore store;
  {
    Life life(store);
    life.fail_tasks(3);
    life.clock.advance(seconds(6));  // the cursor is stored
    life.fail_tasks(2);
  }
  Life next(store, program_sink(), kNotifyStart + minutes(10));
  EXPECT_THAT(next.ids(), ElementsAre("4", "5"));
}

TEST(ProgramNotifier, WhatIsTakenAfterStopIsNotSentAgain) {
  ShakyStore store;
  {
    Life life(store);
    life.http.set_delay(seconds(3));
    life.fail_tasks(2);
    life.stop();
    EXPECT_EQ(life.http.sent(), 2u);
  }
  Life next(store, program_sink(), kNotifyStart + minutes(10));
  EXPECT_THAT(next.ids(), IsEmpty());
}

TEST(ProgramNotifier, StopBeginsNoRequest) {
  ShakyStore store;
  Life life(store);
  life.status = 400;
  life.fail_tasks(1);
  life.clock.advance(seconds(2));
  const std::size_t before = life.http.sent();
  ASSERT_LT(before, 5u) << "a rejected event waits for its next attempt";
  life.notifier->stop();
  life.fail_tasks(3);
  life.clock.advance(minutes(5));
  EXPECT_EQ(life.http.sent(), before);
  EXPECT_TRUE(*life.ended);
}

TEST(ProgramNotifier, TooOldEventsAreDroppedAndCounted) {
  SinkConfig config = program_sink();
  config.give_up = hours(1);
  ShakyStore store;
  Life life(store, config);
  life.status = 503;
  life.fail_tasks(3);
  life.clock.advance(minutes(50));
  life.fail_tasks(1);
  life.clock.advance(minutes(12));
  EXPECT_THAT(life.notifier->status().dropped, ElementsAre(Pair("too_old", 3)));
  EXPECT_EQ(life.log.count("notify_dropped"), 1u);
  life.status = 204;
  life.clock.advance(minutes(2));
  EXPECT_EQ(life.ids().back(), "4");
  EXPECT_EQ(life.notifier->status().cursor, 4u);
}

TEST(ProgramNotifier, AReplacedSecretIsUsedWhileTheSinkFails) {
  SinkConfig config = program_sink();
  config.headers_file = "/headers";
  ShakyStore store;
  Life life(store, config);  // the file is missing
  life.fail_tasks(1);
  EXPECT_EQ(life.http.sent(), 0u);
  EXPECT_EQ(life.log.count("notify_failed"), 1u);
  life.files.files["/headers"] = "Authorization: Bearer old";
  life.status = 401;
  life.clock.advance(minutes(5));
  EXPECT_GT(life.http.sent(), 1u);
  life.judge = [](const HttpRequest& request) -> HttpResult {
    return HttpReply{request.headers.at(0).second == "Bearer new" ? 204 : 401, {}, ""};
  };
  life.files.files["/headers"] = "Authorization: Bearer new";
  life.clock.advance(minutes(1));
  EXPECT_EQ(life.notifier->status().cursor, 1u);
  EXPECT_EQ(life.log.count("notify_recovered"), 1u);
}

TEST(ProgramNotifier, FiltersPassOverOtherEvents) {
  SinkConfig config = program_sink();
  config.events = {"job_finished"};
  ShakyStore store;
  Life life(store, config);
  life.fail_tasks(600);
  life.store_events({event_named("job_finished")});
  EXPECT_THAT(life.ids(), ElementsAre("601"));
  EXPECT_EQ(life.notifier->status().cursor, 601u);
}

TEST(ProgramNotifier, AReplaySendsTheSameIdsMarkedWhileNewEventsGoOn) {
  ShakyStore store;
  Life life(store);
  life.fail_tasks(5);
  life.http.set_delay(milliseconds(100));
  EXPECT_TRUE(life.replay(1, 4));
  life.fail_tasks(1);
  EXPECT_FALSE(life.replay(0, 5)) << "the first is not finished";
  EXPECT_EQ(life.notifier->status().replaying, 3u);
  life.clock.advance(seconds(1));
  const std::vector<std::string> ids = life.ids();
  EXPECT_THAT(std::vector(ids.begin() + 5, ids.end()),
              testing::UnorderedElementsAre("r2", "r3", "r4", "6"));
  EXPECT_EQ(life.notifier->status().replaying, 0u);
  EXPECT_EQ(life.observer.ages.size(), 6u) << "replayed events are not late";
  EXPECT_EQ(life.notifier->status().cursor, 6u);
  EXPECT_TRUE(life.replay(5, 6)) << "it is finished";
  life.clock.advance(seconds(1));
  EXPECT_EQ(life.ids().back(), "r6");
}

TEST(ProgramNotifier, AReplayLeavesOutOlderEvents) {
  ShakyStore store;
  Life life(store);
  life.fail_tasks(2);
  life.clock.advance(minutes(5));
  life.fail_tasks(2);
  life.replay(0, 4, kNotifyStart + minutes(5));
  const std::vector<std::string> ids = life.ids();
  EXPECT_THAT(std::vector(ids.begin() + 4, ids.end()), ElementsAre("r3", "r4"));
}

TEST(ProgramNotifier, AReplayWithoutEventsForTheSinkEndsAtOnce) {
  SinkConfig config = program_sink();
  config.events = {"job_finished"};
  ShakyStore store;
  Life life(store, config);
  life.fail_tasks(3);
  EXPECT_TRUE(life.replay(0, 3));
  EXPECT_TRUE(life.replay(0, 3));
  EXPECT_EQ(life.http.sent(), 0u);
}

// A replay begins within give_up; it does not wait longer than that for the receiver.
TEST(ProgramNotifier, AReplayDropsWhatBecomesTooOldMeanwhile) {
  SinkConfig config = program_sink();
  config.give_up = hours(1);
  ShakyStore store;
  Life life(store, config);
  life.fail_tasks(2);
  life.status = 503;
  life.replay(0, 2);
  life.clock.advance(hours(2));
  EXPECT_THAT(life.notifier->status().dropped, ElementsAre(Pair("too_old", 2)));
  EXPECT_EQ(life.notifier->status().replaying, 0u);
  EXPECT_TRUE(life.replay(2, 2)) << "it has ended";
}

TEST(ProgramNotifier, AReplayWaitsForTheReceiverAndTheStore) {
  ShakyStore store;
  Life life(store);
  life.fail_tasks(2);
  life.status = 503;
  store.reads_fail = true;
  EXPECT_TRUE(life.replay(0, 2));
  life.clock.advance(minutes(1));
  store.reads_fail = false;
  life.clock.advance(minutes(5));
  EXPECT_FALSE(life.replay(0, 2));
  life.status = 204;
  life.clock.advance(minutes(1));
  EXPECT_EQ(life.notifier->status().replaying, 0u);
  EXPECT_TRUE(life.replay(1, 2));
}

TEST(ProgramNotifier, StopEndsAReplay) {
  ShakyStore store;
  Life life(store);
  life.fail_tasks(20);
  life.http.set_delay(milliseconds(100));
  life.replay(0, 20);
  life.stop();
  EXPECT_EQ(life.count("replayed"), 8u) << "what was under way ends";
  EXPECT_TRUE(*life.ended);
}

TEST(ProgramNotifier, AHeartbeatComesAtItsInterval) {
  SinkConfig config = program_sink();
  config.heartbeat = minutes(1);
  ShakyStore store;
  Life life(store, config);
  life.numbers.jobs = 7;
  life.clock.advance(seconds(59));
  EXPECT_EQ(life.http.sent(), 0u);
  life.clock.advance(minutes(10));
  EXPECT_EQ(life.count("taskwatchd.heartbeat.v1"), 10u);
  EXPECT_THAT(life.last_body(), HasSubstr(R"("jobs":7)"));
  EXPECT_EQ(life.notifier->status().pending, 0u);
}

TEST(ProgramNotifier, MissedHeartbeatsAreNotMadeUpFor) {
  SinkConfig config = program_sink();
  config.heartbeat = minutes(1);
  ShakyStore store;
  store.is_down = true;
  Life life(store, config);
  life.clock.advance(hours(1) + seconds(30));
  store.is_down = false;
  life.clock.advance(seconds(10));
  EXPECT_LE(life.http.sent(), 1u);
  life.clock.advance(minutes(5));
  EXPECT_LE(life.http.sent(), 6u);
  EXPECT_GE(life.http.sent(), 5u);
}

}  // namespace
}  // namespace taskwatchd
