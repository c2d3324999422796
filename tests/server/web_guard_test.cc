#include "server/web_guard.h"

#include <gmock/gmock.h>

#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <thread>

#include "config/bcrypt.h"
#include "fakes/fake_clock.h"
#include "fakes/fake_entropy.h"
#include "io/http/login_turns.h"

namespace taskwatchd {
namespace {

using testing::ElementsAre;

const Secret kHash(bcrypt_of_nobody(10));
constexpr char kRight[] = "Basic YW5uYTpyaWdodA==";  // anna:right
constexpr char kWrong[] = "Basic YW5uYTp3cm9uZw==";  // anna:wrong
constexpr char kUnknown[] = "Basic Ym9iOnJpZ2h0";    // bob:right

class WebGuardTest : public testing::Test {
 protected:
  WebGuardTest() { guard.take(config()); }
  static WebConfig config() {
    WebConfig config;
    config.users.emplace("anna", kHash);
    return config;
  }
  static WebRequest request(const std::string& authorization, const std::string& client = "") {
    WebRequest request{"GET", "/metrics", {}, client};
    if (!authorization.empty()) request.headers.emplace_back("authorization", authorization);
    return request;
  }
  // Returns whether the guard decided without a password check, and the status (0: admitted).
  std::pair<bool, int> ask(const std::string& authorization) {
    auto opinion = guard.admit(request(authorization));
    auto* const later = std::get_if<Awaitable<WebRefusal>>(&opinion);
    if (later == nullptr) return {true, status(std::get<WebRefusal>(opinion))};
    int answered = -1;
    start(std::move(*later), answered);
    run([&] { return answered >= 0; });
    return {false, answered};
  }
  void start(Awaitable<WebRefusal> opinion, int& answered) {
    boost::asio::co_spawn(context, wait(std::move(opinion), answered), boost::asio::detached);
  }
  static Awaitable<void> wait(Awaitable<WebRefusal> opinion, int& answered) {
    answered = status(co_await std::move(opinion));
  }
  // Admits a login that needs a password check.
  void admit(const std::string& authorization, const std::string& client, int& answered) {
    auto opinion = guard.admit(request(authorization, client));
    start(std::get<Awaitable<WebRefusal>>(std::move(opinion)), answered);
  }
  // Tries a wrong password of anna's, a different one for each number.
  void guess(std::size_t number, const std::string& client, int& answered) {
    constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz01";
    const std::string two = {kLetters[number / kLetters.size()],
                             kLetters[number % kLetters.size()]};
    admit("Basic YW5uYTow" + two + "A=", client, answered);
  }
  template <typename Condition>
  void run(Condition condition) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!condition() && std::chrono::steady_clock::now() < end) {
      context.restart();
      context.run_one_for(std::chrono::milliseconds(20));
    }
    EXPECT_TRUE(condition());
  }
  static int status(const WebRefusal& refusal) { return refusal ? refusal->status : 0; }

  boost::asio::io_context context;
  FakeClock clock{context};
  FakeEntropy entropy;
  std::vector<int> refused;
  std::atomic<int> checks = 0;
  std::atomic<bool> hold = false;
  std::atomic<int> cost = 0;
  WebGuard guard{context.get_executor(), clock, entropy,
                 [this](int code) { refused.push_back(code); },
                 [this](const Secret& password, const Secret& hash) {
                   ++checks;
                   cost = bcrypt_cost(hash.reveal());
                   while (hold) std::this_thread::sleep_for(std::chrono::milliseconds(1));
                   return password.reveal() == "right";
                 }};
};

TEST(Login, IsReadAsItIsWritten) {
  const auto login = read_login("Basic YW5uYTpyaWdodA==");
  ASSERT_TRUE(login);
  EXPECT_EQ(login->user, "anna");
  EXPECT_EQ(login->password, Secret("right"));
  EXPECT_TRUE(read_login("bASIC   YW5uYTpyaWdodA=="));
  const auto colons = read_login("Basic YTpiOmM=");  // a:b:c
  ASSERT_TRUE(colons);
  EXPECT_EQ(colons->password, Secret("b:c"));
  EXPECT_EQ(read_login("Basic YTo=")->password, Secret(""));
  for (const char* other : {"", "Basic", "Basic ", "Bearer YW5uYTpyaWdodA==", "Basic YW5uYQ==",
                            "Basic YTpi!", "Basic YTpiO", "Basic ====", "Basicx YTo="}) {
    EXPECT_FALSE(read_login(other)) << other;
  }
}

