#include "server/api_parameters.h"

#include <algorithm>
#include <charconv>
#include <set>

#include "server/web_text.h"
#include "view/json_fields.h"

namespace taskwatchd {
namespace {

constexpr std::size_t kTextBytes = 128;  // the maximum length of an id

}  // namespace

std::optional<std::uint64_t> decimal(std::string_view text) {
  std::uint64_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [stopped, failed] = std::from_chars(text.data(), end, value);
  if (text.empty() || failed != std::errc() || stopped != end) return std::nullopt;
  return value;
}

std::string to_cursor(const TaskKey& key) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string cursor;
  for (const char c : key.account + "/" + key.task_id) {
    const auto byte = static_cast<unsigned char>(c);
    cursor += kDigits[byte / 16];
    cursor += kDigits[byte % 16];
  }
  return cursor;
}

ApiParameters::ApiParameters(const ApiQuestion& question) : question_(question) {
  const std::vector<std::string_view> known = parameters_of(question.route);
  std::set<std::string_view> given;
  for (const auto& [name, value] : question.query) {
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      std::string all;
      for (const std::string_view one : known) all += (all.empty() ? "" : ", ") + std::string(one);
      refuse(name, all.empty() ? "this path has no parameters" : "this path accepts " + all);
    }
    if (!given.insert(name).second) refuse(name, "set it once");
  }
}

void ApiParameters::refuse(std::string_view name, std::string_view remedy) {
  if (wrong_) return;
  wrong_ =
      ApiReply{400, {}, "bad_data", "parameter " + std::string(name) + ": " + std::string(remedy)};
}

std::string ApiParameters::text(std::string_view name) {
  std::string value = question_.parameter(name);
  if (value.size() > kTextBytes) {
    refuse(name, "set at most " + std::to_string(kTextBytes) + " bytes");
  }
  return value;
}

std::uint64_t ApiParameters::number(std::string_view name, std::uint64_t least, std::uint64_t most,
                                    std::uint64_t otherwise) {
  const std::string value = question_.parameter(name);
  if (value.empty()) return otherwise;
  const auto number = decimal(value);
  if (number && *number >= least && *number <= most) return *number;
  refuse(name, "set a number from " + std::to_string(least) + " to " + std::to_string(most));
  return otherwise;
}

std::optional<std::uint64_t> ApiParameters::event_id(std::string_view name) {
  const std::string value = question_.parameter(name);
  if (value.empty()) return std::nullopt;
  const auto id = decimal(value);
  if (!id) refuse(name, "set the id of an event, a decimal number");
  return id;
}

void ApiParameters::statuses(std::string_view name, TaskFilter& filter) {
  const std::string pending = word(WatchState::kPending), gone = word(WatchState::kGone);
  const std::string value = question_.parameter(name);
  std::string_view rest = value;
  while (!rest.empty()) {
    const std::string_view given = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(rest.size(), given.size() + 1));
    const TaskStatus status = parse_task_status(given);
    if (given == pending) {
      filter.pending = true;
    } else if (given == gone) {
      filter.gone = true;
    } else if (status != TaskStatus::kUnknown || given == taskwatchd::name(TaskStatus::kUnknown)) {
      filter.statuses.set(static_cast<std::size_t>(status));
    } else {
      std::string all;
      for (const TaskStatus one : kAllTaskStatuses) {
        all += std::string(taskwatchd::name(one)) + ", ";
      }
      return refuse(name,
                    "set one or more of " + all + pending + ", " + gone + ", separated by commas");
    }
  }
}

TaskKey ApiParameters::cursor(std::string_view name) {
  const std::string value = question_.parameter(name);
  if (value.empty()) return {};
  std::string encoded;
  for (std::size_t at = 0; at < value.size(); at += 2) encoded += "%" + value.substr(at, 2);
  const auto text = percent_decoded(encoded);
  const std::size_t slash = text ? text->find('/') : std::string::npos;
  if (slash == std::string::npos) {
    refuse(name, "set next_cursor of an earlier page, unchanged");
    return {};
  }
  return {text->substr(0, slash), text->substr(slash + 1)};
}

}  // namespace taskwatchd
