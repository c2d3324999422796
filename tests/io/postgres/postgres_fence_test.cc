// Two processes on one state: what the fence lets through, and a commit whose answer was lost.
#include <array>
#include <boost/asio/co_spawn.hpp>

#include "postgres_world.h"
#include "severing_proxy.h"

namespace taskwatchd {
namespace {

using testing::ElementsAre;

Commit change(const std::string& account, const std::string& task, std::uint64_t id = 0) {
  Commit commit{.records = {make_record(account, task, TaskStatus::kFailed)},
                .events = {make_event(account, task)},
                .counters = {{{account, "job-1", Counter::kTransitions, TaskStatus::kFailed}, 1}}};
  commit.id = id;
  return commit;
}

class PostgresFence : public testing::Test {
 protected:
  std::variant<Committed, StoreError> commit(PostgresReplica& by, Commit what) {
    return wait(world_.context(), by.store().commit(std::move(what)));
  }
  std::vector<std::uint64_t> ids() {
    std::vector<std::uint64_t> found;
    const auto events = wait(world_.context(), world_.store().events_after(0, 1000, ""));
    for (const Event& event : std::get<std::vector<Event>>(events)) found.push_back(event.id);
    return found;
  }
  std::uint64_t counted(const std::string& account) {
    const auto values = std::get<std::vector<CounterValue>>(
        wait(world_.context(), world_.store().counters(account, {"job-1"})));
    return values.empty() ? 0 : values[0].value;
  }

