#include "pipeline/fleet.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ctime>

#include "fakes/fake_http.h"
#include "fakes/main_path.h"
#include "pipeline/history_pruner.h"
#include "ports.h"
#include "view/view_world.h"

namespace taskwatchd {
namespace {

using std::chrono::hours;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using enum TaskStatus;

constexpr Wall kBorn{std::chrono::sys_days(std::chrono::year(2026) / 11 / 21)};

// Records the jobs whose counters were requested. The first `failures` requests fail.
class AskedStore : public MemoryStore {
 public:
  Awaitable<std::variant<std::vector<CounterValue>, StoreError>> counters(
      std::string account, std::vector<std::string> job_ids) override {
    if (failures > 0) {
      --failures;
      co_return StoreError{StoreError::Kind::kUnavailable, "the disk is away"};
    }
    asked.insert(asked.end(), job_ids.begin(), job_ids.end());
    co_return co_await MemoryStore::counters(std::move(account), std::move(job_ids));
  }
  Awaitable<std::variant<std::monostate, StoreError>> prune(Wall, Watched) override {
    ++prunes;
    co_return std::monostate();
  }
  std::vector<std::string> asked;
  int failures = 0;
  int prunes = 0;
};

// The state database, the pollers and the metrics, connected as in the app.
class FleetTest : public testing::Test {
 protected:
  FleetTest() {
    spawn(context.get_executor(), record());
    spawn(context.get_executor(), fleet.follow_counters());
    for (const char* job : {"job", "old"}) {
      spawn(context.get_executor(),
            put({.counters = {{{"prod", job, Counter::kTransitions, kFailed}, 7}},
                 .stored_times = {{"prod", "alive", kBorn - hours(1)}}}));
    }
    clock.settle();
  }
  Awaitable<void> record() { co_await recorder.run(); }
  Awaitable<void> put(Commit commit) { co_await store.commit(std::move(commit)); }
  void take(std::vector<std::string> tasks) {
    AccountConfig account = account_of({instance_of("main", std::move(tasks))});
    account.quota_share = 1;
    account.pace.task = {};
    config.accounts = {account};
    spawn(context.get_executor(), apply());
    clock.settle();
  }
  Awaitable<void> apply() {
    const Config mine = config;
    EXPECT_FALSE(co_await fleet.apply(mine));
  }
  HttpResult answer() {
    HttpResult result = wire(reply_of("a", status, kBorn + seconds(static_cast<int>(status))));
    if (!date.empty()) std::get<HttpReply>(result).headers.emplace_back("date", date);
    return result;
  }
  std::string page() {
    DaemonStatus now;
    now.accounts = fleet.status();
    return page_of(metrics, now, {}, clock.now().wall);
  }

