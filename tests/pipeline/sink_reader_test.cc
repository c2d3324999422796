#include "pipeline/sink_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakes/notify_path.h"

namespace taskwatchd {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;

class SinkReaderTest : public testing::Test {
 protected:
  void store_events(int count) {
    life.store_events(
        std::vector<Event>(static_cast<std::size_t>(count), event_named("job_finished")));
  }
  std::unique_ptr<SinkReader> reader(Duration forget_after = hours(24)) {
    return std::make_unique<SinkReader>(life.ports, life.recorder, "hook", forget_after);
  }
  std::unique_ptr<SinkReader> range(std::uint64_t after, std::uint64_t through) {
    return std::make_unique<SinkReader>(life.ports, life.recorder, "hook",
                                        ReplayRange{after, through});
  }
  // Nullopt while it waits for the store.
  std::optional<std::optional<SinkState>> begin(SinkReader& from) {
    return life.result_of(from.begin());
  }
  std::vector<std::uint64_t> next(SinkReader& from, std::size_t limit = 100) {
    const auto events = life.result_of(from.next(limit));
    std::vector<std::uint64_t> ids;
    for (const Event& event : events.value_or(std::vector<Event>())) ids.push_back(event.id);
    return ids;
  }

  ShakyStore store;
  NotifyLife life{store};
};

TEST_F(SinkReaderTest, ANewSinkBeginsAtTheNewestEvent) {
  store_events(5);
  const auto fresh = reader();
  const auto begun = begin(*fresh);
  ASSERT_TRUE(begun && *begun);
  EXPECT_EQ((*begun)->event_id, 5u);
  EXPECT_THAT(next(*fresh), IsEmpty());
  store_events(2);
  fresh->wake(7);
  EXPECT_THAT(next(*fresh), ElementsAre(6, 7));
  life.clock.advance(seconds(6));
  ASSERT_TRUE(life.stored_sink("hook"));
  EXPECT_EQ(life.stored_sink("hook")->event_id, 5u) << "its place is stored from the beginning on";
}

TEST_F(SinkReaderTest, AKnownSinkGoesOnWhereItWas) {
  store_events(5);
  const auto before = reader();
  begin(*before);
  store_events(5);
  before->save(7, "memory", kNotifyStart, true);
  life.clock.settle();

  const auto after = reader();
  const auto begun = begin(*after);
  ASSERT_TRUE(begun && *begun);
  EXPECT_EQ((*begun)->event_id, 7u);
  EXPECT_EQ((*begun)->memory, "memory");
  EXPECT_EQ((*begun)->last_success, kNotifyStart);
  EXPECT_EQ(after->last_id(), 10u);
  EXPECT_THAT(next(*after), ElementsAre(8, 9, 10));
}

TEST_F(SinkReaderTest, AStateThatIsNotStoredYetCounts) {
  store_events(5);
  const auto before = reader();
  begin(*before);
  store_events(5);
  before->save(9, "new", std::nullopt, false);
  EXPECT_THAT(next(*before), ElementsAre(6, 7, 8, 9, 10));
  const auto after = reader();
  const auto begun = begin(*after);
  ASSERT_TRUE(begun && *begun);
  EXPECT_EQ((*begun)->event_id, 9u);
  EXPECT_EQ((*begun)->memory, "new");
}

TEST_F(SinkReaderTest, ASinkThatWasAwayForLongBeginsAtTheNewestEvent) {
  const auto before = reader();
  begin(*before);
  store_events(5);
  before->save(2, "memory", std::nullopt, true);
  life.clock.settle();
  life.clock.advance(hours(24));
  EXPECT_EQ((*begin(*reader()))->event_id, 2u);
  life.clock.advance(hours(2) + seconds(1));  // what it stored last may be that old
  const auto later = begin(*reader());
  ASSERT_TRUE(later && *later);
  EXPECT_EQ((*later)->event_id, 5u);
  EXPECT_EQ((*later)->memory, "");
}

// Nothing happened for a while, so nothing was written; the sink was not away all that time.
TEST_F(SinkReaderTest, AnIdleSinkWithAShortGiveUpIsNotAway) {
  const Duration give_up = minutes(10);
  const auto before = reader(give_up);
  begin(*before);
  for (int minute = 0; minute < 50; ++minute) {
    life.clock.advance(minutes(1));
    before->save(0, "", std::nullopt, false);
  }
  store_events(3);  // the sink is stopped before it reads them
  life.clock.advance(minutes(1));
  EXPECT_EQ((*begin(*reader(give_up)))->event_id, 0u);
}

TEST_F(SinkReaderTest, BeginWaitsForTheStore) {
  store_events(5);
  store.is_down = true;
  const auto waits = reader();
  const auto begun = std::make_shared<std::optional<std::optional<SinkState>>>();
  spawn(life.context.get_executor(), NotifyLife::keep(waits->begin(), begun));
  life.clock.advance(minutes(10));
  EXPECT_FALSE(*begun);
  store.is_down = false;
  life.clock.advance(seconds(1));
  ASSERT_TRUE(*begun);
  EXPECT_EQ((**begun)->event_id, 5u);
}

TEST_F(SinkReaderTest, StopEndsTheWaitForTheStore) {
  store.is_down = true;
  const auto waits = reader();
  const auto begun = std::make_shared<std::optional<std::optional<SinkState>>>();
  spawn(life.context.get_executor(), NotifyLife::keep(waits->begin(), begun));
  life.clock.advance(seconds(5));
  waits->stop();
  life.clock.settle();
  ASSERT_TRUE(*begun);
  EXPECT_FALSE(**begun);
  EXPECT_TRUE(waits->stopping());
}

TEST_F(SinkReaderTest, ReadsInPartsUntilTheEnd) {
  const auto all = reader();
  begin(*all);
  store_events(5);
  all->wake(5);
  EXPECT_TRUE(all->has_more());
  EXPECT_THAT(next(*all, 2), ElementsAre(1, 2));
  EXPECT_TRUE(all->has_more());
  EXPECT_THAT(next(*all, 2), ElementsAre(3, 4));
  EXPECT_THAT(next(*all, 2), ElementsAre(5));
  EXPECT_FALSE(all->has_more());
  EXPECT_EQ(all->through(), 5u);
}

TEST_F(SinkReaderTest, AStoreThatFailsInTheMiddleIsAskedAgainASecondLater) {
  const auto all = reader();
  begin(*all);
  store_events(3);
  all->wake(3);
  spawn(life.context.get_executor(),
        all->wait_until(life.clock.now().mono));  // wake() ends one wait
  life.clock.settle();
  store.is_down = true;
  const int before = store.reads;
  const auto events = std::make_shared<std::optional<std::vector<Event>>>();
  spawn(life.context.get_executor(), NotifyLife::keep(all->next(10), events));
  life.clock.advance(std::chrono::milliseconds(900));
  EXPECT_FALSE(*events);
  life.clock.advance(std::chrono::milliseconds(100));
  ASSERT_TRUE(*events);
  EXPECT_THAT(**events, IsEmpty());
  EXPECT_EQ(store.reads, before + 1);
  EXPECT_TRUE(all->store_fails());
  EXPECT_TRUE(all->has_more());
  EXPECT_EQ(all->through(), 0u);
  store.is_down = false;
  EXPECT_THAT(next(*all), ElementsAre(1, 2, 3));
  EXPECT_FALSE(all->store_fails());
}

TEST_F(SinkReaderTest, AnUnchangedStateIsWrittenOnceAnHour) {
  const auto all = reader();
  begin(*all);
  all->save(3, "m", std::nullopt, true);
  life.clock.settle();
  const std::size_t before = store.commits();
  life.clock.advance(minutes(59));
  all->save(3, "m", std::nullopt, true);
  life.clock.settle();
  EXPECT_EQ(store.commits(), before);
  life.clock.advance(minutes(1));
  all->save(3, "m", std::nullopt, true);
  life.clock.settle();
  EXPECT_EQ(store.commits(), before + 1);
  EXPECT_EQ(life.stored_sink("hook")->at, life.clock.now().wall);
}

TEST_F(SinkReaderTest, ARangeIsReadFromItsBeginToItsEnd) {
  store_events(10);
  const auto part = range(3, 8);
  const auto begun = begin(*part);
  ASSERT_TRUE(begun && *begun);
  EXPECT_EQ((*begun)->event_id, 3u);
  EXPECT_FALSE(part->at_end());
  EXPECT_THAT(next(*part, 3), ElementsAre(4, 5, 6));
  EXPECT_TRUE(part->has_more());
  EXPECT_THAT(next(*part, 3), ElementsAre(7, 8)) << "not 9";
  EXPECT_TRUE(part->at_end());
  EXPECT_THAT(next(*part, 3), IsEmpty());
}

TEST_F(SinkReaderTest, AnEmptyRangeIsAtItsEnd) {
  store_events(10);
  const auto none = range(10, 10);
  begin(*none);
  EXPECT_TRUE(none->at_end());
  EXPECT_THAT(next(*none), IsEmpty());
}

TEST_F(SinkReaderTest, ARangeStoresNothing) {
  store_events(10);
  const auto part = range(3, 8);
  begin(*part);
  next(*part);
  part->save(8, "m", std::nullopt, true);
  life.clock.advance(minutes(1));
  EXPECT_FALSE(life.stored_sink("hook"));
}

// The newest events of the range may be pruned while it is read.
TEST_F(SinkReaderTest, ARangeWhoseLastEventsAreGoneEnds) {
  store_events(5);
  const auto part = range(0, 9);
  begin(*part);
  EXPECT_THAT(next(*part), ElementsAre(1, 2, 3, 4, 5));
  EXPECT_TRUE(part->at_end() || part->has_more()) << "or its owner waits for ever";
  next(*part);
  EXPECT_TRUE(part->at_end());
}

}  // namespace
}  // namespace taskwatchd
