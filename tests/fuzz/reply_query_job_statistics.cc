// Reads any bytes as the body of a 200: counts that add up, or a failure.
#include "cloud/reply.h"
#include "fuzz_input.h"

using namespace taskwatchd;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Outcome outcome =
      read_query_job_statistics(HttpReply{200, {}, std::string(text_of(data, size))});
  if (const auto* statistics = std::get_if<JobStatistics>(&outcome)) {
    std::uint64_t known = 0;
    for (const TaskStatus status : kAllTaskStatuses) {
      if (status != TaskStatus::kUnknown) known += count_of(statistics->tasks, status);
    }
    const std::uint64_t unknown = count_of(statistics->tasks, TaskStatus::kUnknown);
    require(known >= statistics->total ? unknown == 0 : known + unknown == statistics->total);
  } else {
    const Failure& failure = std::get<Failure>(outcome);
    require(failure.message.size() <= 256 && is_printable(failure.message));
  }
  return 0;
}
