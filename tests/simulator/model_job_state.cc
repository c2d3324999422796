#include "simulator/model_job_state.h"

#include <algorithm>
#include <charconv>

namespace iotsim {
namespace {

// How long a job is INITIALIZING, in ms, if it does not start earlier.
constexpr std::int64_t kInitializingMs = 1000;

const Job* another(ActionContext& context, const Job& job) {
  const auto& jobs = context.world.jobs();
  const std::size_t start = context.random.below(jobs.size());
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    const Job& other = jobs[(start + i) % jobs.size()];
    const Instance& instance = context.world.instances()[other.spec.instance];
    if (&other != &job && instance.account == context.caller.account->name) return &other;
  }
  return &job;
}

}  // namespace

std::optional<JobState> job_state(World& world, const Job& job, std::int64_t t) {
  const std::int64_t created = job.created_ms();
  if (t < created || t >= job.removed_ms) return std::nullopt;
  if (t >= job.cancelled_ms) return JobState{"CANCELLED", job.cancelled_ms};
  if (t < job.spec.start_ms) {
    if (t < created + kInitializingMs) return JobState{"INITIALIZING", created};
    return JobState{"WAITING", created + kInitializingMs};
  }
  TaskLedger& ledger = world.ledger(job);
  ledger.move_to(t);
  if (ledger.unfinished() == 0) {
    return JobState{"COMPLETED", std::max(job.spec.start_ms, ledger.last_change_ms())};
  }
  std::int64_t since = job.spec.start_ms;
  for (const std::int64_t rerun : job.reruns) {
    if (rerun <= t) since = std::max(since, rerun);
  }
  return JobState{"IN_PROGRESS", since};
}

std::variant<const Job*, Refusal> find_job(ActionContext& context) {
  const std::string* const id = context.call.parameter("JobId");
  if (id == nullptr || id->empty()) return missing("JobId");
  const Job* job = context.world.job(*id);
  const bool is_here = job != nullptr &&
                       &context.world.instances()[job->spec.instance] == context.instance &&
                       context.world_ms >= job->created_ms() && context.world_ms < job->removed_ms;
  // The response for a job that does not exist is not documented.
  if (!is_here) return Refusal{200, "iot.job.JobNotFound", "The job does not exist.", true};
  if (context.wrong_task) job = another(context, *job);
  return job;
}

std::optional<std::int64_t> whole_parameter(const Call& call, std::string_view name) {
  const std::string& text = *call.parameter(name);
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

Refusal missing(const std::string& parameter) {
  return {400, "Missing" + parameter, parameter + " is mandatory for this action.", false};
}

Refusal invalid(const std::string& message) {
  return {200, "iot.common.InvalidParam", message, true};
}

std::vector<Member> job_head(const Job& job, const JobState& state) {
  std::vector<Member> members;
  members.push_back({"JobId", text_value(job.spec.id)});
  members.push_back({"JobName", text_value(job.spec.name)});
  members.push_back({"Type", text_value(job.spec.type)});
  members.push_back({"Status", text_value(std::string(state.word))});
  members.push_back({"UtcCreate", text_value(utc_milliseconds(job.created_ms()))});
  members.push_back({"UtcModified", text_value(utc_milliseconds(state.modified_ms))});
  if (job.spec.start_ms > job.created_ms()) {
    members.push_back({"ScheduledTime", number(job.spec.start_ms)});
  }
  return members;
}

}  // namespace iotsim
