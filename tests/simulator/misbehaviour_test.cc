// Each fault of the simulated platform, switched on alone.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "simulator/model_cloud.h"
#include "simulator/model_text.h"
#include "simulator/test_client.h"

namespace iotsim {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::int64_t kStart = 1'800'000'000'000;

class Misbehaviour : public ::testing::Test {
 protected:
  Misbehaviour() {
    Account account;
    account.name = "a";
    account.keys = {{"LTAItest", "test-secret", "", true}};
    account.quota = {{"QueryTask", 1000}};
    world.add(account);
    JobSpec spec;
    spec.id = "job-1";
    spec.instance = world.add(Instance{"a", "cn-shanghai", "iot-cn-test"});
    spec.created_ms = spec.start_ms = kStart;
    spec.devices = 200;
    spec.rollout_per_minute = 1e6;
    spec.life = {};
    spec.life.failed = spec.life.hang = spec.life.rejected = spec.life.offline = 0;
    job = &world.add(spec);
    wall = kStart + 30'000;  // nearly all are IN_PROGRESS
  }
  Response ask(std::size_t task = 0) {
    wall += 2;
    return cloud.handle(client.query_task(job->tasks.at(task)->id, wall),
                        {wall, (wall - kStart) * 1000});
  }
  void turn(const std::string& name, const std::string& value) {
    ASSERT_EQ(set_switch(cloud.switches, name, value), std::nullopt);
  }
  const CallRecord& last() { return cloud.log().recent().back(); }

