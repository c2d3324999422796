// The states of all explicit tasks of an account, for its status. An account with very many is
// surveyed in steps, because a status must not hold the event loop for long; its states are then
// some 10 s old. No I/O; the caller passes the time.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

#include "config/config.h"
#include "core/types/status.h"
#include "core/types/time.h"

namespace taskwatchd {

class AccountJobs;
class Tracker;

struct ExplicitStates {
  std::vector<ExplicitTask> tasks;
  // A task of a watched job is counted with its job.
  std::size_t unseen = 0, unfinished = 0, finished = 0, gone = 0;
  std::optional<Wall> oldest_observation;  // of the unfinished ones
};

class ExplicitSurvey {
 public:
  // Tasks in one step: about 2 ms. An account with no more is surveyed whenever it is asked.
  static constexpr std::size_t kTasks = 10'000;

  // All must outlive this object.
  ExplicitSurvey(const AccountConfig& config, const Tracker& tracker, const AccountJobs& jobs)
      : config_(config), tracker_(tracker), jobs_(jobs) {}

  // Surveys all tasks now: the configuration was applied.
  void restart();
  // Continues a survey, or begins one if it is due. Call it again soon while is_running().
  void step(Mono now);
  bool is_running() const { return part_.has_value(); }
  std::shared_ptr<const ExplicitStates> states() const;

 private:
  struct Part {
    std::size_t instance;  // where it continues
    std::size_t task;
    ExplicitStates states;
  };
  bool is_large() const;
  // Examines `tasks` more. Returns true at the end.
  bool survey(Part& part, std::size_t tasks) const;
  void add(const std::string& id, ExplicitStates& to) const;

  const AccountConfig& config_;
  const Tracker& tracker_;
  const AccountJobs& jobs_;
  std::optional<Part> part_;  // in progress
  Mono next_at_ = Mono::min();
  std::shared_ptr<const ExplicitStates> last_;  // of a large account
};

}  // namespace taskwatchd
