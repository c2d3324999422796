// QueryJob, as documented at help.aliyun.com/zh/iot/developer-reference/api-queryjob-2018-01-20.
#include <algorithm>
#include <cmath>

#include "simulator/model_job_state.h"

namespace iotsim {
namespace {

constexpr double kMinuteMs = 60'000;

Value rounded(double x) {
  return number(std::max<std::int64_t>(1, std::llround(x)));
}

}  // namespace

ActionAnswer query_job(ActionContext& context) {
  const auto found = find_job(context);
  if (const auto* const refusal = std::get_if<Refusal>(&found)) return *refusal;
  const Job& job = *std::get<const Job*>(found);
  const auto state = job_state(context.world, job, context.world_ms);
  if (!state) return Refusal{200, "iot.job.JobNotFound", "The job does not exist.", true};
  std::vector<Member> data = job_head(job, *state);
  data.push_back({"JobDocument", text_value(R"({"version":"2.0.1"})")});
  data.push_back(
      {"RolloutConfig", object({{"MaximumPerMinute", rounded(job.spec.rollout_per_minute)}})});
  // The timeout is in whole minutes, and only custom jobs have one.
  if (job.spec.timeout_ms > 0 && job.spec.type == "CUSTOM_JOB") {
    const double minutes = static_cast<double>(job.spec.timeout_ms) / kMinuteMs;
    data.push_back({"TimeoutConfig", object({{"InProgressTimeoutInMinutes", rounded(minutes)}})});
  }
  data.push_back({"TargetConfig", object({{"TargetType", text_value("DEVICE_LIST")}})});
  std::vector<Member> members;
  members.push_back({"Data", object(std::move(data))});
  return members;
}

}  // namespace iotsim
