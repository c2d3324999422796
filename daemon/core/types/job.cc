#include "core/types/job.h"

#include "core/types/names.h"

namespace taskwatchd {
namespace {
constexpr std::array<std::string_view, 9> kJobStatusNames = {
    "INITIALIZING", "WAITING",  "IN_PROGRESS", "COMPLETED", "CANCELLING",
    "CANCELLED",    "REMOVING", "TIMED_OUT",   "UNKNOWN"};
}

std::string_view name(JobStatus status) {
  return name_in(kJobStatusNames, status);
}

JobStatus parse_job_status(std::string_view word) {
  return find_in<JobStatus>(kJobStatusNames, word).value_or(JobStatus::kUnknown);
}

}  // namespace taskwatchd
