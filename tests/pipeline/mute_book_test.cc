#include "pipeline/mute_book.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakes/notify_path.h"

namespace taskwatchd {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::IsEmpty;

class MuteBookTest : public testing::Test {
 protected:
  Mute mute_for(std::chrono::milliseconds time, const std::string& job = "") {
    Mute mute;
    mute.job = job;
    mute.comment = "maintenance";
    mute.created = life.clock.now().wall;
    mute.until = mute.created + time;
    return mute;
  }
  Mute add(MuteBook& book, Mute mute) {
    const auto added = life.result_of(book.add(std::move(mute)));
    const Mute* const stored = added ? std::get_if<Mute>(&*added) : nullptr;
    EXPECT_NE(stored, nullptr);
    return stored == nullptr ? Mute() : *stored;
  }
  std::optional<Mute> end(MuteBook& book, const std::string& id) {
    const auto ended = life.result_of(book.end(id));
    const auto* const found = ended ? std::get_if<std::optional<Mute>>(&*ended) : nullptr;
    EXPECT_NE(found, nullptr);
    return found == nullptr ? std::nullopt : *found;
  }
  void run(MuteBook& book, bool others) {
    spawn(life.context.get_executor(), running(book, others));
  }
  Awaitable<void> running(MuteBook& book, bool others) {
    co_await book.run(others);
    ++ended;
  }

  ShakyStore store;
  NotifyLife life{store};
  int changes = 0;
  int ended = 0;
  MuteBook book{life.ports, [this] { ++changes; }};
};

TEST_F(MuteBookTest, ANewMuteHasAnIdAndIsStored) {
  const Mute mute = add(book, mute_for(hours(1)));
  EXPECT_THAT(mute.id, testing::MatchesRegex("[0-9a-f]{8}"));
  EXPECT_EQ(book.active(), std::vector{mute});
  EXPECT_EQ(book.next_end(), mute.until);
  EXPECT_EQ(changes, 1);

  MuteBook next{life.ports, [] {}};
  run(next, false);
  life.clock.settle();
  EXPECT_EQ(next.active(), std::vector{mute}) << "a restart knows it";
}

TEST_F(MuteBookTest, AMuteEndsAtItsTime) {
  add(book, mute_for(minutes(10)));
  const Mute longer = add(book, mute_for(hours(1)));
  EXPECT_EQ(book.active().size(), 2u);
  EXPECT_EQ(book.next_end(), life.clock.now().wall + minutes(10));
  life.clock.advance(minutes(10));
  EXPECT_EQ(book.active(), std::vector{longer});
  EXPECT_EQ(book.next_end(), longer.until);
  life.clock.advance(hours(1));
  EXPECT_THAT(book.active(), IsEmpty());
  EXPECT_FALSE(book.next_end());
}

TEST_F(MuteBookTest, EndStoresTheNewEnd) {
  const Mute mute = add(book, mute_for(hours(1)));
  life.clock.advance(minutes(5));
  const auto ended_mute = end(book, mute.id);
  ASSERT_TRUE(ended_mute);
  EXPECT_EQ(ended_mute->until, life.clock.now().wall);
  EXPECT_THAT(book.active(), IsEmpty());
  EXPECT_EQ(changes, 2);

  MuteBook next{life.ports, [] {}};
  run(next, false);
  life.clock.settle();
  EXPECT_THAT(next.active(), IsEmpty()) << "a restart does not bring it back";
}

TEST_F(MuteBookTest, AMuteThatIsUnknownOrOverCannotBeEnded) {
  EXPECT_FALSE(end(book, "00000000"));
  const Mute mute = add(book, mute_for(minutes(1)));
  life.clock.advance(minutes(1));
  EXPECT_FALSE(end(book, mute.id));
  EXPECT_EQ(changes, 1);
}

TEST_F(MuteBookTest, AMuteThatIsNotStoredDoesNotHold) {
  store.is_down = true;
  const auto added = life.result_of(book.add(mute_for(hours(1))));
  ASSERT_TRUE(added);
  EXPECT_TRUE(std::holds_alternative<StoreError>(*added));
  EXPECT_THAT(book.active(), IsEmpty());
  EXPECT_EQ(changes, 0);
}

TEST_F(MuteBookTest, AMuteWhoseEndIsNotStoredGoesOn) {
  const Mute mute = add(book, mute_for(hours(1)));
  store.is_down = true;
  const auto ended_mute = life.result_of(book.end(mute.id));
  ASSERT_TRUE(ended_mute);
  EXPECT_TRUE(std::holds_alternative<StoreError>(*ended_mute));
  EXPECT_EQ(book.active(), std::vector{mute});
}

TEST_F(MuteBookTest, AtTheStartTheStoreIsAskedUntilItAnswers) {
  const Mute mute = add(book, mute_for(hours(1)));
  MuteBook next{life.ports, [this] { ++changes; }};
  store.is_down = true;
  run(next, false);
  life.clock.advance(minutes(3));
  EXPECT_THAT(next.active(), IsEmpty());
  store.is_down = false;
  life.clock.advance(seconds(1));
  EXPECT_EQ(next.active(), std::vector{mute});
  EXPECT_EQ(changes, 2);
}

TEST_F(MuteBookTest, AMuteOfAnotherReplicaIsLearntWithinFiveSeconds) {
  run(book, true);
  life.clock.advance(seconds(7));
  MuteBook other{life.ports, [] {}};
  const Mute mute = add(other, mute_for(hours(1)));
  life.clock.advance(seconds(5));
  EXPECT_EQ(book.active(), std::vector{mute});
  EXPECT_EQ(changes, 1);

  end(other, mute.id);
  life.clock.advance(seconds(5));
  EXPECT_THAT(book.active(), IsEmpty());
  EXPECT_EQ(changes, 2);
  life.clock.advance(minutes(10));
  EXPECT_EQ(changes, 2) << "without a change it is quiet";
}

TEST_F(MuteBookTest, AStoreThatDoesNotAnswerLaterLeavesTheMutesAsTheyAre) {
  run(book, true);
  const Mute mute = add(book, mute_for(hours(1)));
  store.is_down = true;
  life.clock.advance(minutes(10));
  EXPECT_EQ(book.active(), std::vector{mute});
  store.is_down = false;
  MuteBook other{life.ports, [] {}};
  add(other, mute_for(hours(1), "ota-*"));
  life.clock.advance(seconds(5));
  EXPECT_EQ(book.active().size(), 2u);
}

// A read that began before the commit must not hide the new mute when it ends after it.
TEST_F(MuteBookTest, ASlowReadDoesNotUndoANewMute) {
  run(book, true);
  life.clock.settle();
  store.hold(MemoryStore::Hold::kBefore);
  life.clock.advance(seconds(5));
  const auto added = std::make_shared<std::optional<std::variant<Mute, StoreError>>>();
  spawn(life.context.get_executor(), NotifyLife::keep(book.add(mute_for(hours(1))), added));
  life.clock.settle();
  store.hold(MemoryStore::Hold::kNone);
  store.release(10);
  life.clock.settle();
  ASSERT_TRUE(*added);
  EXPECT_EQ(book.active().size(), 1u);
}

TEST_F(MuteBookTest, StopEndsIt) {
  run(book, false);
  MuteBook waits{life.ports, [] {}};
  store.is_down = true;
  run(waits, true);
  life.clock.advance(milliseconds(100));
  EXPECT_EQ(ended, 0);
  book.stop();
  waits.stop();
  life.clock.settle();
  EXPECT_EQ(ended, 2);
}

}  // namespace
}  // namespace taskwatchd
