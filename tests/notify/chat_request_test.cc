#include "notify/chat_request.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <simdjson.h>

#include "notify/chat_text.h"

namespace taskwatchd {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const Wall kAt = *parse_utc("2026-11-28T01:00:05.123Z");  // 1795827605123 ms
const Secret kUrl("https://robot.example/send?access_token=t0k");
const Secret kSecret("SEC0123456789abcdef");
constexpr std::array kFormats = {SinkFormat::kDingTalk, SinkFormat::kFeishu, SinkFormat::kWeCom,
                                 SinkFormat::kSlack};

SinkConfig chat(SinkFormat format) {
  SinkConfig sink;
  sink.format = format;
  sink.title = "[prod] ";
  return sink;
}

ChatMessage message() {
  ChatMessage made;
  made.headline = "ota-7: 12 of 10000 tasks failed";
  made.lines = {"Account my_prod, instance main", "Tasks: IN_PROGRESS 5, TIMED_OUT 12"};
  made.links = {{"Job", "https://watch.example/#/jobs/a?b=1&c=2"}};
  made.sizes = {{12, 100}};
  return made;
}

std::string body(SinkFormat format, const ChatMessage& content) {
  return chat_request(chat(format), kUrl, {}, content, kAt).body;
}

// The body as JSON; fails if it is not valid.
class Json {
 public:
  explicit Json(const std::string& text) : text_(text) {
    EXPECT_EQ(parser_.parse(text_).get(root_), simdjson::SUCCESS) << text;
  }
  std::string text(const char* pointer) {
    std::string_view value;
    EXPECT_EQ(root_.at_pointer(pointer).get_string().get(value), simdjson::SUCCESS) << pointer;
    return std::string(value);
  }
  bool has(const char* pointer) { return root_.at_pointer(pointer).error() == simdjson::SUCCESS; }
  std::size_t size(const char* pointer) {
    simdjson::dom::array list;
    EXPECT_EQ(root_.at_pointer(pointer).get_array().get(list), simdjson::SUCCESS) << pointer;
    return list.size();
  }
  bool truth(const char* pointer) {
    bool value = false;
    EXPECT_EQ(root_.at_pointer(pointer).get_bool().get(value), simdjson::SUCCESS) << pointer;
    return value;
  }

 private:
  simdjson::padded_string text_;
  simdjson::dom::parser parser_;
  simdjson::dom::element root_;
};

TEST(ChatRequest, CommonParts) {
  SinkConfig sink = chat(SinkFormat::kSlack);
  sink.proxy = "http://proxy:3128";
  sink.ca_file = "/ca.pem";
  const HttpRequest request = chat_request(sink, kUrl, {}, message(), kAt);
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.url, kUrl.reveal());
  EXPECT_EQ(request.proxy, sink.proxy);
  EXPECT_EQ(request.ca_file, sink.ca_file);
  EXPECT_EQ(request.timeout, std::chrono::seconds(10));
  EXPECT_EQ(request.body_limit, 64u * 1024);
  ASSERT_EQ(request.headers.size(), 1u);
  EXPECT_EQ(request.headers[0].second, "application/json; charset=utf-8");
}

TEST(ChatRequest, DingTalk) {
  Json json(body(SinkFormat::kDingTalk, message()));
  EXPECT_EQ(json.text("/msgtype"), "markdown");
  EXPECT_EQ(json.text("/markdown/title"), "[prod] ota-7: 12 of 10000 tasks failed");
  // The title is not escaped: it can be the keyword of the robot.
  EXPECT_EQ(json.text("/markdown/text"),
            "[prod] ota-7: 12 of 10000 tasks failed\n\n"
            "Account my\\_prod, instance main\n\n"
            "Tasks: IN\\_PROGRESS 5, TIMED\\_OUT 12\n\n"
            "[Job](https://watch.example/#/jobs/a?b=1&c=2)");
  EXPECT_FALSE(json.truth("/at/isAtAll"));
  EXPECT_EQ(json.size("/at/atMobiles"), 0u);
}

