#include "notify/delivery_answer.h"

#include <gmock/gmock.h>

#include "notify/answer_text.h"

namespace taskwatchd {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::HasSubstr;
using testing::Not;

constexpr DeliveryVerdict kTaken = DeliveryVerdict::kTaken;
constexpr DeliveryVerdict kEventFault = DeliveryVerdict::kEventFault;
constexpr DeliveryVerdict kSinkFault = DeliveryVerdict::kSinkFault;
constexpr SinkFormat kAllFormats[] = {SinkFormat::kCloudEvents, SinkFormat::kOtlp,
                                      SinkFormat::kDingTalk,    SinkFormat::kFeishu,
                                      SinkFormat::kWeCom,       SinkFormat::kSlack};
const Wall kNow = *parse_utc("2026-11-22T01:02:03Z");

DeliveryAnswer judge(SinkFormat format, int status, std::string body,
                     std::vector<std::pair<std::string, std::string>> headers = {}) {
  HttpReply reply;
  reply.status = status;
  reply.body = std::move(body);
  reply.headers = std::move(headers);
  return judge_delivery(format, reply, kNow);
}

TEST(DeliveryAnswer, SuccessIsTaken) {
  for (const auto& [format, body] : std::vector<std::pair<SinkFormat, std::string>>{
           {SinkFormat::kCloudEvents, ""},
           {SinkFormat::kCloudEvents, "<html>"},
           {SinkFormat::kOtlp, "{}"},
           {SinkFormat::kOtlp, ""},
           {SinkFormat::kDingTalk, R"({"errcode":0,"errmsg":"ok"})"},
           {SinkFormat::kWeCom, R"({"errcode":0,"errmsg":"ok"})"},
           {SinkFormat::kFeishu,
            R"({"StatusCode":0,"StatusMessage":"success","code":0,"data":{}})"},
           {SinkFormat::kFeishu, R"({"Extra":null,"StatusCode":0,"StatusMessage":"success"})"},
           {SinkFormat::kSlack, "ok"}}) {
    const DeliveryAnswer answer = judge(format, 200, body, {{"retry-after", "9"}});
    EXPECT_EQ(answer.verdict, kTaken) << body;
    EXPECT_EQ(answer.reason, "") << body;
    EXPECT_EQ(answer.code, "200");
    EXPECT_EQ(answer.pause, std::nullopt);
  }
}

TEST(DeliveryAnswer, StatusesOfEveryFormat) {
  for (const SinkFormat format : kAllFormats) {
    for (const int status : {400, 413, 415, 422}) {
      EXPECT_EQ(judge(format, status, "").verdict, kEventFault) << status;
      EXPECT_EQ(judge(format, status, "").code, std::to_string(status));
    }
    for (const int status : {301, 302, 307, 401, 403, 404, 407, 408, 410, 429, 500, 502, 503}) {
      EXPECT_EQ(judge(format, status, "").verdict, kSinkFault) << status;
      EXPECT_EQ(judge(format, status, "").code, std::to_string(status));
      EXPECT_NE(judge(format, status, "").reason, "");
    }
    EXPECT_EQ(judge(format, 599, "").code, "5xx");
    EXPECT_EQ(judge(format, 418, "").code, "4xx");
    EXPECT_EQ(judge(format, 0, "").code, "other");
    EXPECT_EQ(judge(format, 100'000, "").code, "other");
  }
  EXPECT_EQ(judge(SinkFormat::kCloudEvents, 302, "").reason,
            "the receiver answered HTTP 302: redirects are not followed; set the final URL");
}

TEST(DeliveryAnswer, ServiceCodesDecide) {
  struct Row {
    SinkFormat format;
    std::string body;
    DeliveryVerdict verdict;
    std::string code;
    std::optional<Duration> pause;
    std::string reason;  // a part of it
  };
  const SinkFormat ding = SinkFormat::kDingTalk;
  const SinkFormat we = SinkFormat::kWeCom;
  const SinkFormat fei = SinkFormat::kFeishu;
  const std::vector<Row> rows = {
      {ding, R"({"errcode":130101,"errmsg":"send too fast"})", kSinkFault, "130101", minutes(10),
       "DingTalk answered 130101 (send too fast): too many messages; reduce `max_per_minute`"},
      {ding, R"({"errcode":410100})", kSinkFault, "410100", minutes(10), "max_per_minute"},
      {ding,
       R"({"errcode":310000,"errmsg":"keywords not in content"})",
       kSinkFault,
       "310000",
       {},
       "begin `title` with it"},
      {ding,
       R"({"errcode":310000,"errmsg":"sign not match"})",
       kSinkFault,
       "310000",
       {},
       "check `secret_file` and the clock"},
      {ding,
       R"({"errcode":310000,"errmsg":"invalid timestamp"})",
       kSinkFault,
       "310000",
       {},
       "the clock of this host"},
      {ding,
       R"({"errcode":310000,"errmsg":"ip 1.2.3.4 not in whitelist"})",
       kSinkFault,
       "310000",
       {},
       "list of addresses"},
      {ding,
       R"({"errcode":310000,"errmsg":"\u5173\u952e\u8bcd\u4e0d\u5339\u914d"})",
       kSinkFault,
       "310000",
       {},
       "requires a keyword"},
      {ding, R"({"errcode":310000})", kSinkFault, "310000", {}, "security settings"},
      {ding, R"({"errcode":460101,"errmsg":"too long"})", kEventFault, "460101", {}, "too long"},
      {ding, R"({"errcode":90030})", kSinkFault, "90030", {}, "quota"},
      {ding, R"({"errcode":123456})", kSinkFault, "other", {}, "DingTalk answered 123456"},
      {we, R"({"errcode":45009,"errmsg":"api freq out of limit"})", kSinkFault, "45009", minutes(1),
       "max_per_minute"},
      {we, R"({"errcode":93000})", kSinkFault, "93000", {}, "does not exist any more"},
      {we, R"({"errcode":40058})", kEventFault, "40058", {}, "too long"},
      // A code of another service is unknown here.
      {we, R"({"errcode":460101})", kSinkFault, "other", {}, "WeCom answered 460101"},
      {fei, R"({"code":11232,"msg":"frequency limited"})", kSinkFault, "11232", minutes(1),
       "max_per_minute"},
      {fei, R"({"code":19021,"msg":"sign match fail"})", kSinkFault, "19021", {}, "secret_file"},
      {fei, R"({"code":19022})", kSinkFault, "19022", {}, "address"},
      {fei, R"({"code":19024})", kSinkFault, "19024", {}, "keyword"},
  };
  for (const Row& row : rows) {
    // A service may also use another status with its code.
    for (const int status : {200, 400}) {
      if (status == 400 && row.code == "other") continue;
      const DeliveryAnswer answer = judge(row.format, status, row.body);
      EXPECT_EQ(answer.verdict, row.verdict) << row.body;
      EXPECT_EQ(answer.code, row.code) << row.body;
      EXPECT_EQ(answer.pause, row.pause) << row.body;
      EXPECT_THAT(answer.reason, HasSubstr(row.reason));
    }
  }
}

TEST(DeliveryAnswer, AChatServiceThatGivesNoCodeTookNothing) {
  const std::string deep(100'000, '[');
  for (const SinkFormat format : {SinkFormat::kDingTalk, SinkFormat::kFeishu, SinkFormat::kWeCom}) {
    for (const std::string& body :
         {std::string(), std::string("ok"), std::string("<html>login"),
          std::string("{\"errcode\":0"), std::string("{}"), std::string("[]"), std::string("null"),
          std::string("{\"errcode\":\"0\",\"code\":\"0\"}"),
          std::string("{\"errcode\":0.0,\"code\":0.0}"),
          std::string("{\"errcode\":99999999999999999999}"),
          std::string("{\"errcode\":0,\"code\":0,\"x\":\"\xFF\"}"), deep,
          "{\"errcode\":0,\"code\":0,\"x\":\"" + std::string(1 << 20, 'x') + "\"}"}) {
      const DeliveryAnswer answer = judge(format, 200, body);
      EXPECT_EQ(answer.verdict, kSinkFault) << body.substr(0, 50);
      EXPECT_EQ(answer.code, "unreadable");
      EXPECT_THAT(answer.reason, HasSubstr("without its code"));
    }
  }
  EXPECT_EQ(judge(SinkFormat::kSlack, 200, "<html>").verdict, kSinkFault);
  EXPECT_EQ(judge(SinkFormat::kSlack, 200, "").code, "unreadable");
  EXPECT_EQ(judge(SinkFormat::kSlack, 400, "invalid_payload").reason,
            "Slack answered HTTP 400 (invalid_payload)");
  EXPECT_EQ(judge(SinkFormat::kSlack, 404, "no_service").reason,
            "Slack answered HTTP 404 (no_service): check the URL in `url_file`");
}

TEST(DeliveryAnswer, TheReasonIsWhatACollectorDropped) {
  const std::string partial =
      R"({"partialSuccess":{"rejectedLogRecords":"3","errorMessage":"too old"}})";
  EXPECT_EQ(judge(SinkFormat::kOtlp, 200, partial).verdict, kTaken);
  EXPECT_EQ(judge(SinkFormat::kOtlp, 200, partial).reason,
            "the collector dropped 3 log records (too old)");
  EXPECT_EQ(judge(SinkFormat::kOtlp, 200, R"({"partialSuccess":{"rejectedLogRecords":2}})").reason,
            "the collector dropped 2 log records");
  EXPECT_EQ(judge(SinkFormat::kOtlp, 200, R"({"partialSuccess":{}})").reason, "");
  EXPECT_EQ(judge(SinkFormat::kOtlp, 400, R"({"code":3,"message":"bad field"})").reason,
            "the collector answered HTTP 400 (bad field)");
}

TEST(DeliveryAnswer, RetryAfterIsSecondsOrADate) {
  const auto pause = [](const std::string& value) {
    return judge(SinkFormat::kCloudEvents, 429, "", {{"retry-after", value}}).pause;
  };
  EXPECT_EQ(pause("30"), seconds(30));
  EXPECT_EQ(pause(" 3599 "), seconds(3599));
  for (const char* value : {"3600", "99999999999999999999", "Fri, 31 Dec 9999 23:59:59 GMT"}) {
    EXPECT_EQ(pause(value), hours(1)) << value;
  }
  EXPECT_EQ(pause("Sun, 22 Nov 2026 01:02:33 GMT"), seconds(30));
  for (const char* value : {"", "0", "-5", "1.5", "soon", "Sun, 22 Nov 2026 01:02:03 GMT",
                            "Thu, 01 Jan 1970 00:00:00 GMT"}) {
    EXPECT_EQ(pause(value), std::nullopt) << value;
  }
  // The longer one counts.
  const std::string fast = R"({"errcode":130101})";
  EXPECT_EQ(judge(SinkFormat::kDingTalk, 200, fast, {{"retry-after", "5"}}).pause, minutes(10));
  EXPECT_EQ(judge(SinkFormat::kDingTalk, 200, fast, {{"retry-after", "900"}}).pause, minutes(15));
}

TEST(DeliveryAnswer, NoAnswerIsTheSinksFault) {
  using Kind = TransportFailure::Kind;
  for (const auto& [kind, code] :
       std::vector<std::pair<Kind, std::string>>{{Kind::kTimeout, "timeout"},
                                                 {Kind::kUnreachable, "unreachable"},
                                                 {Kind::kTls, "tls"},
                                                 {Kind::kTooLarge, "too_large"},
                                                 {Kind::kProtocol, "protocol"}}) {
    const TransportFailure failure{kind, "cannot\nconnect to hooks.example.com:443"};
    const DeliveryAnswer answer = judge_delivery(SinkFormat::kWeCom, failure, kNow);
    EXPECT_EQ(answer.verdict, kSinkFault);
    EXPECT_EQ(answer.code, code);
    EXPECT_EQ(answer.reason, "no answer from WeCom: cannot\\x0aconnect to hooks.example.com:443");
  }
}

TEST(DeliveryAnswer, ReasonsShowNoUrlAndNoKey) {
  const std::string key = "cAnArY0123456789abcdefcAnArY";
  const std::vector<std::string> texts = {"https://hooks.slack.com/services/cAnArY",
                                          "GET /services/T0/B0/cAnArY failed",
                                          "hooks.slack.com/cAnArY",
                                          "no robot " + key,
                                          "access_token=" + key,
                                          "<a href='/cAnArY'>",
                                          "\\/services\\/cAnArY",
                                          "AccessKeyId=cAnArY",
                                          "\xE2\x80\xAE" + key + "\x1B[2J"};
  for (const std::string& text : texts) {
    EXPECT_THAT(answer_text(text), Not(HasSubstr("cAnArY"))) << text;
    std::string quoted;
    for (const char c : text) {
      if (c == '\\') quoted += c;
      quoted += c == '\x1B' ? "\\u001b" : std::string(1, c);
    }
    const std::string body = R"({"errcode":5,"code":5,"errmsg":")" + quoted + R"(","msg":")" +
                             quoted + R"(","message":")" + quoted + R"("})";
    for (const SinkFormat format : kAllFormats) {
      for (const int status : {200, 404, 400, 500}) {
        EXPECT_THAT(judge(format, status, body).reason, Not(HasSubstr("cAnArY"))) << body;
        EXPECT_THAT(judge(format, status, text).reason, Not(HasSubstr("cAnArY"))) << text;
      }
    }
  }
}

TEST(DeliveryAnswer, TextIsShortAndPrintable) {
  EXPECT_EQ(answer_text("  too many\r\nrequests \x1B[31m\xFF "),
            "too many\\x0d\\x0arequests \\x1b[31m\xEF\xBF\xBD");
  EXPECT_EQ(answer_text(""), "");
  EXPECT_LE(answer_text(std::string(1 << 20, ' ') + "x").size(), 160U);
  std::string words;
  while (words.size() < (1U << 20)) words += "word ";
  EXPECT_LE(answer_text(words).size(), 160U);
  const DeliveryAnswer answer = judge(SinkFormat::kCloudEvents, 500, words);
  EXPECT_LE(answer.reason.size(), 512U);
  EXPECT_THAT(answer.reason, HasSubstr("the receiver answered HTTP 500 (word word"));
}

}  // namespace
}  // namespace taskwatchd
