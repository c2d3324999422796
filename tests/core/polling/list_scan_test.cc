#include "core/polling/list_scan.h"

#include <gtest/gtest.h>

#include "core/polling/page_order.h"

namespace taskwatchd {
namespace {

using std::chrono::seconds;
using Kind = PageOrder::Kind;

Mono at(int s) {
  return Mono(std::chrono::hours(1) + seconds(s));
}

// A scan whose calls are answered at once.
struct Scanner {
  ListScan scan;
  std::uint64_t call = 0;
  int now = 0;
  ListScan::Position step(ListScan::Page page, Kind order = Kind::kOther) {
    const ListScan::Position position = scan.position(at(now));
    scan.on_sent(++call, at(now));
    scan.on_page(call, position.token, page, order, at(now));
    return position;
  }
};
ListScan::Page page(std::string next, std::size_t fresh, bool satisfied) {
  return {.next_token = std::move(next),
          .rows = 50,
          .fresh = fresh,
          .satisfied = satisfied,
          .counted = true};
}

TEST(ListScan, GoesFromPageToPageAndBeginsAgainAtTheEnd) {
  Scanner w;
  EXPECT_EQ(w.step(page("one", 1, false)).token, "");
  const auto second = w.step(page("two", 0, false));
  EXPECT_EQ(second.token, "one");
  EXPECT_EQ(second.page, 1u);
  EXPECT_EQ(w.step(page("", 1, false)).token, "two");
  EXPECT_EQ(w.scan.position(at(0)).token, "");
  EXPECT_EQ(w.scan.complete_since(), at(0));
}

TEST(ListScan, GoesOnWhereItStoodWhileItsTokenLives) {
  Scanner w;
  w.step(page("one", 1, true));
  w.now = 50;
  EXPECT_EQ(w.scan.position(at(50)).token, "one");
  EXPECT_EQ(w.scan.position(at(56)).token, "") << "a token is good for a minute";
}

TEST(ListScan, NewestFirstStopsAtTheFirstKnownRow) {
  Scanner w;
  w.step(page("one", 50, false), Kind::kNewestFirst);
  EXPECT_EQ(w.scan.position(at(0)).token, "one") << "a page full of news: there may be more";
  w.step(page("two", 3, true), Kind::kNewestFirst);
  EXPECT_EQ(w.scan.position(at(0)).token, "");
}

TEST(ListScan, WhatIsNotAtTheFrontIsSearchedToTheEnd) {
  Scanner w;
  w.step(page("one", 0, false), Kind::kNewestFirst);  // known rows, and something is unreconciled
  w.step(page("one", 0, false), Kind::kNewestFirst);
  EXPECT_EQ(w.scan.position(at(0)).token, "one");
  w.step(page("two", 0, false), Kind::kNewestFirst);
  EXPECT_EQ(w.scan.position(at(0)).token, "two");
}

TEST(ListScan, OldestFirstReadsTheLastPageAgain) {
  Scanner w;
  w.step(page("one", 50, false), Kind::kOldestFirst);
  w.step(page("", 20, true), Kind::kOldestFirst);
  EXPECT_EQ(w.scan.position(at(10)).token, "one") << "new ones stand at the end";
  w.now = 10;
  w.step(page("", 1, true), Kind::kOldestFirst);
  EXPECT_EQ(w.scan.position(at(20)).token, "one");
  EXPECT_EQ(w.scan.complete_since(), at(0)) << "the end alone is no whole walk";
  w.now = 20;
  w.step(page("", 0, false), Kind::kOldestFirst);
  EXPECT_EQ(w.scan.position(at(20)).token, "") << "not there after all: from the beginning";
}

TEST(ListScan, EmptyScansAreRepeatedWithBackoff) {
  Scanner w;
  w.step(page("", 0, false));
  const Mono first = w.scan.not_before();
  EXPECT_GE(first, at(5));
  w.now = 5;
  w.step(page("", 0, false));
  EXPECT_GT(w.scan.not_before() - at(5), first - at(0));
  w.now = 30;
  w.step(page("", 1, false));
  w.step(page("", 0, false));
  EXPECT_EQ(w.scan.not_before() - at(30), seconds(5)) << "it found something: it counts anew";
}

// Scans that find nothing let other lists go first. A scan is not blamed for what other calls found
// before it.
TEST(ListScan, PagesAreInVainWhileTasksAreUnreconciled) {
  Scanner w;
  w.step(page("", 0, false));
  w.step(page("", 0, false));
  EXPECT_EQ(w.scan.barren(1), 2u);
  w.step(page("", 0, true));
  EXPECT_EQ(w.scan.barren(1), 0u);
  w.step(page("", 0, false));
  w.step(page("", 1, false));
  EXPECT_EQ(w.scan.barren(1), 0u);
}

TEST(ListScan, ARejectedTokenBeginsAgainALostCallDoesNot) {
  Scanner w;
  w.step(page("one", 1, false));
  w.scan.on_sent(7, at(0));
  EXPECT_TRUE(w.scan.in_flight(at(0)));
  w.scan.on_failure(7, "one", false, at(3), at(0));
  EXPECT_EQ(w.scan.position(at(3)).token, "one");
  EXPECT_EQ(w.scan.ready(), at(3)) << "after the backoff";
  w.scan.on_sent(8, at(3));
  w.scan.on_failure(8, "one", true, at(3), at(3));
  EXPECT_EQ(w.scan.position(at(3)).token, "");
  EXPECT_EQ(w.scan.ready(), at(3)) << "the first time it begins again at once";
}

TEST(ListScan, AScanOfSeveralPagesIsUrgentBeforeItsTokenDies) {
  Scanner w;
  w.step(page("one", 1, false));
  w.now = 1;
  EXPECT_FALSE(w.scan.expires_soon(at(50))) << "one page is soon read again";
  for (int i = 0; i < 3; ++i) w.step(page("more" + std::to_string(i), 1, false));
  EXPECT_FALSE(w.scan.expires_soon(at(30)));
  EXPECT_TRUE(w.scan.expires_soon(at(45)));
  EXPECT_FALSE(w.scan.expires_soon(at(80))) << "dead";
}

TEST(ListScan, AFailedPageIsRequestedAgainWithItsTokenAndTheScanContinues) {
  Scanner w;
  for (int i = 0; i < 199; ++i) {
    w.step(page("t" + std::to_string(i), 1, false));
    for (int failed = 0; failed < 3; ++failed) {
      EXPECT_EQ(w.scan.position(at(0)).token, "t" + std::to_string(i));
      w.scan.on_sent(++w.call, at(0));
      w.scan.on_failure(w.call, "t" + std::to_string(i), false, at(0), at(0));
    }
  }
  w.step(page("", 1, false));
  EXPECT_EQ(w.scan.complete_since(), at(0));
}

TEST(ListScan, AnUnansweredPageBarsTheNextCallForTwoSecondsOnly) {
  Scanner w;
  w.step(page("one", 1, false));
  w.scan.on_sent(7, at(0));
  EXPECT_EQ(w.scan.ready(), at(2));
  w.scan.on_sent(8, at(2));
  EXPECT_EQ(w.scan.on_page(8, "one", page("two", 1, false), Kind::kOther, at(3)),
            ListScan::End::kNone);
  w.scan.on_page(7, "one", page("two", 1, false), Kind::kOther, at(9));
  EXPECT_EQ(w.scan.position(at(9)).token, "two")
      << "its page was passed: the late answer is nothing";
  EXPECT_EQ(w.scan.position(at(9)).page, 2u);
}

TEST(ListScan, AnAnswerOfAnOlderScanIsNotTakenForOneOfThisScan) {
  Scanner w;
  w.scan.on_sent(1, at(0));
  w.scan.on_sent(2, at(2));
  w.scan.on_page(2, "", page("", 1, false), Kind::kOther, at(3));
  EXPECT_EQ(w.scan.complete_since(), at(0))
      << "the walk began with the first call for its first page";
  w.scan.on_sent(3, at(4));
  EXPECT_EQ(w.scan.on_page(1, "", page("", 0, false), Kind::kOther, at(5)), ListScan::End::kNone);
  EXPECT_EQ(w.scan.complete_since(), at(0)) << "that page was read before this walk began";
  w.scan.on_page(3, "", page("", 0, false), Kind::kOther, at(5));
  EXPECT_EQ(w.scan.complete_since(), at(4));
}

TEST(ListScan, TokensThatAreRejectedAgainAndAgainAreTriedWithBackoff) {
  Scanner w;
  int pages = 0;
  for (int second = 0; second < 600; ++second) {
    if (w.scan.ready() > at(second)) continue;
    const ListScan::Position position = w.scan.position(at(second));
    ++pages;
    w.scan.on_sent(++w.call, at(second));
    if (position.token.empty()) {
      w.scan.on_page(w.call, "", page("one", 0, false), Kind::kOther, at(second));
    } else {
      w.scan.on_failure(w.call, position.token, true, at(second), at(second));
    }
  }
  EXPECT_LE(pages, 30) << "a first page and a refusal each 80 s in the end";
  EXPECT_TRUE(w.scan.is_stuck());
  w.now = 700;
  w.step(page("", 0, true));
  EXPECT_FALSE(w.scan.is_stuck()) << "a list of one page needs no token";
}

TEST(ListScan, AListWithoutEndIsGivenUpAndReadWithBackoff) {
  for (const bool same_token : {true, false}) {
    Scanner w;
    int pages = 0, given_up = 0;
    for (int second = 0; second < 3600; ++second) {
      if (w.scan.ready() > at(second)) continue;
      const ListScan::Position position = w.scan.position(at(second));
      ++pages;
      w.scan.on_sent(++w.call, at(second));
      ListScan::Page endless = page(same_token ? "t" : "t" + std::to_string(w.call), 0, false);
      endless.bound = 12;
      const auto end = w.scan.on_page(w.call, position.token, endless, Kind::kOther, at(second));
      given_up += end == ListScan::End::kEndless ? 1 : 0;
    }
    EXPECT_GE(given_up, 5);
    EXPECT_LE(given_up, 8) << "after 1, 2, 4, 8 and then each 16 minutes";
    EXPECT_LE(pages, 12 * given_up + 12);
    EXPECT_TRUE(w.scan.is_stuck());
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

TEST(PageOrder, IsAcceptedAfterThreeConclusivePagesThatAgree) {
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