TEST_F(WebGuardTest, LetsInWhoeverKnowsThePassword) {
  EXPECT_EQ(ask(kRight), std::pair(false, 0));
  EXPECT_EQ(ask(kRight), std::pair(true, 0)) << "seen before";
  EXPECT_EQ(ask(kWrong), std::pair(false, 401));
  EXPECT_EQ(ask(kWrong), std::pair(true, 401));
  EXPECT_EQ(checks, 2);
  EXPECT_EQ(ask(""), std::pair(true, 401));
  EXPECT_EQ(ask("Bearer x"), std::pair(true, 401));
  EXPECT_THAT(refused, ElementsAre(401, 401, 401, 401));
}

TEST_F(WebGuardTest, AnUnknownUserCostsACheckAndIsNeverAccepted) {
  WebConfig two = config();
  two.users.emplace("carl", Secret(bcrypt_of_nobody(12)));
  guard.take(two);
  EXPECT_EQ(ask(kUnknown), std::pair(false, 401)) << "though the check itself says yes";
  EXPECT_EQ(checks, 1);
  EXPECT_EQ(cost, 12) << "as long as the slowest user";
}

TEST_F(WebGuardTest, AVeryDearHashDoesNotMakeEachFailureAsDear) {
  WebConfig dear = config();
  dear.users.emplace("carl", Secret(bcrypt_of_nobody(18)));
  guard.take(dear);
  EXPECT_EQ(ask(kUnknown), std::pair(false, 401));
  EXPECT_EQ(cost, kMaxQuickBcryptCost);
  EXPECT_EQ(ask(kWrong), std::pair(false, 401));
  EXPECT_EQ(cost, kMaxQuickBcryptCost - 1) << "after 2^10, the rounds from there add up to 2^14";
}

TEST_F(WebGuardTest, ABurstOf0RefusesEveryRequest) {
  WebConfig limited;
  limited.rate_limit = {std::chrono::seconds(1), 0};
  guard.take(limited);
  EXPECT_EQ(ask("").second, 429);
  clock.advance(std::chrono::hours(1));
  EXPECT_EQ(ask("").second, 429);
}

TEST_F(WebGuardTest, ReportsHowToAuthenticate) {
  const auto opinion = guard.admit(request(""));
  const WebRefusal& refusal = std::get<WebRefusal>(opinion);
  ASSERT_TRUE(refusal);
  const auto& headers = refusal->headers;
  EXPECT_THAT(headers, testing::Contains(testing::Pair(
                           "WWW-Authenticate", "Basic realm=\"taskwatchd\", charset=\"UTF-8\"")));
}

TEST_F(WebGuardTest, OtherUsersForgetWhatWasKnownACertificateDoesNot) {
  EXPECT_EQ(ask(kRight), std::pair(false, 0));
  guard.take(config());
  EXPECT_EQ(ask(kRight), std::pair(true, 0)) << "the same users";
  WebConfig other = config();
  other.users.emplace("carl", kHash);
  guard.take(other);
  EXPECT_EQ(ask(kRight), std::pair(false, 0)) << "checked again";
  other.users.erase("anna");
  guard.take(other);
  EXPECT_EQ(ask(kRight).second, 401);
}

TEST_F(WebGuardTest, WhoIsTakenFromTheFileDuringTheCheckIsNotLetIn) {
  hold = true;
  int answered = -1;
  auto opinion = guard.admit(request(kRight));
  start(std::get<Awaitable<WebRefusal>>(std::move(opinion)), answered);
  run([&] { return checks > 0; });
  WebConfig other;
  other.users.emplace("carl", kHash);
  guard.take(other);
  hold = false;
  run([&] { return answered >= 0; });
  EXPECT_EQ(answered, 503) << "try again";
  EXPECT_EQ(ask(kRight).second, 401);
}

