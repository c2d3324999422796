#include "cloud/reply.h"

#include <algorithm>
#include <cassert>
#include <limits>

#include "cloud/envelope.h"
#include "cloud/reply_data.h"
#include "cloud/rows.h"

namespace taskwatchd {
namespace {

TaskReply read_whole_task(Members& data) {
  TaskReply task = read_task(data);
  task.message = data.device_text("Message");
  task.status_detail = data.device_text("StatusDetail");
  return task;
}

// The pagination token goes into the next request's URL. Percent-encoding makes it at most three
// times as long.
constexpr std::size_t kTokenLimit = 2048;  // bytes

TaskReply read_row(Members& row) {
  TaskReply task = read_task(row);
  task.listed = true;
  return task;
}

// The documents spell one status differently here: TimeOut is TIMED_OUT.
constexpr std::pair<TaskStatus, std::string_view> kCounts[] = {
    {TaskStatus::kQueued, "Queued"},         {TaskStatus::kSent, "Sent"},
    {TaskStatus::kInProgress, "InProgress"}, {TaskStatus::kSucceeded, "Succeeded"},
    {TaskStatus::kFailed, "Failed"},         {TaskStatus::kRejected, "Rejected"},
    {TaskStatus::kTimedOut, "TimeOut"},      {TaskStatus::kCancelled, "Cancelled"}};

JobStatistics read_statistics(Members& data) {
  constexpr std::uint64_t kMost = std::numeric_limits<std::uint32_t>::max();
  JobStatistics statistics;
  statistics.total = static_cast<std::uint32_t>(data.needed_count("Total", kMost));
  std::uint64_t sum = 0;
  for (const auto& [status, word] : kCounts) {
    const std::uint64_t count = data.optional_count(word, kMost).value_or(0);
    count_of(statistics.tasks, status) = static_cast<std::uint32_t>(count);
    sum += count;
  }
  const std::uint64_t rest = statistics.total - std::min<std::uint64_t>(sum, statistics.total);
  count_of(statistics.tasks, TaskStatus::kUnknown) = static_cast<std::uint32_t>(rest);
  return statistics;
}

// Ten times the documented maximum (3600 minutes, 1000 devices per minute): a larger value is not
// valid.
constexpr double kMaxTimeoutMinutes = 36'000;
constexpr double kMaxPerMinute = 10'000;

JobReply read_whole_job(Members& data) {
  JobReply job = read_job(data);
  if (auto timeout = data.inner("TimeoutConfig")) {
    const auto minutes = timeout->setting("InProgressTimeoutInMinutes", kMaxTimeoutMinutes);
    if (minutes && timeout->error().empty()) job.timeout = from_seconds(*minutes * 60);
  }
  if (auto rollout = data.inner("RolloutConfig")) {
    const auto rate = rollout->setting("MaximumPerMinute", kMaxPerMinute);
    if (rollout->error().empty()) job.rollout_per_minute = rate;
  }
  return job;
}

}  // namespace

Outcome read_reply(Api api, const HttpResult& result) {
  switch (api) {
    case Api::kQueryTask:
      return read_query_task(result);
    case Api::kListTask:
      return read_list_task(result);
    case Api::kQueryJobStatistics:
      return read_query_job_statistics(result);
    case Api::kQueryJob:
      return read_query_job(result);
    case Api::kListJob:
      return read_list_job(result);
    case Api::kQueryDeviceDistributeJob:
      return read_query_distribution(result);
    case Api::kQueryDeviceDistributeDetail:
      return read_distribution_file(result);
  }
  assert(false);  // the switch covers every API
  return Failure{};
}

Outcome read_query_task(const HttpResult& result) {
  return read_data(result, read_whole_task);
}

Outcome read_list_task(const HttpResult& result) {
  simdjson::dom::parser parser;
  const auto envelope = read_envelope(result, parser);
  if (const auto* failure = std::get_if<Failure>(&envelope)) return *failure;
  const auto& [whole, request_id] = std::get<Envelope>(envelope);
  Members outer(whole);
  const Rows rows = find_rows(outer);
  TaskPage page;
  if (outer.find("NextToken")) page.next_token = outer.needed_text("NextToken");
  std::string error = rows.error.empty() ? outer.error() : rows.error;
  if (page.next_token.size() > kTokenLimit) error = "NextToken is too long";
  if (!error.empty()) return protocol_failure(std::get<HttpReply>(result), request_id, error);
  page.unreadable = read_rows(rows, read_row, page.tasks);
  return page;
}

Outcome read_query_job_statistics(const HttpResult& result) {
  return read_data(result, read_statistics);
}

Outcome read_query_job(const HttpResult& result) {
  return read_data(result, read_whole_job);
}

Outcome read_list_job(const HttpResult& result) {
  simdjson::dom::parser parser;
  const auto envelope = read_envelope(result, parser);
  if (const auto* failure = std::get_if<Failure>(&envelope)) return *failure;
  const auto& [whole, request_id] = std::get<Envelope>(envelope);
  Members outer(whole);
  const Rows rows = find_rows(outer);
  constexpr std::uint64_t kMost = std::numeric_limits<std::uint32_t>::max();
  JobPage page;
  page.page = static_cast<std::uint32_t>(outer.needed_count("Page", kMost));
  page.total = static_cast<std::uint32_t>(outer.needed_count("Total", kMost));
  const std::string& error = rows.error.empty() ? outer.error() : rows.error;
  if (!error.empty()) return protocol_failure(std::get<HttpReply>(result), request_id, error);
  page.unreadable = read_rows(rows, read_job, page.jobs);
  return page;
}

}  // namespace taskwatchd
