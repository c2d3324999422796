#include "commands/notify_text.h"

#include <fmt/format.h>

#include <string>

#include "core/types/exit_code.h"

namespace taskwatchd {
namespace {

using Element = simdjson::dom::element;

std::string what_is_muted(const Element& mute) {
  const std::string sink = text_of(mute, "sink");
  const std::string account = text_of(mute, "account");
  const std::string job = text_of(mute, "job");
  std::string text = sink.empty() ? "all chats" : "sink " + sink;
  if (!account.empty()) text += ", account " + account;
  if (!job.empty()) text += ", jobs " + job;
  return text;
}

}  // namespace

DaemonText test_text(const Element& data) {
  DaemonText out;
  for (const Element& message : list_of(data, "messages")) {
    const bool taken = is_true(message, "taken");
    const std::string reason = text_of(message, "reason");
    const std::string answer = text_of(message, "answer");
    out.text += fmt::format("{}: {} ({})", text_of(message, "message"),
                            taken ? "accepted" : "not accepted", text_of(message, "code"));
    if (!reason.empty()) out.text += ": " + reason;
    out.text += answer.empty() ? "\n" : "\n  response: " + answer + "\n";
    if (!taken) out.exit_code = kExitUnavailable;
  }
  return out;
}

DaemonText sinks_text(const Element& data) {
  DaemonText out;
  for (const Element& sink : list_of(data, "notify")) {
    const bool up = is_true(sink, "up");
    out.text += fmt::format("{} ({}): {}\n", text_of(sink, "name"), text_of(sink, "format"),
                            up ? "works" : "fails since " + text_of(sink, "failing_since"));
    if (!up) out.text += "  reason       " + text_of(sink, "reason") + "\n";
    const std::string success = text_of(sink, "last_success");
    out.text += "  last success " + (success.empty() ? "never" : success) + "\n";
    std::string cursor = fmt::format("  cursor       event {}, {} waiting", text_of(sink, "cursor"),
                                     text_of(sink, "pending"));
    const std::string oldest = text_of(sink, "oldest_pending");
    if (!oldest.empty()) cursor += ", the oldest since " + oldest;
    out.text += cursor + "\n";
    const std::string replaying = text_of(sink, "replaying");
    if (!replaying.empty()) out.text += "  replay       " + replaying + " left\n";
    if (text_of(sink, "dropped") != "0") {
      out.text += "  dropped      " + text_of(sink, "dropped") + " events since the start\n";
    }
    if (is_true(sink, "muted")) out.text += "  muted; see taskwatchd mutes\n";
  }
  if (out.text.empty()) out.text = "no sink runs at this daemon\n";
  return out;
}

DaemonText replay_text(const Element& data) {
  return {kExitOk, "events since " + text_of(data, "since") + " are being sent again\n"};
}

DaemonText mute_text(const Element& data) {
  return {kExitOk, fmt::format("muted: {}, until {}; id {}\n", what_is_muted(data),
                               text_of(data, "until"), text_of(data, "id"))};
}

DaemonText unmute_text(const Element& data) {
  return {kExitOk, fmt::format("ended: {}; id {}\n", what_is_muted(data), text_of(data, "id"))};
}

DaemonText mutes_text(const Element& data) {
  DaemonText out;
  for (const Element& mute : list_of(data, "mutes")) {
    out.text +=
        fmt::format("{}  {}, until {}: {} (by {})\n", text_of(mute, "id"), what_is_muted(mute),
                    text_of(mute, "until"), text_of(mute, "comment"), text_of(mute, "created_by"));
  }
  if (out.text.empty()) out.text = "no mute is active\n";
  return out;
}

}  // namespace taskwatchd
