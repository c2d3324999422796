#include "cloud/credential_parse.h"

#include <gmock/gmock.h>

#include <string>
#include <vector>

namespace taskwatchd {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using Kind = KeyRecipe::Kind;

const std::string kFile = "/home/x/.aliyun/config.json";
const std::string kArn = "acs:ram::123456789:role/iot";

CredentialDefaults defaults(std::string profile = "") {
  return {.file = kFile, .profile = std::move(profile), .sts_url = "https://sts.aliyuncs.com"};
}

// Parses a CLI configuration whose current profile `p` has these members.
KeyCandidate cli(const std::string& members) {
  return parse_cli_profile(
      R"({"current":"p","profiles":[{"name":"other","mode":"AK"},{"name":"p",)" + members + "}]}",
      defaults());
}
KeyCandidate ini(const std::string& lines) {
  return parse_credentials_ini("[default]\n" + lines, defaults()).candidate;
}

TEST(CliProfile, ReadsKeysOfEachMode) {
  const KeyCandidate ak = cli(
      R"("mode":"AK","access_key_id":"LTAI1","access_key_secret":"canary","region_id":"cn-shanghai")");
  ASSERT_EQ(ak.problem, "");
  EXPECT_EQ(ak.recipe.kind, Kind::kKeys);
  EXPECT_EQ(ak.recipe.keys.access_key_id, "LTAI1");
  EXPECT_EQ(ak.recipe.keys.access_key_secret.reveal(), "canary");
  EXPECT_TRUE(ak.recipe.keys.security_token.empty());
  EXPECT_EQ(ak.recipe.source, "profile `p` of " + kFile);

  const KeyCandidate sts = cli(
      R"("mode":"StsToken","access_key_id":"STS.1","access_key_secret":"s","sts_token":"CAIS+/=")");
  ASSERT_EQ(sts.problem, "");
  EXPECT_EQ(sts.recipe.keys.security_token.reveal(), "CAIS+/=");

  const KeyCandidate ecs = cli(R"("mode":"EcsRamRole","ram_role_name":"machine")");
  ASSERT_EQ(ecs.problem, "");
  EXPECT_EQ(ecs.recipe.kind, Kind::kEcsRole);
  EXPECT_EQ(ecs.recipe.ecs_role, "machine");
  EXPECT_EQ(cli(R"("mode":"EcsRamRole")").recipe.ecs_role, "");
}

TEST(CliProfile, ReadsRoles) {
  const KeyCandidate role = cli(
      R"("mode":"RamRoleArn","access_key_id":"A","access_key_secret":"S","ram_role_arn":")" + kArn +
      R"(","ram_session_name":"me","expired_seconds":900,"sts_region":"cn-beijing",)"
      R"("enable_vpc":true,"external_id":"E1","policy":"{}")");
  ASSERT_EQ(role.problem, "");
  EXPECT_EQ(role.recipe.kind, Kind::kAssumeRole);
  EXPECT_EQ(role.recipe.role.arn, kArn);
  EXPECT_EQ(role.recipe.role.session_name, "me");
  EXPECT_EQ(role.recipe.role.duration, std::chrono::minutes(15));
  EXPECT_EQ(role.recipe.role.external_id, "E1");
  EXPECT_EQ(role.recipe.policy, "{}");
  EXPECT_EQ(role.recipe.sts_url, "https://sts-vpc.cn-beijing.aliyuncs.com");
  ASSERT_NE(role.recipe.signer, nullptr);
  EXPECT_EQ(role.recipe.signer->keys.access_key_id, "A");

  const KeyCandidate oidc = cli(R"("mode":"OIDC","oidc_provider_arn":"P","oidc_token_file":"/t",)"
                                R"("ram_role_arn":")" +
                                kArn + R"(","expired_seconds":0)");
  ASSERT_EQ(oidc.problem, "");
  EXPECT_EQ(oidc.recipe.kind, Kind::kOidcRole);
  EXPECT_EQ(oidc.recipe.token_file, "/t");
  EXPECT_EQ(oidc.recipe.oidc_provider_arn, "P");
  EXPECT_EQ(oidc.recipe.role.session_name, "taskwatchd");
  EXPECT_EQ(oidc.recipe.role.duration, std::chrono::hours(1));
  EXPECT_EQ(oidc.recipe.sts_url, "https://sts.aliyuncs.com");
}

