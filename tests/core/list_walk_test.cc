#include "core/list_walk.h"

#include <gtest/gtest.h>

#include "core/page_order.h"

namespace taskwatchd {
namespace {

using std::chrono::seconds;
using Kind = PageOrder::Kind;

Mono at(int s) {
  return Mono(std::chrono::hours(1) + seconds(s));
}

// A walk that is asked and answered at once.
struct Walker {
  ListWalk walk;
  int now = 0;
  ListWalk::Place step(ListWalk::Page page, Kind order = Kind::kOther) {
    const ListWalk::Place place = walk.place(at(now));
    walk.asked(at(now));
    walk.page(page, order, at(now));
    return place;
  }
};
ListWalk::Page page(std::string next, std::size_t fresh, bool satisfied) {
  return {.next_token = std::move(next),
          .rows = 50,
          .fresh = fresh,
          .satisfied = satisfied,
          .counted = true};
}

TEST(ListWalk, GoesFromPageToPageAndBeginsAnewAtTheEnd) {
  Walker w;
  EXPECT_EQ(w.step(page("one", 1, false)).token, "");
  const auto second = w.step(page("two", 0, false));
  EXPECT_EQ(second.token, "one");
  EXPECT_EQ(second.page, 1u);
  EXPECT_EQ(w.step(page("", 1, false)).token, "two");
  EXPECT_EQ(w.walk.place(at(0)).token, "");
  EXPECT_EQ(w.walk.whole_since(), at(0));
}

TEST(ListWalk, GoesOnWhereItStoodWhileItsTokenLives) {
  Walker w;
  w.step(page("one", 1, true));
  w.now = 50;
  EXPECT_EQ(w.walk.place(at(50)).token, "one");
  EXPECT_EQ(w.walk.place(at(56)).token, "") << "a token is good for a minute";
}

TEST(ListWalk, NewestFirstStopsAtTheFirstKnownRow) {
  Walker w;
  w.step(page("one", 50, false), Kind::kNewestFirst);
  EXPECT_EQ(w.walk.place(at(0)).token, "one") << "a page full of news: there may be more";
  w.step(page("two", 3, true), Kind::kNewestFirst);
  EXPECT_EQ(w.walk.place(at(0)).token, "");
}

TEST(ListWalk, WhatIsNotAtTheFrontIsLookedForToTheEnd) {
  Walker w;
  w.step(page("one", 0, false), Kind::kNewestFirst);  // known rows, and something is missing
  w.step(page("one", 0, false), Kind::kNewestFirst);
  EXPECT_EQ(w.walk.place(at(0)).token, "one");
  w.step(page("two", 0, false), Kind::kNewestFirst);
  EXPECT_EQ(w.walk.place(at(0)).token, "two");
}

TEST(ListWalk, OldestFirstLooksAtTheLastPageAgain) {
  Walker w;
  w.step(page("one", 50, false), Kind::kOldestFirst);
  w.step(page("", 20, true), Kind::kOldestFirst);
  EXPECT_EQ(w.walk.place(at(10)).token, "one") << "new ones stand at the end";
  w.now = 10;
  w.step(page("", 1, true), Kind::kOldestFirst);
  EXPECT_EQ(w.walk.place(at(20)).token, "one");
  EXPECT_EQ(w.walk.whole_since(), at(0)) << "the end alone is no whole walk";
  w.now = 20;
  w.step(page("", 0, false), Kind::kOldestFirst);
  EXPECT_EQ(w.walk.place(at(20)).token, "") << "not there after all: from the beginning";
}

TEST(ListWalk, WalksInVainAreRepeatedEverLater) {
  Walker w;
  w.step(page("", 0, false));
  const Mono first = w.walk.not_before();
  EXPECT_GE(first, at(5));
  w.now = 5;
  w.step(page("", 0, false));
  EXPECT_GT(w.walk.not_before() - at(5), first - at(0));
  w.now = 30;
  w.step(page("", 1, false));
  w.step(page("", 0, false));
  EXPECT_EQ(w.walk.not_before() - at(30), seconds(5)) << "it found something: it counts anew";
}

TEST(ListWalk, ARefusedTokenBeginsAnewALostCallDoesNot) {
  Walker w;
  w.step(page("one", 1, false));
  w.walk.asked(at(0));
  EXPECT_TRUE(w.walk.in_flight());
  w.walk.failed(false);
  EXPECT_EQ(w.walk.place(at(0)).token, "one");
  w.walk.asked(at(0));
  w.walk.failed(true);
  EXPECT_EQ(w.walk.place(at(0)).token, "");
}

TEST(ListWalk, AWalkOfSeveralPagesIsUrgentBeforeItsTokenDies) {
  Walker w;
  w.step(page("one", 1, false));
  w.now = 1;
  EXPECT_FALSE(w.walk.dies_soon(at(50))) << "one page is soon read again";
  for (int i = 0; i < 3; ++i) w.step(page("more", 1, false));
  EXPECT_FALSE(w.walk.dies_soon(at(30)));
  EXPECT_TRUE(w.walk.dies_soon(at(45)));
  EXPECT_FALSE(w.walk.dies_soon(at(80))) << "dead";
}

std::vector<TaskReply> rows(std::vector<int> modified) {
  std::vector<TaskReply> all;
  for (const int m : modified) {
    TaskReply row;
    row.modified = Wall(seconds(m));
    all.push_back(row);
  }
  return all;
}

TEST(PageOrder, IsBelievedAfterThreeTellingPagesThatAgree) {
  PageOrder order;
  const auto falling = rows({9, 8, 7, 6, 5, 4, 3, 2});
  order.learn(falling);
  order.learn(falling);
  EXPECT_EQ(order.kind(), Kind::kOther);
  order.learn(falling);
  EXPECT_EQ(order.kind(), Kind::kNewestFirst);
  order.learn(rows({1, 2, 3, 4, 5, 6, 7, 8}));
  EXPECT_EQ(order.kind(), Kind::kOther) << "it changed: nothing is known";
}

TEST(PageOrder, FewRowsAndEqualTimesSayNothing) {
  PageOrder order;
  for (int i = 0; i < 5; ++i) {
    order.learn(rows({3, 2, 1}));
    order.learn(rows({4, 4, 4, 4, 4, 4, 4, 4, 4, 4}));
  }
  EXPECT_EQ(order.kind(), Kind::kOther);
  for (int i = 0; i < 3; ++i) order.learn(rows({1, 2, 2, 3, 4, 5, 6, 7, 8}));
  EXPECT_EQ(order.kind(), Kind::kOldestFirst);
}

}  // namespace
}  // namespace taskwatchd