// Computed with Python:
//   k = b"SEC0123456789abcdef"; t = b"1795827605123"
//   urllib.parse.quote(base64.b64encode(hmac.new(k, t + b"\n" + k, "sha256").digest()), safe="")
TEST(ChatRequest, DingTalkSignsTheUrl) {
  const HttpRequest request =
      chat_request(chat(SinkFormat::kDingTalk), kUrl, kSecret, message(), kAt);
  EXPECT_EQ(request.url,
            "https://robot.example/send?access_token=t0k&timestamp=1795827605123"
            "&sign=cDMY6c4vJwvym7etuAaCAfILkouW85Yh6FY7M%2FjV4sE%3D");
  const Secret bare("https://robot.example/send");
  EXPECT_THAT(chat_request(chat(SinkFormat::kDingTalk), bare, kSecret, message(), kAt).url,
              HasSubstr("/send?timestamp="));
}

TEST(ChatRequest, Feishu) {
  Json json(body(SinkFormat::kFeishu, message()));
  EXPECT_EQ(json.text("/msg_type"), "post");
  EXPECT_EQ(json.text("/content/post/en_us/title"), "[prod] ota-7: 12 of 10000 tasks failed");
  EXPECT_EQ(json.text("/content/post/en_us/content/0/0/tag"), "text");
  EXPECT_EQ(json.text("/content/post/en_us/content/1/0/text"),
            "Tasks: IN_PROGRESS 5, TIMED_OUT 12");
  EXPECT_EQ(json.text("/content/post/en_us/content/2/0/tag"), "a");
  EXPECT_EQ(json.text("/content/post/en_us/content/2/0/href"),
            "https://watch.example/#/jobs/a?b=1&c=2");
  EXPECT_FALSE(json.has("/sign"));
  ChatMessage line;  // of a heartbeat
  line.headline = "running";
  EXPECT_EQ(Json(body(SinkFormat::kFeishu, line)).text("/content/post/en_us/content/0/0/text"),
            "[prod] running");
}

// Computed with Python:
//   base64.b64encode(hmac.new(b"1795827605\nSEC0123456789abcdef", b"", "sha256").digest())
TEST(ChatRequest, FeishuSignsTheBody) {
  const HttpRequest request =
      chat_request(chat(SinkFormat::kFeishu), kUrl, kSecret, message(), kAt);
  EXPECT_EQ(request.url, kUrl.reveal());
  Json json(request.body);
  EXPECT_EQ(json.text("/timestamp"), "1795827605");
  EXPECT_EQ(json.text("/sign"), "eAxBdP9Es/Ca5D9oiH0oKBy0AjuqiJG/VAW3TntTSDI=");
}

TEST(ChatRequest, WeCom) {
  Json json(body(SinkFormat::kWeCom, message()));
  EXPECT_EQ(json.text("/msgtype"), "text");
  EXPECT_EQ(json.text("/text/content"),
            "[prod] ota-7: 12 of 10000 tasks failed\n"
            "Account my_prod, instance main\n"
            "Tasks: IN_PROGRESS 5, TIMED_OUT 12\n"
            "Job: https://watch.example/#/jobs/a?b=1&c=2");
  EXPECT_FALSE(json.has("/text/mentioned_list"));
}

TEST(ChatRequest, Slack) {
  ChatMessage content = message();
  content.lines.push_back("a < b & c > d");
  Json json(body(SinkFormat::kSlack, content));
  EXPECT_EQ(json.text("/text"),
            "[prod] ota-7: 12 of 10000 tasks failed\n"
            "Account my_prod, instance main\n"
            "Tasks: IN_PROGRESS 5, TIMED_OUT 12\n"
            "a &lt; b &amp; c &gt; d\n"
            "<https://watch.example/#/jobs/a?b=1&amp;c=2|Job>");
}

