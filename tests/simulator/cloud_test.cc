// Requests and responses of the simulated platform, without a socket.
#include "simulator/model_cloud.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "simulator/test_client.h"

namespace iotsim {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr std::int64_t kStart = 1'800'000'000'000;

ScriptStep line(std::int64_t offset_ms, std::string status, std::string progress,
                std::string message) {
  ScriptStep step;
  step.offset_ms = offset_ms;
  step.status = std::move(status);
  step.has_progress = !progress.empty();
  step.progress = std::move(progress);
  step.message = std::move(message);
  return step;
}

class Cloud : public ::testing::Test {
 protected:
  Cloud() {
    Account account;
    account.name = "a";
    account.keys = {{"LTAItest", "test-secret", "", true}, {"LTAIoff", "x", "", false}};
    world.add(account);
    Account other;
    other.name = "b";
    other.keys = {{"LTAIsts", "sts-secret", "token+/=", true}};
    other.denied = {"QueryTask"};
    world.add(other);
    JobSpec spec;
    spec.id = "job-1";
    spec.name = "ota";
    spec.instance = world.add(Instance{"a", "cn-shanghai", "iot-cn-test"});
    world.add(Instance{"b", "cn-shanghai", ""});
    spec.created_ms = spec.start_ms = kStart;
    spec.scripts.resize(2);
    spec.scripts[0].task_id = "task-1";
    spec.scripts[0].device = "pump";
    spec.scripts[0].attempts = {{line(0, "QUEUED", "", ""), line(1000, "IN_PROGRESS", "40", "busy"),
                                 line(5000, "FAILED", "80", "no <space> & \"left\"\n")}};
    spec.scripts[1].task_id = "task-2";
    spec.scripts[1].attempts = {{line(0, "SENT", "", "")}};
    world.add(spec);
  }

  // Sends a call 300 ms after the last one, so that the rate limit does not matter.
  Response ask(const std::string& task) {
    return cloud.handle(client.query_task(task, wall), at());
  }
  Now at() {
    wall += 300;
    return {wall, (wall - kStart) * 1000};
  }
  std::string code(const Response& response) {
    const std::string mark = "\"Code\":\"";
    const std::size_t begin = response.body.find(mark);
    if (begin == std::string::npos) return "";
    const std::size_t from = begin + mark.size();
    return response.body.substr(from, response.body.find('"', from) - from);
  }
  void turn(const std::string& name, const std::string& value) {
    ASSERT_EQ(set_switch(cloud.switches, name, value), std::nullopt);
  }

