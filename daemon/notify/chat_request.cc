#include "notify/chat_request.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <stdexcept>

#include "cloud/base64.h"
#include "cloud/signer.h"
#include "core/events/json.h"
#include "notify/chat_text.h"

namespace taskwatchd {
namespace {

constexpr std::size_t kMaxUrl = 500;  // bytes of a link; a longer one is left out

using Escape = std::string (*)(std::string_view);

std::string unescaped(std::string_view text) {
  return std::string(text);
}

// A backslash before each mark: DingTalk's Markdown shows the mark itself.
std::string escape_markdown(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (std::string_view("\\`*_[]<>#|~").find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

// The three characters that Slack reads as control characters.
std::string escape_slack(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '&') {
      out += "&amp;";
    } else if (c == '<') {
      out += "&lt;";
    } else if (c == '>') {
      out += "&gt;";
    } else {
      out += c;
    }
  }
  return out;
}

bool is_mentioned(const SinkConfig& sink, const ChatMessage& message) {
  return std::any_of(message.sizes.begin(), message.sizes.end(),
                     [&](const JobSize& size) { return reaches(sink.mention.from, size); });
}

// A link target can break out of the markup of a link with these; no valid URL contains them.
bool is_safe_url(std::string_view url) {
  return !url.empty() && url.size() <= kMaxUrl &&
         url.find_first_of(" \t\r\n\"<>()[]|\\`*") == std::string_view::npos;
}

std::vector<ChatLink> safe_links(const ChatMessage& message) {
  std::vector<ChatLink> links;
  for (const ChatLink& link : message.links) {
    if (is_safe_url(link.url)) links.push_back(link);
  }
  return links;
}

// The headline and the lines, until the room (bytes as JSON, escaped for the service) is used: a
// line that does not fit is cut before it is escaped, so no escape sequence is cut.
std::vector<std::string> fitting_lines(const SinkConfig& sink, const ChatMessage& message,
                                       std::size_t line_break, std::size_t room, Escape escape) {
  // The title is not escaped for Markdown: it may be the keyword that the robot expects.
  const Escape escape_title = escape == escape_markdown ? unescaped : escape;
  std::vector<std::string> lines;
  std::size_t used = 0;
  const auto fits = [&](const std::string& escaped) {
    return used + json_size(escaped) + line_break <= room;
  };
  for (std::size_t i = 0; i <= message.lines.size(); ++i) {
    const std::string title = i == 0 ? escape_title(sink.title) : "";
    const std::string& text = i == 0 ? message.headline : message.lines[i - 1];
    std::string line = title + escape(text);
    if (!fits(line)) {
      std::string start = cut_to_json_size(text, room);
      for (std::size_t size = json_size(start); !fits(line) && size > 0;) {
        size -= std::min<std::size_t>(size, 16);
        start = cut_to_json_size(start, size);
        line = title + escape(start);
      }
      if (fits(line) && !line.empty()) lines.push_back(line);
      break;
    }
    used += json_size(line) + line_break;
    lines.push_back(std::move(line));
  }
  return lines;
}

std::string joined(const std::vector<std::string>& parts, std::string_view separator) {
  std::string text;
  for (const std::string& part : parts) {
    if (!text.empty()) text += separator;
    text += part;
  }
  return text;
}

std::size_t room_beside(const std::vector<std::string>& tail, std::size_t line_break,
                        std::size_t limit) {
  std::size_t used = 0;
  for (const std::string& line : tail) used += json_size(line) + line_break;
  return limit > used ? limit - used : 0;
}

// {"msgtype":"markdown","markdown":{"title":...,"text":...},"at":{...}}. Who is mentioned must also
// be named in the text.
std::string dingtalk_body(const SinkConfig& sink, const ChatMessage& message) {
  constexpr std::string_view kBreak = "\n\n";
  constexpr std::size_t kBreakSize = 4;
  const bool mentioned = is_mentioned(sink, message);
  std::vector<std::string> tail;
  for (const ChatLink& link : safe_links(message)) {
    tail.push_back("[" + escape_markdown(link.label) + "](" + link.url + ")");
  }
  StringList mobiles, users;
  if (mentioned) {
    mobiles = sink.mention.mobiles;
    users = sink.mention.users;
    std::string names;
    for (const std::string& mobile : mobiles) names += "@" + mobile + " ";
    for (const std::string& user : users) names += "@" + user + " ";
    if (!names.empty()) tail.push_back(names);
  }
  std::vector<std::string> lines = fitting_lines(
      sink, message, kBreakSize, room_beside(tail, kBreakSize, kMaxChatBytes), escape_markdown);
  lines.insert(lines.end(), tail.begin(), tail.end());

  JsonObject markdown;
  // Shown in the list of conversations, as plain text.
  markdown.add("title", cut_to_json_size(sink.title + message.headline, 200));
  markdown.add("text", joined(lines, kBreak));
  JsonObject at;
  at.add("atMobiles", mobiles)
      .add("atUserIds", users)
      .add("isAtAll", mentioned && sink.mention.all);
  JsonObject body;
  body.add("msgtype", "markdown").add_json("markdown", markdown.text());
  return body.add_json("at", at.text()).text();
}

std::string paragraph(const JsonObject& element) {
  return "[" + element.text() + "]";
}

// {"msg_type":"post","content":{"post":{LANGUAGE:{"title":...,"content":[[ELEMENT],...]}}}}, and
// the signature. Feishu mentions user ids only.
std::string feishu_body(const SinkConfig& sink, const Secret& signing_secret,
                        const ChatMessage& message, Wall now) {
  std::vector<std::string> tail;
  for (const ChatLink& link : safe_links(message)) {
    JsonObject element;
    element.add("tag", "a").add("text", link.label).add("href", link.url);
    tail.push_back(paragraph(element));
  }
  if (is_mentioned(sink, message)) {
    StringList users = sink.mention.users;
    if (sink.mention.all) users.push_back("all");
    for (const std::string& user : users) {
      JsonObject element;
      element.add("tag", "at").add("user_id", user);
      tail.push_back(paragraph(element));
    }
  }
  std::size_t tail_size = 0;
  for (const std::string& element : tail) tail_size += element.size();
  constexpr std::size_t kElement = 32;  // [{"tag":"text","text":""}],
  const std::size_t room = kMaxChatBytes > tail_size ? kMaxChatBytes - tail_size : 0;
  std::vector<std::string> paragraphs;
  std::string title;
  for (const std::string& line : fitting_lines(sink, message, kElement, room, unescaped)) {
    if (title.empty()) {
      title = line;
      continue;
    }
    JsonObject element;
    element.add("tag", "text").add("text", line);
    paragraphs.push_back(paragraph(element));
  }
  paragraphs.insert(paragraphs.end(), tail.begin(), tail.end());
  if (paragraphs.empty()) {  // the content of a post must not be empty: the headline alone
    JsonObject element;
    element.add("tag", "text").add("text", title);
    paragraphs.push_back(paragraph(element));
  }

  JsonObject text, post, content, body;
  text.add("title", title).add_json("content", json_list(paragraphs));
  post.add_json(sink.language == Language::kChinese ? "zh_cn" : "en_us", text.text());
  content.add_json("post", post.text());
  if (!signing_secret.empty()) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
    const std::string timestamp = std::to_string(seconds);
    body.add("timestamp", timestamp);
    body.add("sign", hmac_sha256_base64(timestamp + "\n" + signing_secret.reveal(), ""));
  }
  return body.add("msg_type", "post").add_json("content", content.text()).text();
}

// {"msgtype":"text","text":{"content":...,"mentioned_list":[...],"mentioned_mobile_list":[...]}}
std::string wecom_body(const SinkConfig& sink, const ChatMessage& message) {
  std::vector<std::string> tail;
  for (const ChatLink& link : safe_links(message)) tail.push_back(link.label + ": " + link.url);
  // The size as JSON is at least the size of the text.
  std::vector<std::string> lines =
      fitting_lines(sink, message, 2, room_beside(tail, 2, kMaxWeComBytes), unescaped);
  lines.insert(lines.end(), tail.begin(), tail.end());
  JsonObject text;
  text.add("content", joined(lines, "\n"));
  if (is_mentioned(sink, message)) {
    StringList users = sink.mention.users;
    if (sink.mention.all) users.push_back("@all");
    text.add("mentioned_list", users).add("mentioned_mobile_list", sink.mention.mobiles);
  }
  JsonObject body;
  return body.add("msgtype", "text").add_json("text", text.text()).text();
}

// {"text":...}. Slack mentions user ids only.
std::string slack_body(const SinkConfig& sink, const ChatMessage& message) {
  std::vector<std::string> tail;
  for (const ChatLink& link : safe_links(message)) {
    tail.push_back("<" + escape_slack(link.url) + "|" + escape_slack(link.label) + ">");
  }
  if (is_mentioned(sink, message)) {
    StringList names;
    if (sink.mention.all) names.push_back("<!channel>");
    for (const std::string& user : sink.mention.users) {
      names.push_back("<@" + escape_slack(user) + ">");
    }
    if (!names.empty()) tail.push_back(joined(names, " "));
  }
  std::vector<std::string> lines =
      fitting_lines(sink, message, 2, room_beside(tail, 2, kMaxChatBytes), escape_slack);
  lines.insert(lines.end(), tail.begin(), tail.end());
  JsonObject body;
  return body.add("text", joined(lines, "\n")).add("unfurl_links", false).text();
}

// Adds timestamp (ms) and sign to the query.
std::string dingtalk_url(const Secret& url, const Secret& signing_secret, Wall now) {
  if (signing_secret.empty()) return url.reveal();
  const std::string timestamp = std::to_string(now.time_since_epoch().count());
  const std::string& key = signing_secret.reveal();
  const std::string signature = hmac_sha256_base64(key, timestamp + "\n" + key);
  const char separator = url.reveal().find('?') == std::string::npos ? '?' : '&';
  return url.reveal() + separator + "timestamp=" + timestamp + "&sign=" + percent_encode(signature);
}

std::string chat_body(const SinkConfig& sink, const Secret& signing_secret,
                      const ChatMessage& message, Wall now) {
  switch (sink.format) {
    case SinkFormat::kDingTalk:
      return dingtalk_body(sink, message);
    case SinkFormat::kFeishu:
      return feishu_body(sink, signing_secret, message, now);
    case SinkFormat::kWeCom:
      return wecom_body(sink, message);
    case SinkFormat::kSlack:
      return slack_body(sink, message);
    case SinkFormat::kCloudEvents:
    case SinkFormat::kOtlp:
      break;
  }
  throw std::logic_error("not a chat format");
}

}  // namespace

std::string hmac_sha256_base64(std::string_view key, std::string_view data) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
  std::size_t size = 0;
  if (EVP_Q_mac(nullptr, "HMAC", nullptr, "SHA256", nullptr, key.data(), key.size(),
                reinterpret_cast<const unsigned char*>(data.data()), data.size(), out.data(),
                out.size(), &size) == nullptr) {
    throw std::runtime_error("HMAC with SHA256 failed");
  }
  return to_base64({reinterpret_cast<const char*>(out.data()), size});
}

HttpRequest chat_request(const SinkConfig& sink, const Secret& url, const Secret& signing_secret,
                         const ChatMessage& message, Wall now) {
  HttpRequest request;
  request.method = "POST";
  request.url =
      sink.format == SinkFormat::kDingTalk ? dingtalk_url(url, signing_secret, now) : url.reveal();
  request.headers = {{"content-type", "application/json; charset=utf-8"}};
  request.body = chat_body(sink, signing_secret, message, now);
  request.ca_file = sink.ca_file;
  request.proxy = sink.proxy;
  request.timeout = std::chrono::seconds(10);
  request.body_limit = 64 * 1024;
  return request;
}

}  // namespace taskwatchd