TEST(ChatRequest, PeopleAreMentionedFromTheSizeOn) {
  ChatMessage content = message();
  for (const std::size_t bad : {19u, 20u}) {
    content.sizes = {{1, 100}, {bad, 100}};
    const bool expected = bad == 20;
    const auto made = [&](SinkFormat format) {
      SinkConfig sink = chat(format);
      sink.mention.all = true;
      sink.mention.users = {"U012"};
      sink.mention.mobiles = {"13800001111"};
      return chat_request(sink, kUrl, {}, content, kAt).body;
    };
    Json dingtalk(made(SinkFormat::kDingTalk));
    EXPECT_EQ(dingtalk.truth("/at/isAtAll"), expected);
    EXPECT_EQ(dingtalk.size("/at/atMobiles"), expected ? 1u : 0u);
    EXPECT_EQ(dingtalk.size("/at/atUserIds"), expected ? 1u : 0u);
    EXPECT_EQ(dingtalk.text("/markdown/text").find("@13800001111 @U012") != std::string::npos,
              expected);
    Json feishu(made(SinkFormat::kFeishu));
    EXPECT_EQ(feishu.has("/content/post/en_us/content/3/0/user_id"), expected);
    if (expected) {
      EXPECT_EQ(feishu.text("/content/post/en_us/content/3/0/user_id"), "U012");
      EXPECT_EQ(feishu.text("/content/post/en_us/content/4/0/user_id"), "all");
    }
    Json wecom(made(SinkFormat::kWeCom));
    EXPECT_EQ(wecom.has("/text/mentioned_list/1"), expected);
    EXPECT_EQ(wecom.has("/text/mentioned_mobile_list/0"), expected);
    EXPECT_EQ(made(SinkFormat::kSlack).find("<!channel> <@U012>") != std::string::npos, expected);
  }
}

TEST(ChatRequest, ADeviceMentionsNobodyAndMakesNoLinkInAnyFormat) {
  JobNotice notice;
  notice.account = "prod";
  notice.job_id = "j";
  notice.job_name = "x](http://evil.example) <!channel> @all";
  notice.bad = 1;
  ChatDevice device;
  device.name = "<@U012AB3CD> <at user_id=\"all\">all</at>";
  device.message =
      "[click](http://evil.example) www.evil.example **b** `c` <http://e.example|x>\n# h";
  notice.devices = {device};
  const ChatMessage content = job_message(notice, {});
  for (const SinkFormat format : kFormats) {
    SinkConfig sink = chat(format);
    sink.title = "";
    const std::string made = chat_request(sink, kUrl, {}, content, kAt).body;
    Json json(made);
    EXPECT_EQ(made.find_first_of("@<>()`*|&"), std::string::npos) << made;
    for (const char* part : {"://", "www.", "evil.example", "\\n#", "[click", "<at"}) {
      EXPECT_THAT(made, Not(HasSubstr(part)));
    }
    EXPECT_FALSE(format == SinkFormat::kDingTalk && json.truth("/at/isAtAll"));
  }
}

TEST(ChatRequest, EveryMessageFitsAndKeepsItsLinks) {
  for (const char* part : {"x", "电", "\"", "_", "&", "\x01", "\\"}) {
    ChatMessage content = message();
    std::string line;
    while (line.size() < 100'000) line += part;
    for (const bool in_headline : {true, false}) {
      content.lines = {"first", line, "last"};
      content.headline = in_headline ? line : "headline";
      for (const SinkFormat format : kFormats) {
        const std::string made = body(format, content);
        Json json(made);
        EXPECT_LE(made.size(), 4700u) << part;  // with the frame and DingTalk's title
        EXPECT_GE(made.size(), format == SinkFormat::kWeCom ? 1000u : 3000u) << part;
        EXPECT_THAT(made, HasSubstr("https://watch.example/#/jobs/a?b=1"));
        EXPECT_THAT(made, HasSubstr("[prod] "));
        if (format == SinkFormat::kDingTalk) {
          EXPECT_LE(json_size(json.text("/markdown/text")), kMaxChatBytes);
        } else if (format == SinkFormat::kWeCom) {
          EXPECT_LE(json.text("/text/content").size(), kMaxWeComBytes);
        } else if (format == SinkFormat::kSlack) {
          const std::string text = json.text("/text");
          EXPECT_LE(json_size(text), kMaxChatBytes);
          // No entity is cut.
          EXPECT_THAT(text, Not(HasSubstr("&…")));
          EXPECT_THAT(text, Not(HasSubstr("&am…")));
        }
      }
    }
  }
}

TEST(ChatRequest, ALinkThatCouldBreakOutIsLeftOut) {
  for (const char* url : {"https://x.example/a)b", "https://x.example/a|b>", "https://x.example/ a",
                          "https://x.example/\n"}) {
    ChatMessage content = message();
    content.links = {{"Job", url}};
    for (const SinkFormat format : kFormats) {
      EXPECT_THAT(body(format, content), Not(HasSubstr("x.example"))) << url;
    }
  }
}

}  // namespace
}  // namespace taskwatchd
