// Reads any bytes as the 200 body of QueryJob and ListJob: jobs that satisfy their invariants, or a
// failure.
#include "cloud/reply.h"
#include "fuzz_input.h"

using namespace taskwatchd;

namespace {

void check(const JobReply& job) {
  require(!job.job_id.empty() && job.job_id.size() <= 128);
  require(job.status == JobStatus::kUnknown || job.status_text.empty());
  require(!job.timeout || *job.timeout > Duration::zero());
  require(!job.rollout_per_minute || *job.rollout_per_minute > 0);
  require(!job.scheduled || job.scheduled->time_since_epoch().count() >= 0);
  for (const std::string* text : {&job.job_id, &job.job_name, &job.type, &job.status_text}) {
    require(text->size() <= 256 && is_utf8(*text));
  }
}

void check(const Failure& failure) {
  require(failure.message.size() <= 256 && is_printable(failure.message));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const HttpReply reply{200, {}, std::string(text_of(data, size))};
  const Outcome one = read_query_job(reply);
  if (const auto* job = std::get_if<JobReply>(&one)) {
    check(*job);
  } else {
    check(std::get<Failure>(one));
  }
  const Outcome many = read_list_job(reply);
  if (const auto* page = std::get_if<JobPage>(&many)) {
    require(page->jobs.size() + page->unreadable <= 1000);
    for (const JobReply& job : page->jobs) {
      check(job);
      require(!job.timeout && !job.rollout_per_minute);
    }
  } else {
    check(std::get<Failure>(many));
  }
  return 0;
}
