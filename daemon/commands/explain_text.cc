#include "commands/explain_text.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <string>
#include <vector>

#include "core/events/device_text.h"
#include "core/types/exit_code.h"

namespace taskwatchd {
namespace {

using Element = simdjson::dom::element;

constexpr std::size_t kMaxDepth = 8;

// Returns an empty text if the member is absent.
std::string text_of(const Element& object, std::string_view key) {
  Element value;
  if (object[key].get(value) != simdjson::SUCCESS) return {};
  std::string_view text;
  if (value.get_string().get(text) == simdjson::SUCCESS) return escape_controls(text);
  return simdjson::minify(value);
}

std::string raw_text_of(const Element& object, std::string_view key) {
  std::string_view text;
  if (object[key].get_string().get(text) != simdjson::SUCCESS) return {};
  return std::string(text);
}

bool is_true(const Element& object, std::string_view key) {
  bool value = false;
  return object[key].get_bool().get(value) == simdjson::SUCCESS && value;
}

// Returns an empty list if the member is absent.
std::vector<Element> list_of(const Element& object, std::string_view key) {
  simdjson::dom::array list;
  if (object[key].get_array().get(list) != simdjson::SUCCESS) return {};
  return {list.begin(), list.end()};
}

void line(std::string& out, std::string_view label, const std::string& value) {
  if (!value.empty()) out += fmt::format("  {:<12} {}\n", label, value);
}

std::string status_of(const Element& object, std::string_view key) {
  std::string text = text_of(object, key);
  const std::string word = text_of(object, "status_text");
  const std::string progress = text_of(object, "progress");
  if (!word.empty()) text += " (" + word + ")";
  if (!progress.empty()) text += ", " + progress + " %";
  const std::string attempt = text_of(object, "attempt");
  if (!attempt.empty() && attempt != "1") text += ", attempt " + attempt;
  return text;
}

void add_last(std::string& out, const Element& data) {
  const std::string state = text_of(data, "state");
  Element last;
  if (data["last"].get(last) != simdjson::SUCCESS || last.is_null()) {
    out += fmt::format("{} of account {}: {}\n", text_of(data, "task_id"), text_of(data, "account"),
                       state == "gone" ? "not known to the platform" : "not observed yet");
    line(out, "instance", text_of(data, "iot_instance"));
    line(out, "watched", "since " + text_of(data, "watched_since"));
    return;
  }
  std::string head = status_of(last, "status");
  if (is_true(last, "gone")) head += "; the platform no longer knows it";
  if (is_true(last, "superseded")) head += "; superseded by a newer task";
  out += fmt::format("{} of account {}: {}\n", text_of(data, "task_id"), text_of(data, "account"),
                     head);
  line(out, "instance", text_of(data, "iot_instance"));
  const std::string job_name = text_of(last, "job_name");
  line(out, "job", text_of(last, "job_id") + (job_name.empty() ? "" : " (" + job_name + ")"));
  line(out, "device", text_of(last, "product_key") + "/" + text_of(last, "device_name"));
  line(out, "message", text_of(last, "message"));
  line(out, "detail", text_of(last, "status_detail"));
  line(out, "queued", text_of(last, "queued_at"));
  line(out, "started", text_of(last, "started_at"));
  line(out, "modified", text_of(last, "modified_at") + " at the platform");
  line(out, "seen",
       "first " + text_of(last, "first_seen") + ", last in this status " +
           text_of(last, "last_seen"));
  line(out, "watched",
       is_true(data, "explicit") ? "by its id in the configuration" : "with its job");
}

// Formats one event as one line. A status change is given as an interval: from the last response
// that showed the old status to the first one that showed the new status.
std::string words_of(const Element& event) {
  const std::string name = text_of(event, "event");
  const std::string observed = text_of(event, "observed_at");
  std::string text;
  if (name == "task_transition") {
    text = fmt::format("{} -> {}, between {} and {}", text_of(event, "from"),
                       status_of(event, "to"), text_of(event, "not_before"), observed);
    std::string inferred;
    for (const Element& step : list_of(event, "inferred")) {
      std::string_view word;
      if (step.get_string().get(word) != simdjson::SUCCESS) continue;
      inferred += (inferred.empty() ? "" : ", ") + escape_controls(word);
    }
    if (!inferred.empty()) text += "; skipped (inferred): " + inferred;
  } else if (name == "task_baseline") {
    text = fmt::format("first observed at {}: {}", observed, status_of(event, "status"));
  } else {
    return fmt::format("{}: {}", text_of(event, "ts"), text_of(event, "msg"));
  }
  text += "; platform time " + text_of(event, "modified_at");
  if (const auto anomaly = text_of(event, "anomaly"); !anomaly.empty()) text += "; " + anomaly;
  if (const auto said = text_of(event, "status_message"); !said.empty()) text += ": " + said;
  return text;
}

void add_history(std::string& out, const Element& data) {
  const std::vector<Element> history = list_of(data, "history");
  out += is_true(data, "history_cut") ? "\nHistory (older events are left out)\n" : "\nHistory\n";
  if (history.empty()) out += "  no event is recorded\n";
  for (const Element& event : history) out += "  " + words_of(event) + "\n";
}

void add_next(std::string& out, const Element& data) {
  const std::vector<Element> next = list_of(data, "next");
  out += "\nNext, as of " + text_of(data, "now") + "\n";
  if (next.empty()) out += "  no call is scheduled\n";
  for (const Element& call : next) {
    const std::string when = text_of(call, "not_before");
    out += fmt::format("  {} {} [{}]\n      {}\n", text_of(call, "api"),
                       when.empty() ? "at no fixed time" : "not before " + when,
                       text_of(call, "rule"), text_of(call, "why"));
  }
}

}  // namespace

ExplainText explain_text(int http_status, std::string_view body) {
  if (http_status == 401) {
    return {kExitUnavailable,
            "the daemon requires a login; set --user and --password-file to a user of its "
            "basic_auth_users"};
  }
  simdjson::dom::parser parser;
  Element root;
  const bool read = parser.allocate(body.size(), kMaxDepth) == simdjson::SUCCESS &&
                    parser.parse(body.data(), body.size()).get(root) == simdjson::SUCCESS &&
                    root.is_object();
  const std::string status = read ? text_of(root, "status") : std::string();
  if (status == "error") {
    const bool later = http_status == 503;
    ExplainText out{later ? kExitUnavailable : kExitOther, text_of(root, "error")};
    if (http_status == 421) {
      out.holder = raw_text_of(root, "holder");
      out.holder_url = raw_text_of(root, "holder_url");
    }
    return out;
  }
  Element data;
  if (status != "success" || root["data"].get(data) != simdjson::SUCCESS || !data.is_object()) {
    return {kExitUnavailable,
            fmt::format("the server that responds (HTTP {}) is not a taskwatchd that can explain "
                        "tasks; set --url to the address of the daemon",
                        http_status)};
  }
  ExplainText out;
  add_last(out.text, data);
  add_history(out.text, data);
  add_next(out.text, data);
  return out;
}

}  // namespace taskwatchd
