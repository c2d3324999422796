#include "app/reloader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakes/main_path.h"
#include "io/temporary_folder.h"
#include "pipeline/recorder.h"
#include "ports.h"
#include "view/metrics.h"

namespace taskwatchd {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

// A store whose first `failures` loads fail.
class FailingLoads : public MemoryStore {
 public:
  Awaitable<std::variant<Stored, StoreError>> load(std::string account) override {
    ++loads;
    if (failures > 0) {
      --failures;
      co_return StoreError{StoreError::Kind::kUnavailable, "the disk is full"};
    }
    co_return co_await MemoryStore::load(std::move(account));
  }
  int failures = 0;
  int loads = 0;
};

class ReloaderTest : public ::testing::Test {
 protected:
  void start() {
    folder_.write("d/a.txt", "F1\n");
    configure("T1");
    const auto errors = reloader.load_first();
    for (const ConfigError& error : errors) ADD_FAILURE() << to_string(error);
    spawn(context.get_executor(), life());
    clock.settle();
  }
  Awaitable<void> life() {
    co_await reloader.take_first(fleet);
    spawn(context.get_executor(), reloader.run(fleet));
    spawn(context.get_executor(), reloader.watch_task_files());
  }
  void configure(const std::string& task) {
    folder_.write("c.yaml",
                  "accounts:\n  - name: prod\n    credentials: {access_key_id: A,"
                  " access_key_secret_file: secret}\n    instances:\n      - region: cn-shanghai\n"
                  "        tasks: [" +
                      task + "]\n        task_files: [d/*.txt]\n");
  }
  std::vector<std::string> tasks() const {
    return reloader.config().accounts.at(0).instances.at(0).tasks;
  }
  // Leaves out events about the account: no platform exists in this test.
  std::vector<std::string> logged() const {
    std::vector<std::string> all;
    for (const Event& event : log.events) {
      if (event.name != "account_unreachable") all.push_back(event.name + ": " + event.msg);
    }
    return all;
  }

  TemporaryFolder folder_;
  std::string secret_ = folder_.write("secret", "s3cret\n");
  boost::asio::io_context context;
  FakeClock clock{context};
  FakeEntropy entropy;
  NoHttp http;
  NotedKeys keys;
  FailingLoads store;
  NotedLog log;
  NotedObserver observer{store};
  FakeResultFiles results{clock, no_file};
  AllLeasesHeld leases;
  Ports ports{clock, entropy, http, keys, store, log, observer, results, leases};
  Recorder recorder{ports};
  Metrics metrics{BuildInfo{}};
  Fleet fleet{context.get_executor(), ports, recorder, metrics};
  Reloader reloader{context.get_executor(), clock, log, folder_ / "c.yaml", [] {}};
};

TEST_F(ReloaderTest, WhatTheStoreCannotApplyIsTriedAgain) {
  start();
  store.failures = 3;
  configure("T2");
  EXPECT_EQ(reloader.request(), std::nullopt);
  clock.settle();
  EXPECT_THAT(tasks(), ElementsAre("T1", "F1"));
  EXPECT_FALSE(reloader.last_successful());
  clock.advance(seconds(60));
  EXPECT_THAT(tasks(), ElementsAre("T2", "F1"));
  EXPECT_TRUE(reloader.last_successful());
  EXPECT_THAT(logged(),
              ElementsAre(HasSubstr("config_reload_failed: could not apply the new configuration; "
                                    "the previous one stays active, retrying: the disk is full"),
                          HasSubstr("config_reloaded: ")));
}

TEST_F(ReloaderTest, ANewerRequestDoesNotWaitForTheNextTry) {
  start();
  store.failures = 6;
  configure("T2");
  reloader.request();
  clock.advance(seconds(40));
  const int loads = store.loads;
  configure("T3");
  store.failures = 0;
  reloader.request();
  clock.settle();
  EXPECT_GT(store.loads, loads);
  EXPECT_THAT(tasks(), ElementsAre("T3", "F1"));
}

TEST_F(ReloaderTest, ATaskFileIsAdoptedThoughTheStoreFailsAtFirst) {
  start();
  store.failures = 2;
  folder_.write("d/a.txt", "F1\nF2\n");
  clock.advance(seconds(30));
  EXPECT_THAT(tasks(), ElementsAre("T1", "F1", "F2"));
}

TEST_F(ReloaderTest, ATaskFileChangesTheTasksOnly) {
  start();
  configure("T2");  // edited, but no reload has been requested
  folder_.write("d/b.txt", "F2\n");
  clock.advance(seconds(6));
  EXPECT_THAT(tasks(), ElementsAre("T1", "F1", "F2"));
  reloader.request();
  clock.settle();
  EXPECT_THAT(tasks(), ElementsAre("T2", "F1", "F2"));
}

TEST_F(ReloaderTest, ARequestThatFailsDoesNotHideAChangedTaskFile) {
  start();
  folder_.write("d/b.txt", "F2\n");
  folder_.write("secret", "\n");
  ASSERT_TRUE(reloader.request());
  EXPECT_THAT(tasks(), ElementsAre("T1", "F1"));
  clock.advance(seconds(6));
  EXPECT_THAT(tasks(), ElementsAre("T1", "F1", "F2"));
}

TEST_F(ReloaderTest, AnIdenticalCheckReloadsNothing) {
  start();
  folder_.write("d/a.txt", "# the same\nF1\n");
  clock.advance(std::chrono::minutes(5));
  EXPECT_THAT(logged(), ElementsAre());
  folder_.write("d/a.txt", "no id\nF1\n");
  clock.advance(std::chrono::minutes(5));
  EXPECT_THAT(logged(), ElementsAre(HasSubstr("a.txt:1:1: `no id` is not a valid task id")));
}

TEST_F(ReloaderTest, WhatIsGoneIsDroppedAfterAWhile) {
  start();
  std::filesystem::remove(folder_ / "d/a.txt");
  clock.advance(seconds(1));
  EXPECT_THAT(tasks(), UnorderedElementsAre("T1", "F1"));
  clock.advance(seconds(9));
  EXPECT_THAT(tasks(), ElementsAre("T1"));
}

}  // namespace
}  // namespace taskwatchd
