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
    table.replicas = {self};
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
    co_return std::monostate();
  }
  void fence(std::vector<Lease>) override {}

  LeaseTable table;
  int releases = 0;
  int failing = 0;

 private:
  std::string self_ = "me";
};

class LeaseKeeperTest : public testing::Test {
 protected:
  LeaseKeeperTest() {
    keeper.configure({"a"});
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
  keeper.configure({});
  for (int i = 0; i < 10; ++i) {
    clock.advance(seconds(1));
    EXPECT_FALSE(keeper.may_call("a")) << "the first release may still be executed";
  }
  EXPECT_EQ(acquired, 1);
  EXPECT_EQ(store.releases, 5);
  EXPECT_TRUE(store.table.leases.front().holder.empty());
}

}  // namespace
}  // namespace taskwatchd
