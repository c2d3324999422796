#include "pipeline/poller.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cloud/request.h"
#include "fakes/fake_http.h"
#include "fakes/main_path.h"
#include "pipeline/fleet.h"
#include "ports.h"

namespace taskwatchd {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using enum TaskStatus;

constexpr Wall kBorn{std::chrono::sys_days(std::chrono::year(2026) / 11 / 21)};

std::string task_of(const HttpRequest& request) {
  const std::size_t at = request.url.find("TaskId=") + 7;
  return request.url.substr(at, request.url.find('&', at) - at);
}

// The parts between the platform and the state database, connected as in the app.
class PollerTest : public testing::Test {
 protected:
  PollerTest() { spawn(context.get_executor(), record()); }
  Awaitable<void> record() { co_await recorder.run(); }
  // Applies a configuration. Returns whether it became active.
  bool take(std::vector<AccountConfig> accounts) {
    begin(std::move(accounts));
    clock.settle();
    return taken && !failure;
  }
  void begin(std::vector<AccountConfig> accounts) {
    config.accounts = std::move(accounts);
    taken = false;
    spawn(context.get_executor(), apply());
  }
  Awaitable<void> apply() {
    const Config mine = config;
    failure = co_await fleet.apply(mine);
    taken = true;
  }
  HttpResult answer(const HttpRequest& request) {
    const std::string id = task_of(request);
    const auto said = status.find(id);
    const TaskStatus is = said == status.end() ? kQueued : said->second;
    return wire(reply_of(id, is, kBorn + seconds(static_cast<int>(is))));
  }
  std::size_t stored(const std::string& name) const {
    return static_cast<std::size_t>(
        std::count_if(store.events().begin(), store.events().end(),
                      [&](const auto& event) { return event.second.name == name; }));
  }
  AccountConfig listing(std::vector<std::string> ids) {
    AccountConfig account = account_of({instance_of("main", std::move(ids))});
    account.quota_share = 1;
    account.pace.task = {};
    return account;
  }

