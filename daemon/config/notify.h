// A sink of the configuration: who is notified of stored events, in which format, where. Values
// only. Meaning and defaults of each key: docs/reference/configuration.md.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/types/names.h"
#include "core/types/task.h"
#include "core/types/time.h"

namespace taskwatchd {

enum class SinkFormat : std::uint8_t { kCloudEvents, kOtlp, kDingTalk, kFeishu, kWeCom, kSlack };
inline constexpr std::array<std::string_view, 6> kSinkFormatNames = {
    "cloudevents", "otlp", "dingtalk", "feishu", "wecom", "slack"};
inline std::string_view name(SinkFormat format) {
  return name_in(kSinkFormatNames, format);
}
// The others are for programs.
inline bool is_chat(SinkFormat format) {
  return format != SinkFormat::kCloudEvents && format != SinkFormat::kOtlp;
}

enum class Language : std::uint8_t { kEnglish, kChinese };

// Reached once so many tasks of a job are bad, and so large a part of all its tasks.
struct BadShare {
  std::size_t tasks = 1;
  double ratio = 0;  // 0 to 1
  bool operator==(const BadShare&) const = default;
};

// Who is mentioned in a chat, from which size on.
struct Mention {
  bool all = false;
  std::vector<std::string> users;    // user ids of the service
  std::vector<std::string> mobiles;  // phone numbers
  BadShare from{.tasks = 20, .ratio = 0.05};
  bool operator==(const Mention&) const = default;
};

struct SinkConfig {
  std::string name;  // the label sink
  SinkFormat format = SinkFormat::kCloudEvents;
  std::string url;           // of cloudevents and otlp; empty if url_file is set
  std::string url_file;      // absolute path; the URL is a secret
  std::string secret_file;   // absolute path; empty: none
  std::string headers_file;  // absolute path; empty: none
  // Filters; an empty list accepts everything.
  std::vector<std::string> events;  // names; empty: the default of the format
  std::vector<TaskStatus> to;       // of task_transition, and the status of task_baseline
  std::vector<std::string> accounts;
  std::vector<std::string> jobs;  // globs of a job's id or name
  std::vector<std::pair<std::string, std::string>> labels;
  BadShare from;      // chats: of a job, before it is reported
  std::string title;  // chats: begins every message
  Mention mention;
  // chats: time of day of the daily line, since midnight; cloudevents: the interval. nullopt: off.
  std::optional<Duration> heartbeat;
  std::string time_zone;  // chats: IANA name; empty: the host's
  Language language = Language::kEnglish;
  double max_per_minute = 0;  // chats: messages; 0: no limit
  Duration give_up = std::chrono::hours(24);
  std::string proxy;    // empty: none
  std::string ca_file;  // empty: the system's
  bool operator==(const SinkConfig&) const = default;
};

}  // namespace taskwatchd