TEST_F(WebGuardTest, ConcurrentChecksOfOneLoginAreOneCheck) {
  hold = true;
  std::vector<int> answered(40, -1);
  for (int& one : answered) {
    auto opinion = guard.admit(request(kRight));
    start(std::get<Awaitable<WebRefusal>>(std::move(opinion)), one);
  }
  run([&] { return checks > 0; });
  hold = false;
  run([&] { return std::all_of(answered.begin(), answered.end(), [](int a) { return a >= 0; }); });
  EXPECT_THAT(answered, testing::Each(0));
  EXPECT_EQ(checks, 1);
}

// Waiting connections cannot be closed to make room, so one login must not take all of them.
TEST_F(WebGuardTest, FewWaitForTheCheckOfOneLogin) {
  hold = true;
  std::vector<int> answered(100, -1);
  for (int& one : answered) {
    auto opinion = guard.admit(request(kRight));
    start(std::get<Awaitable<WebRefusal>>(std::move(opinion)), one);
  }
  run([&] { return std::count(answered.begin(), answered.end(), 503) == 35; });
  hold = false;
  run([&] { return std::count(answered.begin(), answered.end(), -1) == 0; });
  EXPECT_EQ(std::count(answered.begin(), answered.end(), 0), 65);
}

TEST_F(WebGuardTest, ManyGuessesOfOneClientAreToComeAgain) {
  hold = true;
  std::vector<int> answered(LoginTurns::kPerClient + 4, -1);
  for (std::size_t i = 0; i < answered.size(); ++i) guess(i, "192.0.2.1", answered[i]);
  run([&] { return std::count(answered.begin(), answered.end(), 503) == 3; });
  hold = false;
  run([&] { return std::count(answered.begin(), answered.end(), -1) == 1; });
  EXPECT_EQ(answered[0], 401);
  EXPECT_EQ(answered[LoginTurns::kPerClient], -1) << "the newest waits for its delay";
  clock.advance(LoginTurns::kFirstDelay);
  run([&] { return answered[LoginTurns::kPerClient] >= 0; });
  EXPECT_EQ(std::count(answered.begin(), answered.end(), 401), 2);
}

TEST_F(WebGuardTest, ManyClientsThatGuessDoNotKeepOutWhoKnows) {
  hold = true;
  std::vector<int> answered(2 * LoginTurns::kWaiting, -1);
  for (std::size_t i = 0; i < answered.size(); ++i) {
    guess(i, "192.0.2." + std::to_string(i), answered[i]);
  }
  int right = -1;
  admit(kRight, "198.51.100.1", right);
  run([&] { return checks > 0; });
  EXPECT_EQ(right, -1) << "one is being checked";
  hold = false;
  run([&] { return right >= 0; });
  EXPECT_EQ(right, 0);
  EXPECT_LE(checks, 3) << "before all that wait";
}

TEST_F(WebGuardTest, ALoginDoesNotWaitForTheDelayOfAnotherClient) {
  EXPECT_EQ(ask(kWrong), std::pair(false, 401));
  int late = -1;
  int soon = -1;
  admit(kRight, "", late);  // the client that guessed wrongly
  admit(kRight, "198.51.100.1", soon);
  run([&] { return soon >= 0; });
  EXPECT_EQ(soon, 0);
  EXPECT_EQ(late, -1);
}

TEST_F(WebGuardTest, LimitsTheRate) {
  WebConfig limited;
  limited.rate_limit = {std::chrono::seconds(1), 3};
  guard.take(limited);
  EXPECT_TRUE(guard.stands());
  for (int i = 0; i < 3; ++i) EXPECT_EQ(ask("").second, 0) << i;
  EXPECT_EQ(ask("").second, 429);
  clock.advance(std::chrono::milliseconds(999));
  EXPECT_EQ(ask("").second, 429);
  clock.advance(std::chrono::milliseconds(2));
  EXPECT_EQ(ask("").second, 0);
  EXPECT_EQ(ask("").second, 429);
  clock.advance(std::chrono::hours(1));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(ask("").second, 0) << i;
  EXPECT_EQ(ask("").second, 429) << "no more than the burst is saved";
  EXPECT_THAT(refused, testing::Each(429));
}

TEST_F(WebGuardTest, AppliesOnlyWhereAuthenticationIsRequired) {
  guard.take({});
  EXPECT_FALSE(guard.stands());
  EXPECT_EQ(ask("").second, 0);
}

}  // namespace
}  // namespace taskwatchd
