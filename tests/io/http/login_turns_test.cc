// The order in which waiting logins get their password check.
#include "io/http/login_turns.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace taskwatchd {
namespace {

using std::chrono::milliseconds;

class LoginTurnsTest : public testing::Test {
 protected:
  using Turn = LoginTurns::Turn;
  Turn enter(const std::string& client) {
    const auto entry = turns.enter(client, now);
    EXPECT_TRUE(entry.turn) << client;
    EXPECT_FALSE(entry.displaced) << client;
    return entry.turn.value_or(0);
  }
  void guess(const std::string& client) { turns.checked(client, false, now); }

  LoginTurns turns;
  Mono now{std::chrono::hours(1)};
};

TEST_F(LoginTurnsTest, WhoGuessesComesLastAndLater) {
  guess("bad");
  const Turn bad = enter("bad");
  EXPECT_EQ(turns.next(now), std::nullopt) << "it has a delay";
  EXPECT_EQ(turns.ready_at(bad), now + LoginTurns::kFirstDelay);
  now += LoginTurns::kFirstDelay;
  const Turn good = enter("good");
  EXPECT_EQ(turns.next(now), good);
  EXPECT_EQ(turns.next(now), bad);
  EXPECT_EQ(turns.next(now), std::nullopt);
}

TEST_F(LoginTurnsTest, TheNewestOfEqualsIsNext) {
  const std::vector<Turn> entered = {enter("a"), enter("b"), enter("c")};
  EXPECT_EQ(turns.next(now), entered[2]);
  EXPECT_EQ(turns.next(now), entered[1]);
  EXPECT_EQ(turns.next(now), entered[0]);
}

TEST_F(LoginTurnsTest, AClientHasAFewPlacesAndOneOnceItGuessedWrong) {
  for (std::size_t i = 0; i < LoginTurns::kPerClient; ++i) enter("network");
  EXPECT_FALSE(turns.enter("network", now).turn);
  enter("other");
  guess("bad");
  enter("bad");
  EXPECT_FALSE(turns.enter("bad", now).turn);
}

TEST_F(LoginTurnsTest, TheDelayGrowsToItsEndAndARightLoginEndsIt) {
  Duration expected = LoginTurns::kFirstDelay;
  for (int i = 0; i < 40; ++i) {
    guess("bad");
    const Turn turn = enter("bad");
    EXPECT_EQ(turns.ready_at(turn) - now, expected) << i;
    now = turns.ready_at(turn);
    EXPECT_EQ(turns.next(now), turn);
    expected = std::min(2 * expected, LoginTurns::kLongestDelay);
  }
  turns.checked("bad", true, now);
  enter("bad");
  EXPECT_TRUE(turns.next(now));
  guess("bad");
  now += LoginTurns::kForgottenAfter;
  enter("bad");
  EXPECT_TRUE(turns.enter("bad", now).turn) << "as if it had never guessed";
}

TEST_F(LoginTurnsTest, AWrongGuessTakesTheOtherPlacesOfItsClient) {
  const Turn first = enter("bad");
  const Turn second = enter("bad");
  const Turn good = enter("good");
  EXPECT_EQ(turns.checked("bad", false, now), std::vector<Turn>{first});
  now += LoginTurns::kFirstDelay;
  EXPECT_EQ(turns.next(now), good);
  EXPECT_EQ(turns.next(now), second);
  EXPECT_EQ(turns.next(now), std::nullopt);
}

TEST_F(LoginTurnsTest, WhoGuessesGivesWayWhenItIsFull) {
  std::vector<Turn> bad;
  for (std::size_t i = 0; i < LoginTurns::kWaiting; ++i) {
    guess("bad" + std::to_string(i));
    bad.push_back(enter("bad" + std::to_string(i)));
  }
  guess("worse");
  guess("worse");
  EXPECT_FALSE(turns.enter("worse", now).turn);
  const auto good = turns.enter("good", now);
  ASSERT_TRUE(good.turn);
  EXPECT_EQ(good.displaced, bad[0]) << "the oldest";
  EXPECT_EQ(turns.next(now), good.turn);
}

TEST_F(LoginTurnsTest, ManyClientsAreRememberedNotAll) {
  for (std::size_t i = 0; i < LoginTurns::kClients + 1; ++i) {
    now += milliseconds(1);
    guess("bad" + std::to_string(i));
  }
  enter("bad0");
  EXPECT_TRUE(turns.enter("bad0", now).turn) << "forgotten: the oldest";
  enter("bad1");
  EXPECT_FALSE(turns.enter("bad1", now).turn);
}

TEST_F(LoginTurnsTest, WhoGaveUpOrWasDisplacedDoesNotComeBackAsTheNewest) {
  turns.leave(enter("left"), now);
  const Turn displaced = enter("displaced");
  for (std::size_t i = 1; i < LoginTurns::kWaiting; ++i) enter(std::to_string(i));
  EXPECT_EQ(turns.enter("last", now).displaced, displaced);
  while (turns.next(now)) {
  }
  now += LoginTurns::kFirstDelay;
  const Turn good = enter("good");
  enter("left");
  enter("displaced");
  EXPECT_EQ(turns.next(now), good);
}

// 40 clients guess without a pause, give up after 10 s and return; each check takes 250 ms. One
// correct login at a time comes from another client.
TEST_F(LoginTurnsTest, ARightLoginAmongFortyGuessersWaitsForOneCheck) {
  constexpr Duration kCheck = milliseconds(250);
  constexpr Duration kPatience = std::chrono::seconds(10);
  struct Guess {
    std::string client;
    Mono entered;
  };
  std::map<Turn, Guess> guesses;
  Duration longest{};
  int served = 0;
  Turn right = 0;  // the correct login that waits; 0: none
  Mono asked{};
  for (int check = 0; check < 2000; ++check) {
    // The correct login does not come with the first guesses, which all arrive in one instant.
    if (right == 0 && check > 0 && check % 2 == 0) {
      right = enter("good");
      asked = now;
    }
    for (auto at = guesses.begin(); at != guesses.end();) {
      if (now - at->second.entered < kPatience) {
        ++at;
      } else {
        turns.leave(at->first, now);
        at = guesses.erase(at);
      }
    }
    for (int i = 0; i < 40; ++i) {
      const std::string client = "bad" + std::to_string(i);
      const bool waits = std::any_of(guesses.begin(), guesses.end(), [&](const auto& guess) {
        return guess.second.client == client;
      });
      if (!waits) guesses[enter(client)] = {client, now};
    }
    now += kCheck / 2;  // it arrives in the middle of a check
    const auto turn = turns.next(now);
    now += kCheck / 2;
    if (turn && *turn == right) {
      longest = std::max(longest, now + kCheck / 2 - asked);
      turns.checked("good", true, now);
      right = 0;
      ++served;
    } else if (turn) {
      turns.checked(guesses[*turn].client, false, now);
      guesses.erase(*turn);
    }
  }
  EXPECT_GT(served, 200);
  EXPECT_LE(longest, 2 * kCheck);
}

}  // namespace
}  // namespace taskwatchd
