#include "notify/sink_secrets.h"

#include <gmock/gmock.h>

namespace taskwatchd {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr const char* kKey24 = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX";

SinkSecrets webhook_secrets(std::string_view text) {
  return parse_sink_secrets(SinkFormat::kCloudEvents, text);
}

TEST(SinkUrl, IsOneTrimmedLine) {
  const std::string url = "https://oapi.dingtalk.com/robot/send?access_token=abc";
  for (const std::string& text :
       {url, url + "\n", " " + url + " \r\n", "\xEF\xBB\xBF" + url + "\n", '"' + url + "\"\n"}) {
    const SinkUrl parsed = parse_sink_url(text);
    EXPECT_EQ(parsed.problem, "");
    EXPECT_EQ(parsed.url.reveal(), url);
  }
}

TEST(SinkUrl, ProblemsNeverShowIt) {
  const std::vector<std::pair<std::string, std::string>> all = {
      {"", "is empty; put the value into it"},
      {"https://h/cAnArY\nhttps://h/b",
       "contains a space, a second line or a character that is not plain ASCII; it must contain "
       "only "
       "the value"},
      {"cAnArY", "contains a URL that must be https://HOST[:PORT]/PATH; copy it from the receiver"},
      {"http://h/cAnArY",
       "contains a URL that must be https; http is accepted for a loopback address only "
       "(127.0.0.1, "
       "[::1], localhost)"},
      {"https://me:cAnArY@h/",
       "contains a URL that must not contain a user or password; send them in the header "
       "Authorization, by `headers_file`"},
      {"https://h/#cAnArY", "contains a URL that must not contain a #; remove it and what follows"},
      {std::string("h\0t\0t\0p\0", 8), "is UTF-16; save it as UTF-8"},
      {"https://h/" + std::string(1 << 20, 'x'),
       "contains more than 4096 bytes; it must contain only the value"},
  };
  for (const auto& [text, problem] : all) {
    const SinkUrl parsed = parse_sink_url(text);
    EXPECT_EQ(parsed.problem, problem);
    EXPECT_TRUE(parsed.url.empty());
  }
  EXPECT_THAT(parse_sink_url("https://h/cAnArY\xEF\xBC\x81").problem,
              testing::AllOf(Not(""), Not(HasSubstr("cAnArY"))));
}

TEST(SinkSecrets, OfAWebhookAreOneOrTwo) {
  const std::string two = std::string(kKey24) + "\r\n\n  whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw  ";
  const SinkSecrets secrets = webhook_secrets("\xEF\xBB\xBF" + two);
  ASSERT_EQ(secrets.keys.size(), 2U) << secrets.problem;
  EXPECT_EQ(secrets.keys[0].reveal(), std::string("\0\1\2\3\4\5\6\7\x8\x9\xA\xB\xC\xD\xE\xF\x10\x11"
                                                  "\x12\x13\x14\x15\x16\x17",
                                                  24));
  EXPECT_EQ(webhook_secrets(two + "\n" + kKey24).problem,
            "contains more than two secrets; keep the previous one and the next one");
  EXPECT_EQ(webhook_secrets("\n \n").problem, "is empty; put the secret into it");
}

TEST(SinkSecrets, OfAWebhookHave24To64Bytes) {
  const std::string rule =
      "has a problem: line 2 is not whsec_ and the Base64 text of 24 to 64 bytes; copy it from the "
      "receiver";
  const std::string most = "whsec_" + std::string(84, 'A') + "AA==";
  EXPECT_EQ(webhook_secrets(most).keys.at(0).reveal().size(), 64U);
  for (const std::string& line :
       {"whsec_" + std::string(84, 'A') + "AAA=",
        std::string("whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRY="),
        std::string("AAECAwQFBgcICQoLDA0ODxAREhMUFRYX"), std::string("whsec_"),
        std::string("whsec_cAnArY-cAnArY_cAnArYcAnArY"), std::string("WHSEC_") + (kKey24 + 6)}) {
    const SinkSecrets secrets = webhook_secrets("\n" + line);
    EXPECT_EQ(secrets.problem, rule) << line;
    EXPECT_TRUE(secrets.keys.empty());
  }
}

TEST(SinkSecrets, OfAChatIsOneLineAsItIs) {
  for (const SinkFormat format : {SinkFormat::kDingTalk, SinkFormat::kFeishu}) {
    const SinkSecrets secrets = parse_sink_secrets(format, "SECabc=\n");
    ASSERT_EQ(secrets.keys.size(), 1U);
    EXPECT_EQ(secrets.keys[0].reveal(), "SECabc=");
    EXPECT_THAT(parse_sink_secrets(format, "cAnArY\ncAnArY").problem,
                HasSubstr("contains a space, a second line"));
    EXPECT_TRUE(parse_sink_secrets(format, "").keys.empty());
  }
}

TEST(SinkHeaders, AreNamesAndValues) {
  const SinkHeaders parsed =
      parse_sink_headers("# token\nAuthorization: Bearer a:b=\r\n\n  X-Scope-OrgID:7 \n");
  EXPECT_EQ(parsed.problem, "");
  ASSERT_EQ(parsed.headers.size(), 2U);
  EXPECT_EQ(parsed.headers[0].first, "Authorization");
  EXPECT_EQ(parsed.headers[0].second.reveal(), "Bearer a:b=");
  EXPECT_EQ(parsed.headers[1].first, "X-Scope-OrgID");
  EXPECT_EQ(parsed.headers[1].second.reveal(), "7");
  EXPECT_TRUE(parse_sink_headers("").headers.empty());
}

TEST(SinkHeaders, ProblemsNeverShowThem) {
  const std::string begin = "has a problem: line 2 ";
  const std::vector<std::pair<std::string, std::string>> all = {
      {"HOST: cAnArY", "sets `host`, which taskwatchd sets itself; remove it"},
      {"Content-Length: 5", "sets `content-length`, which taskwatchd sets itself; remove it"},
      {"content-type: cAnArY", "sets `content-type`, which taskwatchd sets itself; remove it"},
      {"Transfer-Encoding: chunked",
       "sets `transfer-encoding`, which taskwatchd sets itself; remove it"},
      {"Webhook-Signature: cAnArY",
       "sets a header of the signature; remove it, and set `secret_file` to sign"},
      {"cAnArY", "has no value; write it as `Name: value`"},
      {"cAnArY cAnArY", "is not a header; write it as `Name: value`"},
      {": cAnArY", "is not a header; write it as `Name: value`"},
      {"X cAnArY: a", "is not a header; write it as `Name: value`"},
      {"X:", "has no value; write it as `Name: value`"},
      {"X: cAnArY\x01", "contains a character that is not plain ASCII; remove it"},
      {"X: cAnArY\xC3\xA9", "contains a character that is not plain ASCII; remove it"},
      {"X: cAnArY\xC2\xA0z",
       "contains an invisible or confusable character; write it again by hand"},
      {"X: " + std::string(4097, 'c'), "is longer than 4096 bytes; shorten it"},
      {"a: cAnArY", "sets a header that an earlier line sets too; remove one"},
  };
  for (const auto& [line, problem] : all) {
    const SinkHeaders parsed = parse_sink_headers("A: b\n" + line);
    EXPECT_EQ(parsed.problem, begin + problem) << line;
    EXPECT_TRUE(parsed.headers.empty());
  }
  std::string many;
  for (int i = 0; i < 17; ++i) many += "x" + std::to_string(i) + ": y\n";
  EXPECT_EQ(parse_sink_headers(many).problem, "contains more than 16 headers; remove some");
  EXPECT_EQ(parse_sink_headers(std::string(1 << 20, '#')).problem,
            "contains more than 65536 bytes; it must contain only headers");
}

}  // namespace
}  // namespace taskwatchd
