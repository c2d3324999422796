// What the calls about jobs share: which job is meant, and how it stands.
#pragma once

#include <array>
#include <string_view>
#include <variant>

#include "simulator/model_action.h"

namespace iotsim {

inline constexpr std::array<std::string_view, 8> kJobStatusWords = {
    "INITIALIZING", "WAITING",   "IN_PROGRESS", "COMPLETED",
    "CANCELLING",   "CANCELLED", "REMOVING",    "TIMED_OUT"};

struct JobState {
  std::string_view word;
  std::int64_t modified_ms = 0;  // when it came to be so
};
// How the job stands at `t`; nothing before it was made and after it was removed.
std::optional<JobState> job_state(World& world, const Job& job, std::int64_t t);

// The job that JobId names, or another one of the account if the call is to be mixed up. A refusal
// if there is no such job in the call's instance.
std::variant<const Job*, Refusal> find_job(ActionContext& context);

// A parameter as a whole number: nothing if it is another text. REQUIRES: it is there.
std::optional<std::int64_t> whole_parameter(const Call& call, std::string_view name);
Refusal missing(const std::string& parameter);
Refusal invalid(const std::string& message);

// Members that QueryJob and the rows of ListJob have in common.
std::vector<Member> job_head(const Job& job, const JobState& state);

}  // namespace iotsim
