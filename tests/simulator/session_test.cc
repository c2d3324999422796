// iotsim's STS, metadata service and credentials URI, without a socket.
#include "simulator/model_session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "simulator/test_client.h"

namespace iotsim {
namespace {

using ::testing::HasSubstr;

constexpr std::int64_t kStart = 1'800'000'000'000;

class Desk : public ::testing::Test {
 protected:
  Desk() {
    Account account;
    account.name = "a";
    account.keys = {{"LTAItest", "test-secret", "", true}};
    account.role = {"acs:ram::1:role/a", "E1", "P", "oidc-token", "machine"};
    world.add(account);
    world.add(Instance{"a", "cn-shanghai", "iot-cn-test"});
  }
  Now at() const { return {wall, wall * 1000}; }
  Response ask(const Request& request) {
    auto response = desk.handle(request, at());
    EXPECT_TRUE(response.has_value());
    return response.value_or(Response{});
  }
  Request sts(Pairs parameters) {
    for (const auto& pair : Pairs{{"Version", "2015-04-01"},
                                  {"Format", "JSON"},
                                  {"RoleArn", "acs:ram::1:role/a"},
                                  {"RoleSessionName", "me"},
                                  {"DurationSeconds", "900"}}) {
      parameters.push_back(pair);
    }
    return {"POST", "/", {}, sorted_form(parameters), ""};
  }
  Request assume(const std::string& external_id, const std::string& secret = "test-secret") {
    Pairs all = {{"Action", "AssumeRole"},
                 {"AccessKeyId", "LTAItest"},
                 {"ExternalId", external_id},
                 {"SignatureMethod", "HMAC-SHA1"},
                 {"SignatureVersion", "1.0"},
                 {"Timestamp", utc_seconds(wall)},
                 {"SignatureNonce", std::to_string(++nonce)}};
    Request request = sts(all);
    const Pairs form = *parse_form(request.body);
    request.body += "&Signature=" + url_encode(v1_sign(v1_text("POST", form), secret));
    return request;
  }
  Request get(const std::string& target, const std::string& token = "") {
    Request request{"GET", target, {}, "", ""};
    if (!token.empty()) request.headers.emplace_back("X-aliyun-ecs-metadata-token", token);
    return request;
  }
  // Returns the status of a call signed with the latest temporary credentials.
  std::string call() {
    const AccessKey key = world.account("a")->keys.back();
    TestClient client;
    client.id = key.id;
    client.secret = key.secret;
    client.security_token = key.security_token;
    client.nonce = ++nonce * 1000;
    wall += 300;
    const Response response = cloud.handle(client.query_task("none", wall), at());
    return response.body;
  }

