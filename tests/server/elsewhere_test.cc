// Questions about accounts that another replica holds.
#include "server/elsewhere.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakes/fake_http.h"
#include "fakes/fake_secrets.h"
#include "fakes/main_path.h"
#include "ports.h"
#include "server/api_answers.h"

namespace taskwatchd {
namespace {

using testing::HasSubstr;
using testing::Not;

LeaseStatus lease(std::string account) {
  LeaseStatus one;
  one.account = std::move(account);
  return one;
}

LeaseStatus elsewhere(std::string account, std::string holder, std::string url) {
  LeaseStatus one = lease(std::move(account));
  one.elsewhere = true;
  one.holder = std::move(holder);
  one.holder_url = std::move(url);
  return one;
}

// The account `here` is polled by this replica, `there` and `far` by others, `free` by nobody.
class ElsewhereTest : public testing::Test {
 protected:
  ElsewhereTest() {
    spawn(context.get_executor(), record());
    Config config;
    for (const char* name : {"here", "there", "far", "free"}) {
      AccountConfig account = account_of({instance_of("main", {std::string("of_") + name})});
      account.name = name;
      account.distributions.ids = {std::string("d_") + name};
      config.accounts.push_back(std::move(account));
    }
    fleet.share();
    fleet.acquire("here");
    spawn(context.get_executor(), apply(std::move(config)));
    clock.settle();
    shown = ReplicationStatus{{lease("here"), elsewhere("there", "two", "https://two.example"),
                               elsewhere("far", "", ""), lease("free")},
                              {}};
  }
  Awaitable<DaemonStatus> status() const {
    DaemonStatus now;
    now.accounts = fleet.status();
    co_return now;
  }
  Awaitable<void> record() { co_await recorder.run(); }
  Awaitable<void> apply(Config config) { EXPECT_FALSE(co_await fleet.apply(config)); }
  ApiReply ask(ApiRoute route, std::string id, std::string account = "") {
    ApiQuestion question;
    question.route = route;
    question.id = std::move(id);
    if (!account.empty()) question.query = {{"account", std::move(account)}};
    ApiReply reply;
    spawn(context.get_executor(), keep(std::move(question), reply));
    clock.settle();
    return reply;
  }
  Awaitable<void> keep(ApiQuestion question, ApiReply& reply) {
    reply = co_await answers.answer(std::move(question));
  }
  void expect_two(const ApiReply& reply) {
    EXPECT_EQ(reply.status, 421);
    EXPECT_EQ(reply.error_type, "not_here");
    EXPECT_EQ(reply.error, "account there is held by replica two; ask https://two.example");
    EXPECT_EQ(reply.holder, "two");
    EXPECT_EQ(reply.holder_url, "https://two.example");
  }

