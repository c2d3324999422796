// The order of the default credential provider chain, and the lifetime of temporary credentials:
// fetched, renewed, kept, rejected.
#include "credentials/credentials.h"

#include "credential_world.h"

namespace taskwatchd {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

const TransportFailure kDown{TransportFailure::Kind::kUnreachable, "h:80: connection refused"};

class CredentialsTest : public CredentialWorld {
 protected:
  // Fills all sources of the chain.
  void fill() {
    secrets.variables = {{"ALIBABA_CLOUD_ACCESS_KEY_ID", "environment"},
                         {"ALIBABA_CLOUD_ACCESS_KEY_SECRET", "S"},
                         {"ALIBABA_CLOUD_ROLE_ARN", kArn},
                         {"ALIBABA_CLOUD_OIDC_PROVIDER_ARN", "P"},
                         {"ALIBABA_CLOUD_OIDC_TOKEN_FILE", "/token"},
                         {"ALIBABA_CLOUD_CREDENTIALS_URI", "http://127.0.0.1:9/keys"},
                         {"HOME", "/home/x"}};
    secrets.files = {
        {"/token", "token"},
        {"/home/x/.aliyun/config.json", R"({"current":"p","profiles":[{"name":"p","mode":"AK",)"
                                        R"("access_key_id":"cli","access_key_secret":"S"}]})"},
        {"/home/x/.alibabacloud/credentials.ini",
         "[default]\ntype=access_key\naccess_key_id=ini\naccess_key_secret=S\n"}};
  }
};

TEST_F(CredentialsTest, TheChainIsTheOfficialOne) {
  const auto found = [&] {
    made.reset();
    return settled(account());
  };
  fill();
  EXPECT_EQ(found(), "environment");
  EXPECT_THAT(asked, IsEmpty()) << "keys of this machine are given at once";
  secrets.variables.erase("ALIBABA_CLOUD_ACCESS_KEY_ID");
  secrets.variables.erase("ALIBABA_CLOUD_ACCESS_KEY_SECRET");
  EXPECT_EQ(found(), "sts1");
  secrets.variables.erase("ALIBABA_CLOUD_OIDC_PROVIDER_ARN");  // needs all three
  EXPECT_EQ(found(), "cli");
  secrets.variables["ALIBABA_CLOUD_CLI_PROFILE_DISABLED"] = "TRUE";
  EXPECT_EQ(found(), "ini");
  secrets.files["/home/x/.alibabacloud/credentials"] = "[default]\nenable=false\n";
  EXPECT_EQ(found(), "metadata2");
  secrets.variables["ALIBABA_CLOUD_ECS_METADATA_DISABLED"] = "1";
  EXPECT_EQ(found(), "uri3");
  secrets.variables.erase("ALIBABA_CLOUD_CREDENTIALS_URI");
  EXPECT_EQ(found(),
            "! account `prod`: no credentials: set `credentials` in the configuration, or set "
            "ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET");
}

TEST_F(CredentialsTest, ASourceThatFailsIsPassedAndNamed) {
  fill();
  secrets.variables.erase("ALIBABA_CLOUD_ACCESS_KEY_SECRET");
  secrets.variables["ALIBABA_CLOUD_CREDENTIALS_FILE"] = "/none";
  secrets.files["/home/x/.aliyun/config.json"] = R"({"current":"p","profiles":[{"name":"p",)"
                                                 R"("mode":"CloudSSO"}]})";
  faults = {{"sts", kDown}, {"metadata", kDown}, {"uri", good(200, "<html>")}};
  const std::string text = settled(account());
  const std::vector<std::string> order = {
      "half of the environment's keys",
      "OIDC of the environment: STS sts.aliyuncs.com cannot be "
      "reached: h:80: connection refused",
      "has mode `CloudSSO`",
      "/none cannot be read",
      "the RAM role of the ECS instance: the ECS metadata service",
      "ALIBABA_CLOUD_CREDENTIALS_URI: it did not return JSON"};
  std::size_t at = 0;
  for (const std::string& part : order) {
    at = text.find(part, at);
    EXPECT_NE(at, std::string::npos) << part << " in its place in " << text;
  }
  EXPECT_THAT(text, Not(HasSubstr("127.0.0.1:9/keys")));
  // The failures are not remembered: the first source that works is used.
  faults.erase("sts");
  EXPECT_EQ(pass(account(), seconds(5)), "sts1");
}

TEST_F(CredentialsTest, NothingThatFailedIsPinned) {
  fill();
  secrets.variables.erase("ALIBABA_CLOUD_ACCESS_KEY_ID");
  secrets.variables.erase("ALIBABA_CLOUD_ACCESS_KEY_SECRET");
  faults = {{"sts", kDown}};
  EXPECT_EQ(settled(account()), "cli") << "the next source of the chain";
  EXPECT_EQ(pass(account(), seconds(50)), "cli");
  EXPECT_THAT(asked, ElementsAre("sts")) << "not with every question";
  faults.clear();
  EXPECT_EQ(pass(account(), seconds(15)), "sts1") << "asked again a minute later";
}

TEST_F(CredentialsTest, TheMetadataServiceIsQueriedWithATokenFirst) {
  AccountConfig ecs = account();
  ecs.credentials.ecs_ram_role = "named";
  EXPECT_EQ(settled(ecs), "metadata1");
  ASSERT_EQ(http.requests().size(), 2u);
  EXPECT_EQ(http.requests()[0].request.method, "PUT");
  EXPECT_THAT(http.requests()[1].request.url, testing::EndsWith("/named"));
  EXPECT_EQ(http.requests()[1].request.headers[0].second, "TOKEN");
  // Version 1 of the metadata service has no tokens.
  made.reset();
  metadata_v2 = false;
  EXPECT_EQ(settled(ecs), "metadata2");
  EXPECT_TRUE(http.requests().back().request.headers.empty());
  made.reset();
  secrets.variables["ALIBABA_CLOUD_IMDSV1_DISABLED"] = "true";
  EXPECT_THAT(settled(ecs), HasSubstr("returned no token: it returned HTTP 404"));
}

TEST_F(CredentialsTest, AProfilesRoleIsSignedByAnother) {
  secrets.variables = {{"ALIBABA_CLOUD_CONFIG_FILE", "/cli"}};
  secrets.files["/cli"] = R"({"current":"a","profiles":[{"name":"a","mode":"ChainableRamRoleArn",)"
                          R"("source_profile":"b","ram_role_arn":"acs:ram::1:role/a"},)"
                          R"({"name":"b","mode":"EcsRamRole","ram_role_name":"m"}]})";
  EXPECT_EQ(settled(account()), "sts2");
  EXPECT_THAT(asked, ElementsAre("metadata", "metadata", "sts"));
  EXPECT_THAT(http.requests().back().request.body, HasSubstr("AccessKeyId=metadata1"));
  EXPECT_THAT(http.requests().back().request.body, HasSubstr("SecurityToken=T"));
}

TEST_F(CredentialsTest, ARoleWithoutKeysIsSignedByTheChain) {
  fill();
  AccountConfig role = account();
  role.credentials.assume_role = RoleConfig{kArn, "me", "E1", minutes(15)};
  EXPECT_EQ(settled(role), "sts1");
  const std::string& body = http.requests().back().request.body;
  EXPECT_THAT(body, HasSubstr("AccessKeyId=environment"));
  EXPECT_THAT(body, HasSubstr("ExternalId=E1"));
  EXPECT_THAT(body, HasSubstr("DurationSeconds=900"));
}

TEST_F(CredentialsTest, StsIsQueriedAtTheEndpointOfTheEnvironment) {
  secrets.variables = {{"ALIBABA_CLOUD_STS_REGION", "cn-beijing"},
                       {"ALIBABA_CLOUD_VPC_ENDPOINT_ENABLED", "true"}};
  AccountConfig role = role_account();
  role.proxy = "http://proxy:3128";
  EXPECT_EQ(settled(role), "sts1");
  EXPECT_EQ(http.requests().back().request.url, "https://sts-vpc.cn-beijing.aliyuncs.com/");
  EXPECT_EQ(http.requests().back().request.proxy, "http://proxy:3128");
}

TEST_F(CredentialsTest, AddressesOfTestsLeadNowhereElse) {
  for (const char* url : {"https://127.0.0.1:1", "http://example.com", "http://127.0.0.1:1/x",
                          "http://127.0.0.1.example.com", "http://x@127.0.0.1"}) {
    made.reset();
    secrets.variables = {{"TASKWATCHD_TEST_STS_URL", url}};
    EXPECT_THAT(settled(role_account()), HasSubstr("TASKWATCHD_TEST_STS_URL is for tests")) << url;
  }
  EXPECT_THAT(asked, IsEmpty());
  made.reset();
  secrets.variables = {{"TASKWATCHD_TEST_STS_URL", "http://127.0.0.1:1"}};
  now(role_account());
  clock.settle();
  EXPECT_EQ(http.requests().back().request.url, "http://127.0.0.1:1/");
}

TEST_F(CredentialsTest, AUriIsHttpsOrOnThisMachine) {
  for (const char* uri : {"http://10.0.0.1/keys", "file:///etc/passwd", "http://u:p@127.0.0.1/"}) {
    made.reset();
    secrets.variables = {{"ALIBABA_CLOUD_CREDENTIALS_URI", uri},
                         {"ALIBABA_CLOUD_ECS_METADATA_DISABLED", "true"}};
    const std::string text = settled(account());
    EXPECT_THAT(text, HasSubstr("ALIBABA_CLOUD_CREDENTIALS_URI must")) << uri;
  }
  EXPECT_THAT(asked, IsEmpty());
}

TEST_F(CredentialsTest, ASessionIsRenewedBeforeItEnds) {
  const AccountConfig role = role_account();
  EXPECT_EQ(settled(role), "sts1");
  // Renewal starts when a fifth of an hour, 12 min, is left; jitter adds at most a quarter of that.
  EXPECT_EQ(pass(role, minutes(44)), "sts1");
  EXPECT_EQ(pass(role, minutes(5)), "sts2");
  EXPECT_EQ(sessions, 2);
  made.reset();
  life = std::chrono::hours(12);
  EXPECT_EQ(settled(role), "sts3");
  EXPECT_EQ(pass(role, std::chrono::hours(12) - minutes(19)), "sts3") << "15 min and jitter";
  EXPECT_EQ(pass(role, minutes(5)), "sts4");
}

TEST_F(CredentialsTest, ASessionOfSecondsIsNotFetchedInALoop) {
  life = milliseconds(1500);
  const AccountConfig role = role_account();
  settled(role);
  for (int i = 0; i < 500; ++i) {
    now(role);
    clock.advance(milliseconds(20));
  }
  EXPECT_LE(sessions, 12);
}

TEST_F(CredentialsTest, AFailedRenewalKeepsTheOldCredentialsWhileTheyAreValid) {
  const AccountConfig role = role_account();
  EXPECT_EQ(settled(role), "sts1");
  EXPECT_EQ(pass(role, minutes(40)), "sts1");
  faults = {{"sts", kDown}};
  EXPECT_EQ(pass(role, minutes(19)), "sts1");
  EXPECT_EQ(warnings.size(), 1u) << "the change, not the repetition";
  EXPECT_THAT(warnings[0], HasSubstr("using the current ones until they expire"));
  const std::size_t tries = asked.size() - 1;
  EXPECT_GE(tries, 10u);
  EXPECT_LE(tries, 30u) << "with pauses that grow to a minute";
  EXPECT_THAT(pass(role, minutes(2)),
              HasSubstr("! account `prod`: `assume_role` with source credentials from the "
                        "AccessKey files: STS sts.aliyuncs.com cannot be reached"));
  faults.clear();
  EXPECT_EQ(pass(role, minutes(2)), "sts2");
}

TEST_F(CredentialsTest, AValidSessionIsNotGivenUpForALaterSource) {
  fill();
  secrets.variables.erase("ALIBABA_CLOUD_ACCESS_KEY_ID");
  secrets.variables.erase("ALIBABA_CLOUD_ACCESS_KEY_SECRET");
  EXPECT_EQ(settled(account()), "sts1");
  faults = {{"sts", kDown}};
  EXPECT_EQ(pass(account(), minutes(58)), "sts1") << "the profile's keys may be another account's";
  EXPECT_EQ(pass(account(), minutes(4)), "cli") << "but it has ended now";
}

// If the ECS instance starts before its token service, the credentials of the next source may
// belong to another account, and they are valid for hours.
TEST_F(CredentialsTest, ASessionOfALaterSourceIsUsedForAMinuteNotForItsLife) {
  fill();
  secrets.variables.erase("ALIBABA_CLOUD_ACCESS_KEY_ID");
  secrets.variables.erase("ALIBABA_CLOUD_ACCESS_KEY_SECRET");
  secrets.variables["ALIBABA_CLOUD_CLI_PROFILE_DISABLED"] = "true";
  secrets.files.erase("/home/x/.alibabacloud/credentials.ini");
  life = std::chrono::hours(6);
  faults = {{"sts", good(503, "")}};
  EXPECT_EQ(settled(account()), "metadata1");
  asked.clear();
  EXPECT_EQ(pass(account(), minutes(10)), "metadata1") << "no earlier source works";
  EXPECT_GE(asked.size(), 8u) << "it is asked each minute";
  EXPECT_LE(asked.size(), 12u);
  EXPECT_THAT(asked, testing::Each("sts")) << "and the later one is not";
  EXPECT_THAT(warnings, IsEmpty());
  faults.clear();
  EXPECT_EQ(pass(account(), minutes(1)), "sts2");
  asked.clear();
  EXPECT_EQ(pass(account(), minutes(60)), "sts2");
  EXPECT_THAT(asked, IsEmpty());
}

TEST_F(CredentialsTest, ASourceThatIsRepairedIsUsedInAMinuteToo) {
  fill();
  secrets.variables = {{"HOME", "/home/x"}};
  secrets.files.erase("/home/x/.alibabacloud/credentials.ini");
  const std::string path = "/home/x/.aliyun/config.json";
  secrets.files[path] = "{";
  life = std::chrono::hours(6);
  EXPECT_EQ(settled(account()), "metadata1");
  secrets.files[path] = R"({"current":"p","profiles":[{"name":"p","mode":"RamRoleArn",)"
                        R"("access_key_id":"cli","access_key_secret":"S",)"
                        R"("ram_role_arn":"acs:ram::1:role/a"}]})";
  EXPECT_EQ(pass(account(), seconds(70)), "sts2");
}

TEST_F(CredentialsTest, ARejectedSessionOfALaterSourceIsReplacedAtOnce) {
  fill();
  secrets.variables.erase("ALIBABA_CLOUD_ACCESS_KEY_ID");
  secrets.variables.erase("ALIBABA_CLOUD_ACCESS_KEY_SECRET");
  secrets.variables["ALIBABA_CLOUD_CLI_PROFILE_DISABLED"] = "true";
  secrets.files.erase("/home/x/.alibabacloud/credentials.ini");
  faults = {{"sts", kDown}};
  EXPECT_EQ(settled(account()), "metadata1");
  EXPECT_TRUE(credentials().refused(account(), std::get<Keys>(credentials().keys(account()))));
  EXPECT_EQ(settled(account()), "metadata2");
}

TEST_F(CredentialsTest, OneFetchAtATimeAndNoCallerWaits) {
  http.set_delay(seconds(9));
  const AccountConfig slow = role_account();
  AccountConfig fast = account("fast");
  fast.credentials.access_key_id = "LTAI2";
  fast.credentials.access_key_secret_file = "/secret";
  for (int i = 0; i < 50; ++i) {
    EXPECT_EQ(now(slow), "pending");
    EXPECT_EQ(now(fast), "LTAI2");
    clock.advance(milliseconds(100));
  }
  EXPECT_EQ(http.sent(), 1u);
  clock.advance(seconds(5));
  EXPECT_EQ(now(slow), "sts1");
}

TEST_F(CredentialsTest, AHostileServiceAffectsOnlyItsOwnAccount) {
  AccountConfig ecs = account("ecs");
  ecs.credentials.ecs_ram_role = "m";
  AccountConfig fine = account("fine");
  fine.credentials.access_key_id = "LTAI2";
  fine.credentials.access_key_secret_file = "/secret";
  secrets.files["/secret"] = "S";
  const AccountConfig role = role_account("role");
  for (const HttpResult& fault : std::vector<HttpResult>{
           kDown, TransportFailure{TransportFailure::Kind::kTimeout, "h:80: no reply in 1 s"},
           TransportFailure{TransportFailure::Kind::kTooLarge, "h:80: too large"}, good(503, ""),
           good(200, "<html>"), good(200, std::string(1 << 20, '{')), good(302, ""),
           good(200, "{\"Code\":\"Success\"}")}) {
    made.reset();
    faults = {{"metadata", fault}};
    EXPECT_THAT(settled(ecs), HasSubstr("! account `ecs`: `ecs_ram_role`: the ECS metadata"));
    EXPECT_EQ(now(fine), "LTAI2");
    EXPECT_THAT(settled(role), HasSubstr("sts"));
  }
}

TEST_F(CredentialsTest, ARejectedSessionIsFetchedAgainOnce) {
  const AccountConfig role = role_account();
  EXPECT_EQ(settled(role), "sts1");
  const Keys old = std::get<Keys>(credentials().keys(role));
  EXPECT_TRUE(credentials().refused(role, old));
  EXPECT_EQ(now(role), "pending");
  EXPECT_TRUE(credentials().refused(role, old)) << "of another call that was under way";
  EXPECT_EQ(settled(role), "sts2");
  EXPECT_TRUE(credentials().refused(role, old)) << "there are newer ones";
  const Keys fresh = std::get<Keys>(credentials().keys(role));
  EXPECT_FALSE(credentials().refused(role, fresh)) << "it does not help";
  EXPECT_EQ(sessions, 2);
  pass(role, Credentials::kRenewalPause);
  EXPECT_TRUE(credentials().refused(role, fresh));
  EXPECT_EQ(settled(role), "sts3");
}

TEST_F(CredentialsTest, WhatStaysRefusedIsFetchedLessAndLessOften) {
  life = std::chrono::hours(12);
  const AccountConfig role = role_account();
  settled(role);
  for (int i = 0; i < 3600; ++i) {  // one call per second, all rejected
    const auto keys = credentials().keys(role);
    if (const auto* given = std::get_if<Keys>(&keys)) credentials().refused(role, *given);
    clock.advance(seconds(1));
  }
  EXPECT_GE(sessions, 6);
  EXPECT_LE(sessions, 14);
}

TEST_F(CredentialsTest, ARejectedSessionComesBackIfThereIsNoOther) {
  const AccountConfig role = role_account();
  EXPECT_EQ(settled(role), "sts1");
  faults = {{"sts", kDown}};
  EXPECT_TRUE(credentials().refused(role, std::get<Keys>(credentials().keys(role))));
  EXPECT_EQ(settled(role), "sts1") << "its rejection is then reported unchanged";
  EXPECT_EQ(warnings.size(), 1u);
  faults.clear();
  EXPECT_EQ(pass(role, seconds(5)), "sts2") << "another is looked for all the while";
}

TEST_F(CredentialsTest, AChangedKeyFileSignsTheNextSessionSoon) {
  const AccountConfig role = role_account();
  EXPECT_EQ(settled(role), "sts1");
  secrets.files["/secret"] = "other";
  EXPECT_EQ(pass(role, seconds(10)), "sts2");
  EXPECT_EQ(pass(role, minutes(10)), "sts2");
}

TEST_F(CredentialsTest, AProfileThatIsBeingWrittenDoesNotMatter) {
  fill();
  secrets.variables = {{"HOME", "/home/x"}};
  const std::string path = "/home/x/.aliyun/config.json";
  const std::string text = secrets.files[path];
  EXPECT_EQ(settled(account()), "cli");
  secrets.files[path] = text.substr(0, text.size() / 2);
  EXPECT_EQ(pass(account(), seconds(15)), "cli");
  secrets.files[path] = text;
  EXPECT_EQ(pass(account(), seconds(15)), "cli");
  secrets.files[path] = "{";
  EXPECT_EQ(pass(account(), seconds(30)), "ini") << "it stays broken";
}

TEST_F(CredentialsTest, AWrongClockDoesNotEndASession) {
  const AccountConfig role = role_account();
  cloud_ahead = -std::chrono::hours(3);
  EXPECT_THAT(settled(role),
              HasSubstr("returned credentials that have already expired; check the clock"));
  http.set_answer([this](const HttpRequest& request) {
    HttpResult result = answer(request);
    std::get<HttpReply>(result).headers = {{"date", "Sat, 21 Nov 2026 21:00:00 GMT"}};
    return result;
  });
  EXPECT_THAT(pass(role, seconds(5)), HasSubstr("sts")) << "the giver's own time counts";
}

TEST_F(CredentialsTest, StsMayCorrectTheTimeOnce) {
  const AccountConfig role = role_account();
  std::vector<std::string> stamps;
  http.set_answer([&](const HttpRequest& request) -> HttpResult {
    stamps.push_back(request.body.substr(request.body.find("Timestamp=") + 10, 13));
    HttpReply reply = good(400, R"({"Code":"InvalidTimeStamp.Expired"})");
    if (stamps.size() > 1) return answer(request);
    reply.headers = {{"date", "Mon, 23 Nov 2026 07:00:00 GMT"}};
    return reply;
  });
  EXPECT_EQ(settled(role), "sts1");
  EXPECT_THAT(stamps, ElementsAre("2026-11-22T00", "2026-11-23T07"));
}

TEST_F(CredentialsTest, AnotherRoleIsAnotherSession) {
  AccountConfig role = role_account();
  EXPECT_EQ(settled(role), "sts1");
  role.credentials.assume_role->session_name = "other";
  EXPECT_EQ(settled(role), "sts2");
  http.set_delay(seconds(2));
  role.credentials.assume_role->session_name = "third";
  EXPECT_EQ(now(role), "pending");
  clock.advance(seconds(1));
  role.credentials = {};
  secrets.variables["ALIBABA_CLOUD_ACCESS_KEY_ID"] = "late";
  credentials().keep_only({});
  clock.advance(seconds(5));
  EXPECT_EQ(http.in_flight(), 0u) << "what was under way ends in nobody's slot";
}

TEST_F(CredentialsTest, ATokenFileIsReadAgainAndHasItsLimits) {
  fill();
  secrets.variables.erase("ALIBABA_CLOUD_ACCESS_KEY_ID");
  secrets.variables.erase("ALIBABA_CLOUD_ACCESS_KEY_SECRET");
  secrets.variables["ALIBABA_CLOUD_CLI_PROFILE_DISABLED"] = "true";
  secrets.files.erase("/home/x/.alibabacloud/credentials.ini");
  faults = {{"metadata", kDown}, {"uri", kDown}};
  secrets.files["/token"] = "abc\n";
  EXPECT_THAT(settled(account()),
              HasSubstr("the token file /token contains 3 bytes, not 4 to 20000"));
  secrets.files["/token"] = "first\n";
  EXPECT_EQ(pass(account(), seconds(5)), "sts1");
  EXPECT_THAT(http.requests().back().request.body, HasSubstr("OIDCToken=first&"));
  secrets.files["/token"] = "second";
  pass(account(), minutes(50));
  EXPECT_THAT(http.requests().back().request.body, HasSubstr("OIDCToken=second&"));
}

}  // namespace
}  // namespace taskwatchd