  World world{1};
  ModelCloud cloud{world, 1};
  SessionDesk desk{cloud, 1};
  std::int64_t wall = kStart;
  int nonce = 0;
};

TEST_F(Desk, AssumeRoleWantsARightSignatureAndExternalId) {
  EXPECT_THAT(ask(assume("E1", "wrong")).body, HasSubstr("SignatureDoesNotMatch"));
  EXPECT_THAT(ask(assume("E2")).body, HasSubstr("NoPermission"));
  const Response good = ask(assume("E1"));
  EXPECT_EQ(good.status, 200);
  EXPECT_THAT(good.body, HasSubstr("\"Credentials\":{\"AccessKeyId\":\"STS."));
  EXPECT_THAT(good.body, HasSubstr(utc_seconds(wall + 900'000)));
  EXPECT_THAT(call(), HasSubstr("iot.job.TaskNotFound")) << "the key is taken";
}

TEST_F(Desk, SessionsEndAndAreRevoked) {
  ask(assume("E1"));
  EXPECT_THAT(call(), HasSubstr("TaskNotFound"));
  wall += 900'000;
  EXPECT_THAT(call(), HasSubstr("InvalidSecurityToken.Expired"));
  cloud.switches.session_seconds = 3;
  ask(assume("E1"));
  EXPECT_THAT(call(), HasSubstr("TaskNotFound"));
  EXPECT_THAT(ask(get("/-/revoke")).body, HasSubstr("\"revoked\":2"));
  EXPECT_THAT(call(), HasSubstr("InvalidSecurityToken.Malformed"));
  ask(assume("E1"));
  ask(get("/-/revoke?as=expired"));
  EXPECT_THAT(call(), HasSubstr("InvalidSecurityToken.Expired"));
  EXPECT_THAT(ask(get("/-/sessions")).body, HasSubstr("\"AssumeRole\":3"));
}

TEST_F(Desk, OidcWantsTheToken) {
  const auto oidc = [&](const std::string& token) {
    return ask(
        sts({{"Action", "AssumeRoleWithOIDC"}, {"OIDCProviderArn", "P"}, {"OIDCToken", token}}));
  };
  EXPECT_THAT(oidc("other").body, HasSubstr("AuthenticationFail.OIDCToken.Invalid"));
  EXPECT_EQ(oidc("oidc-token").status, 200);
  EXPECT_THAT(call(), HasSubstr("TaskNotFound"));
}

TEST_F(Desk, MetadataWithAndWithoutTokens) {
  const std::string roles = "/latest/meta-data/ram/security-credentials/";
  EXPECT_EQ(ask(get(roles)).body, "machine");
  EXPECT_EQ(ask(get(roles + "other")).status, 404);
  EXPECT_THAT(ask(get(roles + "machine")).body, HasSubstr("\"Code\":\"Success\""));
  EXPECT_THAT(call(), HasSubstr("TaskNotFound"));
  Request put{"PUT", "/latest/api/token", {}, "", ""};
  EXPECT_EQ(ask(put).status, 400) << "it wants a time to live";
  put.headers = {{"X-aliyun-ecs-metadata-token-ttl-seconds", "60"}};
  cloud.switches.metadata_version = "v2";
  const std::string token = ask(put).body;
  EXPECT_EQ(ask(get(roles)).status, 403);
  EXPECT_EQ(ask(get(roles, "wrong")).status, 403);
  EXPECT_EQ(ask(get(roles, token)).body, "machine");
  wall += 60'000;
  EXPECT_EQ(ask(get(roles, token)).status, 403);
  cloud.switches.metadata_version = "v1";
  EXPECT_EQ(ask(put).status, 404);
}

TEST_F(Desk, TheUriAndWhatIsNotItsBusiness) {
  EXPECT_THAT(ask(get("/credentials/a")).body, HasSubstr("\"Code\":\"Success\""));
  EXPECT_EQ(ask(get("/credentials/b")).status, 404);
  EXPECT_FALSE(desk.handle(get("/?Action=QueryTask"), at()).has_value());
  EXPECT_FALSE(desk.handle(get("/-/stats"), at()).has_value());
}

TEST_F(Desk, Misbehaves) {
  cloud.switches.session_fault = "down";
  cloud.switches.session_service = "uri";
  EXPECT_EQ(ask(get("/credentials/a")).status, 503);
  EXPECT_EQ(ask(assume("E1")).status, 200) << "only the one that is meant";
  cloud.switches.session_service = "all";
  const std::size_t keys = world.account("a")->keys.size();
  EXPECT_EQ(ask(assume("E1")).status, 503);
  EXPECT_EQ(world.account("a")->keys.size(), keys) << "nobody got that session";
  cloud.switches.session_fault = "html";
  EXPECT_THAT(ask(get("/credentials/a")).body, HasSubstr("<html>"));
  cloud.switches.session_fault = "huge";
  EXPECT_EQ(ask(get("/credentials/a")).body.size(), SessionDesk::kHugeBytes);
  cloud.switches.session_fault = "redirect";
  EXPECT_EQ(ask(get("/credentials/a")).status, 302);
  cloud.switches.session_fault = "drop";
  EXPECT_EQ(ask(get("/credentials/a")).delivery, Delivery::kDropped);
  cloud.switches.session_fault = "slow";
  EXPECT_EQ(ask(get("/credentials/a")).delay_ms, cloud.switches.slow_ms);
}

TEST_F(Desk, OldSessionsAreForgotten) {
  for (std::size_t i = 0; i < SessionDesk::kMaxSessions + 10; ++i) ask(get("/credentials/a"));
  EXPECT_EQ(world.account("a")->keys.size(), SessionDesk::kMaxSessions + 1);
  EXPECT_EQ(world.account("a")->keys.front().id, "LTAItest");
}

}  // namespace
}  // namespace iotsim
