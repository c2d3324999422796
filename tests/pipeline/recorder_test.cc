#include "pipeline/recorder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakes/main_path.h"
#include "ports.h"

namespace taskwatchd {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using Kind = StoreError::Kind;

class WeighedStore : public MemoryStore {
 public:
  Awaitable<std::variant<Committed, StoreError>> commit(Commit commit) override {
    most_records = std::max(most_records, commit.records.size());
    most_jobs = std::max(most_jobs, commit.jobs.size());
    ids.push_back(commit.id);
    return MemoryStore::commit(std::move(commit));
  }
  std::size_t most_records = 0;
  std::size_t most_jobs = 0;
  std::vector<std::uint64_t> ids;
};

class RecorderTest : public testing::Test {
 protected:
  RecorderTest() {
    recorder.on_events([this](std::uint64_t id) { woken.push_back(id); });
    spawn(context.get_executor(), run());
    clock.settle();
  }
  Awaitable<void> run() {
    error = co_await recorder.run();
    ended = true;
  }
  TaskChange change(const std::string& id, TaskStatus status = TaskStatus::kSent) {
    TaskChange made;
    made.record.key = {"prod", id};
    made.record.last = reply_of(id, status, clock.now().wall);
    made.record.last_seen = clock.now().wall;
    made.changed_while_watched = true;
    return made;
  }
  void add(const std::string& id, TaskStatus status = TaskStatus::kSent) {
    Commit part;
    part.events.push_back(event_named("task_transition"));
    part.events.back().fields = {{"account", std::string("prod")}};
    part.counters.push_back({{"prod", "job", Counter::kTransitions, status}, 1});
    std::vector<TaskChange> changes{change(id, status)};
    recorder.add(std::move(part), std::move(changes));
  }
  void add_seen(const std::string& id) {
    Commit part;
    part.records.push_back(change(id).record);
    recorder.add_lazily(std::move(part));
  }

