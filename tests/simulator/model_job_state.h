// Helpers shared by the calls about jobs: find the job, and its state.
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
  std::int64_t modified_ms = 0;  // when this state began
};
// Returns the state of the job at `t`; nullopt before its creation and after its removal.
std::optional<JobState> job_state(World& world, const Job& job, std::int64_t t);

// Returns the job with the id JobId, or another job of the account if the call is to return a wrong
// one. Returns a Refusal if the call's instance has no such job.
std::variant<const Job*, Refusal> find_job(ActionContext& context);

// Returns a parameter as an integer; nullopt if it is any other text. REQUIRES: it is present.
std::optional<std::int64_t> whole_parameter(const Call& call, std::string_view name);
Refusal missing(const std::string& parameter);
Refusal invalid(const std::string& message);

// Members that QueryJob and the rows of ListJob have in common.
std::vector<Member> job_head(const Job& job, const JobState& state);

}  // namespace iotsim