  boost::asio::io_context context;
  FakeClock clock{context};
  FakeEntropy entropy;
  TaskStatus status = kQueued;
  std::string date;  // Date header of the responses
  FakeHttp http{clock, [this](const HttpRequest&) { return answer(); }};
  NotedKeys keys;
  AskedStore store;
  NotedLog log;
  FakeResultFiles results{clock, no_file};
  Metrics metrics{{"1", "2", "3"}};
  AllLeasesHeld leases;
  Ports ports{clock, entropy, http, keys, store, log, metrics, results, leases};
  Recorder recorder{ports};
  Fleet fleet{context.get_executor(), ports, recorder, metrics};
  Config config;
};

std::string http_date_of(Wall at) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(
      std::chrono::time_point_cast<std::chrono::system_clock::duration>(at));
  char text[64];
  std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", std::gmtime(&seconds));
  return text;
}

constexpr const char* kFailedOfJob =
    "aliyun_iot_task_transitions_total{account=\"prod\",job_id=\"job\",to=\"FAILED\"} ";

TEST_F(FleetTest, CountersOfAJobThatComesBackGoOnAndOthersAreNotRead) {
  take({"a"});
  EXPECT_THAT(store.asked, ElementsAre()) << "which job the task is of is not known yet";
  clock.advance(seconds(2));
  EXPECT_THAT(store.asked, ElementsAre("job"));
  EXPECT_THAT(page(), HasSubstr(std::string(kFailedOfJob) + "7\n"));
  status = kFailed;
  clock.advance(seconds(2));
  EXPECT_THAT(page(), HasSubstr(std::string(kFailedOfJob) + "8\n"));
  take({"a", "b"});
  EXPECT_THAT(store.asked, ElementsAre("job")) << "a reload reads nothing again";
  EXPECT_THAT(page(), HasSubstr(std::string(kFailedOfJob) + "8\n"));
}

// With 1,000 accounts and a slow state database, a query for each would take a minute.
TEST_F(FleetTest, AReloadReadsNothingForUnchangedAccounts) {
  take({"a"});
  clock.advance(seconds(2));
  const std::uint64_t read = fleet.parts_read();
  take({"a"});
  EXPECT_EQ(fleet.parts_read(), read);
  status = kFailed;
  clock.advance(seconds(2));
  EXPECT_THAT(page(), HasSubstr(std::string(kFailedOfJob) + "8\n")) << "it is polled as before";
  take({"a", "b"});
  EXPECT_GT(fleet.parts_read(), read);
  config.accounts.clear();
  spawn(context.get_executor(), apply());
  clock.settle();
  EXPECT_TRUE(fleet.status().empty());
}

// Explicit tasks of very many accounts are surveyed in parts, and between two of them accounts may
// come, go and be lost to another replica.
TEST_F(FleetTest, TheStatusIsOfNowWhateverHappensBetweenTwoPartsOfASurvey) {
  const auto names_of = [](const auto& accounts, const auto& name_of) {
    std::string names;
    for (const auto& one : accounts) names += name_of(one);
    return names;
  };
  const auto status_names = [&](const Fleet::Surveys& surveyed) {
    return names_of(fleet.status(surveyed), [](const AccountStatus& one) { return one.name; });
  };
  const auto surveyed_names = [&](const Fleet::Surveys& surveyed) {
    return names_of(surveyed, [](const auto& one) { return one.first; });
  };
  const auto configure = [&](const std::string& names) {
    config.accounts.clear();
    for (const char name : names) {
      config.accounts.push_back(account_of({instance_of("main", {std::string("task-") + name})}));
      config.accounts.back().name = std::string(1, name);
    }
    spawn(context.get_executor(), apply());
    clock.settle();
  };
  fleet.share();
  for (const char* const name : {"b", "c", "d", "f"}) fleet.acquire(name);
  configure("bcdf");
  Fleet::Surveys surveyed;
  EXPECT_TRUE(fleet.survey(surveyed));
  EXPECT_EQ(surveyed_names(surveyed), "bcdf");
  EXPECT_EQ(fleet.status(surveyed).front().unseen, 1u);

  surveyed.erase("d");
  surveyed.erase("f");
  fleet.lose("b");
  fleet.lose("d");
  fleet.acquire("a");
  configure("abcdf");
  EXPECT_TRUE(fleet.survey(surveyed));
  EXPECT_EQ(surveyed_names(surveyed), "bcf") << "it continues after c";
  EXPECT_EQ(status_names(surveyed), "abcdf") << "with the last values of lost accounts";
  configure("af");
  EXPECT_EQ(status_names(surveyed), "af");
}

// The clock decides which history is deleted: a clock one year ahead would delete all of it.
TEST_F(FleetTest, TheClockIsComparedWithTheDatesOfResponses) {
  take({"a"});
  clock.advance(seconds(2));
  EXPECT_FALSE(fleet.clock_offset()) << "no response had one";
  date = "Sun, 06 Nov 1994 08:49:37 GMT";
  clock.advance(seconds(10));
  EXPECT_FALSE(fleet.clock_offset()) << "decades away: no clock at all";
  const Wall behind = clock.now().wall - hours(24 * 365);
  date = http_date_of(behind);
  clock.advance(seconds(10));
  ASSERT_TRUE(fleet.clock_offset());
  EXPECT_NEAR(*fleet.clock_offset(), -365.0 * 86400, 15);

  const auto retain = [] { return Duration(hours(24)); };
  HistoryPruner pruner(fleet, ports, retain);
  spawn(context.get_executor(), pruner.run());
  clock.advance(hours(3));
  EXPECT_EQ(store.prunes, 0);
  date = http_date_of(clock.now().wall);
  clock.advance(seconds(30));
  EXPECT_EQ(store.prunes, 1) << "as soon as a response confirms it";
}

TEST_F(FleetTest, CountersThatCannotBeReadAreLoadedAgain) {
  store.failures = 3;
  take({"a"});
  clock.advance(seconds(2));
  EXPECT_THAT(page(), testing::Not(HasSubstr(kFailedOfJob)))
      << "0 now and 7 next would be an increase";
  status = kFailed;
  clock.advance(seconds(5));
  EXPECT_THAT(store.asked, ElementsAre("job"));
  EXPECT_THAT(page(), HasSubstr(std::string(kFailedOfJob) + "8\n"));
}

class SharedFleetTest : public FleetTest {
 protected:
  SharedFleetTest() { fleet.share(); }
  Awaitable<void> hand_over() {
    co_await fleet.hand_over("prod");
    handed_over = true;
  }
  bool handed_over = false;
};

TEST_F(SharedFleetTest, OnlyWhatIsHeldIsPolled) {
  take({"a"});
  clock.advance(seconds(5));
  EXPECT_EQ(http.sent(), 0u);
  fleet.acquire("prod");
  clock.advance(seconds(2));
  EXPECT_GT(http.sent(), 0u);
  EXPECT_TRUE(store.records().contains(TaskKey{"prod", "a"}));
}

TEST_F(SharedFleetTest, AfterALossNothingIsStoredAndTheLastValuesStay) {
  take({"a"});
  fleet.acquire("prod");
  clock.advance(seconds(2));
  const auto commits = store.commits();
  status = kFailed;
  http.set_delay(seconds(1));
  clock.advance(std::chrono::milliseconds(500));
  fleet.lose("prod");
  const auto sent = http.sent();
  clock.advance(seconds(20));
  EXPECT_EQ(http.sent(), sent);
  EXPECT_EQ(store.commits(), commits) << "the answer of the last call came too late";
  EXPECT_THAT(page(), HasSubstr("taskwatchd_account_up{account=\"prod\"} 1"));
  EXPECT_THAT(page(), HasSubstr(std::string(kFailedOfJob) + "7\n"));
  EXPECT_THAT(fleet.former(), ElementsAre("prod"));
  fleet.forget_former("prod");
  EXPECT_THAT(page(), testing::Not(HasSubstr("taskwatchd_account_up{account=\"prod\"}")));
  EXPECT_THAT(page(), testing::Not(HasSubstr("aliyun_iot_task_status{account=\"prod\"")));
}

TEST_F(SharedFleetTest, WhoTakesOverReadsTheCountersAgain) {
  take({"a"});
  fleet.acquire("prod");
  clock.advance(seconds(2));
  fleet.lose("prod");
  spawn(context.get_executor(),
        put({.counters = {{{"prod", "job", Counter::kTransitions, kFailed}, 5}}}));
  clock.advance(seconds(2));
  fleet.acquire("prod");
  clock.advance(seconds(2));
  EXPECT_THAT(page(), HasSubstr(std::string(kFailedOfJob) + "12\n"));
  EXPECT_THAT(fleet.former(), ElementsAre());
}

TEST_F(SharedFleetTest, AHandOverStoresWhatTheLastCallsHaveShown) {
  take({"a"});
  fleet.acquire("prod");
  clock.advance(seconds(2));
  status = kFailed;
  http.set_delay(std::chrono::milliseconds(700));
  clock.advance(std::chrono::milliseconds(300));
  spawn(context.get_executor(), hand_over());
  clock.advance(std::chrono::milliseconds(300));
  EXPECT_FALSE(handed_over);
  clock.advance(seconds(2));
  EXPECT_TRUE(handed_over);
  EXPECT_EQ(store.records().at(TaskKey{"prod", "a"}).last.status, kFailed);
  const auto sent = http.sent();
  clock.advance(seconds(10));
  EXPECT_EQ(http.sent(), sent);
}

}  // namespace
}  // namespace taskwatchd
