// bcrypt by crypt(3), outside the event loop, one check at a time.
#include "io/http/password_check.h"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <condition_variable>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "config/bcrypt.h"
#include "fakes/fake_clock.h"
#include "io/http/login_turns.h"

namespace taskwatchd {
namespace {

// Made with htpasswd -nbBC 5; the password is "secret".
const Secret kHash("$2y$05$qetjvy7veMo4y6ReBoUtU.dN5aJIh.fF4wdqKYzd.wKYZhC5pNWi6");

TEST(Bcrypt, KnowsThePassword) {
  EXPECT_TRUE(bcrypt_matches(Secret("secret"), kHash));
  for (const char* wrong : {"", "Secret", "secret ", "secre", "secrets"}) {
    EXPECT_FALSE(bcrypt_matches(Secret(wrong), kHash)) << wrong;
  }
  EXPECT_FALSE(bcrypt_matches(Secret(std::string("secret\0", 7)), kHash)) << "crypt stops at a NUL";
  EXPECT_FALSE(bcrypt_matches(Secret(std::string("secret\0more", 11)), kHash));
  std::string b_kind = kHash.reveal();
  b_kind[2] = 'b';
  EXPECT_TRUE(bcrypt_matches(Secret("secret"), Secret(b_kind)));
}

TEST(Bcrypt, AllKindsOfGoAreOneToCrypt) {
  const std::string rest = kHash.reveal().substr(4);
  for (const char* kind : {"$2$", "$2a$", "$2b$", "$2x$", "$2y$"}) {
    const Secret hash(bcrypt_for_crypt(kind + rest + " more"));
    EXPECT_TRUE(bcrypt_matches(Secret("secret"), hash)) << kind;
    EXPECT_FALSE(bcrypt_matches(Secret("Secret"), hash)) << kind;
  }
  std::string odd = kHash.reveal();
  odd[28] = static_cast<char>(odd[28] + 1);  // unused bits of the salt
  EXPECT_TRUE(bcrypt_matches(Secret("secret"), Secret(bcrypt_for_crypt(odd))));
}

TEST(Bcrypt, AnUnknownUserHasNoPassword) {
  const Secret nobody(bcrypt_of_nobody(4));
  for (const char* guess : {"", "secret", "."}) EXPECT_FALSE(bcrypt_matches(Secret(guess), nobody));
}

// Blocks checks until the test opens it, and counts those that run at the same time.
struct Gate {
  bool pass(const Secret& password) {
    if (password.reveal() == "no memory") throw std::bad_alloc();
    std::unique_lock hold(mutex);
    most = std::max(most, ++running);
    changed.notify_all();
    changed.wait(hold, [&] { return open; });
    --running;
    order.push_back(password.reveal());
    return password.reveal() == "right";
  }
  void open_up() {
    const std::lock_guard hold(mutex);
    open = true;
    changed.notify_all();
  }
  void shut() {
    const std::lock_guard hold(mutex);
    open = false;
  }
  std::mutex mutex;
  std::condition_variable changed;
  bool open = false;
  int running = 0, most = 0;
  std::vector<std::string> order;
};

class PasswordCheckerTest : public testing::Test {
 protected:
  void ask(const std::string& password, const std::string& client = "192.0.2.1") {
    const std::size_t number = asked_++;
    boost::asio::co_spawn(context, answer(number, password, client), boost::asio::detached);
  }
  boost::asio::awaitable<void> answer(std::size_t number, std::string password,
                                      std::string client) {
    PasswordChecker::Question question{client, Secret(password), kHash, kCost};
    const auto right = co_await checker->check(std::move(question));
    answers[number] = right;
  }
  void run_for_a_moment() {
    context.restart();
    for (int i = 0; i < 100; ++i) context.run_one_for(std::chrono::milliseconds(1));
  }
  void run_until(std::size_t count) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    context.restart();
    while (answers.size() < count && std::chrono::steady_clock::now() < end) {
      context.run_one_for(std::chrono::milliseconds(20));
      context.restart();
    }
    ASSERT_EQ(answers.size(), count);
  }

  static constexpr int kCost = 5;  // the cost of kHash

  std::shared_ptr<Gate> gate = std::make_shared<Gate>();
  boost::asio::io_context context;
  FakeClock clock{context};
  std::map<std::size_t, std::optional<bool>> answers;
  std::unique_ptr<PasswordChecker> checker = std::make_unique<PasswordChecker>(
      context.get_executor(), clock,
      [gate = gate](const Secret& password, const Secret&) { return gate->pass(password); });