TEST(CliProfile, AChainOfProfilesSignsOneAfterAnother) {
  const std::string text =
      R"({"current":"top","profiles":[)"
      R"({"name":"top","mode":"ChainableRamRoleArn","source_profile":"mid","ram_role_arn":")" +
      kArn + R"("},{"name":"mid","mode":"ChainableRamRoleArn","source_profile":"low",)" +
      R"("ram_role_arn":")" + kArn + R"("},{"name":"low","mode":"EcsRamRole"}]})";
  const KeyCandidate top = parse_cli_profile(text, defaults());
  ASSERT_EQ(top.problem, "");
  EXPECT_EQ(top.recipe.signer->kind, Kind::kAssumeRole);
  EXPECT_EQ(top.recipe.signer->signer->kind, Kind::kEcsRole);
  EXPECT_EQ(parse_cli_profile(text, defaults("low")).recipe.kind, Kind::kEcsRole);

  const KeyCandidate self =
      cli(R"("mode":"ChainableRamRoleArn","source_profile":"p","ram_role_arn":")" + kArn + R"(")");
  EXPECT_THAT(self.problem, HasSubstr("a chain of more than 4 profiles, or from itself"));
}

TEST(CliProfile, ReportsTheErrorAndNoSecret) {
  const std::string key = R"("access_key_id":"LTAIcanary","access_key_secret":"canary)";
  for (const auto& [members, problem] : std::vector<std::pair<std::string, std::string>>{
           {R"("mode":"CloudSSO","access_key_secret":"canary")",
            "has mode `CloudSSO`, which taskwatchd does not support; use AK, StsToken"},
           {R"("mode":"External","process_command":"canary")", "has mode `External`"},
           {R"("mode":"OAuth")", "has mode `OAuth`"},
           {R"("name2":"canary")", "has mode ``"},
           {R"("mode":"AK","access_key_id":"LTAIcanary")", "has no `access_key_secret`"},
           {R"("mode":"AK","access_key_secret":"canary")", "has no `access_key_id`"},
           {R"("mode":"AK",)" + key + R"( canary")",
            "has a `access_key_secret` that contains a space"},
           {R"("mode":"StsToken",)" + key + "\"", "has no `sts_token`"},
           {R"("mode":"EcsRamRole","ram_role_name":"../canary")", "is not a valid RAM role name"},
           {R"("mode":"RamRoleArn",)" + key + "\"", "has no `ram_role_arn`"},
           {R"("mode":"RamRoleArn",)" + key + R"(","ram_role_arn":"canary")",
            "not acs:ram::ACCOUNT:role/NAME"},
           {R"("mode":"RamRoleArn",)" + key + R"(","expired_seconds":60,"ram_role_arn":")" + kArn +
                "\"",
            "has a `expired_seconds` that is not 900 to 43200"},
           {R"("mode":"RamRoleArn",)" + key + R"(","sts_region":"x/y","ram_role_arn":")" + kArn +
                "\"",
            "has an `sts_region` that is not a valid region"},
           {R"("mode":"ChainableRamRoleArn","ram_role_arn":")" + kArn + "\"",
            "has no `source_profile`"},
           {R"("mode":"ChainableRamRoleArn","source_profile":"no","ram_role_arn":")" + kArn + "\"",
            "profile `no` of " + kFile + " does not exist"},
           {R"("mode":"OIDC","ram_role_arn":")" + kArn + "\"", "has no `oidc_provider_arn`"}}) {
    const KeyCandidate candidate = cli(members);
    EXPECT_THAT(candidate.problem, HasSubstr(problem)) << members;
    EXPECT_THAT(candidate.problem, HasSubstr(kFile)) << members;
    EXPECT_THAT(candidate.problem, Not(HasSubstr("canary"))) << members;
  }
}

TEST(CliProfile, AFileThatIsNoneIsAProblem) {
  for (const std::string& text :
       {std::string(), std::string("{"), std::string("[]"), std::string("<html>"),
        std::string(200, '['), std::string("{\"current\":\"p\"} x"), std::string("\0", 1)}) {
    EXPECT_THAT(parse_cli_profile(text, defaults()).problem, HasSubstr("is not a JSON object"));
  }
  EXPECT_THAT(parse_cli_profile("{}", defaults()).problem, HasSubstr("has no `current` profile"));
  EXPECT_THAT(parse_cli_profile("{}", defaults("q")).problem, HasSubstr("profile `q` of"));
  EXPECT_THAT(
      parse_cli_profile(R"({"current":"p","profiles":[1,null,{"name":5}]})", defaults()).problem,
      HasSubstr("does not exist"));
  EXPECT_THAT(parse_cli_profile(std::string(kCredentialFileLimit + 1, ' '), defaults()).problem,
              HasSubstr("longer than 64 KiB"));
}

TEST(CliProfile, MayComeFromAnyEditor) {
  const std::string text = R"({"current":"p","profiles":[{"name":"p","mode":"EcsRamRole"}]})";
  EXPECT_EQ(parse_cli_profile("\xEF\xBB\xBF" + text, defaults()).problem, "");
  for (const std::string& utf16 : {std::string("\xFF\xFE{\0}\0", 6), std::string("\0{\0}", 4)}) {
    EXPECT_EQ(parse_cli_profile(utf16, defaults()).problem, kFile + " is UTF-16; save it as UTF-8");
  }
}

