// The forms that credential sources have in practice, and the credentials read from them.
#include "credential_world.h"

namespace taskwatchd {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class CredentialSources : public CredentialWorld {
 protected:
  // An account whose credentials come only from this URI.
  AccountConfig uri_account(const std::string& uri) {
    made.reset();
    secrets.variables = {{"ALIBABA_CLOUD_CREDENTIALS_URI", uri},
                         {"ALIBABA_CLOUD_ECS_METADATA_DISABLED", "true"}};
    return account();
  }
  // Writes a profile like that of `aliyun configure --mode CloudSSO`. `ends`: Unix seconds.
  void write_cli(const std::string& mode, std::int64_t ends,
                 const std::string& id = "STS.Example") {
    secrets.files["/cli"] =
        R"({"current": "sso", "profiles": [{"name": "sso", "mode": ")" + mode +
        R"(", "cloud_sso_account_id": "1000000000000000", "access_key_id": ")" + id +
        R"(", "access_key_secret": "ExampleSecretOf30Characters000", "sts_token": "ExampleToken",)"
        R"( "sts_expiration": )" +
        std::to_string(ends) + R"(, "region_id": "cn-shanghai"}]})";
  }
  std::int64_t in(seconds from_now) {
    return std::chrono::floor<seconds>(clock.now().wall.time_since_epoch() + from_now).count();
  }
};

TEST_F(CredentialSources, KeysThatTheCliHasCachedAreUsedWhileTheyAreValid) {
  secrets.variables = {{"ALIBABA_CLOUD_CONFIG_FILE", "/cli"},
                       {"ALIBABA_CLOUD_CREDENTIALS_URI", "http://127.0.0.1:9/keys"},
                       {"ALIBABA_CLOUD_ECS_METADATA_DISABLED", "true"}};
  for (const char* mode : {"CloudSSO", "OAuth", "External", "RsaKeyPair"}) {
    made.reset();
    write_cli(mode, in(minutes(10)));
    EXPECT_EQ(settled(account()), "STS.Example") << mode;
    EXPECT_EQ(std::get<Keys>(credentials().keys(account())).security_token.reveal(),
              "ExampleToken");
    EXPECT_EQ(pass(account(), minutes(8)), "STS.Example");
    EXPECT_THAT(pass(account(), minutes(2)), HasSubstr("uri")) << "the next source of the chain";
    write_cli(mode, in(minutes(60)), "STS.Renewed");
    EXPECT_EQ(pass(account(), minutes(2)), "STS.Renewed") << "the CLI has renewed them";
  }
}

TEST_F(CredentialSources, KeysOfTheCliThatHaveExpiredAreNamed) {
  secrets.variables = {{"ALIBABA_CLOUD_CONFIG_FILE", "/cli"},
                       {"ALIBABA_CLOUD_ECS_METADATA_DISABLED", "true"}};
  write_cli("CloudSSO", in(-seconds(1)));
  EXPECT_THAT(settled(account()),
              AllOf(HasSubstr("has mode `CloudSSO`, whose keys the CLI has cached, and they have "
                              "expired; renew them by a call of `aliyun`"),
                    Not(HasSubstr("ExampleToken")), Not(HasSubstr("ExampleSecret"))));
}

TEST_F(CredentialSources, AProfileMayNameAUri) {
  secrets.variables = {{"ALIBABA_CLOUD_CONFIG_FILE", "/cli"}};
  secrets.files["/cli"] = R"({"current":"p","profiles":[{"name":"p","mode":"CredentialsURI",)"
                          R"("credentials_uri":"http://localhost:9/keys"}]})";
  EXPECT_EQ(settled(account()), "uri1");
  EXPECT_EQ(http.requests().back().request.url, "http://localhost:9/keys");
  secrets.files["/cli"] = R"({"current":"p","profiles":[{"name":"p","mode":"CredentialsURI",)"
                          R"("credentials_uri":"http://u:canary@h/"}]})";
  made.reset();
  secrets.variables["ALIBABA_CLOUD_ECS_METADATA_DISABLED"] = "1";
  EXPECT_THAT(settled(account()),
              AllOf(HasSubstr("profile `p` of /cli must"), Not(HasSubstr("canary"))));
}

TEST_F(CredentialSources, AUriIsUsedAsItWasChecked) {
  for (const char* uri : {"http://localhost.:9/keys?a=1", "HTTP://localhost:9/keys?a=1",
                          "http://LOCALHOST:9/keys?a=1", " http://localhost:9/keys?a=1 \n",
                          "\"http://localhost:9/keys?a=1\""}) {
    EXPECT_THAT(settled(uri_account(uri)), HasSubstr("uri")) << uri;
    EXPECT_EQ(http.requests().back().request.url, "http://localhost:9/keys?a=1") << uri;
  }
  EXPECT_THAT(settled(uri_account("http://127.0.0.1:9/keys\xC2\xA0")),
              HasSubstr("it contains `\\u00a0`, a no-break space"));
}

TEST_F(CredentialSources, QuotesOfTheEnvironmentAreNoPartOfAVariable) {
  secrets.variables = {{"ALIBABA_CLOUD_CONFIG_FILE", "\"/cli\""},
                       {"ALIBABA_CLOUD_PROFILE", "'sso' "}};
  write_cli("StsToken", 0);
  EXPECT_EQ(settled(account()), "STS.Example");
}

TEST_F(CredentialSources, ATokenFileLosesItsMarkAndBlanks) {
  secrets.variables = {{"ALIBABA_CLOUD_ROLE_ARN", kArn},
                       {"ALIBABA_CLOUD_OIDC_PROVIDER_ARN", "P"},
                       {"ALIBABA_CLOUD_OIDC_TOKEN_FILE", "/token"},
                       {"ALIBABA_CLOUD_ECS_METADATA_DISABLED", "true"}};
  secrets.files["/token"] = "\xEF\xBB\xBFtoken \r\n";
  EXPECT_EQ(settled(account()), "sts1");
  EXPECT_THAT(http.requests().back().request.body, HasSubstr("OIDCToken=token&"));
  made.reset();
  secrets.files["/token"] = std::string("\xFF\xFEt\0o\0", 6);
  EXPECT_THAT(settled(account()), HasSubstr("the token file /token is UTF-16; save it as UTF-8"));
}

TEST_F(CredentialSources, StsIsQueriedWithTheCaFileOfTheAccount) {
  AccountConfig role = role_account();
  role.ca_file = "/ca.pem";
  EXPECT_EQ(settled(role), "sts1");
  EXPECT_EQ(http.requests().back().request.ca_file, "/ca.pem");
  role.ca_file = "/other.pem";
  EXPECT_EQ(settled(role), "sts2") << "whoever changes it wants it to be used";
  EXPECT_EQ(http.requests().back().request.ca_file, "/other.pem");

  AccountConfig by_uri = uri_account("https://keys.example/");
  by_uri.ca_file = "/ca.pem";
  EXPECT_EQ(settled(by_uri), "uri3");
  EXPECT_EQ(http.requests().back().request.ca_file, "/ca.pem");
}

}  // namespace
}  // namespace taskwatchd
