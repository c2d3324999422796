// An account that is lost and acquired again while work of the first time is not finished.
#include <gtest/gtest.h>

#include "fakes/fake_http.h"
#include "fakes/main_path.h"
#include "pipeline/fleet.h"
#include "ports.h"
#include "view/metrics.h"

namespace taskwatchd {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using enum TaskStatus;

constexpr Wall kChanged{std::chrono::sys_days(std::chrono::year(2026) / 11 / 21)};

class FleetLeases : public testing::Test {
 protected:
  FleetLeases() {
    fleet.share();
    AccountConfig account = account_of({instance_of("main", {"a"})});
    account.pace.task = {};
    config.accounts = {account};
    spawn(context.get_executor(), record());
    spawn(context.get_executor(), apply());
    clock.settle();
  }
  Awaitable<void> record() { co_await recorder.run(); }
  Awaitable<void> apply() { co_await fleet.apply(config); }
  // Another replica stores this status.
  void store_status(TaskStatus status) {
    TaskRecord task;
    task.key = {"prod", "a"};
    task.instance = "main";
    task.last = reply_of("a", status, kChanged + seconds(static_cast<int>(status)));
    spawn(context.get_executor(), put({.records = {task}}));
    clock.settle();
  }
  Awaitable<void> put(Commit commit) { co_await store.commit(std::move(commit)); }
  std::size_t transitions() const {
    std::size_t count = 0;
    for (const auto& [id, event] : store.events()) count += event.name == "task_transition" ? 1 : 0;
    return count;
  }

  boost::asio::io_context context;
  FakeClock clock{context};
  FakeEntropy entropy;
  FakeHttp http{
      clock, [](const HttpRequest&) {
        return wire(reply_of("a", kFailed, kChanged + seconds(static_cast<int>(kFailed))));
      }};
  NotedKeys keys;
  MemoryStore store;
  NotedLog log;
  FakeResultFiles results{clock, no_file};
  Metrics metrics{{"1", "2", "3"}};
  AllLeasesHeld leases;
  Ports ports{clock, entropy, http, keys, store, log, metrics, results, leases};
  Recorder recorder{ports};
  Fleet fleet{context.get_executor(), ports, recorder, metrics};
  Config config;
};

TEST_F(FleetLeases, StateReadBeforeALossIsNotUsedAfterIt) {
  store_status(kInProgress);
  store.hold(MemoryStore::Hold::kAfter);
  fleet.acquire("prod");
  clock.settle();
  store.release();  // the account; its tasks are read, but not answered yet
  clock.settle();
  fleet.lose("prod");
  store_status(kFailed);
  fleet.acquire("prod");
  clock.settle();
  store.hold(MemoryStore::Hold::kNone);
  while (store.held() > 0) {
    store.release();
    clock.settle();
  }
  clock.advance(seconds(5));
  EXPECT_GT(http.sent(), 0u);
  EXPECT_EQ(transitions(), 0u) << "the other replica has recorded it";
}

TEST_F(FleetLeases, ACallThatHasNotLeftBeforeALossNeverLeaves) {
  int begun = 0;
  http.set_start([&](const HttpRequest&) {
    FakeHttp::Start start{.took = seconds(5), .failure = std::nullopt};
    if (++begun > 1) start.failure = TransportFailure{};
    return start;
  });
  fleet.acquire("prod");
  clock.advance(seconds(2));
  ASSERT_EQ(begun, 1);
  fleet.lose("prod");
  fleet.acquire("prod");
  clock.advance(seconds(10));
  EXPECT_GT(begun, 1) << "polled again";
  EXPECT_EQ(http.sent(), 0u) << "beside the calls of the second time";
}

}  // namespace
}  // namespace taskwatchd