TEST(CliProfile, TheStsEndpointOfATestOverridesTheProfile) {
  CredentialDefaults test = defaults();
  test.sts_url = "http://127.0.0.1:1";
  test.sts_url_is_test = true;
  const KeyCandidate role = parse_cli_profile(
      R"({"current":"p","profiles":[{"name":"p","mode":"RamRoleArn","access_key_id":"A",)"
      R"("access_key_secret":"S","sts_region":"cn-beijing","ram_role_arn":")" +
          kArn + "\"}]}",
      test);
  EXPECT_EQ(role.recipe.sts_url, "http://127.0.0.1:1");
}

TEST(CredentialsIni, ReadsEachType) {
  const KeyCandidate key =
      ini("enable = true   # default\ntype = access_key  # comment\naccess_key_id=LTAI1\n"
          "access_key_secret =  s#cret ; comment\n\n# line\n; line\n");
  ASSERT_EQ(key.problem, "");
  EXPECT_EQ(key.recipe.kind, Kind::kKeys);
  EXPECT_EQ(key.recipe.keys.access_key_secret.reveal(), "s#cret");
  EXPECT_EQ(ini("type=sts\naccess_key_id=A\naccess_key_secret=S\nsecurity_token=T=\r\n")
                .recipe.keys.security_token.reveal(),
            "T=");
  EXPECT_EQ(ini("type=ecs_ram_role\nrole_name=machine\n").recipe.ecs_role, "machine");
  const KeyCandidate role =
      ini("type=ram_role_arn\naccess_key_id=A\naccess_key_secret=S\nrole_arn=" + kArn +
          "\nrole_session_name=me\nrole_session_expiration=1800\n");
  ASSERT_EQ(role.problem, "");
  EXPECT_EQ(role.recipe.role.duration, std::chrono::minutes(30));
  EXPECT_EQ(role.recipe.signer->keys.access_key_id, "A");
  const KeyCandidate oidc = ini("type=oidc_role_arn\nrole_arn=" + kArn +
                                "\noidc_provider_arn=P\noidc_token_file_path=/t\n");
  ASSERT_EQ(oidc.problem, "");
  EXPECT_EQ(oidc.recipe.token_file, "/t");
}

TEST(CredentialsIni, QuotesAreNoPartOfAValue) {
  const KeyCandidate key =
      ini("enable = true\ntype = \"access_key\"\naccess_key_id = \"LTAI5tExampleKeyId\"\n"
          "access_key_secret = 'ExampleSecretOf30Characters000'\n");
  ASSERT_EQ(key.problem, "");
  EXPECT_EQ(key.recipe.keys.access_key_id, "LTAI5tExampleKeyId");
  EXPECT_EQ(key.recipe.keys.access_key_secret.reveal(), "ExampleSecretOf30Characters000");
  EXPECT_EQ(
      ini("type='ram_role_arn'\naccess_key_id=A\naccess_key_secret=S\nrole_arn=\"" + kArn + "\"\n")
          .recipe.role.arn,
      kArn);
  EXPECT_TRUE(parse_credentials_ini("[default]\nenable = \"false\"\ntype = access_key\n"
                                    "access_key_id = A\naccess_key_secret = S\n",
                                    defaults())
                  .absent);
}

TEST(CredentialsIni, MayComeFromAnyEditor) {
  const std::string lines =
      "[default]\r\ntype = access_key\r\naccess_key_id = LTAI5tExampleKeyId\r\n"
      "access_key_secret = ExampleSecretOf30Characters000\r\n";
  std::string old_mac = lines;
  std::erase(old_mac, '\n');
  for (const std::string& text : {"\xEF\xBB\xBF" + lines, old_mac}) {
    const KeyCandidate key = parse_credentials_ini(text, defaults()).candidate;
    ASSERT_EQ(key.problem, "");
    EXPECT_EQ(key.recipe.keys.access_key_id, "LTAI5tExampleKeyId");
  }
  EXPECT_THAT(parse_credentials_ini(std::string("\xFF\xFE[\0", 4), defaults()).candidate.problem,
              HasSubstr("is in a file that is UTF-16; save it as UTF-8"));
}

TEST(CredentialsIni, TakesColonsAndPassesOverOtherSections) {
  const KeyCandidate key =
      ini("type: access_key\naccess_key_id: A\naccess_key_secret=S:=\n[other]\nan odd line\n");
  ASSERT_EQ(key.problem, "");
  EXPECT_EQ(key.recipe.keys.access_key_id, "A");
  EXPECT_EQ(key.recipe.keys.access_key_secret.reveal(), "S:=");
  EXPECT_EQ(ini("type: ram_role_arn\naccess_key_id: A\naccess_key_secret: S\nrole_arn: " + kArn)
                .recipe.role.arn,
            kArn);
}

