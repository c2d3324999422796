// The list `notify`, and the keys that all formats share or that only programs have.
#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "config/accounts.h"
#include "config/duration.h"
#include "config/ids.h"
#include "config/notify_read.h"
#include "config/spelling.h"
#include "config/url.h"

namespace taskwatchd {
namespace {

// The event log's cursor in the state database has this name.
constexpr std::string_view kEventLog = "log";
constexpr std::size_t kMaxJobPatternBytes = 128;
constexpr std::size_t kMaxLabelFilters = 5;  // an instance has at most as many labels
// One per 10 s: a receiver checks that notifications arrive, not that the daemon runs.
constexpr Duration kMinHeartbeat = std::chrono::seconds(10);
constexpr Duration kProgramGiveUp = std::chrono::hours(24);
// What a chat reports later than that is news to nobody.
constexpr Duration kChatGiveUp = std::chrono::hours(6);

// Names of stored events: docs/reference/events.md.
constexpr std::array<std::string_view, 17> kStoredEvents = {
    "task_transition",     "task_baseline", "task_details",   "job_baseline",
    "job_transition",      "job_stalled",   "job_finished",   "task_superseded",
    "task_overdue",        "task_gone",     "blind_interval", "distribution_transition",
    "distribution_result", "auth_failed",   "api_forbidden",  "account_unreachable",
    "account_recovered"};

std::string in_backticks(std::string_view text) {
  return "`" + std::string(text) + "`";
}

// Rejects keys that have no effect for the format, each with the reason. Their values are not
// shown.
void refuse_useless(Section& section, SinkFormat format) {
  const std::string format_name(name(format));
  if (is_chat(format)) {
    section.refuse_key("url",
                       "the URL of a chat robot is a secret, and this file is shown and "
                       "copied; put it into a file and set `url_file`");
    section.refuse_key("headers_file",
                       "`headers_file` is used only by cloudevents and otlp; remove it");
  } else {
    for (const char* key :
         {"from", "title", "mention", "time_zone", "language", "max_per_minute"}) {
      section.refuse_key(key, in_backticks(key) +
                                  " is used only by chats: a program gets each event as data; "
                                  "remove it");
    }
  }
  if (format == SinkFormat::kOtlp) {
    section.refuse_key("heartbeat",
                       "`heartbeat` is not used by otlp, which carries only events; "
                       "remove it");
    section.refuse_key("secret_file",
                       "`secret_file` is not used by otlp, which has no signature; "
                       "put a token into `headers_file`");
  } else if (format == SinkFormat::kWeCom || format == SinkFormat::kSlack) {
    section.refuse_key("secret_file", "`secret_file` is not used by " + format_name +
                                          ", which has no signature: its URL is the secret; "
                                          "remove it");
  }
}

void read_sink_url(Section& section, SinkConfig& sink) {
  const auto url = section.text("url");
  if (!url) return;
  sink.url = *url;
  auto problem = sink_url_problem(*url);
  if (!problem && url->find('?') != std::string::npos) {
    problem =
        "must not contain a query, which may be a secret; put the URL into a file and set "
        "`url_file`";
  }
  if (problem) section.problems().add(section.place_of("url"), "`url` " + *problem);
}

void read_receiver(Section& section, const ParseContext& context, SinkConfig& sink) {
  sink.url_file = read_path(section, "url_file", context);
  if (is_chat(sink.format)) {
    section.require(
        "url_file",
        "`url_file` is missing in the sink; put the robot's URL into a file and set it");
  } else {
    read_sink_url(section, sink);
    if (section.has("url") && section.has("url_file")) {
      section.refuse_key("url_file", "`url` and `url_file` are both set; remove one of them");
    } else if (!section.has("url")) {
      section.require("url_file",
                      "`url` is missing in the sink; set it, or `url_file` if the URL is a secret");
    }
    sink.headers_file = read_path(section, "headers_file", context);
  }
  if (sink.format == SinkFormat::kCloudEvents || sink.format == SinkFormat::kDingTalk ||
      sink.format == SinkFormat::kFeishu) {
    sink.secret_file = read_path(section, "secret_file", context);
  }
  if (const auto proxy = section.text("proxy")) {
    sink.proxy = origin_of(*proxy);
    if (const auto problem = proxy_problem(*proxy)) section.refuse("proxy", "`proxy` " + *problem);
  }
  sink.ca_file = read_path(section, "ca_file", context);
}

// Reads a list of texts, each at most once. An empty one is an error: it would accept everything,
// which is the opposite of what it looks like.
std::vector<std::pair<YamlPlace, std::string>> read_filter(Section& section, std::string_view key) {
  auto texts = section.texts(key);
  if (section.has_empty_list(key)) {
    section.refuse(key, in_backticks(key) + " is empty; list at least one, or remove it");
  }
  std::map<std::string, int, std::less<>> lines;
  for (const auto& [place, text] : texts) {
    const auto [at, is_new] = lines.try_emplace(text, place.line);
    if (is_new) continue;
    section.problems().add(place, shown(text) + " is in " + in_backticks(key) + " in line " +
                                      std::to_string(at->second) + " too; remove one");
  }
  return texts;
}

// Reads a list of which each item is one of `known`, which are `nouns`.
std::vector<std::string> read_known(Section& section, std::string_view key,
                                    const std::vector<std::string_view>& known,
                                    const std::string& noun, const std::string& remedy) {
  std::vector<std::string> found;
  for (auto& [place, text] : read_filter(section, key)) {
    if (std::find(known.begin(), known.end(), text) != known.end()) {
      found.push_back(std::move(text));
      continue;
    }
    const std::string_view meant = nearest(text, known);
    section.problems().add(
        place, shown(text) + " is not " + noun + "; " +
                   (meant.empty() ? remedy : "did you mean `" + std::string(meant) + "`?"));
  }
  return found;
}

void read_job_patterns(Section& section, SinkConfig& sink) {
  for (auto& [place, pattern] : read_filter(section, "jobs")) {
    if (pattern.empty() || is_unprintable(pattern, kMaxJobPatternBytes)) {
      section.problems().add(place, "a pattern in `jobs` must be 1 to " +
                                        std::to_string(kMaxJobPatternBytes) +
                                        " bytes without control characters; shorten it by a *");
    }
    sink.jobs.push_back(std::move(pattern));
  }
}

void read_label_filter(Section& section, SinkConfig& sink) {
  auto labels = section.section("labels", "labels");
  if (!labels) return;
  if (labels->empty()) {
    section.refuse("labels", "`labels` is empty; list at least one, or remove it");
  }
  for (auto& [entry, value] : labels->free_texts()) {
    if (!is_label_name(entry->key) || value.empty()) {
      labels->problems().add(entry->place, "no instance can have the label " + shown(entry->key) +
                                               " with this value; copy it from `labels` of an "
                                               "instance");
    } else if (sink.labels.size() == kMaxLabelFilters) {
      labels->problems().add(entry->place, "more than " + std::to_string(kMaxLabelFilters) +
                                               " labels, and an instance has no more: remove " +
                                               shown(entry->key));
    } else {
      sink.labels.emplace_back(entry->key, value);
    }
  }
}

void read_filters(Section& section, bool has_all_accounts, const Config& config, SinkConfig& sink) {
  const std::vector<std::string_view> events(kStoredEvents.begin(), kStoredEvents.end());
  sink.events = read_known(section, "events", events, "a stored event",
                           "the stored events are " + any_of(events));
  const std::vector<std::string_view> statuses(kTaskStatusNames.begin(), kTaskStatusNames.end());
  for (const std::string& status : read_known(section, "to", statuses, "a status of a task",
                                              "the statuses are " + any_of(statuses))) {
    sink.to.push_back(parse_task_status(status));
  }
  if (has_all_accounts) {
    std::vector<std::string_view> accounts;
    for (const AccountConfig& account : config.accounts) accounts.push_back(account.name);
    sink.accounts = read_known(section, "accounts", accounts, "an account of this file",
                               "the accounts are " + any_of(accounts));
  } else {
    for (auto& [place, text] : read_filter(section, "accounts")) sink.accounts.push_back(text);
  }
  read_job_patterns(section, sink);
  read_label_filter(section, sink);
}

void read_program_heartbeat(Section& section, SinkConfig& sink) {
  if (sink.format != SinkFormat::kCloudEvents) return;
  const auto text = section.text("heartbeat");
  if (!text || *text == "off") return;
  sink.heartbeat = parse_duration(*text);
  if (sink.heartbeat && *sink.heartbeat >= kMinHeartbeat) return;
  section.refuse("heartbeat",
                 "`heartbeat` of cloudevents must be `off` or a duration of at least " +
                     format_duration(kMinHeartbeat) + ", such as 5m");
}

void read_give_up(Section& section, bool has_state, const Config& config, SinkConfig& sink) {
  sink.give_up = std::min(is_chat(sink.format) ? kChatGiveUp : kProgramGiveUp, config.retain);
  const auto give_up = section.span("give_up", "the default");
  if (!give_up) return;
  sink.give_up = *give_up;
  if (*give_up <= config.retain || !has_state) return;
  section.refuse("give_up", "`give_up` is longer than `state.retain` (" +
                                format_duration(config.retain) +
                                "), after which events are deleted; reduce it, or increase "
                                "`state.retain`");
}

void read_sink_name(Section& section, SinkConfig& sink) {
  section.require("name", "`name` is missing in the sink; set it, it becomes the label `sink`");
  const auto sink_name = section.text("name");
  if (!sink_name) return;
  if (!is_account_name(*sink_name)) {
    section.refuse("name", "sink name " + shown(*sink_name) +
                               " must be 1 to 64 of A-Z, a-z, 0-9, _ and -; rename it");
  } else if (*sink_name == kEventLog) {
    section.refuse("name", "the sink name `log` is that of the event log; rename this one");
  } else {
    sink.name = *sink_name;
  }
}

// Without a valid format, nothing else can be validated: which keys a sink has depends on it.
SinkConfig read_sink(Section& section, const ParseContext& context, const Section& root,
                     const Config& config) {
  SinkConfig sink;
  read_sink_name(section, sink);
  const auto format = section.choice("format", {kSinkFormatNames.begin(), kSinkFormatNames.end()});
  section.require("format", "`format` is missing in the sink; set it to " +
                                any_of({kSinkFormatNames.begin(), kSinkFormatNames.end()}));
  if (!format) return sink;
  sink.format = static_cast<SinkFormat>(*format);
  const bool is_cut_off = root.is_cut_off();
  // An account whose name is invalid is already reported.
  const bool has_all_accounts =
      !is_cut_off && !config.accounts.empty() &&
      std::none_of(config.accounts.begin(), config.accounts.end(),
                   [](const AccountConfig& account) { return account.name.empty(); });
  read_receiver(section, context, sink);
  read_filters(section, has_all_accounts, config, sink);
  if (is_chat(sink.format)) {
    read_chat(section, sink);
  } else {
    read_program_heartbeat(section, sink);
  }
  read_give_up(section, root.has("state") || !is_cut_off, config, sink);
  refuse_useless(section, sink.format);
  section.finish();
  return sink;
}

}  // namespace

bool is_unprintable(std::string_view text, std::size_t limit) {
  return text.size() > limit || std::any_of(text.begin(), text.end(), [](char c) {
           return (c >= 0 && c < 0x20) || c == 0x7F;
         });
}

std::vector<SinkConfig> read_notify(Section& root, const ParseContext& context,
                                    const Config& config) {
  std::vector<SinkConfig> sinks;
  const std::vector<YamlNode>* const items = root.list("notify");
  if (items == nullptr) return sinks;
  std::map<std::string, int, std::less<>> names;
  for (const YamlNode& item : *items) {
    if (item.kind == YamlNode::Kind::kNull) continue;
    auto section = Section::open("a sink", "each of `notify`", item, root.problems());
    if (!section) continue;
    const SinkConfig& sink = sinks.emplace_back(read_sink(*section, context, root, config));
    if (sink.name.empty()) continue;
    const auto [at, is_new] = names.try_emplace(sink.name, section->place_of("name").line);
    if (is_new) continue;
    section->refuse("name", "sink name " + shown(sink.name) + " is used in line " +
                                std::to_string(at->second) + " too; rename one");
  }
  return sinks;
}

}  // namespace taskwatchd
