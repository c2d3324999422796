#include "pipeline/replay_range.h"

#include <gtest/gtest.h>

#include "fakes/notify_path.h"

namespace taskwatchd {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

class ReplayRangeTest : public testing::Test {
 protected:
  // One event per minute: event n happened n minutes after the start.
  void store_minutes(int count) {
    std::vector<Event> events;
    for (int n = 1; n <= count; ++n) {
      Event event = event_named("job_finished");
      event.ts = kNotifyStart + minutes(n);
      events.push_back(event);
    }
    life.store_events(events);
  }
  std::optional<ReplayRange> since(Wall at) {
    const auto found = life.result_of(replay_range(store, at));
    EXPECT_TRUE(found);
    return found.value_or(std::nullopt);
  }

  ShakyStore store;
  NotifyLife life{store};
};

TEST_F(ReplayRangeTest, BeginsTenMinutesBeforeTheTime) {
  store_minutes(1000);
  const auto range = since(kNotifyStart + minutes(500));
  ASSERT_TRUE(range);
  EXPECT_EQ(range->after, 489u) << "the first event is that of minute 490";
  EXPECT_EQ(range->through, 1000u);
  EXPECT_LT(store.reads, 15) << "it reads a few single events, however many there are";
}

TEST_F(ReplayRangeTest, OfATimeBeforeAllEventsIsAll) {
  store_minutes(100);
  const auto range = since(kNotifyStart - hours(1));
  ASSERT_TRUE(range);
  EXPECT_EQ(range->after, 0u);
  EXPECT_EQ(range->through, 100u);
}

TEST_F(ReplayRangeTest, OfATimeAfterAllEventsIsEmpty) {
  store_minutes(100);
  const auto range = since(kNotifyStart + hours(5));
  ASSERT_TRUE(range);
  EXPECT_EQ(range->after, range->through);
}

TEST_F(ReplayRangeTest, OfAnEmptyStoreIsEmpty) {
  const auto range = since(kNotifyStart);
  ASSERT_TRUE(range);
  EXPECT_EQ(range->after, 0u);
  EXPECT_EQ(range->through, 0u);
}

TEST_F(ReplayRangeTest, EachTimeFindsEveryEventSinceThen) {
  store_minutes(33);
  for (int minute = -20; minute <= 60; ++minute) {
    const auto range = since(kNotifyStart + minutes(minute));
    ASSERT_TRUE(range);
    const int first = std::clamp(minute - 10, 1, 34);
    EXPECT_EQ(range->after, static_cast<std::uint64_t>(first - 1)) << minute;
  }
}

TEST_F(ReplayRangeTest, GapsAmongTheIdsDoNotMatter) {
  store_minutes(100);
  // Events of tasks without a record and older than minute 60 go, if the log has received them.
  Commit cursor;
  cursor.cursors = {{"log", 100}};
  life.recorder.add(std::move(cursor), {});
  life.clock.settle();
  life.result_of(store.prune(kNotifyStart + minutes(60), {}));
  ASSERT_EQ(store.events().size(), 41u);
  const auto all = since(kNotifyStart);
  ASSERT_TRUE(all);
  EXPECT_LT(all->after, 60u);
  const auto some = since(kNotifyStart + minutes(90));
  ASSERT_TRUE(some);
  EXPECT_EQ(some->after, 79u);
}

// A time in an event may be that of a response which was stored a little later.
TEST_F(ReplayRangeTest, AnEventThatIsALittleOlderThanItsIdIsInTheRange) {
  std::vector<Event> events;
  for (int n = 1; n <= 64; ++n) {
    Event event = event_named("job_finished");
    event.ts = kNotifyStart + minutes(n) - (n % 3 == 0 ? minutes(4) : minutes(0));
    events.push_back(event);
  }
  life.store_events(events);
  for (int minute = 1; minute <= 64; ++minute) {
    const Wall at = kNotifyStart + minutes(minute);
    const auto range = since(at);
    ASSERT_TRUE(range);
    for (const auto& [id, event] : store.events()) {
      EXPECT_TRUE(event.ts < at || id > range->after) << minute;
    }
  }
}

TEST_F(ReplayRangeTest, AStoreThatDoesNotAnswerHasNoRange) {
  store_minutes(100);
  store.is_down = true;
  EXPECT_FALSE(since(kNotifyStart));
}

TEST_F(ReplayRangeTest, AStoreThatFailsInTheMiddleHasNoRange) {
  class BreaksLater : public ShakyStore {
   public:
    Awaitable<std::variant<std::vector<Event>, StoreError>> events_after(
        std::uint64_t id, std::size_t limit, std::string account) override {
      reads_fail = reads >= 3;
      return ShakyStore::events_after(id, limit, std::move(account));
    }
  };
  BreaksLater breaks;
  NotifyLife other{breaks};
  std::vector<Event> events(100, event_named("job_finished"));
  other.store_events(events);
  const auto found = other.result_of(replay_range(breaks, kNotifyStart));
  ASSERT_TRUE(found);
  EXPECT_FALSE(*found);
  EXPECT_EQ(breaks.reads, 4);
}

}  // namespace
}  // namespace taskwatchd