  World world{1};
  ModelCloud cloud{world, 1};
  TestClient client;
  std::int64_t wall = kStart;
};

TEST_F(Cloud, AnswersQueryTaskInJsonAsDocumented) {
  wall = kStart + 6000;
  const Response r = ask("task-1");
  EXPECT_EQ(r.status, 200);
  EXPECT_EQ(*r.header("content-type"), "application/json;charset=utf-8");
  EXPECT_EQ(*r.header("date"), http_date(wall));
  EXPECT_THAT(r.body, StartsWith("{\"RequestId\":\""));
  EXPECT_THAT(r.body, HasSubstr("\"Data\":{\"Status\":\"FAILED\",\"Progress\":\"80\",\"TaskId\":"
                                "\"task-1\",\"Message\":\"no <space> & \\\"left\\\"\\u000a\","
                                "\"JobName\":\"ota\",\"IotId\":\""));
  EXPECT_THAT(r.body, HasSubstr("\"UtcModified\":\"" + utc_milliseconds(kStart + 5000) + "\""));
  EXPECT_THAT(r.body, HasSubstr("\"UtcQueueTime\":\"" + utc_milliseconds(kStart) + "\""));
  EXPECT_THAT(r.body, HasSubstr("\"ProductKey\":\"a1SimProduct\",\"JobId\":\"job-1\","
                                "\"DeviceName\":\"pump\"},\"Success\":true}"));
}

TEST_F(Cloud, RespondsInXmlUnlessJsonIsRequested) {
  wall = kStart + 6000;
  client.json = false;
  const Response r = ask("task-1");
  EXPECT_EQ(*r.header("content-type"), "text/xml;charset=utf-8");
  EXPECT_THAT(r.body, StartsWith("<?xml version='1.0' encoding='UTF-8'?><QueryTaskResponse>"));
  EXPECT_THAT(r.body, HasSubstr("<Message>no &lt;space&gt; &amp; \"left\"\n</Message>"));
  EXPECT_THAT(r.body, HasSubstr("<Success>true</Success></QueryTaskResponse>"));
  const Response v1 =
      cloud.handle(client.v1("GET", "QueryTask", {{"TaskId", "task-1"}}, wall), at());
  EXPECT_THAT(v1.body, HasSubstr("<QueryTaskResponse>"));
}

TEST_F(Cloud, TakesBothSignaturesAndMethods) {
  EXPECT_EQ(ask("task-1").status, 200);
  for (const char* const method : {"GET", "POST"}) {
    const Response r =
        cloud.handle(client.v1(method, "QueryTask", {{"TaskId", "task-1"}}, wall), at());
    EXPECT_EQ(r.status, 200) << r.body;
    EXPECT_THAT(r.body, HasSubstr("\"Success\":true"));
  }
}

TEST_F(Cloud, ChecksTheSignatureToTheLastByte) {
  client.secret = "other";
  EXPECT_EQ(code(ask("task-1")), "SignatureDoesNotMatch");
  EXPECT_EQ(ask("task-1").status, 400);
  Response r = cloud.handle(client.v1("POST", "QueryTask", {{"TaskId", "task-1"}}, wall), at());
  EXPECT_EQ(code(r), "SignatureDoesNotMatch");
  client.secret = "test-secret";
  Request changed = client.query_task("task-1", wall);
  changed.target += "&Extra=1";
  EXPECT_EQ(code(cloud.handle(changed, at())), "SignatureDoesNotMatch");
  changed = client.query_task("task-1", wall);
  changed.body = "unannounced";
  changed.headers.emplace_back("content-type", "text/plain");
  EXPECT_EQ(code(cloud.handle(changed, at())), "IncompleteSignature");
  changed = client.query_task("task-1", wall);
  changed.body = "unannounced";
  EXPECT_EQ(code(cloud.handle(changed, at())), "SignatureDoesNotMatch");
  changed = client.query_task("task-1", wall);
  changed.headers.emplace_back("x-acs-unsigned", "1");
  EXPECT_EQ(code(cloud.handle(changed, at())), "IncompleteSignature");
  turn("signature_check", "false");
  client.secret = "other";
  EXPECT_EQ(ask("task-1").status, 200);
}

TEST_F(Cloud, RefusesBadKeysStampsAndNonces) {
  client.id = "LTAInobody";
  EXPECT_EQ(code(ask("task-1")), "InvalidAccessKeyId.NotFound");
  EXPECT_EQ(ask("task-1").status, 404);
  client.id = "LTAIoff";
  EXPECT_EQ(code(ask("task-1")), "InvalidAccessKeyId.Inactive");
  client.id = "LTAItest";
  for (const std::int64_t off : {-901'000, 901'000}) {
    EXPECT_EQ(code(cloud.handle(client.query_task("task-1", wall + off), at())),
              "InvalidTimeStamp.Expired");
  }
  for (const std::int64_t off : {-899'000, 899'000}) {
    EXPECT_EQ(cloud.handle(client.query_task("task-1", wall + off), at()).status, 200);
  }
  const Request once = client.query_task("task-1", wall);
  EXPECT_EQ(cloud.handle(once, at()).status, 200);
  EXPECT_EQ(code(cloud.handle(once, at())), "SignatureNonceUsed");
  // A nonce may be used again once its time stamp is too old to be valid.
  --client.nonce;
  EXPECT_EQ(code(cloud.handle(client.query_task("task-1", wall), at())), "SignatureNonceUsed");
  wall += Gate::kNonceMs + 1000;
  --client.nonce;
  EXPECT_EQ(cloud.handle(client.query_task("task-1", wall), at()).status, 200);
}

TEST_F(Cloud, ChecksSecurityTokens) {
  client.id = "LTAIsts";
  client.secret = "sts-secret";
  client.instance = "";
  EXPECT_EQ(code(ask("task-1")), "MissingSecurityToken");
  client.security_token = "wrong";
  EXPECT_EQ(code(ask("task-1")), "InvalidSecurityToken.MismatchWithAccessKey");
  client.security_token = "token+/=";
  EXPECT_EQ(code(ask("task-1")), "Forbidden.RAM");  // within the rate limit, but denied
  const Response r = cloud.handle(client.v1("POST", "QueryTask", {{"TaskId", "x"}}, wall), at());
  EXPECT_EQ(code(r), "Forbidden.RAM");
  EXPECT_EQ(r.status, 403);
  turn("forbidden", "in_band");
  EXPECT_EQ(code(ask("task-1")), "iot.common.RamActionPermissionDeny");
}

TEST_F(Cloud, WantsTheRightInstanceAndRegion) {
  for (const char* const wrong : {"", "iot-cn-other"}) {
    client.instance = wrong;
    const Response r = ask("task-1");
    EXPECT_EQ(r.status, 200);
    EXPECT_EQ(code(r), "iot.system.InstanceNotFound");
    EXPECT_THAT(r.body, HasSubstr("\"Success\":false"));
  }
  client.instance = "iot-cn-test";
  client.region = "cn-beijing";
  EXPECT_EQ(code(cloud.handle(client.v1("POST", "QueryTask", {{"TaskId", "task-1"}}, wall), at())),
            "iot.system.InstanceNotFound");
}

TEST_F(Cloud, KnowsWhatItDoesNotKnow) {
  const Response r = ask("nobody");
  EXPECT_EQ(r.status, 200);
  EXPECT_EQ(code(r), "iot.job.TaskNotFound");
  turn("in_band_status", "400");
  EXPECT_EQ(ask("nobody").status, 400);
  EXPECT_EQ(code(cloud.handle(client.v3("QueryTask", {}, wall), at())), "MissingTaskId");
  EXPECT_EQ(code(cloud.handle(client.v3("DropTable", {}, wall), at())), "InvalidAction.NotFound");
  world.remove("task-1", wall);
  EXPECT_EQ(code(ask("task-1")), "iot.job.TaskNotFound");
}

TEST_F(Cloud, SurvivesAnyRequest) {
  Request bare{"GET", "/", {}, "", ""};
  EXPECT_EQ(cloud.handle(bare, at()).status, 400);
  bare.headers = {{"Accept", "application/json"}};
  EXPECT_EQ(code(cloud.handle(bare, at())), "MissingAction");
  bare.target = "/?a=%";
  EXPECT_EQ(code(cloud.handle(bare, at())), "InvalidParameter");
  bare.target = "/other";
  EXPECT_EQ(cloud.handle(bare, at()).status, 404);
  bare.method = "PUT";
  EXPECT_EQ(code(cloud.handle(bare, at())), "UnsupportedHTTPMethod");
  Request v3{"POST", "/", {{"authorization", "Bearer x"}, {"accept", "application/json"}}, "", ""};
  EXPECT_EQ(code(cloud.handle(v3, at())), "Missingx-acs-action");
  Random random(1);
  for (int i = 0; i < 2000; ++i) {
    Request noise = client.query_task("task-1", wall);
    std::string& where = i % 2 == 0 ? noise.target : noise.headers[i / 2 % 7].second;
    where[random.below(where.size())] = static_cast<char>(random.below(256));
    const Response r = cloud.handle(noise, at());
    EXPECT_TRUE(r.status >= 200 && r.status < 600);
  }
}

TEST_F(Cloud, HoldsTheQuotaOfAccountAndApi) {
  Now now = at();
  int good = 0;
  Response last;
  for (int i = 0; i < 8; ++i) {
    now.mono_us += 10'000;
    last = cloud.handle(client.query_task("task-1", wall), now);
    good += last.status == 200 ? 1 : 0;
  }
  EXPECT_EQ(good, 5);
  EXPECT_EQ(last.status, 400);
  EXPECT_EQ(code(last), "Throttling.User");
  EXPECT_EQ(last.header("x-acs-retry-after"), nullptr);
  turn("retry_after_ms", "-1");
  now.mono_us += 10'000;
  last = cloud.handle(client.query_task("task-1", wall), now);
  EXPECT_EQ(*last.header("x-acs-retry-after"), "920");  // until the first of the five is 1 s old
  turn("retry_after_ms", "2000");
  last = cloud.handle(client.query_task("task-1", wall), now);
  EXPECT_EQ(*last.header("x-acs-retry-after"), "2000");
  const auto stats = cloud.log().stats(now).at({"a", "QueryTask"});
  EXPECT_EQ(stats.calls, 10u);
  EXPECT_EQ(stats.accepted, 5u);
  EXPECT_EQ(stats.throttled, 5u);
  EXPECT_EQ(stats.peak_received, 10u);
  EXPECT_EQ(stats.peak_accepted, 5u);
  EXPECT_EQ(cloud.log().recent().back().task, "task-1");
}

TEST_F(Cloud, RepliesAgreeWithTheTrueHistory) {
  JobSpec spec;
  spec.id = "job-2";
  spec.created_ms = spec.start_ms = kStart;
  spec.devices = 20;
  spec.rollout_per_minute = 600;
  const Job& job = world.add(spec);
  for (int i = 0; i < 2000; ++i) {
    const Task& task = *job.tasks[static_cast<std::size_t>(i % 20)];
    const Response r = ask(task.id);
    std::string word;
    std::int64_t modified = 0;
    for (const Step& step : world.history(task)) {
      if (step.at_ms > wall) break;
      const std::string now(kStatusWords.at(static_cast<std::size_t>(step.status)));
      if (now != word) modified = step.at_ms;
      word = now;
    }
    ASSERT_THAT(r.body, HasSubstr("\"Status\":\"" + word + "\""));
    ASSERT_THAT(r.body, HasSubstr("\"UtcModified\":\"" + utc_milliseconds(modified) + "\""));
  }
}

TEST_F(Cloud, LatencyIsSeededAndInRange) {
  Latency one(5, 10, 2), again(5, 10, 2);
  std::vector<std::int64_t> draws;
  for (int i = 0; i < 2001; ++i) {
    draws.push_back(one.draw_us());
    EXPECT_EQ(draws.back(), again.draw_us());
    EXPECT_GE(draws.back(), 10'000);
  }
  std::nth_element(draws.begin(), draws.begin() + 1000, draws.end());
  EXPECT_NEAR(static_cast<double>(draws[1000]), 12'000, 300);
}

TEST(RequestTo, SplitsAUrl) {
  const Request r = request_to("POST", "http://127.0.0.1:8080/?A=1", {{"Accept", "x"}}, "body");
  EXPECT_EQ(r.target, "/?A=1");
  EXPECT_EQ(r.header("host"), "127.0.0.1:8080");
  EXPECT_EQ(r.header("accept"), "x");
  EXPECT_EQ(request_to("GET", "https://h", {}, "").target, "/");
  EXPECT_EQ(request_to("GET", "https://h?x=1", {}, "").target, "/?x=1");
  EXPECT_EQ(request_to("GET", "https://h/", {{"Host", "mine"}}, "").header("host"), "mine");
}

}  // namespace
}  // namespace iotsim