 private:
  std::size_t asked_ = 0;
};

TEST_F(PasswordCheckerTest, OneAtATimeAndBounded) {
  ask("right");
  run_for_a_moment();
  for (std::size_t i = 0; i < LoginTurns::kPerClient; ++i) ask("right");
  for (int i = 0; i < 3; ++i) ask("too many");
  run_until(3);  // the excess ones are rejected at once
  for (const auto& [number, right] : answers) {
    EXPECT_GT(number, LoginTurns::kPerClient);
    EXPECT_EQ(right, std::nullopt);
  }
  gate->open_up();
  run_until(LoginTurns::kPerClient + 4);
  for (std::size_t i = 0; i <= LoginTurns::kPerClient; ++i) EXPECT_EQ(answers[i], true);
  EXPECT_EQ(gate->most, 1);
  ask("right");
  run_until(LoginTurns::kPerClient + 5);
  EXPECT_EQ(answers[LoginTurns::kPerClient + 4], true) << "then there is room again";
}

TEST_F(PasswordCheckerTest, WhoGuessesWaitsForADelayWhoDoesNotIsNext) {
  gate->open_up();
  ask("wrong0");
  run_until(1);
  ask("wrong1");
  run_for_a_moment();
  ask("right", "192.0.2.2");
  run_until(2);
  EXPECT_EQ(answers[2], true);
  EXPECT_EQ(answers.count(1), 0u);
  clock.advance(LoginTurns::kFirstDelay);
  run_until(3);
  EXPECT_EQ(answers[1], false);
}

TEST_F(PasswordCheckerTest, AWrongGuessLeavesItsClientOnePlaceAndNoneWaitsForLong) {
  ask("wrong");
  run_for_a_moment();
  for (int i = 0; i < 3; ++i) ask("right");
  run_for_a_moment();
  gate->open_up();
  run_until(3);
  EXPECT_EQ(answers[0], false);
  EXPECT_EQ(answers[1], std::nullopt);
  EXPECT_EQ(answers[2], std::nullopt);
  gate->shut();
  ask("right", "192.0.2.2");
  run_for_a_moment();
  clock.advance(PasswordChecker::kLongestWait);
  run_until(4);
  EXPECT_EQ(answers[3], std::nullopt) << "its turn did not come";
  gate->open_up();
  run_until(5);
  EXPECT_EQ(answers[4], true);
}

TEST_F(PasswordCheckerTest, WhenTheQueueIsFullTheLastRequestIsRefused) {
  ask("right");
  run_for_a_moment();
  for (std::size_t i = 0; i <= LoginTurns::kWaiting; ++i) ask("right", std::to_string(i));
  run_until(1);
  EXPECT_EQ(answers[1], std::nullopt) << "the oldest gave way to the newest";
}

TEST_F(PasswordCheckerTest, WithoutMemoryThatLoginFailsAndNothingElse) {
  gate->open_up();
  ask("no memory");
  run_until(1);
  EXPECT_EQ(answers[0], false);
  ask("right", "192.0.2.2");
  run_until(2);
  EXPECT_EQ(answers[1], true);
}

// Otherwise the time of a rejection would show whether a user exists, and the cost of the user's
// hash.
TEST(PasswordChecker, AWrongPasswordTakesTheWorkOfTheSlowestHash) {
  for (const int own : {4, 7, 11, 12}) {
    boost::asio::io_context context;
    FakeClock clock(context);
    std::uint64_t rounds = 0;
    PasswordChecker checker(context.get_executor(), clock,
                            [&](const Secret& password, const Secret& hash) {
                              rounds += std::uint64_t{1} << bcrypt_cost(hash.reveal());
                              return password.reveal() == "right";
                            });
    std::optional<bool> right;
    const auto ask = [&](const char* password) -> boost::asio::awaitable<void> {
      PasswordChecker::Question question{"", Secret(password), Secret(bcrypt_of_nobody(own)), 12};
      right = co_await checker.check(std::move(question));
    };
    const auto wait = [&] {
      while (!right) {
        context.restart();
        context.run_one();
      }
    };
    boost::asio::co_spawn(context, ask("right"), boost::asio::detached);
    wait();
    EXPECT_EQ(rounds, std::uint64_t{1} << own);
    right.reset();
    rounds = 0;
    boost::asio::co_spawn(context, ask("wrong"), boost::asio::detached);
    wait();
    EXPECT_EQ(rounds, std::uint64_t{1} << 12) << own;
  }
}

TEST_F(PasswordCheckerTest, EndsWithChecksInProgress) {
  ask("right");
  ask("right");
  run_for_a_moment();
  const auto start = std::chrono::steady_clock::now();
  checker.reset();
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(100));
  gate->open_up();
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  EXPECT_TRUE(answers.empty());
}

}  // namespace
}  // namespace taskwatchd