  World world{1};
  ModelCloud cloud{world, 1};
  TestClient client;
  const Job* job = nullptr;
  std::int64_t wall = 0;
};

TEST_F(Misbehaviour, ServerErrors) {
  turn("server_error", "1");
  EXPECT_EQ(ask().status, 503);
  EXPECT_THAT(ask().body, HasSubstr("\"Code\":\"ServiceUnavailable\""));
  EXPECT_FALSE(last().ok);
  turn("server_error_status", "500");
  EXPECT_EQ(ask().status, 500);
  EXPECT_THAT(ask().body, HasSubstr("\"Code\":\"InternalError\""));
  turn("xml_errors", "true");
  EXPECT_THAT(ask().body, HasSubstr("<Error><RequestId>"));
  EXPECT_EQ(*ask().header("content-type"), "text/xml;charset=utf-8");
}

TEST_F(Misbehaviour, ProbabilitiesAreMet) {
  turn("server_error", "0.3");
  int bad = 0;
  for (int i = 0; i < 3000; ++i) bad += ask().status == 503 ? 1 : 0;
  EXPECT_NEAR(bad, 900, 80);
}

TEST_F(Misbehaviour, SlowAndLatency) {
  EXPECT_EQ(ask().delay_ms, 0);
  turn("latency_ms", "30");
  turn("slow", "1");
  turn("slow_ms", "7000");
  EXPECT_EQ(ask().delay_ms, 7030);
  EXPECT_EQ(ask().status, 200);
}

TEST_F(Misbehaviour, BrokenTransport) {
  turn("cut", "1");
  EXPECT_EQ(ask().delivery, Delivery::kCutLength);
  EXPECT_FALSE(last().ok);
  turn("cut_kind", "bare");
  EXPECT_EQ(ask().delivery, Delivery::kCutBare);
  turn("cut", "0");
  turn("drip", "1");
  EXPECT_EQ(ask().delivery, Delivery::kDripped);
  turn("drop", "1");
  EXPECT_EQ(ask().delivery, Delivery::kDropped);
  EXPECT_EQ(last().code, "(drop)");
}

TEST_F(Misbehaviour, WrongContent) {
  turn("empty", "1");
  EXPECT_EQ(ask().body, "");
  EXPECT_EQ(ask().status, 200);
  turn("empty", "0");
  turn("html", "1");
  EXPECT_THAT(ask().body, HasSubstr("<!DOCTYPE html>"));
  turn("html", "0");
  const std::string good = ask().body;
  turn("broken_json", "1");
  const std::string broken = ask().body;
  EXPECT_EQ(broken.size(), good.size());
  EXPECT_THAT(broken, testing::EndsWith("\"Success\":true,"));
}

TEST_F(Misbehaviour, Throttled) {
  turn("throttled", "1");
  EXPECT_EQ(ask().status, 400);
  EXPECT_THAT(ask().body, HasSubstr("Throttling.User"));
  EXPECT_TRUE(last().throttled);
}

TEST_F(Misbehaviour, WrongClock) {
  turn("clock_offset_ms", "3600000");
  const Response r = ask();
  EXPECT_THAT(r.body, HasSubstr("InvalidTimeStamp.Expired"));
  EXPECT_EQ(*r.header("date"), http_date(wall + 3'600'000));
  // A client that corrects its clock by the Date header succeeds again.
  EXPECT_EQ(cloud
                .handle(client.query_task(job->tasks[0]->id, wall + 3'600'000),
                        {wall, (wall - kStart) * 1000})
                .status,
            200);
}

TEST_F(Misbehaviour, WrongTask) {
  turn("wrong_task", "1");
  EXPECT_THAT(ask(3).body, HasSubstr("\"TaskId\":\"MSnT9"));
  EXPECT_THAT(ask(3).body, Not(HasSubstr(job->tasks[3]->id)));
  EXPECT_TRUE(last().ok);
}

TEST_F(Misbehaviour, SystemExceptionAndOverdue) {
  turn("system_exception", "1");
  EXPECT_THAT(ask().body, HasSubstr("\"Success\":false,\"Code\":\"iot.system.SystemException\""));
  turn("overdue", "true");
  EXPECT_THAT(ask().body, HasSubstr("\"Iot.system.BillIsOverDue\""));
  turn("forbidden", "gateway");
  EXPECT_EQ(ask().status, 403);
}

TEST_F(Misbehaviour, StaleReads) {
  const auto& steps = world.history(*job->tasks[5]);
  wall = steps.back().at_ms + 1000;
  EXPECT_THAT(ask(5).body, HasSubstr("\"SUCCEEDED\""));
  turn("stale", "1");
  turn("stale_ms", "60000");
  EXPECT_THAT(ask(5).body, Not(HasSubstr("\"SUCCEEDED\"")));
  wall += 120'000;
  EXPECT_THAT(ask(5).body, HasSubstr("\"SUCCEEDED\""));
}

TEST_F(Misbehaviour, UnknownStatusForAShareOfTasks) {
  turn("unknown_status", "0.5");
  int paused = 0;
  for (std::size_t i = 0; i < 200; ++i) {
    const bool first = ask(i).body.find("\"Status\":\"PAUSED\"") != std::string::npos;
    EXPECT_EQ(ask(i).body.find("\"Status\":\"PAUSED\"") != std::string::npos, first);
    paused += first ? 1 : 0;
  }
  EXPECT_NEAR(paused, 100, 35);
  turn("unknown_word", "succeeded");
  turn("unknown_status", "1");
  EXPECT_THAT(ask().body, HasSubstr("\"Status\":\"succeeded\""));
}

TEST_F(Misbehaviour, GetOnly) {
  turn("get_only", "true");
  EXPECT_THAT(ask().body, HasSubstr("UnsupportedHTTPMethod"));
  const Request get = client.v1("GET", "QueryTask", {{"TaskId", job->tasks[0]->id}}, wall);
  EXPECT_EQ(cloud.handle(get, {wall, (wall - kStart) * 1000 + 1}).status, 200);
}

TEST_F(Misbehaviour, FormatsOfProgressAndSuccess) {
  EXPECT_THAT(ask().body, HasSubstr("\"Progress\":\""));
  turn("progress", "number");
  turn("success_text", "true");
  EXPECT_THAT(ask().body, Not(HasSubstr("\"Progress\":\"")));
  EXPECT_THAT(ask().body, HasSubstr("\"Progress\":"));
  EXPECT_THAT(ask().body, HasSubstr("\"Success\":\"true\""));
}

TEST_F(Misbehaviour, HostileDevices) {
  for (const std::string kind : {"newlines", "ansi", "url", "script", "rtl", "nul"}) {
    turn("hostile", kind);
    const std::string body = ask().body;
    EXPECT_THAT(body, Not(HasSubstr("\"Message\":\"installing\""))) << kind;
    for (const char c : body) EXPECT_GE(static_cast<unsigned char>(c), 0x20) << kind;
  }
  turn("hostile", "big");
  EXPECT_GT(ask().body.size(), 2U << 20U);
  EXPECT_EQ(set_switch(cloud.switches, "hostile", "friendly"),
            "hostile must be one of " + std::string(kHostileKinds));
}

TEST_F(Misbehaviour, HitsOnlyWhomItShould) {
  turn("server_error", "1");
  turn("only_account", "b");
  EXPECT_EQ(ask().status, 200);
  turn("only_account", "a");
  EXPECT_EQ(ask().status, 503);
  turn("only_api", "ListTask");
  EXPECT_EQ(ask().status, 200);
}

TEST_F(Misbehaviour, InactiveKey) {
  turn("inactive_key", "LTAItest");
  EXPECT_THAT(ask().body, HasSubstr("InvalidAccessKeyId.Inactive"));
  turn("inactive_key", "");
  EXPECT_EQ(ask().status, 200);
}

TEST_F(Misbehaviour, BySchedule) {
  cloud.schedule({40'000, "server_error", "0"});
  cloud.schedule({35'000, "server_error", "1"});
  EXPECT_EQ(ask().status, 200);
  wall = kStart + 35'000;
  EXPECT_EQ(ask().status, 503);
  wall = kStart + 39'990;
  EXPECT_EQ(ask().status, 503);
  wall = kStart + 40'000;
  EXPECT_EQ(ask().status, 200);
}

TEST(Switches, EachCanBeSetToWhatItShows) {
  Switches switches;
  for (const auto& [name, value] : list_switches(switches)) {
    EXPECT_EQ(set_switch(switches, name, value), std::nullopt) << name;
  }
  EXPECT_EQ(list_switches(switches), list_switches(Switches{}));
}

TEST(Switches, RefuseWhatIsWrong) {
  Switches switches;
  EXPECT_EQ(set_switch(switches, "nonsense", "1"), "no such switch: nonsense");
  EXPECT_EQ(set_switch(switches, "cut", "1.5"), "cut must be a number from 0 to 1");
  EXPECT_EQ(set_switch(switches, "cut", "nan"), "cut must be a number from 0 to 1");
  EXPECT_EQ(set_switch(switches, "cut", ""), "cut must be a number from 0 to 1");
  EXPECT_EQ(set_switch(switches, "slow_ms", "1s"), "slow_ms must be a number from 0 to 86400000");
  EXPECT_EQ(set_switch(switches, "get_only", "yes"), "get_only must be true or false");
  EXPECT_EQ(set_switch(switches, "window", "leaky"), "window must be one of sliding|fixed|bucket");
  EXPECT_EQ(list_switches(switches), list_switches(Switches{}));
}

}  // namespace
}  // namespace iotsim
