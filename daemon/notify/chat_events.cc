// Messages about single events: event_message of notify/chat_message.h.
#include <algorithm>
#include <array>

#include "core/events/event_fields.h"
#include "notify/chat_message.h"
#include "notify/chat_text.h"
#include "notify/chat_words.h"

namespace taskwatchd {
namespace {

constexpr std::size_t kReasonRoom = 500;  // bytes of an event's `msg`
constexpr std::size_t kIdRoom = 128;
constexpr std::size_t kFailedDevices = 3;

std::int64_t number_field(const Event& event, std::string_view key) {
  const FieldValue* const value = find_field(event, key);
  const auto* const number = value == nullptr ? nullptr : std::get_if<std::int64_t>(value);
  return number == nullptr ? 0 : *number;
}

// "account prod" or "distribution X", and what is the matter with it.
struct HeadlineWords {
  std::string_view event;
  std::string_view english;
  std::string_view chinese;
};
constexpr std::array<HeadlineWords, 5> kAccountHeadlines = {{
    {"auth_failed", "account {}: no valid credentials, it is not monitored",
     "账号 {}：没有有效凭证，监控中断"},
    {"api_forbidden", "account {}: the API denies permission", "账号 {}：API 无权限"},
    {"account_unreachable", "account {}: the platform does not respond", "账号 {}：平台无响应"},
    {"account_recovered", "account {}: calls succeed again", "账号 {}：调用已恢复成功"},
    {"blind_interval", "account {}: monitoring gap", "账号 {}：监控中断"},
}};

std::string distribution_headline(const Event& event, Language language) {
  const std::string id = chat_text(text_field(event, "distribution_id"), kIdRoom);
  if (event.name == "distribution_result") {
    if (text_field(event, "result") == "unknown") {
      return in_language(language, "distribution {}: cannot read the result file",
                         "设备分发 {}：结果文件不可用", id);
    }
    const auto failed = static_cast<std::size_t>(number_field(event, "failed"));
    return in_language(language, "distribution {0}: {1} failed", "设备分发 {0}：失败 {2} 台", id,
                       counted(failed, "device"), failed);
  }
  const std::string_view to = text_field(event, "to");
  if (to == "ABORTED") {
    return in_language(language, "distribution {} was aborted", "设备分发 {} 已中止", id);
  }
  return in_language(language, "distribution {} is {}", "设备分发 {}：{}", id,
                     chat_text(to, kIdRoom));
}

std::string event_headline(const Event& event, Language language) {
  const auto* const words =
      std::find_if(kAccountHeadlines.begin(), kAccountHeadlines.end(),
                   [&](const HeadlineWords& one) { return one.event == event.name; });
  if (words != kAccountHeadlines.end()) {
    return in_language(language, words->english, words->chinese, text_field(event, "account"));
  }
  if (event.name == "distribution_transition" || event.name == "distribution_result") {
    return distribution_headline(event, language);
  }
  if (event.name == "store_down") {
    return in_language(language, "the state database cannot be written", "状态数据库无法写入");
  }
  if (event.name == "store_up") {
    return in_language(language, "the state database is writable again", "状态数据库恢复写入");
  }
  // An event that `events` of the sink selects: its own sentence.
  return chat_text(event.msg, kReasonRoom);
}

void add_gap(ChatMessage& message, const Event& event, const ChatStyle& style) {
  const auto since = parse_utc(text_field(event, "since"));
  const auto until = parse_utc(text_field(event, "until"));
  if (!since || !until) return;
  message.lines.push_back(
      in_language(style.language, "From {} to {}; status changes recorded late: {}",
                  "{} 至 {}；延迟记录的变化：{} 个", local_time(*since, style.utc_offset),
                  local_time(*until, style.utc_offset), number_field(event, "transitions")));
}

void add_failed_devices(ChatMessage& message, const Event& event) {
  const FieldValue* const value = find_field(event, "failed_devices");
  const auto* const devices = value == nullptr ? nullptr : std::get_if<StringList>(value);
  if (devices == nullptr) return;
  for (std::size_t i = 0; i < devices->size() && i < kFailedDevices; ++i) {
    message.lines.push_back("• " + chat_text((*devices)[i], kIdRoom * 2));
  }
}

}  // namespace

ChatMessage event_message(const Event& event, const ChatStyle& style) {
  const Language language = style.language;
  ChatMessage message;
  message.headline = event_headline(event, language);
  const std::string_view account = text_field(event, "account");
  const std::string_view instance = text_field(event, "iot_instance");
  if (!account.empty() && !instance.empty()) {
    message.lines.push_back(
        in_language(language, "Account {}, instance {}", "账号 {}，实例 {}", account, instance));
  } else if (!account.empty()) {
    message.lines.push_back(in_language(language, "Account {}", "账号 {}", account));
  }
  if (event.name == "blind_interval") {
    add_gap(message, event, style);
  } else if (const std::string reason = chat_text(event.msg, kReasonRoom);
             !reason.empty() && reason != message.headline) {
    message.lines.push_back(in_language(language, "Reason: {}", "原因：{}", reason));
  }
  add_failed_devices(message, event);
  message.lines.push_back(
      in_language(language, "At {}", "时间 {}", local_time(event.ts, style.utc_offset)));
  return message;
}

}  // namespace taskwatchd