TEST(CredentialsIni, NamesACharacterThatIsNotSeen) {
  EXPECT_THAT(ini("type = access_key\xC2\xA0\n").problem,
              HasSubstr("has type `access_key\\u00a0` (\\u00a0 is a no-break space), which"));
}

// cli_ramrole_leftover_token: `aliyun configure` leaves the token of a previous mode in the
// profile.
TEST(CredentialProfile, ATokenIsOnlySentWithAnIdOfSts) {
  const std::string role = R"("mode":"RamRoleArn","access_key_secret":"S","sts_token":"T",)"
                           R"("ram_role_arn":")" +
                           kArn + R"(","access_key_id":)";
  const KeyCandidate leftover = cli(role + R"("LTAI5tExampleKeyId")");
  ASSERT_EQ(leftover.problem, "");
  EXPECT_TRUE(leftover.recipe.signer->keys.security_token.empty());
  EXPECT_EQ(cli(role + R"("STS.1")").recipe.signer->keys.security_token.reveal(), "T");
  const std::string keys = "access_key_secret=S\nsecurity_token=T\nrole_arn=" + kArn + "\n";
  EXPECT_TRUE(
      ini("type=access_key\naccess_key_id=LTAI1\n" + keys).recipe.keys.security_token.empty());
  EXPECT_TRUE(ini("type=ram_role_arn\naccess_key_id=LTAI1\n" + keys)
                  .recipe.signer->keys.security_token.empty());
}

TEST(CredentialsIni, ReadsTheRequestedSection) {
  const std::string text =
      "[default]\ntype=ecs_ram_role\n[ other ]\ntype=access_key\naccess_key_id=A\n"
      "access_key_secret=S\n[off]\nenable=false\ntype=access_key\n";
  EXPECT_EQ(parse_credentials_ini(text, defaults()).candidate.recipe.kind, Kind::kEcsRole);
  EXPECT_EQ(parse_credentials_ini(text, defaults("other")).candidate.recipe.kind, Kind::kKeys);
  EXPECT_TRUE(parse_credentials_ini(text, defaults("off")).absent);
  EXPECT_FALSE(parse_credentials_ini(text, defaults("other")).absent);
  EXPECT_THAT(parse_credentials_ini(text, defaults("none")).candidate.problem,
              HasSubstr("section `none` of " + kFile + " does not exist"));
}

TEST(CredentialsIni, ReportsTheErrorAndNoSecret) {
  for (const auto& [lines, problem] : std::vector<std::pair<std::string, std::string>>{
           {"type=rsa_key_pair\nprivate_key_file=canary\n", "has type `rsa_key_pair`, which"},
           {"access_key_secret=canary\n", "has type ``"},
           {"type=access_key\naccess_key_secret=canary\n", "has no `access_key_id`"},
           {"type=access_key\naccess_key_id=canary\n", "has no `access_key_secret`"},
           {"type=access_key\ncanary\n", "line 3 is neither [SECTION] nor KEY = VALUE"},
           {"type=ram_role_arn\naccess_key_id=canary\naccess_key_secret=canary\nrole_arn=canary\n",
            "not acs:ram::ACCOUNT:role/NAME"},
           {"type=oidc_role_arn\nrole_arn=" + kArn + "\noidc_provider_arn=canary\n",
            "has no `oidc_token_file_path`"},
           {"type=ecs_ram_role\nrole_name=a/canary\n", "is not a valid RAM role name"}}) {
    EXPECT_THAT(ini(lines).problem, HasSubstr(problem));
    EXPECT_THAT(ini(lines).problem, Not(HasSubstr("canary")));
  }
  EXPECT_THAT(ini(std::string(kCredentialFileLimit, '#')).problem, HasSubstr("more than 64 KiB"));
}

TEST(KeyRecipe, IsTheSameOnlyIfItsSignerIs) {
  const auto role = [](const std::string& secret) {
    return cli(R"("mode":"RamRoleArn","access_key_id":"A","access_key_secret":")" + secret +
               R"(","ram_role_arn":")" + kArn + "\"")
        .recipe;
  };
  EXPECT_EQ(role("one"), role("one"));
  EXPECT_FALSE(role("one") == role("two"));
}

TEST(StsUrl, FollowsRegionAndNetwork) {
  EXPECT_EQ(sts_url("", false), "https://sts.aliyuncs.com");
  EXPECT_EQ(sts_url("", true), "https://sts.aliyuncs.com");
  EXPECT_EQ(sts_url("cn-beijing", false), "https://sts.cn-beijing.aliyuncs.com");
  EXPECT_EQ(sts_url("cn-beijing", true), "https://sts-vpc.cn-beijing.aliyuncs.com");
}

}  // namespace
}  // namespace taskwatchd
