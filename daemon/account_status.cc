// What an account says of itself, for /metrics and the status line.
#include "account.h"

namespace taskwatchd {

AccountStatus Account::status(Now now) const {
  AccountStatus status;
  status.name = config_.name;
  status.up = health_.up();
  for (const Instance& instance : instances_) {
    status.instances.push_back({instance.config.name, instance.health.up()});
    for (const std::string& id : instance.config.tasks) {
      const TaskRecord* record = tracker_.record(id);
      WatchState state = record != nullptr ? WatchState::kWatched : WatchState::kPending;
      if (tracker_.is_gone(id)) state = WatchState::kGone;
      status.explicit_tasks.push_back({id, state});
      if (state == WatchState::kGone) {
        ++status.gone;
      } else if (record == nullptr) {
        ++status.unseen;
      } else if (is_finished(record->last.status) || record->superseded) {
        ++status.finished;
      } else {
        ++status.unfinished;
        if (!status.oldest_observation || record->last_seen < *status.oldest_observation) {
          status.oldest_observation = record->last_seen;
        }
      }
    }
  }
  if (limiter_.in_use()) {
    status.apis.push_back(
        {Api::kQueryTask, limiter_.rate(), limiter_.configured_rate(), last_success_});
  }
  status.clock_offset_seconds = clock_offset_;
  status.blind_seconds = blind_.seconds(now, status.unfinished > 0);
  return status;
}

}  // namespace taskwatchd
