// Leases with a store whose answers fail.
#include "pipeline/lease_keeper.h"

#include <gtest/gtest.h>

#include "fakes/main_path.h"

namespace taskwatchd {
namespace {

using std::chrono::seconds;

// The table of leases, as one replica uses it.
class TableOfLeases : public LeaseStore {
 public:
  const std::string& holder() const override { return self_; }
  Awaitable<std::variant<LeaseTable, StoreError>> renew(Replica self) override {
    for (Lease& lease : table.leases) lease.beat += lease.holder == self_ ? 1 : 0;
    table.replicas = others;
    table.replicas.push_back(self);
    co_return table;
  }
  Awaitable<std::variant<LeaseTable, StoreError>> read() override { co_return table; }
  Awaitable<std::variant<std::optional<Lease>, StoreError>> claim(Lease seen) override {
    table.leases = {{seen.account, self_, seen.epoch + 1, seen.beat + 1, 0}};
    co_return table.leases.front();
  }
  Awaitable<std::variant<std::monostate, StoreError>> release(Lease) override {
    ++releases;
    if (failing > 0) {
      --failing;
      co_return StoreError{StoreError::Kind::kUnavailable, "away", {}};
    }
    table.leases.front().holder.clear();
    co_return std::monostate();
  }
  Awaitable<std::variant<std::monostate, StoreError>> remove(Replica) override {
    ++removals;
    if (cannot_remove) co_return StoreError{StoreError::Kind::kUnavailable, "away", {}};
    co_return std::monostate();
  }
  void fence(std::vector<Lease>) override {}

  LeaseTable table;
  std::vector<Replica> others;
  int releases = 0;
  int removals = 0;
  bool cannot_remove = false;
  int failing = 0;

 private:
  std::string self_ = "me";
};

class LeaseKeeperTest : public testing::Test {
 protected:
  LeaseKeeperTest() {
    keeper.configure({"a"}, {"hash"});
    spawn(context.get_executor(), keeper.run());
    clock.advance(seconds(2));
  }
  Awaitable<void> hand_over(std::string) { co_return; }

  boost::asio::io_context context;
  FakeClock clock{context};
  NotedLog log;
  TableOfLeases store;
  int acquired = 0;
  LeaseKeeper keeper{context.get_executor(),
                     clock,
                     log,
                     store,
                     {},
                     {.acquired = [this](const std::string&) { ++acquired; },
                      .lost = [](const std::string&) {},
                      .hand_over = [this](std::string one) { return hand_over(std::move(one)); }}};
};

TEST_F(LeaseKeeperTest, AReleaseIsRepeatedAndTheLeaseNotUsedBeforeItIsAnswered) {
  ASSERT_TRUE(keeper.may_call("a"));
  store.failing = 4;
  keeper.configure({}, {});
  for (int i = 0; i < 10; ++i) {
    clock.advance(seconds(1));
    EXPECT_FALSE(keeper.may_call("a")) << "the first release may still be executed";
  }
  EXPECT_EQ(acquired, 1);
  EXPECT_EQ(store.releases, 5);
  EXPECT_TRUE(store.table.leases.front().holder.empty());
}

TEST_F(LeaseKeeperTest, ADifferentConfigurationIsLoggedOnceAfterAMinute) {
  Replica other;
  other.holder = other.name = "other";
  other.accounts = {"a"};
  other.config_hashes = {"another"};
  store.others = {other};
  const auto run = [&](int count) {
    for (int i = 0; i < count; ++i) {
      ++store.others.front().beat;
      clock.advance(seconds(1));
    }
    return std::count_if(log.events.begin(), log.events.end(), [](const Event& one) {
      return one.msg.find("configures account a differently") != std::string::npos;
    });
  };
  EXPECT_EQ(run(50), 0);
  EXPECT_EQ(run(15), 1);
  EXPECT_EQ(run(200), 1);
  store.others.front().config_hashes = {"hash"};
  EXPECT_EQ(run(5), 1);
  store.others.front().config_hashes = {"third"};
  EXPECT_EQ(run(70), 2);
}

TEST_F(LeaseKeeperTest, RowsOfDeadReplicasAreRemovedOneAtATimeIfTheStoreIsAway) {
  store.others.resize(3);
  for (std::size_t i = 0; i < store.others.size(); ++i) store.others[i].holder = std::to_string(i);
  store.cannot_remove = true;
  const auto removals_of = [&](int seconds_passed) {
    const int before = store.removals;
    for (int i = 0; i < seconds_passed; ++i) clock.advance(seconds(1));
    return store.removals - before;
  };
  EXPECT_EQ(removals_of(55), 0);
  removals_of(10);
  EXPECT_LE(removals_of(30), 40) << "one for each exchange, not one for each dead replica";
  EXPECT_TRUE(keeper.may_call("a")) << "leases are renewed meanwhile";
}

}  // namespace
}  // namespace taskwatchd