  boost::asio::io_context context;
  FakeClock clock{context};
  FakeEntropy entropy;
  FakeHttp http{clock, [](const HttpRequest&) { return HttpResult(TransportFailure{}); }};
  NotedKeys keys;
  MemoryStore store;
  NotedLog log;
  FakeResultFiles results{clock, no_file};
  Metrics metrics{{"1", "2", "3"}};
  AllLeasesHeld leases;
  Ports ports{clock, entropy, http, keys, store, log, metrics, results, leases};
  Recorder recorder{ports};
  Fleet fleet{context.get_executor(), ports, recorder, metrics};
  std::optional<ReplicationStatus> shown;
  FakeSecrets files;
  Notifiers sinks{context.get_executor(), ports, recorder, files, {}};
  MuteBook mutes{ports, [] {}};
  ApiAnswers answers{
      fleet,
      sinks,
      mutes,
      ports,
      {[] { return true; }, [this] { return status(); }, {}, [this] { return shown; }}};
};

TEST_F(ElsewhereTest, ATaskOfAnAccountThatAnotherOneHolds) {
  EXPECT_EQ(ask(ApiRoute::kTask, "of_here").status, 200);
  expect_two(ask(ApiRoute::kTask, "of_there"));
  expect_two(ask(ApiRoute::kTask, "anything", "there"));
  expect_two(ask(ApiRoute::kTask, "of_here", "there"));
}

TEST_F(ElsewhereTest, ASinkThatAnotherOneRuns) {
  SinkConfig ops, free;
  ops.name = "ops";
  free.name = "free";
  sinks.share();
  sinks.configure({ops, free});
  shown->leases.push_back(elsewhere("sink/ops", "two", "https://two.example"));
  shown->leases.push_back(lease("sink/free"));
  const ApiReply there = ask(ApiRoute::kTestSink, "ops");
  EXPECT_EQ(there.status, 421);
  EXPECT_EQ(there.error, "sink ops is held by replica two; ask https://two.example");
  EXPECT_EQ(there.holder_url, "https://two.example");
  EXPECT_EQ(ask(ApiRoute::kTestSink, "free").status, 503);
  EXPECT_EQ(ask(ApiRoute::kTestSink, "free").error,
            "no replica runs sink free right now; try again");
  EXPECT_EQ(ask(ApiRoute::kTestSink, "typo").error,
            "no sink has this name; the sinks are ops, free");
}

TEST_F(ElsewhereTest, ListsAndFilesOfThatAccount) {
  expect_two(ask(ApiRoute::kTasks, "", "there"));
  expect_two(ask(ApiRoute::kFailedDevices, "d_there"));
  expect_two(ask(ApiRoute::kFailedDevices, "anything", "there"));
  EXPECT_EQ(ask(ApiRoute::kTasks, "").status, 200) << "those that are polled here";
  EXPECT_EQ(ask(ApiRoute::kTasks, "", "here").status, 200);
  EXPECT_EQ(ask(ApiRoute::kTasks, "", "typo").status, 400);
}

TEST_F(ElsewhereTest, AHolderWithoutAUrl) {
  const ApiReply reply = ask(ApiRoute::kTask, "of_far");
  EXPECT_EQ(reply.status, 421);
  EXPECT_THAT(reply.error, HasSubstr("held by another replica; its URL is not known"));
  EXPECT_EQ(reply.holder_url, "");
}

TEST_F(ElsewhereTest, AnAccountThatNobodyHoldsIsNotMissing) {
  for (const ApiReply& reply :
       {ask(ApiRoute::kTask, "of_free"), ask(ApiRoute::kTask, "anything", "free"),
        ask(ApiRoute::kTasks, "", "free"), ask(ApiRoute::kFailedDevices, "d_free")}) {
    EXPECT_EQ(reply.status, 503);
    EXPECT_EQ(reply.error, "no replica polls account free right now; try again");
  }
}

TEST_F(ElsewhereTest, ATaskThatNoConfigurationNames) {
  const ApiReply reply = ask(ApiRoute::kTask, "of_a_job");
  EXPECT_EQ(reply.status, 404);
  EXPECT_EQ(reply.error,
            "task of_a_job is not watched here; 2 accounts are held by other replicas: "
            "https://two.example");
  EXPECT_EQ(ask(ApiRoute::kTask, "of_a_job", "here").error, "task of_a_job is not watched");
  shown->leases.resize(2);
  EXPECT_THAT(ask(ApiRoute::kTask, "x").error, HasSubstr("1 account is held by another replica: "));
  shown->leases.resize(1);
  EXPECT_EQ(ask(ApiRoute::kTask, "x").error, "task x is not watched");
}

TEST_F(ElsewhereTest, OneMessageNamesTenUrls) {
  for (int i = 0; i < 100; ++i) {
    const std::string name = "a" + std::to_string(i);
    shown->leases.push_back(elsewhere(name, name, "https://" + name + ".example"));
  }
  const std::string text = ask(ApiRoute::kTask, "x").error;
  EXPECT_THAT(text, HasSubstr("102 accounts"));
  EXPECT_EQ(std::count(text.begin(), text.end(), ','), 9);
}

TEST_F(ElsewhereTest, WithoutReplicasNothingIsElsewhere) {
  shown.reset();
  EXPECT_EQ(ask(ApiRoute::kTask, "of_there").status, 404);
  EXPECT_EQ(ask(ApiRoute::kTask, "of_there").error, "task of_there is not watched");
  EXPECT_EQ(ask(ApiRoute::kFailedDevices, "d_there").status, 404);
}

// The book learns of the loss before the poller's last calls have ended, and the other way.
TEST_F(ElsewhereTest, WhatIsPolledHereIsAnsweredHere) {
  shown->leases[0] = elsewhere("here", "two", "https://two.example");
  EXPECT_EQ(ask(ApiRoute::kTask, "of_here").status, 200);
  EXPECT_EQ(ask(ApiRoute::kTasks, "", "here").status, 200);
}

}  // namespace
}  // namespace taskwatchd