  boost::asio::io_context context;
  FakeClock clock{context};
  FakeEntropy entropy;
  std::map<std::string, TaskStatus> status;
  FakeHttp http{clock, [this](const HttpRequest& request) { return answer(request); }};
  NotedKeys keys;
  MemoryStore store;
  NotedLog log;
  NotedObserver observer{store};
  FakeResultFiles results{clock, no_file};
  AllLeasesHeld leases;
  Ports ports{clock, entropy, http, keys, store, log, observer, results, leases};
  Recorder recorder{ports};
  Metrics metrics{{"1", "2", "3"}};
  Fleet fleet{context.get_executor(), ports, recorder, metrics};
  Config config;
  std::optional<StoreError> failure;
  bool taken = false;
};

TEST_F(PollerTest, PollsWithinTheQuotaAndRecords) {
  ASSERT_TRUE(take({listing({"a", "b"})}));
  clock.advance(seconds(10));
  EXPECT_NEAR(static_cast<double>(http.sent()), 10 * 1000 / 205, 2);
  for (std::size_t i = 1; i < http.requests().size(); ++i) {
    EXPECT_GE(http.requests()[i].at - http.requests()[i - 1].at, milliseconds(205));
  }
  EXPECT_EQ(store.records().size(), 2u);
  EXPECT_EQ(observer.calls.size(), http.sent());
  EXPECT_FALSE(observer.notified_early);
  status["a"] = kFailed;
  clock.advance(seconds(2));
  EXPECT_EQ((store.records().at({"prod", "a"}).last.status), kFailed);
  EXPECT_EQ(store.events().size(), 3u);
}

// At a cold start, a name look-up takes 2.9 s, and all waiting calls leave at the same instant. If
// it fails after 3 s, the retries do so too. The platform may receive at most 5 calls in any
// second.
TEST_F(PollerTest, NoBurstLeavesAfterASlowNameLookup) {
  for (const bool fails : {false, true}) {
    const Mono begin = clock.now().mono;
    const std::size_t before = http.sent();
    const Mono known = begin + milliseconds(2900);
    const Mono given_up = begin + seconds(3);
    http.set_start([&](const HttpRequest&) {
      const Mono now = clock.now().mono;
      if (!fails) return FakeHttp::Start{std::max(Duration(0), known - now), {}};
      if (now >= given_up) return FakeHttp::Start{};
      TransportFailure failed;
      failed.kind = TransportFailure::Kind::kUnreachable;
      return FakeHttp::Start{given_up - now, failed};
    });
    ASSERT_TRUE(take({}));
    ASSERT_TRUE(take({listing({"a", "b", "c", "d", "e", "f", "g", "h"})}));
    clock.advance(minutes(2));
    EXPECT_GT(http.sent(), before + 100) << fails;
    const auto& sent = http.requests();
    for (std::size_t i = before + 5; i < sent.size(); ++i) {
      EXPECT_GE(sent[i].at - sent[i - 5].at, seconds(1)) << fails << ": 6 calls in a second, " << i;
    }
  }
}

TEST_F(PollerTest, NoMoreCallsAreUnderWayThanTheBound) {
  std::vector<std::string> ids;
  for (int i = 0; i < 100; ++i) ids.push_back("t" + std::to_string(i));
  http.set_delay(minutes(1));
  ASSERT_TRUE(take({listing(ids)}));
  clock.advance(seconds(50));
  EXPECT_EQ(http.in_flight(), 32u);
  clock.advance(minutes(2));
  EXPECT_EQ(http.most_in_flight(), 32u);
  EXPECT_GT(http.sent(), 32u) << "their ends let others begin";
}

TEST_F(PollerTest, StopWaitsForCallsUnderWayAndKeepsWhatTheyBring) {
  http.set_delay(seconds(3));
  ASSERT_TRUE(take({listing({"a"})}));
  clock.advance(seconds(1));
  ASSERT_EQ(http.in_flight(), 1u);
  fleet.stop();
  clock.advance(seconds(1));
  EXPECT_FALSE(fleet.stopped());
  clock.advance(seconds(2));
  EXPECT_TRUE(fleet.stopped());
  EXPECT_EQ(store.records().size(), 1u);
  EXPECT_EQ(http.sent(), 1u);
}

TEST_F(PollerTest, PausesWhileTheRecorderIsFull) {
  ASSERT_TRUE(take({listing({"a"})}));
  clock.advance(seconds(1));
  store.fail_next(1'000'000, {StoreError::Kind::kUnavailable, "disk full"});
  Commit much;
  much.events.resize(30'000);
  recorder.add(std::move(much), {});
  clock.advance(seconds(1));
  const std::size_t before = http.sent();
  clock.advance(seconds(30));
  EXPECT_EQ(http.sent(), before);
  store.fail_next(0, {});
  clock.advance(seconds(5));
  EXPECT_GT(http.sent(), before + 10);
}

TEST_F(PollerTest, WithoutKeysNothingIsSent) {
  keys.error = "no keys";
  ASSERT_TRUE(take({listing({"a"})}));
  clock.advance(minutes(5));
  EXPECT_EQ(http.sent(), 0u);
  EXPECT_EQ(stored("auth_failed"), 1u);
  keys.error.reset();
  clock.advance(seconds(20));
  EXPECT_GT(http.sent(), 1u);
}

TEST_F(PollerTest, NewKeysAreUsedWithinHalfAMinute) {
  const auto refused = [](const HttpRequest&) {
    return HttpReply{404, {}, R"({"Code":"InvalidAccessKeyId.NotFound","Message":"no"})"};
  };
  http.set_answer(refused);
  ASSERT_TRUE(take({listing({"a"})}));
  clock.advance(minutes(5));
  EXPECT_EQ(stored("auth_failed"), 1u);
  for (const std::size_t before = http.sent(); http.sent() == before;) clock.advance(seconds(1));
  http.set_answer([this](const HttpRequest& request) { return answer(request); });
  keys.secret = "two";  // just after a probe; the next one is a minute away
  clock.advance(seconds(15));
  EXPECT_EQ(store.records().size(), 1u);
}

TEST_F(PollerTest, AnEventOfTheAccountIsStoredBeforeItIsPublished) {
  keys.error = "no keys";
  store.fail_next(1'000'000, {StoreError::Kind::kUnavailable, "disk full"});
  ASSERT_TRUE(take({listing({"a"})}));
  clock.advance(minutes(2));
  EXPECT_THAT(names(log.events), ElementsAre("store_down")) << "not the event of the account";
  EXPECT_EQ(stored("auth_failed"), 0u);
  store.fail_next(0, {});
  clock.advance(seconds(5));
  keys.error.reset();
  clock.advance(minutes(1));
  std::vector<std::string> all;
  for (const auto& [id, event] : store.events()) all.push_back(event.name);
  EXPECT_THAT(all,
              testing::UnorderedElementsAre("auth_failed", "account_recovered", "task_baseline"));
  EXPECT_EQ(store.events().begin()->second.name, "auth_failed") << "with one id";
  EXPECT_THAT(names(log.events), ElementsAre("store_down", "store_up"));
}

TEST_F(PollerTest, KeysOnTheirWayAreNoFailure) {
  keys.pending = true;
  ASSERT_TRUE(take({listing({"a"})}));
  clock.advance(minutes(2));
  EXPECT_EQ(http.sent(), 0u);
  EXPECT_EQ(log.events.size(), 0u);
  keys.pending = false;
  clock.advance(seconds(1));
  EXPECT_GT(http.sent(), 0u) << "at once";
  EXPECT_TRUE(fleet.status()[0].up);
}

TEST_F(PollerTest, ACallWithRejectedTemporaryCredentialsIsRepeatedOnce) {
  const auto refused = [this](const HttpRequest& request) -> HttpResult {
    if (keys.secret == "one") {
      return HttpReply{400, {}, R"({"Code":"InvalidSecurityToken.Expired","Message":"no"})"};
    }
    return answer(request);
  };
  keys.renew = true;
  http.set_answer(refused);
  ASSERT_TRUE(take({listing({"a"})}));
  clock.advance(seconds(2));
  EXPECT_EQ(keys.refusals, 1);
  EXPECT_EQ(store.records().size(), 1u);
  EXPECT_EQ(log.events.size(), 0u) << "nothing worth telling";
  ASSERT_GE(observer.calls.size(), 2u);
  EXPECT_EQ(observer.calls[0].failure, Reason::kAuth) << "it was a call";
  EXPECT_TRUE(observer.calls[1].retry);
  EXPECT_FALSE(observer.calls[2].retry);
  for (std::size_t i = 1; i < http.requests().size(); ++i) {
    EXPECT_GE(http.requests()[i].at - http.requests()[i - 1].at, milliseconds(205));
  }
}

TEST_F(PollerTest, ASessionThatStaysRefusedIsProbedOnceAMinute) {
  const auto refused = [](const HttpRequest&) {
    return HttpReply{400, {}, R"({"Code":"InvalidSecurityToken.Expired","Message":"no"})"};
  };
  http.set_answer(refused);
  AccountConfig other = listing({"x"});
  other.name = "other";
  ASSERT_TRUE(take({listing({"a"}), other}));
  clock.advance(minutes(5));
  EXPECT_EQ(stored("auth_failed"), 2u) << "once for each account";
  const std::size_t before = http.sent();
  clock.advance(minutes(10));
  EXPECT_NEAR(static_cast<double>(http.sent() - before), 20, 2);
}

TEST_F(PollerTest, ATaskListedAgainIsNotReportedTwice) {
  ASSERT_TRUE(take({listing({"a", "b"})}));
  clock.advance(seconds(2));
  ASSERT_EQ(store.events().size(), 2u);
  store.fail_next(1'000'000, {StoreError::Kind::kUnavailable, "disk full"});
  status["a"] = kFailed;
  clock.advance(seconds(2));  // its transition waits for its commit
  ASSERT_TRUE(take({listing({"b"})}));
  ASSERT_TRUE(take({listing({"a", "b"})}));
  clock.advance(seconds(5));
  store.fail_next(0, {});
  clock.advance(seconds(5));
  EXPECT_EQ(store.events().size(), 3u) << "two baselines, one transition";
}

TEST_F(PollerTest, CallsOfARemovedAccountDoNotCountForItsReturn) {
  ASSERT_TRUE(take({listing({"a"})}));
  clock.advance(seconds(2));
  ASSERT_EQ(store.events().size(), 1u);
  http.set_delay(seconds(3));
  clock.advance(seconds(1));
  ASSERT_GT(http.in_flight(), 0u);
  ASSERT_TRUE(take({}));
  EXPECT_FALSE(fleet.stopped()) << "its calls are under way";
  ASSERT_TRUE(take({listing({"a"})}));
  status["a"] = kFailed;
  clock.advance(seconds(20));
  EXPECT_EQ(store.events().size(), 2u);
  EXPECT_EQ(fleet.status().size(), 1u);
}

TEST_F(PollerTest, AReloadUnderWayAtTheEndStartsNothing) {
  ASSERT_TRUE(take({listing({"a"})}));
  clock.advance(seconds(2));
  store.hold(MemoryStore::Hold::kBefore);
  begin({listing({"a", "b"})});
  clock.settle();
  fleet.stop();
  clock.settle();
  store.hold(MemoryStore::Hold::kNone);
  store.release(100);
  const std::size_t before = http.sent();
  clock.advance(seconds(10));
  EXPECT_TRUE(taken && failure);
  EXPECT_TRUE(fleet.stopped());
  EXPECT_EQ(http.sent(), before);
  EXPECT_EQ(store.events().size(), 1u);
}

TEST_F(PollerTest, TwoAccountsGoTheirOwnWays) {
  AccountConfig other = listing({"x"});
  other.name = "other";
  other.instances[0].endpoint = "https://other.example";
  http.set_answer([this](const HttpRequest& request) -> HttpResult {
    if (request.url.find("other.example") != std::string::npos) return TransportFailure{};
    return answer(request);
  });
  ASSERT_TRUE(take({listing({"a"}), other}));
  clock.advance(minutes(2));
  const auto all = fleet.status();
  ASSERT_EQ(all.size(), 2u);
  for (const AccountStatus& account : all) EXPECT_EQ(account.up, account.name == "prod");
  EXPECT_EQ(stored("account_unreachable"), 1u);
}

class ResultFetchTest : public PollerTest {
 protected:
  AccountConfig account() {
    AccountConfig one = listing({});
    one.instances.clear();
    one.quota[Api::kQueryDeviceDistributeJob] = 10;
    one.quota[Api::kQueryDeviceDistributeDetail] = 5;
    one.distributions.ids = {"D1"};
    one.distributions.endpoint = "https://distribution.example";
    one.ca_file = "/ca.pem";
    one.pace.job = seconds(1);
    return one;
  }
  const DistributionRecord& stored() { return store.distributions().at({"prod", "D1"}); }

  FakeHttp cloud{
      clock, [](const HttpRequest& request) -> HttpResult {
        const bool is_status = std::any_of(
            request.headers.begin(), request.headers.end(),
            [](const auto& header) { return header.second == "QueryDeviceDistributeJob"; });
        return HttpReply{
            200,
            {{"content-type", "application/json"}},
            is_status ? R"({"RequestId":"R","Success":true,"Data":{"JobId":"D1","Status":2}})"
                      : R"({"RequestId":"R","Success":true,"File":"https://x.example/y"})"};
      }};
  Ports with_cloud{clock, entropy, cloud, keys, store, log, observer, results, leases};
  Recorder own_recorder{with_cloud};
  Fleet own_fleet{context.get_executor(), with_cloud, own_recorder, metrics};

  Awaitable<void> put(Commit commit) { co_await store.commit(std::move(commit)); }
  Awaitable<void> run_recorder() { co_await own_recorder.run(); }
  Awaitable<void> take_account() {
    Config mine;
    mine.accounts = {account()};
    failure = co_await own_fleet.apply(mine);
  }
  void start() {
    spawn(context.get_executor(), run_recorder());
    spawn(context.get_executor(), take_account());
    clock.settle();
  }
};

TEST_F(ResultFetchTest, ThatItBeginsIsStoredBefore) {
  int early = 0;
  results.set_answer([&](const ResultRequest&) -> std::variant<DistributionResult, ResultFailure> {
    early += stored().fetch_begun ? 0 : 1;
    return ResultFailure{.message = "no route"};
  });
  start();
  clock.advance(seconds(20));
  ASSERT_GT(results.asked().size(), 1u);
  EXPECT_EQ(results.asked()[0].request.ca_file, "/ca.pem") << "a private CA signs storage too";
  EXPECT_EQ(early, 0);
  EXPECT_FALSE(stored().fetch_begun) << "it has ended";
  results.set_answer([](const ResultRequest&) { return understood(3); });
  clock.advance(minutes(2));
  ASSERT_TRUE(stored().result);
  EXPECT_EQ(stored().result->ok, 3u);
}

TEST_F(ResultFetchTest, WhatCannotBeStoredIsNotFetched) {
  start();
  store.fail_next(1'000'000, {StoreError::Kind::kUnavailable, "disk full"});
  clock.advance(minutes(1));
  EXPECT_TRUE(results.asked().empty());
  EXPECT_EQ(log.count("distribution_file_failed"), 1u);
  store.fail_next(0, {});
  clock.advance(minutes(11));
  EXPECT_FALSE(results.asked().empty());
}

TEST_F(ResultFetchTest, AFetchThatACrashInterruptedIsAnEventAtTheNextStartAndWaitsAnHour) {
  DistributionRecord begun;
  begun.key = {"prod", "D1"};
  begun.last.distribution_id = "D1";
  begun.last.status = DistributionStatus::kFinished;
  begun.first_seen = begun.last_seen = clock.now().wall;
  begun.fetch_begun = clock.now().wall;
  Commit commit;
  commit.distributions = {begun};
  spawn(context.get_executor(), put(std::move(commit)));
  clock.settle();
  results.set_answer([](const ResultRequest&) { return understood(1); });
  start();
  clock.advance(minutes(59));
  EXPECT_TRUE(results.asked().empty());
  ASSERT_EQ(store.events().size(), 1u);
  EXPECT_EQ(store.events().begin()->second.name, "distribution_result");
  EXPECT_FALSE(stored().fetch_begun);
  clock.advance(minutes(2));
  EXPECT_EQ(results.asked().size(), 1u);
  EXPECT_EQ(store.events().size(), 2u);
}

TEST_F(ResultFetchTest, AStopWhileItIsFetchedIsNoCrash) {
  results.set_delay(minutes(1));
  start();
  clock.advance(seconds(10));
  ASSERT_EQ(results.asked().size(), 1u);
  EXPECT_TRUE(stored().fetch_begun);
  own_fleet.stop();
  clock.advance(seconds(1));
  EXPECT_FALSE(stored().fetch_begun) << "though it is still under way";
  clock.advance(minutes(2));
}

}  // namespace
}  // namespace taskwatchd
