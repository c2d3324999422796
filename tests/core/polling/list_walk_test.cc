#include "core/polling/list_walk.h"

#include <gtest/gtest.h>

#include "core/polling/page_order.h"

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
  std::uint64_t call = 0;
  int now = 0;
  ListWalk::Place step(ListWalk::Page page, Kind order = Kind::kOther) {
    const ListWalk::Place place = walk.place(at(now));
    walk.on_sent(++call, at(now));
    walk.on_page(call, place.token, page, order, at(now));
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

// Lists that bring nothing let others go first; one is not blamed for what other calls found
// before.
TEST(ListWalk, PagesAreInVainWhileSomethingIsMissing) {
  Walker w;
  w.step(page("", 0, false));
  w.step(page("", 0, false));
  EXPECT_EQ(w.walk.barren(1), 2u);
  w.step(page("", 0, true));
  EXPECT_EQ(w.walk.barren(1), 0u);
  w.step(page("", 0, false));
  w.step(page("", 1, false));
  EXPECT_EQ(w.walk.barren(1), 0u);
}

TEST(ListWalk, ARefusedTokenBeginsAnewALostCallDoesNot) {
  Walker w;
  w.step(page("one", 1, false));
  w.walk.on_sent(7, at(0));
  EXPECT_TRUE(w.walk.in_flight(at(0)));
  w.walk.on_failure(7, "one", false, at(3), at(0));
  EXPECT_EQ(w.walk.place(at(3)).token, "one");
  EXPECT_EQ(w.walk.ready(), at(3)) << "after the backoff";
  w.walk.on_sent(8, at(3));
  w.walk.on_failure(8, "one", true, at(3), at(3));
  EXPECT_EQ(w.walk.place(at(3)).token, "");
  EXPECT_EQ(w.walk.ready(), at(3)) << "the first time it begins again at once";
}

TEST(ListWalk, AWalkOfSeveralPagesIsUrgentBeforeItsTokenDies) {
  Walker w;
  w.step(page("one", 1, false));
  w.now = 1;
  EXPECT_FALSE(w.walk.dies_soon(at(50))) << "one page is soon read again";
  for (int i = 0; i < 3; ++i) w.step(page("more" + std::to_string(i), 1, false));
  EXPECT_FALSE(w.walk.dies_soon(at(30)));
  EXPECT_TRUE(w.walk.dies_soon(at(45)));
  EXPECT_FALSE(w.walk.dies_soon(at(80))) << "dead";
}

TEST(ListWalk, AFailedPageIsAskedAgainWithItsTokenAndTheWalkGoesOn) {
  Walker w;
  for (int i = 0; i < 199; ++i) {
    w.step(page("t" + std::to_string(i), 1, false));
    for (int failed = 0; failed < 3; ++failed) {
      EXPECT_EQ(w.walk.place(at(0)).token, "t" + std::to_string(i));
      w.walk.on_sent(++w.call, at(0));
      w.walk.on_failure(w.call, "t" + std::to_string(i), false, at(0), at(0));
    }
  }
  w.step(page("", 1, false));
  EXPECT_EQ(w.walk.whole_since(), at(0));
}

TEST(ListWalk, AnUnansweredPageBarsTheNextCallForTwoSecondsOnly) {
  Walker w;
  w.step(page("one", 1, false));
  w.walk.on_sent(7, at(0));
  EXPECT_EQ(w.walk.ready(), at(2));
  w.walk.on_sent(8, at(2));
  EXPECT_EQ(w.walk.on_page(8, "one", page("two", 1, false), Kind::kOther, at(3)),
            ListWalk::End::kNone);
  w.walk.on_page(7, "one", page("two", 1, false), Kind::kOther, at(9));
  EXPECT_EQ(w.walk.place(at(9)).token, "two") << "its page was passed: the late answer is nothing";
  EXPECT_EQ(w.walk.place(at(9)).page, 2u);
}

TEST(ListWalk, AnAnswerOfAnOlderWalkIsNotTakenForOneOfThisWalk) {
  Walker w;
  w.walk.on_sent(1, at(0));
  w.walk.on_sent(2, at(2));
  w.walk.on_page(2, "", page("", 1, false), Kind::kOther, at(3));
  EXPECT_EQ(w.walk.whole_since(), at(0)) << "the walk began with the first call for its first page";
  w.walk.on_sent(3, at(4));
  EXPECT_EQ(w.walk.on_page(1, "", page("", 0, false), Kind::kOther, at(5)), ListWalk::End::kNone);
  EXPECT_EQ(w.walk.whole_since(), at(0)) << "that page was read before this walk began";
  w.walk.on_page(3, "", page("", 0, false), Kind::kOther, at(5));
  EXPECT_EQ(w.walk.whole_since(), at(4));
}

TEST(ListWalk, TokensThatAreRefusedAgainAndAgainAreTriedEverLater) {
  Walker w;
  int pages = 0;
  for (int second = 0; second < 600; ++second) {
    if (w.walk.ready() > at(second)) continue;
    const ListWalk::Place place = w.walk.place(at(second));
    ++pages;
    w.walk.on_sent(++w.call, at(second));
    if (place.token.empty()) {
      w.walk.on_page(w.call, "", page("one", 0, false), Kind::kOther, at(second));
    } else {
      w.walk.on_failure(w.call, place.token, true, at(second), at(second));
    }
  }
  EXPECT_LE(pages, 30) << "a first page and a refusal each 80 s in the end";
  EXPECT_TRUE(w.walk.is_stuck());
  w.now = 700;
  w.step(page("", 0, true));
  EXPECT_FALSE(w.walk.is_stuck()) << "a list of one page needs no token";
}

TEST(ListWalk, AListWithoutEndIsGivenUpAndReadEverLater) {
  for (const bool same_token : {true, false}) {
    Walker w;
    int pages = 0, given_up = 0;
    for (int second = 0; second < 3600; ++second) {
      if (w.walk.ready() > at(second)) continue;
      const ListWalk::Place place = w.walk.place(at(second));
      ++pages;
      w.walk.on_sent(++w.call, at(second));
      ListWalk::Page endless = page(same_token ? "t" : "t" + std::to_string(w.call), 0, false);
      endless.bound = 12;
      const auto end = w.walk.on_page(w.call, place.token, endless, Kind::kOther, at(second));
      given_up += end == ListWalk::End::kEndless ? 1 : 0;
    }
    EXPECT_GE(given_up, 5);
    EXPECT_LE(given_up, 8) << "after 1, 2, 4, 8 and then each 16 minutes";
    EXPECT_LE(pages, 12 * given_up + 12);
    EXPECT_TRUE(w.walk.is_stuck());
  }
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
