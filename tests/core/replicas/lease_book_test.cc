#include "core/replicas/lease_book.h"

#include <gmock/gmock.h>

namespace taskwatchd {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;

Mono at(Duration since) {
  return Mono(since);
}

Lease lease(std::string account, std::string holder, std::int64_t epoch, std::int64_t beat) {
  return {std::move(account), std::move(holder), epoch, beat, 0};
}

std::vector<std::string> accounts_of(const std::vector<Lease>& leases) {
  std::vector<std::string> names;
  for (const Lease& one : leases) names.push_back(one.account);
  return names;
}

Replica replica(std::string holder, std::vector<std::string> accounts, std::int64_t beat = 0) {
  Replica one;
  one.holder = holder;
  one.name = std::move(holder);
  one.accounts = std::move(accounts);
  one.beat = beat;
  return one;
}

TEST(LeaseBook, ClaimsNothingBeforeTheTableWasRead) {
  LeaseBook book("me");
  book.configure({"a"});
  EXPECT_THAT(book.to_claim(at(seconds(100))), IsEmpty());
  EXPECT_EQ(book.next_claim(at(seconds(100))), Mono::max());
  book.read({}, at(seconds(100)), at(seconds(100)), true);
  const auto claims = book.to_claim(at(seconds(100)));
  ASSERT_EQ(claims.size(), 1u);
  EXPECT_EQ(claims[0], lease("a", "", 0, 0)) << "there is no row yet";
}

TEST(LeaseBook, ALeaseIsClaimedAfterTenSecondsWithoutABeat) {
  LeaseBook book("me");
  book.configure({"a"});
  book.read({{lease("a", "other", 3, 7)}, {}}, at(seconds(0)), at(seconds(1)), true);
  EXPECT_THAT(book.to_claim(at(seconds(11) - milliseconds(1))), IsEmpty());
  EXPECT_EQ(book.next_claim(at(seconds(5))), at(seconds(11)));
  EXPECT_THAT(accounts_of(book.to_claim(at(seconds(11)))), ElementsAre("a"));
  // A beat in between begins the wait again.
  book.read({{lease("a", "other", 3, 8)}, {}}, at(seconds(9)), at(seconds(9)), true);
  EXPECT_THAT(book.to_claim(at(seconds(18))), IsEmpty());
  EXPECT_THAT(book.to_claim(at(seconds(19))), ElementsAre(lease("a", "other", 3, 8)));
}

TEST(LeaseBook, ValidityCountsFromTheSendingOfTheRenewal) {
  LeaseBook book("me");
  book.configure({"a"});
  book.read({}, at(seconds(0)), at(seconds(0)), true);
  ASSERT_TRUE(book.claimed("a", lease("a", "me", 1, 0), at(seconds(1)), at(seconds(3))));
  EXPECT_TRUE(book.valid("a", at(seconds(9) - milliseconds(1))));
  EXPECT_FALSE(book.valid("a", at(seconds(9))));
  // A plain read renews nothing.
  book.read({{lease("a", "me", 1, 0)}, {}}, at(seconds(8)), at(seconds(8)), false);
  EXPECT_FALSE(book.valid("a", at(seconds(9))));
  // A late renewal makes it valid again: nobody has claimed it.
  book.read({{lease("a", "me", 1, 1)}, {}}, at(seconds(20)), at(seconds(22)), true);
  EXPECT_TRUE(book.valid("a", at(seconds(27))));
  EXPECT_FALSE(book.valid("a", at(seconds(28))));
}

TEST(LeaseBook, ALeaseThatAnotherOneClaimedIsLost) {
  LeaseBook book("me");
  book.configure({"a", "b"});
  book.read({}, at(seconds(0)), at(seconds(0)), true);
  book.claimed("a", lease("a", "me", 1, 0), at(seconds(1)), at(seconds(1)));
  book.claimed("b", lease("b", "me", 1, 0), at(seconds(1)), at(seconds(1)));
  const auto changes = book.read({{lease("a", "other", 2, 1), lease("b", "me", 1, 5)}, {}},
                                 at(seconds(2)), at(seconds(2)), true);
  EXPECT_THAT(changes.lost, ElementsAre("a"));
  EXPECT_THAT(changes.acquired, IsEmpty());
  EXPECT_FALSE(book.valid("a", at(seconds(2))));
  EXPECT_TRUE(book.valid("b", at(seconds(2))));
  EXPECT_EQ(book.transitions("a"), 1u);
}

TEST(LeaseBook, ARowThatWasRemovedIsLost) {
  LeaseBook book("me");
  book.configure({"a"});
  book.read({}, at(seconds(0)), at(seconds(0)), true);
  book.claimed("a", lease("a", "me", 1, 0), at(seconds(1)), at(seconds(1)));
  EXPECT_THAT(book.read({}, at(seconds(2)), at(seconds(2)), false).lost, ElementsAre("a"));
}

TEST(LeaseBook, AClaimWhoseAnswerWasLostIsFoundByTheNextRenewal) {
  LeaseBook book("me");
  book.configure({"a"});
  book.read({}, at(seconds(0)), at(seconds(0)), true);
  const LeaseTable mine{{lease("a", "me", 1, 0)}, {}};
  EXPECT_THAT(book.read(mine, at(seconds(4)), at(seconds(4)), false).acquired, IsEmpty())
      << "how long it is valid is not known";
  const auto changes = book.read(mine, at(seconds(5)), at(seconds(6)), true);
  EXPECT_THAT(accounts_of(changes.acquired), ElementsAre("a"));
  EXPECT_FALSE(book.valid("a", at(seconds(13))));
}

TEST(LeaseBook, AFreeLeaseIsClaimedAtOnceWithinTheShareAndLaterAboveIt) {
  LeaseBook book("me");
  book.configure({"a", "b", "c", "d"});
  const std::vector<Replica> both = {replica("me", {"a", "b", "c", "d"}),
                                     replica("other", {"a", "b", "c", "d"})};
  book.read({{}, both}, at(seconds(1)), at(seconds(1)), true);
  EXPECT_EQ(book.to_claim(at(seconds(1))).size(), 2u);
  EXPECT_EQ(book.to_claim(at(seconds(1) + kLeaseHeadStart)).size(), 4u);
}

// Until nobody holds more than its share, one at a time, and only to one that has room.
TEST(LeaseBook, GivesUpWhatIsAboveItsShare) {
  LeaseBook book("me");
  const std::vector<std::string> all = {"a", "b", "c", "d"};
  book.configure(all);
  LeaseTable table;
  for (const std::string& account : all) table.leases.push_back(lease(account, "me", 1, 1));
  table.replicas = {replica("me", all)};
  book.read(table, at(seconds(1)), at(seconds(1)), true);
  EXPECT_EQ(book.to_give_up(at(seconds(1))), std::nullopt) << "there is nobody else";
  table.replicas.push_back(replica("other", {"b"}));
  book.read(table, at(seconds(2)), at(seconds(2)), true);
  const auto first = book.to_give_up(at(seconds(2)));
  ASSERT_TRUE(first);
  EXPECT_EQ(first->account, "b") << "the only one that it lists";
  EXPECT_EQ(book.to_give_up(at(seconds(3))), std::nullopt) << "one in 5 s";
  book.released("b", at(seconds(3)));
  table.leases[1] = lease("b", "", 1, 2);
  table.replicas[1].beat = 1;
  book.read(table, at(seconds(4)), at(seconds(4)), true);
  EXPECT_THAT(book.to_claim(at(seconds(7))), IsEmpty()) << "left to the other one";
  EXPECT_THAT(accounts_of(book.to_claim(at(seconds(9)))), ElementsAre("b")) << "it does not come";
}

TEST(LeaseBook, WhatItHasGivenUpIsClaimedAtOnceAfterTheNextHolder) {
  LeaseBook book("me");
  book.configure({"a"});
  book.read({{lease("a", "me", 1, 0)}, {}}, at(seconds(0)), at(seconds(0)), true);
  book.released("a", at(seconds(1)));
  book.read({{lease("a", "", 1, 1)}, {}}, at(seconds(2)), at(seconds(2)), false);
  EXPECT_THAT(book.to_claim(at(seconds(2))), IsEmpty()) << "the others go first";
  book.read({{lease("a", "other", 2, 2)}, {}}, at(seconds(3)), at(seconds(3)), false);
  book.read({{lease("a", "", 2, 3)}, {}}, at(seconds(4)), at(seconds(4)), false);
  EXPECT_THAT(accounts_of(book.to_claim(at(seconds(4)))), ElementsAre("a"));
}

TEST(LeaseBook, WhatIsNotClaimedIsKeptForAWhile) {
  LeaseBook book("me");
  const std::vector<std::string> accounts = {"a", "b"};
  book.configure(accounts);
  std::int64_t beat = 0;
  const auto read = [&](const Lease& first, Duration when) {
    ++beat;
    book.read({{first, lease("b", "me", 1, 0)},
               {replica("me", accounts, beat), replica("slow", accounts, beat)}},
              at(when), at(when), true);
  };
  read(lease("a", "me", 1, 0), seconds(0));
  ASSERT_TRUE(book.to_give_up(at(seconds(0))));
  book.released("a", at(seconds(0)));
  read(lease("a", "", 1, 1), seconds(5));
  ASSERT_THAT(accounts_of(book.to_claim(at(seconds(7)))), ElementsAre("a"));
  book.claimed("a", lease("a", "me", 2, 2), at(seconds(7)), at(seconds(7)));
  read(lease("a", "me", 2, 3), seconds(36));
  EXPECT_EQ(book.to_give_up(at(seconds(36))), std::nullopt);
  read(lease("a", "me", 2, 4), seconds(37));
  EXPECT_TRUE(book.to_give_up(at(seconds(37)))) << "tried again";
}

TEST(LeaseBook, GivesUpNothingToAReplicaThatDoesNotLiveOrStops) {
  LeaseBook book("me");
  book.configure({"a", "b"});
  LeaseTable table{{lease("a", "me", 1, 1), lease("b", "me", 1, 1)},
                   {replica("me", {"a", "b"}), replica("other", {"a", "b"})}};
  book.read(table, at(seconds(1)), at(seconds(1)), true);
  book.read(table, at(seconds(12)), at(seconds(12)), true);
  EXPECT_EQ(book.to_give_up(at(seconds(12))), std::nullopt) << "its beat stands still";
  EXPECT_EQ(book.replicas(at(seconds(12))).size(), 1u);
  table.replicas[1].beat = 1;
  table.replicas[1].stopping = true;
  book.read(table, at(seconds(13)), at(seconds(13)), true);
  EXPECT_EQ(book.to_give_up(at(seconds(13))), std::nullopt);
  EXPECT_EQ(book.read_interval(), kLeaseReadQuick);
  EXPECT_THAT(book.dead(at(seconds(72))), IsEmpty());
  EXPECT_EQ(book.dead(at(seconds(73))).size(), 1u);
}

TEST(LeaseBook, AnAccountThatIsNoLongerConfiguredIsGivenUp) {
  LeaseBook book("me");
  book.configure({"a", "b"});
  book.read({{lease("a", "me", 1, 1), lease("b", "me", 1, 1)}, {replica("me", {"a", "b"})}},
            at(seconds(1)), at(seconds(1)), true);
  book.configure({"b"});
  const auto given_up = book.to_give_up(at(seconds(1)));
  ASSERT_TRUE(given_up);
  EXPECT_EQ(given_up->account, "a");
}

TEST(LeaseBook, AStoppingReplicaClaimsNothing) {
  LeaseBook book("me");
  book.configure({"a"});
  book.stop();
  book.read({{lease("a", "me", 1, 1)}, {}}, at(seconds(1)), at(seconds(1)), true);
  EXPECT_THAT(book.to_claim(at(seconds(90))), IsEmpty());
  EXPECT_THAT(book.held(), IsEmpty());
}

Replica configured(std::string holder, std::vector<std::string> accounts,
                   std::vector<std::string> hashes) {
  Replica one = replica(std::move(holder), std::move(accounts));
  one.config_hashes = std::move(hashes);
  return one;
}

TEST(LeaseBook, FindsAccountsThatALiveReplicaConfiguresDifferently) {
  LeaseBook book("me");
  book.configure({"a", "b"});
  const LeaseTable table{
      {},
      {configured("me", {"a", "b"}, {"1", "2"}), configured("same", {"b", "a"}, {"2", "1"}),
       configured("other", {"a", "b", "c"}, {"1", "3", "4"}), configured("silent", {"a"}, {})}};
  EXPECT_TRUE(book.differing(at(seconds(0))).empty());
  book.read(table, at(seconds(1)), at(seconds(1)), true);
  const std::map<std::string, std::string> expected = {{"b", "other"}};
  EXPECT_EQ(book.differing(at(seconds(1))), expected);
  EXPECT_TRUE(book.differing(at(seconds(30))).empty()) << "its beat stands still";
}

}  // namespace
}  // namespace taskwatchd
