#include "commands/asker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakes/fake_http.h"
#include "fakes/main_path.h"
#include "ports.h"

namespace taskwatchd {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;

HttpReply json(std::string body) {
  return {200, {{"content-type", "application/json"}}, std::move(body)};
}

HttpReply refused(const std::string& code) {
  return json(R"({"RequestId":"R","Success":false,"Code":")" + code + R"(","ErrorMessage":"no"})");
}

std::string distribution_reply(const std::string& id) {
  return R"({"RequestId":"R","Success":true,"Data":{"JobId":")" + id + R"(","Status":1}})";
}

AccountConfig spare_account() {
  AccountConfig account = account_of({instance_of("main", {"t"})});
  account.instances[0].id = "iot-cn-1";
  for (const Api api : kAllApis) account.quota[api] = 5;  // leaves 1 call/s
  account.quota[Api::kQueryDeviceDistributeJob] = 10;     // leaves 2 calls/s
  account.distributions.ids = {"D1"};
  account.distributions.endpoint = "https://distribution.example";
  account.distributions.ca_file = "/ca.pem";
  return account;
}

struct Question {
  std::optional<std::size_t> instance;
  ApiCall call;
};

class AskerTest : public testing::Test {
 protected:
  // Each query waits for the result of the one before.
  void ask(std::vector<Question> questions) {
    spawn(context.get_executor(), ask_all(std::move(questions)));
    clock.advance(std::chrono::minutes(2));
  }
  Awaitable<void> ask_all(std::vector<Question> questions) {
    for (Question& one : questions) {
      AskResult result = co_await asker.ask(0, one.instance, std::move(one.call));
      results.push_back(std::move(result));
    }
  }
  const Failure& failure(std::size_t i) { return std::get<Failure>(results.at(i).outcome); }
  Mono sent_at(std::size_t i) { return http.requests().at(i).at; }
  const HttpRequest& sent(std::size_t i) { return http.requests().at(i).request; }