  PostgresWorld world_;
};

TEST_F(PostgresFence, WhoLostALeaseWritesNothing) {
  const auto other = world_.make_replica();
  other->hold({"prod"});
  const auto refused = commit(world_.replica(), change("prod", "t1"));
  const auto* error = std::get_if<StoreError>(&refused);
  ASSERT_NE(error, nullptr);
  EXPECT_EQ(error->kind, StoreError::Kind::kFenced);
  EXPECT_THAT(error->fenced_accounts, ElementsAre("prod"));
  EXPECT_TRUE(ids().empty());
  // One account's lease does not matter for another one.
  EXPECT_TRUE(std::holds_alternative<Committed>(commit(world_.replica(), change("a", "t1"))));
  // A commit of both is written by nobody.
  Commit both = change("prod", "t2");
  both.events.push_back(make_event("a", "t2"));
  const auto refused_too = commit(world_.replica(), both);
  EXPECT_THAT(std::get<StoreError>(refused_too).fenced_accounts, ElementsAre("prod"));
  EXPECT_EQ(ids().size(), 1u);
  EXPECT_TRUE(std::holds_alternative<Committed>(commit(*other, change("prod", "t1"))));
}

TEST_F(PostgresFence, AnAccountWithoutALeaseIsRefusedBeforeAnyQuery) {
  const auto refused = commit(world_.replica(), change("never", "t1"));
  EXPECT_THAT(std::get<StoreError>(refused).fenced_accounts, ElementsAre("never"));
}

TEST_F(PostgresFence, ALeaseThatCameBackIsAnotherOne) {
  const auto other = world_.make_replica();
  other->hold({"prod"});
  ASSERT_TRUE(std::holds_alternative<Committed>(commit(*other, change("prod", "t1"))));
  world_.replica().hold({"a", "prod"});
  EXPECT_TRUE(std::holds_alternative<Committed>(commit(world_.replica(), change("prod", "t2"))));
  EXPECT_TRUE(std::holds_alternative<StoreError>(commit(*other, change("prod", "t3"))));
  EXPECT_EQ(ids().size(), 2u);
}

TEST_F(PostgresFence, TwoReplicasClaimAndOneWins) {
  const auto one = world_.make_replica();
  const auto two = world_.make_replica();
  Lease unknown;
  unknown.account = "new";
  const auto first = wait(world_.context(), one->leases().claim(unknown));
  const auto second = wait(world_.context(), two->leases().claim(unknown));
  EXPECT_TRUE(std::get<std::optional<Lease>>(first));
  EXPECT_FALSE(std::get<std::optional<Lease>>(second));
}

TEST_F(PostgresFence, RenewalsAndCommitsOfManyAccountsNeverWaitForEachOther) {
  std::vector<std::string> accounts;
  for (int i = 0; i < 40; ++i) accounts.push_back("n" + std::to_string(i * 7 % 40));
  world_.replica().hold(accounts);
  int done = 0;
  const auto committed = [&done](std::exception_ptr, std::variant<Committed, StoreError> result) {
    done += std::holds_alternative<Committed>(result) ? 1 : 0;
  };
  const auto renewed = [&done](std::exception_ptr, std::variant<LeaseTable, StoreError> result) {
    done += std::holds_alternative<LeaseTable>(result) ? 1 : 0;
  };
  constexpr int kRounds = 50;
  for (int round = 0; round < kRounds; ++round) {
    Commit all;
    for (const std::string& account : accounts) all.events.push_back(make_event(account, "t"));
    boost::asio::co_spawn(world_.context(), world_.store().commit(std::move(all)), committed);
    boost::asio::co_spawn(world_.context(), world_.replica().leases().renew({}), renewed);
  }
  world_.context().restart();
  world_.context().run();
  EXPECT_EQ(done, 2 * kRounds);
}

// Cut at each byte that matters: before the commit arrives, and after it was done.
class PostgresLostAnswer : public PostgresFence,
                           public testing::WithParamInterface<SeveringProxy::Cut> {};

TEST_P(PostgresLostAnswer, IsRepeatedWithoutWritingTwice) {
  SeveringProxy proxy(PostgresServer::shared().port());
  postgres::Target target = world_.target();
  target.url = "postgresql://admin@127.0.0.1:" + std::to_string(proxy.port()) + "/postgres";
  const auto replica = std::make_unique<PostgresReplica>(world_.context(), target,
                                                         "00000000-0000-4000-8000-00000000000f");
  replica->hold({"prod"});
  ASSERT_TRUE(std::holds_alternative<Committed>(commit(*replica, change("prod", "t0", 1))));

  proxy.cut_at("COMMIT", GetParam());
  const auto lost = commit(*replica, change("prod", "t1", 2));
  ASSERT_TRUE(std::holds_alternative<StoreError>(lost));
  EXPECT_EQ(std::get<StoreError>(lost).kind, StoreError::Kind::kUnavailable);
  // Another commit of the account comes in between.
  const auto between = commit(*replica, change("prod", "t2", 3));
  ASSERT_TRUE(std::holds_alternative<Committed>(between)) << std::get<StoreError>(between).message;
  const auto again = commit(*replica, change("prod", "t1", 2));
  ASSERT_TRUE(std::holds_alternative<Committed>(again)) << std::get<StoreError>(again).message;
  EXPECT_EQ(std::get<Committed>(again).event_ids.size(), 1u);
  const auto all = ids();
  EXPECT_EQ(all.size(), 3u);
  EXPECT_EQ(counted("prod"), 3u);
  EXPECT_THAT(all, testing::Contains(std::get<Committed>(again).event_ids.at(0)));
}

INSTANTIATE_TEST_SUITE_P(Cuts, PostgresLostAnswer,
                         testing::Values(SeveringProxy::Cut::kBefore, SeveringProxy::Cut::kAfter));

// Between any two statements of a commit: whoever takes the lease finds all of it or nothing, and
// what the first replica writes afterwards is refused.
class PostgresInterrupted
    : public PostgresFence,
      public testing::WithParamInterface<std::tuple<const char*, SeveringProxy::Cut>> {};

TEST_P(PostgresInterrupted, WritesAllOrNothingAndNothingLater) {
  const auto [statement, cut] = GetParam();
  SeveringProxy proxy(PostgresServer::shared().port());
  postgres::Target target = world_.target();
  target.url = "postgresql://admin@127.0.0.1:" + std::to_string(proxy.port()) + "/postgres";
  // Longer than the server's limit for a frozen transaction.
  if (cut == SeveringProxy::Cut::kFreeze) target.exchange = std::chrono::seconds(3);
  const auto first = std::make_unique<PostgresReplica>(world_.context(), target,
                                                       "00000000-0000-4000-8000-00000000000f");
  first->hold({"prod"});
  proxy.cut_at(statement, cut);
  ASSERT_TRUE(std::holds_alternative<StoreError>(commit(*first, change("prod", "t1", 1))));
  const auto second = world_.make_replica();
  second->hold({"prod"});  // waits for the row until the server ends the frozen transaction
  const bool done = std::string(statement) == "COMMIT" && cut == SeveringProxy::Cut::kAfter;
  EXPECT_EQ(ids().size(), done ? 1u : 0u);
  EXPECT_EQ(counted("prod"), done ? 1u : 0u);
  const auto again = commit(*first, change("prod", "t1", 1));
  ASSERT_TRUE(std::holds_alternative<StoreError>(again));
  EXPECT_EQ(std::get<StoreError>(again).kind, StoreError::Kind::kFenced);
  EXPECT_EQ(ids().size(), done ? 1u : 0u);
  EXPECT_TRUE(std::holds_alternative<Committed>(commit(*second, change("prod", "t2", 2))));
}

INSTANTIATE_TEST_SUITE_P(
    Cut, PostgresInterrupted,
    testing::Combine(testing::Values("BEGIN", "set_config", "WITH mine", "tasks(", "counters",
                                     "last_event_id", "events(", "COMMIT"),
                     testing::Values(SeveringProxy::Cut::kBefore, SeveringProxy::Cut::kAfter)));
// Two seconds each, until the server ends the transaction.
INSTANTIATE_TEST_SUITE_P(Frozen, PostgresInterrupted,
                         testing::Combine(testing::Values("WITH mine", "last_event_id", "COMMIT"),
                                          testing::Values(SeveringProxy::Cut::kFreeze)));

TEST_F(PostgresFence, CommitsThatTheDatabaseLostAreNoticed) {
  ASSERT_TRUE(std::holds_alternative<Committed>(commit(world_.replica(), change("prod", "t1"))));
  const auto before = ids();
  postgres::Session admin(world_.target());
  const std::string leases = "\"" + world_.target().schema + "\".leases";
  admin.run("UPDATE " + leases + " SET commits=commits-1 WHERE account='prod'");
  const auto refused = commit(world_.replica(), change("prod", "t2"));
  ASSERT_TRUE(std::holds_alternative<StoreError>(refused));
  EXPECT_EQ(std::get<StoreError>(refused).kind, StoreError::Kind::kFenced);
  world_.replica().hold({"prod"});
  const auto next = commit(world_.replica(), change("prod", "t2"));
  ASSERT_TRUE(std::holds_alternative<Committed>(next));
  EXPECT_GE(std::get<Committed>(next).event_ids.at(0), before.at(0) + 1'000'000);
}

// The first account of a commit in doubt is lost meanwhile: another one's row answers.
TEST_F(PostgresFence, ACommitInDoubtIsRecognisedByAnyOfItsAccounts) {
  SeveringProxy proxy(PostgresServer::shared().port());
  postgres::Target target = world_.target();
  target.url = "postgresql://admin@127.0.0.1:" + std::to_string(proxy.port()) + "/postgres";
  const auto replica = std::make_unique<PostgresReplica>(world_.context(), target,
                                                         "00000000-0000-4000-8000-00000000000f");
  replica->hold({"a", "prod"});
  Commit both = change("prod", "t1", 2);
  both.events.push_back(make_event("a", "t1"));
  proxy.cut_at("COMMIT", SeveringProxy::Cut::kAfter);
  ASSERT_TRUE(std::holds_alternative<StoreError>(commit(*replica, both)));
  const auto other = world_.make_replica();
  other->hold({"a"});
  // The part of the account that was lost is dropped.
  const auto again = commit(*replica, change("prod", "t1", 2));
  ASSERT_TRUE(std::holds_alternative<Committed>(again)) << std::get<StoreError>(again).message;
  EXPECT_EQ(std::get<Committed>(again).event_ids, ids());
  EXPECT_EQ(ids().size(), 2u);
  EXPECT_EQ(counted("prod"), 1u);
  EXPECT_TRUE(std::holds_alternative<Committed>(commit(*replica, change("prod", "t2", 3))));
  EXPECT_EQ(ids().back(), 3u) << "no ids were skipped";
}

TEST_F(PostgresFence, ARenewalAnnouncesThisReplicaAndReturnsTheTable) {
  PostgresLeases& leases = world_.replica().leases();
  const auto other = world_.make_replica();
  other->hold({"other"});
  const auto before = std::get<LeaseTable>(world_.wait(leases.read()));
  EXPECT_TRUE(before.replicas.empty());
  Replica self;
  self.name = "one\n\"'";
  self.accounts = {"a", "prod"};
  self.config_hashes = {"1", "2"};
  for (int beat = 0; beat < 2; ++beat) {
    const auto table = std::get<LeaseTable>(world_.wait(leases.renew(self)));
    ASSERT_EQ(table.leases.size(), before.leases.size());
    for (const Lease& lease : table.leases) {
      const auto same =
          std::find_if(before.leases.begin(), before.leases.end(),
                       [&](const Lease& one) { return one.account == lease.account; });
      ASSERT_NE(same, before.leases.end());
      const bool mine = lease.holder == leases.holder();
      EXPECT_EQ(mine, lease.account != "other");
      EXPECT_EQ(lease.beat, same->beat + (mine ? beat + 1 : 0)) << lease.account;
      EXPECT_EQ(lease.epoch, same->epoch);
    }
    ASSERT_EQ(table.replicas.size(), 1u);
    Replica expected = self;
    expected.holder = leases.holder();
    expected.beat = beat;
    EXPECT_EQ(table.replicas[0], expected);
  }
}

TEST_F(PostgresFence, RowsOfAnAccountInNoConfigurationArePruned) {
  const auto other = world_.make_replica();
  other->hold({"gone"});
  Commit old = change("gone", "t1", 1);
  old.cursors.emplace_back("log/gone", 0);
  ASSERT_TRUE(std::holds_alternative<Committed>(commit(*other, old)));
  Commit mine = change("prod", "t1", 2);
  mine.cursors.emplace_back("log/prod", 2);
  ASSERT_TRUE(std::holds_alternative<Committed>(commit(world_.replica(), mine)));
  Replica self;
  self.accounts = {"gone"};
  world_.wait(other->leases().renew(self));
  const auto prune = [&] {
    return std::holds_alternative<std::monostate>(
        world_.wait(world_.store().prune(Wall::max(), {})));
  };
  Lease held;
  held.account = "gone";
  held.epoch = 1;
  const auto tasks = [&] {
    return std::get<std::vector<TaskRecord>>(world_.wait(world_.store().tasks("gone", {"t1"})))
        .size();
  };
  ASSERT_TRUE(prune());
  EXPECT_EQ(tasks(), 1u) << "it is held";
  world_.wait(other->leases().release(held));
  ASSERT_TRUE(prune());
  EXPECT_EQ(tasks(), 1u) << "a replica lists it";
  self.holder = other->leases().holder();
  world_.wait(other->leases().remove(self));
  ASSERT_TRUE(prune());
  EXPECT_EQ(tasks(), 0u);
  EXPECT_TRUE(ids().empty()) << "its cursor does not keep events";
  ASSERT_TRUE(prune());
  postgres::Session admin(world_.target());
  EXPECT_EQ(admin.run("SELECT sink FROM \"" + world_.target().schema + "\".cursors").size(), 1);
}

}  // namespace
}  // namespace taskwatchd