  boost::asio::io_context context;
  FakeClock clock{context};
  FakeEntropy entropy;
  NoHttp http;
  NotedKeys keys;
  WeighedStore store;
  NotedLog log;
  NotedObserver observer{store};
  FakeResultFiles results{clock, no_file};
  AllLeasesHeld leases;
  Ports ports{clock, entropy, http, keys, store, log, observer, results, leases};
  Recorder recorder{ports};
  std::vector<std::uint64_t> woken;
  std::optional<StoreError> error;
  bool ended = false;
};

TEST_F(RecorderTest, StoresThenReports) {
  add("a");
  EXPECT_TRUE(observer.changes.empty());
  clock.settle();
  EXPECT_EQ(store.commits(), 1u);
  EXPECT_EQ(observer.changes.size(), 1u);
  EXPECT_EQ(observer.counts.size(), 1u);
  EXPECT_FALSE(observer.notified_early);
  EXPECT_THAT(woken, ElementsAre(1u));
  EXPECT_TRUE(recorder.idle());
}

TEST_F(RecorderTest, WhatComesDuringACommitIsOneGroup) {
  store.hold(MemoryStore::Hold::kBefore);
  add("a");
  clock.settle();
  add("b");
  add("c");
  clock.settle();
  EXPECT_TRUE(observer.changes.empty()) << "nothing is stored yet";
  EXPECT_FALSE(recorder.idle());
  store.hold(MemoryStore::Hold::kNone);
  store.release(10);
  clock.settle();
  EXPECT_EQ(store.commits(), 2u);
  EXPECT_EQ(observer.changes.size(), 3u);
  EXPECT_THAT(woken, ElementsAre(1u, 3u));
  EXPECT_FALSE(observer.notified_early);
}

TEST_F(RecorderTest, LazyPartsWaitForFiveSecondsOrForCompany) {
  add_seen("a");
  clock.advance(milliseconds(4900));
  EXPECT_EQ(store.commits(), 0u);
  clock.advance(milliseconds(200));
  EXPECT_EQ(store.commits(), 1u);
  EXPECT_TRUE(observer.changes.empty()) << "only changes are published";
  add_seen("b");
  add("c");
  clock.settle();
  EXPECT_EQ(store.commits(), 2u);
  EXPECT_TRUE(store.records().contains(TaskKey{"prod", "b"}));
}

TEST_F(RecorderTest, AFailingStoreIsReportedOnceAndNothingIsLost) {
  store.fail_next(5, {Kind::kUnavailable, "disk full"});
  add("a");
  clock.advance(seconds(2));
  add("b");
  EXPECT_FALSE(recorder.store_up());
  EXPECT_TRUE(observer.changes.empty());
  clock.advance(seconds(10));
  EXPECT_TRUE(recorder.store_up());
  EXPECT_EQ(names(log.events), (std::vector<std::string>{"store_down", "store_up"}));
  EXPECT_EQ(log.events[0].level, Level::kError);
  EXPECT_NE(log.events[0].msg.find("disk full"), std::string::npos);
  ASSERT_EQ(observer.changes.size(), 2u);
  EXPECT_EQ(observer.changes[0].record.key.task_id, "a");
  EXPECT_EQ(store.events().size(), 2u);
}

TEST_F(RecorderTest, ALongOutageWithoutChangesPilesUpNothing) {
  store.fail_next(1'000'000, {Kind::kUnavailable, "disk full"});
  add("a");
  for (int i = 0; i < 25'000; ++i) add_seen(std::to_string(i % 10));
  clock.settle();
  EXPECT_FALSE(recorder.full()) << "what was seen again is no reason to stop looking";
  store.fail_next(0, {});
  clock.advance(seconds(10));
  EXPECT_EQ(store.records().size(), 11u);
  EXPECT_EQ(store.most_records, 11u);
}

TEST_F(RecorderTest, WhatIsFencedIsDroppedAndTheRestIsStored) {
  std::vector<std::string> fenced;
  const auto note = [&fenced](const std::vector<std::string>& accounts) { fenced = accounts; };
  recorder.on_fenced(note);
  store.fail_next(1, {Kind::kFenced, "another replica", {"prod"}});
  add("a");
  add_seen("b");
  Commit other;
  other.events.push_back(event_named("task_transition"));
  other.events.back().fields = {{"account", std::string("other")}};
  recorder.add(std::move(other), {});
  clock.settle();
  EXPECT_THAT(fenced, ElementsAre("prod"));
  EXPECT_TRUE(observer.changes.empty()) << "what is not stored is not published";
  EXPECT_EQ(store.events().size(), 1u);
  EXPECT_TRUE(store.records().empty());
  EXPECT_TRUE(recorder.store_up());
  EXPECT_TRUE(recorder.idle());
}

TEST_F(RecorderTest, DropForgetsOneAccountAlsoDuringItsCommit) {
  add("a");
  EXPECT_TRUE(recorder.has_unstored("prod"));
  recorder.drop("other");
  EXPECT_TRUE(recorder.has_unstored("prod"));
  store.hold(MemoryStore::Hold::kBefore);
  clock.settle();
  add("b");
  recorder.drop("prod");
  EXPECT_FALSE(recorder.has_unstored("prod"));
  store.hold(MemoryStore::Hold::kNone);
  store.release(10);
  clock.settle();
  EXPECT_TRUE(observer.changes.empty());
  EXPECT_TRUE(recorder.idle());
}

// A try whose answer is lost is repeated with the same identity; another group has another one.
TEST_F(RecorderTest, EachGroupHasAnIdentity) {
  store.fail_next(2, {Kind::kUnavailable, "no answer"});
  add("a");
  clock.advance(seconds(3));
  add("b");
  clock.settle();
  ASSERT_EQ(store.ids.size(), 4u);
  EXPECT_EQ(store.ids[0], store.ids[1]);
  EXPECT_EQ(store.ids[1], store.ids[2]);
  EXPECT_NE(store.ids[2], store.ids[3]);
  EXPECT_NE(store.ids[0], 0u);
}

TEST_F(RecorderTest, FlushEndsTheWaitOfLazyParts) {
  add_seen("a");
  clock.advance(milliseconds(100));
  recorder.flush();
  clock.settle();
  EXPECT_EQ(store.commits(), 1u);
}

TEST_F(RecorderTest, TheLaterOfTwoRecordsOfAJobIsStoredOnce) {
  const auto add_job = [this](const std::string& id, std::int64_t seen) {
    Commit part;
    part.jobs.emplace_back().key = {"prod", id};
    part.jobs.back().last_seen = Wall(milliseconds(seen));
    recorder.add_lazily(std::move(part));
  };
  add_job("J1", 1);
  add_job("J2", 2);
  add_job("J1", 3);
  clock.advance(seconds(6));
  EXPECT_EQ(store.commits(), 1u);
  EXPECT_EQ(store.most_jobs, 2u);
  EXPECT_EQ(store.jobs().at({"prod", "J1"}).last_seen, Wall(milliseconds(3)));
  add_job("J1", 4);
  clock.advance(seconds(6));
  EXPECT_EQ(store.jobs().at({"prod", "J1"}).last_seen, Wall(milliseconds(4)));
}

TEST_F(RecorderTest, IsFullWhenTooMuchWaitsToBeReportedAndNotAfterwards) {
  store.fail_next(1'000'000, {Kind::kUnavailable, "disk full"});
  for (int i = 0; i < 9'000; ++i) add("a");
  clock.settle();
  EXPECT_FALSE(recorder.full());
  for (int i = 0; i < 2'000; ++i) add("a");
  EXPECT_TRUE(recorder.full());
  store.fail_next(0, {});
  clock.advance(seconds(2));
  EXPECT_FALSE(recorder.full());
  EXPECT_EQ(store.events().size(), 11'000u);
}

TEST_F(RecorderTest, NamesTheNewestRecordThatIsNotStored) {
  const TaskKey key{"prod", "a"};
  EXPECT_EQ(recorder.unstored(key), nullptr);
  store.hold(MemoryStore::Hold::kBefore);
  add("a", TaskStatus::kSent);
  clock.settle();
  ASSERT_NE(recorder.unstored(key), nullptr);
  EXPECT_EQ(recorder.unstored(key)->last.status, TaskStatus::kSent);
  add("a", TaskStatus::kFailed);
  EXPECT_EQ(recorder.unstored(key)->last.status, TaskStatus::kFailed);
  store.hold(MemoryStore::Hold::kNone);
  store.release(10);
  clock.settle();
  EXPECT_EQ(recorder.unstored(key), nullptr);
  EXPECT_EQ(store.records().at(key).last.status, TaskStatus::kFailed);
}

TEST_F(RecorderTest, StopStoresTheLazyPartsAndEnds) {
  add_seen("a");
  recorder.stop();
  clock.settle();
  EXPECT_TRUE(ended);
  EXPECT_FALSE(error);
  EXPECT_EQ(store.records().size(), 1u);
}

TEST_F(RecorderTest, StopDuringAnOutageEndsWithTheErrorAndNotifiesNobody) {
  store.fail_next(1'000'000, {Kind::kUnavailable, "disk full"});
  add("a");
  clock.settle();
  recorder.stop();
  clock.settle();
  EXPECT_TRUE(ended);
  EXPECT_TRUE(error);
  EXPECT_TRUE(observer.changes.empty());
  EXPECT_TRUE(woken.empty());
}

TEST_F(RecorderTest, ABrokenStoreEndsIt) {
  store.fail_next(1, {Kind::kBroken, "I/O error"});
  add("a");
  clock.settle();
  ASSERT_TRUE(ended);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->message, "I/O error");
  EXPECT_TRUE(observer.changes.empty());
}

TEST_F(RecorderTest, AChangeFromTheFutureIsANegativeDelay) {
  TaskChange ahead = change("a");
  ahead.record.last.modified += seconds(1);
  recorder.add({}, {ahead});
  TaskChange baseline = change("b");
  baseline.record.last.modified += seconds(1);
  baseline.changed_while_watched = false;
  recorder.add({}, {baseline});
  clock.settle();
  EXPECT_EQ(observer.anomalies[Anomaly::kNegativeDelay], 1);
}

}  // namespace
}  // namespace taskwatchd
