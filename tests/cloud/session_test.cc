// Requests for temporary credentials, and how the responses are read.
#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "cloud/session_reply.h"
#include "cloud/session_request.h"
#include "cloud/signer.h"

namespace taskwatchd {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const Wall kNow = *parse_utc("2026-11-22T01:02:03Z");

KeyRecipe role_recipe() {
  KeyRecipe recipe;
  recipe.kind = KeyRecipe::Kind::kAssumeRole;
  recipe.role = {"acs:ram::1:role/r", "me", "E/1", std::chrono::minutes(30)};
  recipe.sts_url = "https://sts.aliyuncs.com";
  return recipe;
}

HttpReply reply(int status, std::string body) {
  return {status, {{"date", "Sun, 22 Nov 2026 01:02:03 GMT"}}, std::move(body)};
}
std::string problem_of(const SessionResult& result) {
  const auto* problem = std::get_if<SessionProblem>(&result);
  return problem == nullptr ? "" : problem->message;
}

constexpr char kCredentials[] =
    R"("AccessKeyId":"STS.1","AccessKeySecret":"s/+","SecurityToken":"CAIS+/=",)"
    R"("Expiration":"2026-11-22T02:02:03Z")";

TEST(SessionRequest, AssumeRoleIsSignedAndEncoded) {
  const Keys signer{"LTAI1", Secret("testsecret"), Secret("tok+/=")};
  const HttpRequest request = assume_role_request(role_recipe(), signer, kNow, "nonce");
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.url, "https://sts.aliyuncs.com/");
  EXPECT_FALSE(request.to_metadata_service);
  const Parameters expected = {{"AccessKeyId", "LTAI1"},
                               {"Action", "AssumeRole"},
                               {"DurationSeconds", "1800"},
                               {"ExternalId", "E/1"},
                               {"Format", "JSON"},
                               {"RoleArn", "acs:ram::1:role/r"},
                               {"RoleSessionName", "me"},
                               {"SecurityToken", "tok+/="},
                               {"SignatureMethod", "HMAC-SHA1"},
                               {"SignatureNonce", "nonce"},
                               {"SignatureVersion", "1.0"},
                               {"Timestamp", "2026-11-22T01:02:03Z"},
                               {"Version", "2015-04-01"}};
  // The parameters are sorted, so Signature comes between SecurityToken and SignatureMethod.
  Parameters all = expected;
  all.emplace_back("Signature",
                   v1_signature(v1_string_to_sign("POST", expected), signer.access_key_secret));
  EXPECT_EQ(request.body, canonical_query(all));
  EXPECT_THAT(request.body, HasSubstr("RoleArn=acs%3Aram%3A%3A1%3Arole%2Fr"));
  EXPECT_THAT(request.body, Not(HasSubstr("testsecret")));
}

TEST(SessionRequest, OidcIsNotSigned) {
  KeyRecipe recipe = role_recipe();
  recipe.oidc_provider_arn = "acs:ram::1:oidc-provider/p";
  const HttpRequest request =
      assume_role_with_oidc_request(recipe, Secret("ey.J/+"), kNow, "nonce");
  EXPECT_THAT(request.body, HasSubstr("OIDCToken=ey.J%2F%2B"));
  EXPECT_THAT(request.body, HasSubstr("Action=AssumeRoleWithOIDC"));
  EXPECT_THAT(request.body, Not(HasSubstr("Signature=")));
  EXPECT_THAT(request.body, Not(HasSubstr("AccessKeyId")));
  EXPECT_THAT(request.url, Not(HasSubstr("ey.J")));
}

TEST(SessionRequest, TheMetadataServiceGetsOneSecondAtMost) {
  const HttpRequest token = metadata_token_request(kMetadataUrl);
  EXPECT_EQ(token.method, "PUT");
  EXPECT_EQ(token.url, "http://100.100.100.200/latest/api/token");
  EXPECT_THAT(token.headers, testing::ElementsAre(testing::Pair(
                                 "x-aliyun-ecs-metadata-token-ttl-seconds", "21600")));
  const HttpRequest role = metadata_role_request(kMetadataUrl, Secret("T"));
  EXPECT_EQ(role.url, "http://100.100.100.200/latest/meta-data/ram/security-credentials/");
  EXPECT_THAT(role.headers,
              testing::ElementsAre(testing::Pair("x-aliyun-ecs-metadata-token", "T")));
  const HttpRequest keys = metadata_session_request(kMetadataUrl, "machine", Secret());
  EXPECT_THAT(keys.url, testing::EndsWith("/security-credentials/machine"));
  EXPECT_TRUE(keys.headers.empty()) << "the first version asks for no token";
  for (const HttpRequest& each : {token, role, keys}) {
    EXPECT_EQ(each.timeout, std::chrono::seconds(1));
    EXPECT_EQ(each.body_limit, kSessionReplyLimit);
    EXPECT_TRUE(each.to_metadata_service);
  }
}

