// QueryJobStatistics: how many of a job's tasks have which status.
#include <algorithm>
#include <limits>

#include "cloud/reply.h"
#include "cloud/reply_data.h"

namespace taskwatchd {
namespace {

// The documents spell a status here other than everywhere else: TimeOut is TIMED_OUT.
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

}  // namespace

Outcome read_query_job_statistics(const HttpResult& result) {
  return read_data(result, read_statistics);
}

}  // namespace taskwatchd