  boost::asio::io_context context;
  FakeClock clock{context};
  FakeEntropy entropy;
  HttpReply next = refused("iot.job.JobNotFound");
  FakeHttp http{clock, [this](const HttpRequest&) { return HttpResult(next); }};
  NotedKeys keys;
  Config config = [] {
    Config made;
    made.accounts = {spare_account()};
    return made;
  }();
  Asker asker{config, clock, entropy, http, keys};
  std::vector<AskResult> results;
};

TEST_F(AskerTest, EachApiHasAPaceOfItsOwn) {
  const Mono begin = clock.now().mono;
  ask({{0, query_task("t")},
       {0, query_job("j")},
       {0, query_task("t")},
       {std::nullopt, query_distribution("D1")},
       {std::nullopt, query_distribution("D1")}});
  ASSERT_EQ(http.sent(), 5u);
  EXPECT_GE(sent_at(0) - begin, seconds(1)) << "it starts empty";
  EXPECT_LT(sent_at(1) - sent_at(0), milliseconds(50)) << "another API need not wait";
  EXPECT_GE(sent_at(2) - sent_at(0), seconds(1));
  EXPECT_LT(sent_at(3) - sent_at(2), milliseconds(50));
  EXPECT_GE(sent_at(4) - sent_at(3), milliseconds(500));
  EXPECT_LT(sent_at(4) - sent_at(3), milliseconds(600));
}

TEST_F(AskerTest, TheQuotaOfAllApisTogetherSpacesAllCalls) {
  Config limited = config;
  limited.accounts[0].quota_total = 2.5;  // leaves 0.5 calls/s
  Asker spaced{limited, clock, entropy, http, keys};
  const Mono begin = clock.now().mono;
  const auto both = [&]() -> Awaitable<void> {
    co_await spaced.ask(0, 0, query_task("t"));
    co_await spaced.ask(0, 0, query_job("j"));
  };
  spawn(context.get_executor(), both());
  clock.advance(std::chrono::minutes(1));
  ASSERT_EQ(http.sent(), 2u);
  EXPECT_GE(sent_at(0) - begin, seconds(2)) << "it starts empty";
  EXPECT_GE(sent_at(1) - sent_at(0), seconds(2));
  EXPECT_LT(sent_at(1) - sent_at(0), milliseconds(2100));
  EXPECT_DOUBLE_EQ(spare_rate(limited.accounts[0]), 0.5);
}

TEST_F(AskerTest, ACallIsCountedWhenItLeaves) {
  http.set_start([](const HttpRequest&) { return FakeHttp::Start{milliseconds(2900), {}}; });
  ask({{0, query_task("t")}, {0, query_task("t")}});
  ASSERT_EQ(http.sent(), 2u);
  // The second call was allowed 1 s after the first one left, and needed 2.9 s to leave too.
  EXPECT_GE(sent_at(1) - sent_at(0), milliseconds(1000 + 2900));
  EXPECT_LT(sent_at(1) - sent_at(0), milliseconds(1100 + 2900));
}

TEST_F(AskerTest, ASlowResponseDoesNotDelayTheNextCall) {
  http.set_delay(milliseconds(10), seconds(3));
  ask({{0, query_task("t")}, {0, query_task("t")}});
  ASSERT_EQ(http.sent(), 2u);
  EXPECT_LT(sent_at(1) - sent_at(0), milliseconds(3050));
}

TEST_F(AskerTest, DistributionsAreQueriedAtTheirEndpointWithoutAnInstance) {
  next = json(distribution_reply("D1"));
  ask({{std::nullopt, query_distribution("D1")}});
  ASSERT_EQ(http.sent(), 1u);
  EXPECT_TRUE(sent(0).url.starts_with("https://distribution.example/")) << sent(0).url;
  EXPECT_THAT(sent(0).url, testing::Not(HasSubstr("IotInstanceId")));
  EXPECT_EQ(sent(0).ca_file, "/ca.pem");
  EXPECT_TRUE(std::holds_alternative<DistributionReply>(results.at(0).outcome));
  ask({{0, query_job("j")}});
  EXPECT_TRUE(sent(1).url.starts_with("https://main.example/")) << sent(1).url;
  EXPECT_THAT(sent(1).url, HasSubstr("IotInstanceId=iot-cn-1"));
}

TEST_F(AskerTest, ACodeThatNoDocumentNamesMayMeanThatTheIdIsUnknown) {
  ask({{0, query_task("t")}, {0, query_job("j")}, {std::nullopt, distribution_file("D9")}});
  ASSERT_EQ(results.size(), 3u);
  for (std::size_t i = 0; i < results.size(); ++i) {
    EXPECT_EQ(failure(i).reason, Reason::kNotFound) << i;
  }
  EXPECT_THAT(results[0].advice, HasSubstr("Check the task id, its region and its instance."));
  EXPECT_THAT(results[1].advice, HasSubstr("QueryJob failed (not_found)"));
  EXPECT_THAT(results[2].advice, HasSubstr("Check the distribution's id and its account."));
  EXPECT_EQ(http.sent(), 3u) << "none is asked again";
}

TEST_F(AskerTest, AReplyAboutAnotherThingIsNoAnswer) {
  next = json(distribution_reply("D2"));
  ask({{std::nullopt, query_distribution("D1")}});
  EXPECT_EQ(failure(0).reason, Reason::kProtocol);
  EXPECT_THAT(failure(0).message, HasSubstr("another"));
  EXPECT_EQ(http.sent(), 3u) << "it may pass";
}

TEST_F(AskerTest, WhatOneApiLearnsOfTheWayToCallHoldsForAll) {
  next = {400,
          {{"content-type", "application/json"}},
          R"({"RequestId":"R","Code":"UnsupportedHTTPMethod","Message":"no"})"};
  ask({{0, query_task("t")}});
  EXPECT_EQ(sent(0).method, "POST");
  EXPECT_EQ(sent(1).method, "GET");
  const std::size_t before = http.sent();
  next = refused("iot.job.JobNotFound");
  ask({{0, query_job("j")}});
  EXPECT_EQ(sent(before).method, "GET");
}

}  // namespace
}  // namespace taskwatchd
