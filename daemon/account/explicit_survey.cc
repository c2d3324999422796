#include "account/explicit_survey.h"

#include <limits>
#include <utility>

#include "account/account_jobs.h"
#include "core/tracking/tracker.h"

namespace taskwatchd {
namespace {

constexpr Duration kSurveyEvery = std::chrono::seconds(10);

}  // namespace

bool ExplicitSurvey::is_large() const {
  std::size_t tasks = 0;
  for (const InstanceConfig& instance : config_.instances) tasks += instance.tasks.size();
  return tasks > kTasks;
}

void ExplicitSurvey::add(const std::string& id, ExplicitStates& to) const {
  const TaskRow& row = *tracker_.row(id);
  WatchState state = row.seen ? WatchState::kWatched : WatchState::kPending;
  if (row.gone) state = WatchState::kGone;
  to.tasks.push_back({id, state});
  if (state == WatchState::kGone) {
    ++to.gone;
  } else if (row.seen && jobs_.watches(tracker_.table().job_id(row))) {
    return;
  } else if (!row.seen) {
    ++to.unseen;
  } else if (is_finished(row.status) || row.superseded) {
    ++to.finished;
  } else {
    ++to.unfinished;
    if (!to.oldest_observation || row.last_seen < *to.oldest_observation) {
      to.oldest_observation = row.last_seen;
    }
  }
}

bool ExplicitSurvey::survey(Part& part, std::size_t tasks) const {
  for (; part.instance < config_.instances.size(); ++part.instance, part.task = 0) {
    const std::vector<std::string>& ids = config_.instances[part.instance].tasks;
    for (; part.task < ids.size(); ++part.task) {
      if (tasks-- == 0) return false;
      add(ids[part.task], part.states);
    }
  }
  return true;
}

void ExplicitSurvey::restart() {
  part_.reset();
  last_.reset();
  if (is_large()) last_ = states();
}

void ExplicitSurvey::step(Mono now) {
  if (!last_ || (!part_ && now < next_at_)) return;
  if (!part_) {
    part_ = Part{};
    next_at_ = now + kSurveyEvery;
  }
  if (!survey(*part_, kTasks)) return;
  last_ = std::make_shared<const ExplicitStates>(std::move(part_->states));
  part_.reset();
}

std::shared_ptr<const ExplicitStates> ExplicitSurvey::states() const {
  if (last_) return last_;
  Part all{};
  survey(all, std::numeric_limits<std::size_t>::max());
  return std::make_shared<const ExplicitStates>(std::move(all.states));
}

}  // namespace taskwatchd
