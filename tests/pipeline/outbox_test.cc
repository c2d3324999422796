#include "pipeline/outbox.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakes/main_path.h"
#include "ports.h"

namespace taskwatchd {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;

// One run of the daemon. The store outlives it.
struct Life {
  explicit Life(MemoryStore& kept) : store(kept) {
    recorder.on_events([this](std::uint64_t last) { outbox.wake(last); });
    spawn(context.get_executor(), record());
    spawn(context.get_executor(), deliver());
    clock.settle();
  }
  Awaitable<void> record() { co_await recorder.run(); }
  Awaitable<void> deliver() {
    co_await outbox.run();
    ended = true;
  }
  void happen(int events) {
    for (int i = 0; i < events; ++i) {
      Commit part;
      part.events.push_back(event_named("task_transition"));
      recorder.add(std::move(part), {});
    }
    clock.settle();
  }

  boost::asio::io_context context;
  FakeClock clock{context};
  FakeEntropy entropy;
  NoHttp http;
  NotedKeys keys;
  MemoryStore& store;
  NotedLog log;
  NotedObserver observer{store};
  NotedSink sink;
  FakeResultFiles results{clock, no_file};
  AllLeasesHeld leases;
  Ports ports{clock, entropy, http, keys, store, log, observer, results, leases};
  Recorder recorder{ports};
  Outbox outbox{ports, recorder, sink};
  bool ended = false;
};

std::vector<std::uint64_t> up_to(std::uint64_t last, std::uint64_t first = 1) {
  std::vector<std::uint64_t> ids;
  for (std::uint64_t id = first; id <= last; ++id) ids.push_back(id);
  return ids;
}

TEST(Outbox, DeliversInOrderAndForgetsNone) {
  MemoryStore store;
  Life life(store);
  life.happen(3);
  life.happen(1000);
  EXPECT_EQ(life.sink.ids, up_to(1003));
  EXPECT_EQ(life.outbox.pending(), 0u);
}

TEST(Outbox, ARefusedBatchIsOfferedAgainASecondLater) {
  MemoryStore store;
  Life life(store);
  life.sink.refuse = 2;
  life.happen(3);
  EXPECT_TRUE(life.sink.ids.empty());
  EXPECT_EQ(life.outbox.pending(), 3u);
  const int offers = life.sink.offers;
  life.clock.advance(milliseconds(900));
  EXPECT_EQ(life.sink.offers, offers) << "not at once";
  life.happen(1);
  life.clock.advance(seconds(3));
  EXPECT_EQ(life.sink.ids, up_to(4));
}

TEST(Outbox, TheCursorMovesOnlyAfterTheDelivery) {
  MemoryStore store;
  {
    Life life(store);
    life.happen(5);
    life.clock.advance(seconds(6));  // the cursor is stored
    life.sink.refuse = 1'000'000;
    life.happen(5);
    life.clock.advance(seconds(60));
    EXPECT_EQ(life.sink.ids, up_to(5));
  }
  Life next(store);
  next.clock.settle();
  EXPECT_EQ(next.sink.ids, up_to(10, 6)) << "what was taken is not repeated, the rest is not lost";
}

TEST(Outbox, ACrashBeforeTheCursorIsStoredRepeatsWithTheSameIds) {
  MemoryStore store;
  {
    Life life(store);
    life.happen(2);
    EXPECT_EQ(life.sink.ids, up_to(2));
  }
  Life next(store);
  EXPECT_EQ(next.sink.ids, up_to(2));
}

TEST(Outbox, DeliversWhatWaitsFromEarlierRuns) {
  MemoryStore store;
  {
    Life life(store);
    life.sink.refuse = 1'000'000;
    life.happen(700);
  }
  Life next(store);
  next.sink.refuse = 0;
  next.clock.settle();
  EXPECT_EQ(next.outbox.pending(), 0u);
  EXPECT_EQ(next.sink.ids.size(), 700u);
}

TEST(Outbox, StopDeliversWhatTheSinkTakesAndEnds) {
  MemoryStore store;
  Life life(store);
  life.happen(1);
  life.outbox.stop();
  life.clock.settle();
  EXPECT_TRUE(life.ended);

  Life stuck(store);
  stuck.sink.refuse = 1'000'000;
  stuck.happen(1);
  stuck.outbox.stop();
  stuck.clock.settle();
  EXPECT_TRUE(stuck.ended) << "a sink that takes nothing holds nobody up";
}

}  // namespace
}  // namespace taskwatchd
