// The keys of a sink that only chats have.
#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "config/notify_read.h"

namespace taskwatchd {
namespace {

constexpr std::size_t kMaxTasks = 10'000'000;
constexpr std::size_t kMaxTitleBytes = 128;
constexpr std::size_t kMaxMentioned = 50;  // of each kind
constexpr std::size_t kMaxUserIdBytes = 64;
constexpr std::size_t kMaxMobileBytes = 20;
constexpr std::size_t kMaxTimeZoneBytes = 64;
constexpr Duration kDefaultHeartbeat = std::chrono::hours(9);  // since midnight

// Messages per minute of one robot.
struct ChatRate {
  double limit = 0;  // documented by the service
  double usual = 0;  // the default, 10 % below
};
ChatRate chat_rate(SinkFormat format) {
  switch (format) {
    case SinkFormat::kFeishu:
      return {100, 90};  // open.feishu.cn, custom bots: 100 per minute and 5 per second
    case SinkFormat::kSlack:
      return {60, 50};  // api.slack.com, rate limits: incoming webhooks, 1 per second
    default:
      // open.dingtalk.com, custom robots; developer.work.weixin.qq.com, group robots
      return {20, 18};
  }
}

BadShare read_share(Section& section, BadShare share) {
  auto from = section.section("`from`", "from");
  if (!from) return share;
  share.tasks = from->count("tasks", kMaxTasks, 1).value_or(share.tasks);
  share.ratio = from->number("ratio", 0, 1).value_or(share.ratio);
  from->finish();
  return share;
}

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool has_only(std::string_view text, std::string_view others) {
  return std::all_of(text.begin(), text.end(), [others](char c) {
    return is_letter_or_digit(c) || others.find(c) != std::string_view::npos;
  });
}

// `all` and `@all` mention everybody in some services: the key `all` is for that.
bool is_user_id(const std::string& text) {
  return !text.empty() && text.size() <= kMaxUserIdBytes && has_only(text, "_-.@") &&
         text != "all" && text != "@all";
}

// Digits, with a country code as DingTalk writes it: +852-12345678.
bool is_mobile(const std::string& text) {
  return !text.empty() && text.size() <= kMaxMobileBytes &&
         text.find_first_not_of("0123456789+-") == std::string::npos;
}

template <typename IsValid>
std::vector<std::string> read_mentioned(Section& mention, const char* key, const char* rule,
                                        IsValid is_valid) {
  std::vector<std::string> found;
  const auto texts = mention.texts(key);
  if (texts.size() > kMaxMentioned) {
    mention.refuse(key, "`" + std::string(key) + "` has more than " +
                            std::to_string(kMaxMentioned) +
                            " entries; shorten it, or mention everybody by `all: true`");
  }
  for (const auto& [place, text] : texts) {
    if (is_valid(text)) {
      found.push_back(text);
    } else {
      mention.problems().add(place, shown(text) + " in `" + key + "` " + rule);
    }
  }
  return found;
}

void read_mention(Section& section, SinkConfig& sink) {
  auto mention = section.section("`mention`", "mention");
  if (!mention) return;
  sink.mention.all = mention->boolean("all").value_or(false);
  sink.mention.users =
      read_mentioned(*mention, "users",
                     "must be the id of a user: 1 to 64 letters, digits, _, -, . and @; for "
                     "everybody, set `all: true`",
                     is_user_id);
  if (sink.format == SinkFormat::kFeishu || sink.format == SinkFormat::kSlack) {
    mention->refuse_key("mobiles", "`mobiles` is not used by " + std::string(name(sink.format)) +
                                       ", which cannot mention a phone number; use `users`");
  } else {
    sink.mention.mobiles = read_mentioned(
        *mention, "mobiles",
        "must be a phone number: 1 to 20 digits, + and -; copy it from the user's profile",
        is_mobile);
  }
  sink.mention.from = read_share(*mention, sink.mention.from);
  mention->finish();
}

// "09:00" as the time since midnight.
std::optional<Duration> time_of_day(std::string_view text) {
  if (text.size() != 5 || text[2] != ':') return std::nullopt;
  const auto two_digits = [text](std::size_t at, int end) -> std::optional<int> {
    const auto digit = [text](std::size_t i) { return text[i] - '0'; };
    for (const std::size_t i : {at, at + 1}) {
      if (digit(i) < 0 || digit(i) > 9) return std::nullopt;
    }
    const int value = digit(at) * 10 + digit(at + 1);
    return value < end ? std::optional(value) : std::nullopt;
  };
  const auto hour = two_digits(0, 24);
  const auto minute = two_digits(3, 60);
  if (!hour || !minute) return std::nullopt;
  return std::chrono::hours(*hour) + std::chrono::minutes(*minute);
}

void read_daily(Section& section, SinkConfig& sink) {
  sink.heartbeat = kDefaultHeartbeat;
  const auto text = section.text("heartbeat");
  if (!text) return;
  sink.heartbeat = time_of_day(*text);
  if (sink.heartbeat || *text == "off") return;
  section.refuse("heartbeat",
                 "`heartbeat` of a chat must be `off` or a time of day from 00:00 to 23:59, such "
                 "as \"09:00\"");
}

// The shape of a name in the IANA time zone database. It becomes the name of a file below
// /usr/share/zoneinfo: whether that exists is not checked here.
bool is_time_zone(std::string_view text) {
  return !text.empty() && text.size() <= kMaxTimeZoneBytes && is_letter_or_digit(text.front()) &&
         text.back() != '/' && text.find("//") == std::string_view::npos && has_only(text, "_+-/");
}

}  // namespace

void read_chat(Section& section, SinkConfig& sink) {
  sink.from = read_share(section, sink.from);
  if (const auto title = section.text("title")) {
    sink.title = *title;
    if (is_unprintable(*title, kMaxTitleBytes)) {
      section.refuse("title", "`title` must be at most " + std::to_string(kMaxTitleBytes) +
                                  " bytes without control characters; shorten it");
    }
  }
  read_mention(section, sink);
  read_daily(section, sink);
  if (const auto zone = section.text("time_zone")) {
    sink.time_zone = *zone;
    if (!is_time_zone(*zone)) {
      section.refuse("time_zone", "time zone " + shown(*zone) +
                                      " must be an IANA name, such as Asia/Shanghai; run "
                                      "`timedatectl list-timezones`");
    }
  }
  // In the order of Language.
  if (const auto language = section.choice("language", {"en", "zh"})) {
    sink.language = static_cast<Language>(*language);
  }
  const ChatRate rate = chat_rate(sink.format);
  sink.max_per_minute = section.number("max_per_minute", 1, rate.limit).value_or(rate.usual);
}

}  // namespace taskwatchd