TEST(SessionReply, ReadsKeysAndTheirEnd) {
  for (const SessionResult& result :
       {read_sts_reply(
            reply(200, std::string(R"({"RequestId":"R","Credentials":{)") + kCredentials + "}}")),
        read_metadata_session(
            reply(200, std::string(R"({"Code":"Success",)") + kCredentials + "}"))}) {
    ASSERT_EQ(problem_of(result), "");
    const auto& session = std::get<Session>(result);
    EXPECT_EQ(session.keys.access_key_id, "STS.1");
    EXPECT_EQ(session.keys.access_key_secret.reveal(), "s/+");
    EXPECT_EQ(session.keys.security_token.reveal(), "CAIS+/=");
    EXPECT_EQ(session.expires - kNow, std::chrono::hours(1));
    EXPECT_EQ(session.server_date, kNow);
  }
}

// uri_without_code.json: credential helpers return only the four fields that SDKs read.
TEST(SessionReply, AUriNeedsNoCode) {
  for (const char* code : {"", R"("Code":null,)", R"("Code":"",)", R"("Code":"Success",)"}) {
    const SessionResult result =
        read_uri_session(reply(200, "{" + std::string(code) + kCredentials + "}"));
    ASSERT_EQ(problem_of(result), "") << code;
    EXPECT_EQ(std::get<Session>(result).keys.access_key_id, "STS.1");
  }
  for (const char* code : {R"("Code":"Forbidden",)", R"("Code":"canary canary",)", R"("Code":5,)",
                           R"("Code":false,)"}) {
    const std::string body = "{" + std::string(code) + kCredentials + "}";
    EXPECT_NE(problem_of(read_uri_session(reply(200, body))), "") << code;
    EXPECT_THAT(problem_of(read_uri_session(reply(200, body))), Not(HasSubstr("canary")));
  }
  EXPECT_EQ(problem_of(read_metadata_session(reply(200, std::string("{") + kCredentials + "}"))),
            "returned no Code");
  EXPECT_NE(problem_of(read_uri_session(reply(200, "{}"))), "");
}

TEST(SessionReply, AnEndMayHaveAnOffset) {
  const std::string utc = "2026-11-22T02:02:03Z";
  const auto read = [&](const std::string& end) {
    std::string body = kCredentials;
    body.replace(body.find(utc), utc.size(), end);
    return read_uri_session(reply(200, "{" + body + "}"));
  };
  for (const char* end : {"2026-11-22T02:02:03+00:00", "2026-11-22T10:02:03+08:00",
                          "2026-11-22T10:02:03.000+08:00", "2026-11-21T20:32:03-05:30"}) {
    const SessionResult result = read(end);
    ASSERT_EQ(problem_of(result), "") << end;
    EXPECT_EQ(std::get<Session>(result).expires - kNow, std::chrono::hours(1)) << end;
  }
  for (const char* end : {"2026-11-22T02:02:03+24:00", "2026-11-22T02:02:03+0800", "+08:00"}) {
    EXPECT_THAT(problem_of(read(end)), HasSubstr("returned no Expiration")) << end;
  }
}

TEST(SessionReply, StsRefusalsAreNamedWithoutTheirText) {
  for (const auto& [code, mend] : std::vector<std::pair<std::string, std::string>>{
           {"NoPermission", "grant sts:AssumeRole"},
           {"EntityNotExist.Role", "correct the role's ARN"},
           {"InvalidAccessKeyId.NotFound", "correct the source credentials"},
           {"SignatureDoesNotMatch", "correct the source credentials"},
           {"AuthenticationFail.OIDCToken.Invalid", "check the token file"},
           {"InvalidParameter.DurationSeconds", "shorten the duration"},
           {"Throttling.User", "returned error Throttling.User (request R-1)"}}) {
    const SessionResult result = read_sts_reply(
        reply(400, R"({"RequestId":"R-1","Code":")" + code + R"(","Message":"canary"})"));
    EXPECT_THAT(problem_of(result), HasSubstr("returned error " + code));
    EXPECT_THAT(problem_of(result), HasSubstr(mend));
    EXPECT_THAT(problem_of(result), Not(HasSubstr("canary")));
    EXPECT_FALSE(std::get<SessionProblem>(result).wrong_clock);
  }
  const SessionResult clock = read_sts_reply(reply(400, R"({"Code":"InvalidTimeStamp.Expired"})"));
  EXPECT_TRUE(std::get<SessionProblem>(clock).wrong_clock);
  EXPECT_EQ(std::get<SessionProblem>(clock).server_date, kNow);
}

