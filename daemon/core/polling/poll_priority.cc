#include "core/polling/poll_priority.h"

#include <algorithm>

namespace taskwatchd {
namespace {

// A prior: the number of first polls assumed to have found a finished task.
constexpr double kPriorEnded = 2;
constexpr double kPriorPolls = 4;

Hazard::Fate fate_of(TaskStatus status) {
  if (!is_finished(status)) return Hazard::Fate::kNotEnded;
  return is_bad(status) ? Hazard::Fate::kEndedBad : Hazard::Fate::kEnded;
}

// Until when the task was in its previous status.
Wall until_of(const TaskReply& reply, Now now) {
  return is_finished(reply.status) ? reply.modified : now.wall;
}

}  // namespace

void PollPriority::enter(Seen& task, const std::string& job_id) {
  if (task.job != nullptr && task.job->first == job_id) return;
  leave(task);
  const auto [it, fresh] = groups_.try_emplace(job_id);
  if (fresh) it->second.group = hazard_.add_group();
  ++it->second.tasks;
  task.job = &*it;
}

void PollPriority::leave(Seen& task) {
  if (task.job == nullptr) return;
  if (--task.job->second.tasks == 0) {
    hazard_.remove_group(task.job->second.group);
    groups_.erase(groups_.find(task.job->first));
  }
  task.job = nullptr;
}

Hazard::Group PollPriority::group_of(const Seen& task) {
  return task.job == nullptr ? Hazard::kPooled : task.job->second.group;
}

// How long the task had been in its status when last seen. The time it was QUEUED says little about
// its turn in the rollout; that it was still QUEUED shows that it had not run.
Duration PollPriority::age_of(const Seen& task) {
  const Duration age = task.at - task.entered;
  return task.status == TaskStatus::kQueued ? std::min(Duration::zero(), age)
                                            : std::max(Duration::zero(), age);
}

double PollPriority::of_first(const Seen& task, Now now) const {
  const Duration waited = now.mono - task.at_mono;
  const double ended = (first_ended_ + kPriorEnded) / (first_polls_ + kPriorPolls);
  return ended * seconds(waited) +
         hazard_.priority(Hazard::kPooled, TaskStatus::kUnknown, {}, waited);
}

double PollPriority::of_next(const Seen& task, Now now) const {
  const Duration age = age_of(task);
  return hazard_.priority(group_of(task), task.status, age, age + (now.mono - task.at_mono));
}

void PollPriority::learn_first(const Seen& task, const TaskReply& reply, Now now) {
  const Wall until = until_of(reply, now);
  first_polls_ += 1;
  if (until < task.at) {
    first_ended_ += 1;
  } else {
    hazard_.learn(Hazard::kPooled, TaskStatus::kUnknown, {}, until - task.at,
                  fate_of(reply.status));
  }
}

void PollPriority::learn_next(const Seen& task, const TaskReply& reply, Now now) {
  const Duration age = age_of(task);
  hazard_.learn(group_of(task), task.status, age, age + (until_of(reply, now) - task.at),
                fate_of(reply.status));
}

}  // namespace taskwatchd
