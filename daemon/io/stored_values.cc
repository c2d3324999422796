#include "io/stored_values.h"

#include <algorithm>

#include "core/events/event_text.h"

namespace taskwatchd {
namespace {

constexpr char kSeparator = '\n';  // no id contains one

}  // namespace

std::string event_body(const Event& event) {
  Event body = event;
  body.id = 0;
  return to_json(body);
}

std::string joined_ids(const std::vector<std::string>& ids) {
  std::string text;
  for (const std::string& id : ids) text += id + kSeparator;
  return text;
}

std::vector<std::string> parted_ids(std::string_view text) {
  std::vector<std::string> ids;
  for (std::size_t end = text.find(kSeparator); end != text.npos; end = text.find(kSeparator)) {
    ids.emplace_back(text.substr(0, end));
    text.remove_prefix(end + 1);
  }
  return ids;
}

std::optional<Wall> instant_of(const Commit& commit) {
  std::optional<Wall> newest;
  const auto see = [&newest](Wall at) { newest = std::max(newest.value_or(at), at); };
  for (const Event& event : commit.events) see(event.ts);
  for (const TaskRecord& record : commit.records) see(record.last_seen);
  for (const JobRecord& job : commit.jobs) see(job.last_seen);
  for (const DistributionRecord& one : commit.distributions) see(one.last_seen);
  for (const StoredTime& stored_time : commit.stored_times) see(stored_time.at);
  return newest;
}

}  // namespace taskwatchd
