#include "commands/explain_text.h"

#include <fmt/format.h>

#include <string>
#include <vector>

#include "core/events/device_text.h"

namespace taskwatchd {
namespace {

using Element = simdjson::dom::element;

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

DaemonText explain_text(const Element& data) {
  DaemonText out;
  add_last(out.text, data);
  add_history(out.text, data);
  add_next(out.text, data);
  return out;
}

}  // namespace taskwatchd