TEST(SessionReply, NothingHostileGetsThrough) {
  const TransportFailure down{TransportFailure::Kind::kUnreachable, "h:80: refused"};
  const std::vector<std::pair<HttpResult, std::string>> cases = {
      {down, "cannot be reached: h:80: refused"},
      {reply(503, "<html>canary</html>"), "returned HTTP 503"},
      {reply(200, "<html>canary</html>"), "did not return JSON"},
      {reply(200, ""), "did not return JSON"},
      {reply(302, "canary"), "returned a redirect (HTTP 302)"},
      {reply(200, std::string(kSessionReplyLimit + 1, '{')), "more than 64 KiB"},
      {reply(200, std::string(1000, '[')), "did not return JSON"},
      {reply(200, "[\"canary\"]"), "did not return JSON"},
      {reply(200, R"({"Code":"canary canary"})"), "without|returned no"},
      {reply(200, R"({"Code":"Success"})"), "returned no|returned error Success"},
      {reply(404, "{}"), "returned HTTP 404"}};
  for (const auto& [result, problem] : cases) {
    for (const SessionResult& read : {read_sts_reply(result), read_metadata_session(result)}) {
      const std::string text = problem_of(read);
      const std::size_t bar = problem.find('|');
      EXPECT_TRUE(
          text.find(problem.substr(0, bar)) != std::string::npos ||
          (bar != std::string::npos && text.find(problem.substr(bar + 1)) != std::string::npos))
          << text << " instead of " << problem;
      EXPECT_THAT(text, Not(HasSubstr("canary")));
    }
  }
}

TEST(SessionReply, KeysThatAreNoneAreRefused) {
  const std::string good(kCredentials);
  for (const auto& [from, to] :
       std::vector<std::pair<std::string, std::string>>{{"\"STS.1\"", "\"\""},
                                                        {"\"STS.1\"", "5"},
                                                        {"s/+", "s \\n+"},
                                                        {"CAIS", "CA\\r\\nx-evil: 1"},
                                                        {"CAIS+/=", std::string(20'000, 'x')},
                                                        {"SecurityToken", "Token"},
                                                        {"2026-11-22T02:02:03Z", "tomorrow"},
                                                        {"Expiration", "Ends"}}) {
    std::string text = good;
    text.replace(text.find(from), from.size(), to);
    const SessionResult result =
        read_metadata_session(reply(200, R"({"Code":"Success",)" + text + "}"));
    EXPECT_THAT(problem_of(result), HasSubstr("returned no")) << to;
    EXPECT_THAT(problem_of(result), Not(HasSubstr("CAIS")));
  }
}

TEST(SessionReply, ErrorsOfTheMetadataService) {
  const auto word = [](const WordResult& result) {
    const auto* secret = std::get_if<Secret>(&result);
    return secret != nullptr ? secret->reveal() : "! " + std::get<SessionProblem>(result).message;
  };
  EXPECT_EQ(word(read_metadata_token(reply(200, "AQ==\n"))), "AQ==");
  EXPECT_EQ(word(read_metadata_role(reply(200, "machine-role"))), "machine-role");
  for (const std::string body : {"", "<html>", "a b", "a\nb", "../x", "a/b", "a?b"}) {
    EXPECT_THAT(word(read_metadata_role(reply(200, body))), HasSubstr("! did not return")) << body;
  }
  for (const std::string& body :
       {std::string(), std::string("<p>"), std::string("a\r\nb"), std::string(5000, 'x')}) {
    EXPECT_THAT(word(read_metadata_token(reply(200, body))), HasSubstr("! did not return")) << body;
  }
  EXPECT_EQ(word(read_metadata_token(reply(404, "x"))), "! returned HTTP 404");
  EXPECT_THAT(word(read_metadata_token(reply(301, "x"))), HasSubstr("redirect"));
}

}  // namespace
}  // namespace taskwatchd
