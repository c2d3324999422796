#include "notify/event_filter.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "core/events/event_fields.h"
#include "core/types/glob.h"

namespace taskwatchd {
namespace {

// What chats are notified of unless `events` is set. Those in the second list only as a warning: a
// task that turned bad while it was watched, a job that timed out, an aborted distribution, failed
// devices.
constexpr std::array<std::string_view, 11> kChatEvents = {
    "task_transition",   "task_overdue",  "job_stalled",    "job_finished",
    "auth_failed",       "api_forbidden", "blind_interval", "account_unreachable",
    "account_recovered", "store_down",    "store_up"};
constexpr std::array<std::string_view, 4> kChatWarnings = {
    "task_baseline", "job_transition", "distribution_transition", "distribution_result"};

template <typename List, typename Item>
bool contains(const List& list, const Item& item) {
  return std::find(list.begin(), list.end(), item) != list.end();
}

bool is_selected(const SinkConfig& sink, const Event& event) {
  if (!sink.events.empty()) return contains(sink.events, event.name);
  if (!is_chat(sink.format) || contains(kChatEvents, event.name)) return true;
  return event.level == Level::kWarn && contains(kChatWarnings, event.name);
}

bool has_status(const SinkConfig& sink, const Event& event) {
  std::string_view status;
  if (event.name == "task_transition") status = text_field(event, "to");
  if (event.name == "task_baseline") status = text_field(event, "status");
  if (status.empty() || (sink.to.empty() && !is_chat(sink.format))) return true;
  const TaskStatus parsed = parse_task_status(status);
  return sink.to.empty() ? is_bad(parsed) : contains(sink.to, parsed);
}

bool has_job(const SinkConfig& sink, const Event& event) {
  const std::string_view id = text_field(event, "job_id");
  if (sink.jobs.empty() || id.empty()) return true;
  const std::string_view job_name = text_field(event, "job_name");
  return std::any_of(sink.jobs.begin(), sink.jobs.end(), [&](const std::string& pattern) {
    return glob_matches(pattern, id) || (!job_name.empty() && glob_matches(pattern, job_name));
  });
}

bool has_labels(const SinkConfig& sink, const Event& event) {
  if (sink.labels.empty() || text_field(event, "job_id").empty()) return true;
  const FieldValue* const value = find_field(event, "labels");
  const auto* const labels = value == nullptr ? nullptr : std::get_if<StringMap>(value);
  return labels != nullptr && std::all_of(sink.labels.begin(), sink.labels.end(),
                                          [&](const auto& one) { return contains(*labels, one); });
}

}  // namespace

bool accepts(const SinkConfig& sink, const Event& event) {
  // An event of the daemon itself, such as store_down, concerns every account.
  const std::string_view account = text_field(event, "account");
  const bool has_account =
      sink.accounts.empty() || account.empty() || contains(sink.accounts, account);
  return has_account && is_selected(sink, event) && has_status(sink, event) &&
         has_job(sink, event) && has_labels(sink, event);
}

}  // namespace taskwatchd
