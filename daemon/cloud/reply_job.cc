// QueryJob and ListJob: one job with its settings, and a page of jobs.
#include <limits>

#include "cloud/envelope.h"
#include "cloud/reply.h"
#include "cloud/reply_data.h"
#include "cloud/rows.h"

namespace taskwatchd {
namespace {

// Ten times what the documents allow (3600 minutes, 1000 devices a minute): more is no setting.
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
