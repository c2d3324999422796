#include "core/types/outcome.h"

#include <algorithm>

#include "core/types/ascii.h"
#include "core/types/names.h"

namespace taskwatchd {
namespace {
constexpr std::array<std::string_view, kAllReasons.size()> kReasonNames = {
    "throttled", "timeout", "unreachable", "tls",       "server_error", "auth",
    "forbidden", "overdue", "clock_skew",  "not_found", "bad_request",  "protocol"};
}

std::string_view name(Reason reason) {
  return name_in(kReasonNames, reason);
}

bool Failure::blames_keys() const {
  const std::string word = ascii_lower(code);
  return reason == Reason::kAuth &&
         (word.starts_with("invalidsecuritytoken") || word.starts_with("invalidaccesskeyid"));
}

bool names_another(const Call& call, const Outcome& outcome) {
  if (const auto* task = std::get_if<TaskReply>(&outcome)) return task->task_id != call.task_id;
  if (const auto* job = std::get_if<JobReply>(&outcome)) return job->job_id != call.job_id;
  if (const auto* distribution = std::get_if<DistributionReply>(&outcome)) {
    return distribution->distribution_id != call.distribution_id;
  }
  const auto* page = std::get_if<TaskPage>(&outcome);
  if (page == nullptr || page->tasks.empty()) return false;
  return std::all_of(page->tasks.begin(), page->tasks.end(), [&](const TaskReply& row) {
    return !row.job_id.empty() && row.job_id != call.job_id;
  });
}

}  // namespace taskwatchd
