// Text from a device or the platform, made safe to show.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ctime>
#include <random>

#include "core/events/device_text.h"
#include "core/events/redact.h"
#include "core/types/utf8.h"

namespace taskwatchd {
namespace {

using testing::HasSubstr;
using testing::Not;

const std::string kBad = "\xEF\xBF\xBD";

TEST(RepairUtf8, KeepsWhatIsValid) {
  for (const std::string& text :
       {std::string(), std::string("abc"), std::string("é阿\xF0\x9F\x98\x80"),
        std::string("\xC2\x80\xDF\xBF\xE0\xA0\x80\xED\x9F\xBF\xEE\x80\x80\xF4\x8F\xBF\xBF"),
        std::string("a\0b", 3)}) {
    EXPECT_EQ(repair_utf8(text), text);
  }
}

TEST(RepairUtf8, EachBadByteBecomesOneMark) {
  EXPECT_EQ(repair_utf8("a\x80z"), "a" + kBad + "z");
  EXPECT_EQ(repair_utf8("\xC0\xAF"), kBad + kBad) << "overlong";
  EXPECT_EQ(repair_utf8("\xE0\x80\xAF"), kBad + kBad + kBad) << "overlong";
  EXPECT_EQ(repair_utf8("\xF0\x80\x80\xAF"), kBad + kBad + kBad + kBad) << "overlong";
  EXPECT_EQ(repair_utf8("\xED\xA0\x80"), kBad + kBad + kBad) << "surrogate";
  EXPECT_EQ(repair_utf8("\xF4\x90\x80\x80"), kBad + kBad + kBad + kBad) << "above U+10FFFF";
  EXPECT_EQ(repair_utf8("\xE9\x98"), kBad + kBad) << "cut short";
  EXPECT_EQ(repair_utf8("\xE9\x98z"), kBad + kBad + "z");
  EXPECT_EQ(repair_utf8("\xFE\xFF"), kBad + kBad);
}

TEST(Cut, FitsTheLimitAndReportsHowMuchWasCut) {
  EXPECT_EQ(cut("short", 256), "short");
  EXPECT_EQ(cut(std::string(256, 'a'), 256), std::string(256, 'a'));
  const std::string text = cut(std::string(1000, 'a'), 256);
  EXPECT_EQ(text, std::string(240, 'a') + "...(+760 bytes)");
  EXPECT_LE(text.size(), 256u);
  EXPECT_EQ(cut("abcdefgh", 3), "abc") << "no room for the words";
  EXPECT_EQ(cut("abc", 0), "");
}

TEST(Cut, AtACharactersEdge) {
  std::string text;
  for (int i = 0; i < 300; ++i) text += "阿";
  for (std::size_t limit = 0; limit < 300; ++limit) {
    const std::string head = cut(text, limit);
    ASSERT_LE(head.size(), limit);
    ASSERT_EQ(repair_utf8(head), head) << limit;
  }
}

TEST(Redact, Urls) {
  const std::pair<const char*, const char*> cases[] = {
      {"see https://b.oss-cn-shanghai.aliyuncs.com/f/7u?Expires=1&Signature=CANARY now",
       "see https://b.oss-cn-shanghai.aliyuncs.com/f/7u?REDACTED now"},
      {"http://h/p?a=CANARY#f \"https://h?CANARY\"", "http://h/p?REDACTED \"https://h?REDACTED\""},
      {"https://user:CANARY@h/p", "https://REDACTED@h/p"},
      {"mqtts://CANARY@h:1883?x", "mqtts://REDACTED@h:1883?REDACTED"},
      {"https://h/a@b?CANARY", "https://h/a@b?REDACTED"},
      {R"({"u":"https:\/\/h\/p?CANARY","n":1})", R"({"u":"https:\/\/h\/p?REDACTED","n":1})"},
      {"https://h/p", "https://h/p"},
      {"https://h/p<https://h?CANARY>", "https://h/p<https://h?REDACTED>"},
      {"a :// b ?c", "a :// b ?c"},
      {"://", "://"},
      {"is it? yes: a/b", "is it? yes: a/b"},
  };
  for (const auto& [text, redacted] : cases) EXPECT_EQ(redact(text), redacted);
}

TEST(Redact, CredentialParameters) {
  const std::pair<const char*, const char*> cases[] = {
      {"OSSAccessKeyId=CANARY&Expires=123&Signature=CANARY&x=1",
       "OSSAccessKeyId=REDACTED&Expires=REDACTED&Signature=REDACTED&x=1"},
      {"security-token=CANARY", "security-token=REDACTED"},
      {"SECURITYTOKEN: CANARY, next", "SECURITYTOKEN: REDACTED, next"},
      {"x-oss-signature-version=CANARY;x-oss-date=CANARY",
       "x-oss-signature-version=REDACTED;x-oss-date=REDACTED"},
      {"X-Amz-Credential=CANARY%2F1 y", "X-Amz-Credential=REDACTED y"},
      {R"({"AccessKeySecret":"CANARY a b","ok":1})", R"({"AccessKeySecret":"REDACTED","ok":1})"},
      {R"({\"SecurityToken\": \"CANARY\", \"ok\": 1})",
       R"({\"SecurityToken\": \"REDACTED", \"ok\": 1})"},
      {"access_key_secret = 'CANARY CANARY' tail", "access_key_secret = 'REDACTED' tail"},
      {"POST&%2F&AccessKeyId%3DCANARY%26SecurityToken%3DCANARY%252B%26Version%3D1",
       "POST&%2F&AccessKeyId%3DREDACTED%26SecurityToken%3DREDACTED%26Version%3D1"},
      {"SignatureNonce%253DCANARY%2526x", "SignatureNonce%253DREDACTED%2526x"},
      {R"(Signature\u003dCANARY\u0026x)", R"(Signature\u003dREDACTED\u0026x)"},
      {"Credential=CANARY,SignedHeaders=a;b,Signature=CANARY",
       "Credential=REDACTED,SignedHeaders=a;b,Signature=REDACTED"},
      {"Signature=", "Signature="},
      // A value may look like the next name: found by fuzzing.
      {R"(Expires:"Signature":"CANARY)", R"(Expires:"REDACTED":"REDACTED)"},
      {"Expires='AccessKeySecret = 'CANARY", "Expires='REDACTED'REDACTED"},
      {"x://y?X-Amz-Credential: CANARY z", "x://y?REDACTED REDACTED z"},
      {"x://a/https://u:CANARY@h/p", "x://a/https://REDACTED@h/p"},
      {"the signature is wrong", "the signature is wrong"},
      {"progress=80 step: 3", "progress=80 step: 3"},
      {"Signature", "Signature"},
  };
  for (const auto& [text, redacted] : cases) EXPECT_EQ(redact(text), redacted);
}

// Each of these would take a minute if any step read the rest of the text again.
TEST(Redact, TimeGrowsWithTheLengthOnly) {
  const std::clock_t begin = std::clock();
  for (const char* piece : {"Signature", "Signature=", "://", "a:\\/\\/?", "\\", "Expires=\"x\" ",
                            "%3D", "x=\"", "a "}) {
    std::string text;
    while (text.size() < (std::size_t{1} << 19)) text += piece;
    EXPECT_FALSE(redact(text).empty());
  }
  const double cpu_seconds = static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
  EXPECT_LT(cpu_seconds, 30) << "a few with the slowest build";
}

TEST(DeviceText, RepairsRedactsAndCuts) {
  const std::string text = device_text("bad \xFF https://h/p?CANARY " + std::string(1000, 'x'));
  EXPECT_EQ(text.substr(0, 26), "bad " + kBad + " https://h/p?REDACT");
  EXPECT_THAT(text, HasSubstr(" bytes)"));
  EXPECT_LE(text.size(), 256u);
  EXPECT_EQ(repair_utf8(text), text);
  EXPECT_EQ(device_text("plain"), "plain");
}

TEST(DeviceText, ASecretWhereTheCutFallsIsGone) {
  for (std::size_t n = 0; n < 300; ++n) {
    const std::string text = std::string(n, ' ') + "Signature=CANARY";
    EXPECT_THAT(device_text(text), Not(HasSubstr("CA"))) << n;
  }
}

TEST(EscapeControls, MakesThemVisible) {
  EXPECT_EQ(escape_controls("a\n\x1b[2J\x7f b"), "a\\x0a\\x1b[2J\\x7f b");
  EXPECT_EQ(escape_controls(std::string_view("\0", 1)), "\\x00");
  EXPECT_EQ(escape_controls("\xC2\x85 \xE2\x80\xA8 \xE2\x80\xAE \xE2\x81\xA9 \xD8\x9C"),
            "\\u{0085} \\u{2028} \\u{202e} \\u{2069} \\u{061c}");
  EXPECT_EQ(escape_controls("é \\ \" 阿"), "é \\ \" 阿");
  EXPECT_EQ(escape_controls("a\xFF\xE9"), "a\\xff\\xe9");
}

TEST(EscapeControls, WhateverComesInIsPrintable) {
  std::mt19937 random(3);
  for (int round = 0; round < 5000; ++round) {
    std::string bytes;
    for (auto n = random() % 40; n > 0; --n) bytes += static_cast<char>(random() % 256);
    const std::string text = escape_controls(bytes);
    for (std::size_t at = 0; at < text.size();) {
      const Utf8Char c = utf8_at(text, at);
      ASSERT_GT(c.size, 0u);
      ASSERT_FALSE(must_escape(c.code));
      at += c.size;
    }
  }
}

}  // namespace
}  // namespace taskwatchd
