#include "plan/job_lists.h"

#include <algorithm>
#include <iterator>
#include <numeric>

namespace taskwatchd::plan {
namespace {

std::size_t index(TaskStatus status) {
  return static_cast<std::size_t>(status);
}

// Sorts tasks by a time, and by number where times are equal.
void sort_by(std::vector<std::uint32_t>& tasks, auto time) {
  std::sort(tasks.begin(), tasks.end(),
            [&](auto a, auto b) { return std::pair(time(a), a) < std::pair(time(b), b); });
}

}  // namespace

std::optional<Order> parse_order(std::string_view word) {
  for (const Order order : {Order::kId, Order::kOldest, Order::kNewest, Order::kMixed}) {
    if (word == name(order)) return order;
  }
  return std::nullopt;
}

std::string_view name(Order order) {
  switch (order) {
    case Order::kId:
      return "id";
    case Order::kOldest:
      return "oldest";
    case Order::kNewest:
      return "newest";
    case Order::kMixed:
      return "mixed";
  }
  return "";
}

JobLists::JobLists(std::span<const TaskCourse> tasks)
    : tasks_(tasks),
      by_left_(tasks.size()),
      place_left_(tasks.size()),
      place_started_(tasks.size()) {
  std::iota(by_left_.begin(), by_left_.end(), 0U);
  for (const std::uint32_t task : by_left_) {
    if (tasks_[task].started != kNever) by_started_.push_back(task);
    by_end_[index(tasks_[task].outcome)].push_back(task);
  }
  sort_by(by_left_, [&](auto task) { return tasks_[task].left; });
  sort_by(by_started_, [&](auto task) { return tasks_[task].started; });
  for (Tasks& ended : by_end_) sort_by(ended, [&](auto task) { return tasks_[task].end; });
  for (std::uint32_t i = 0; i < by_left_.size(); ++i) place_left_[by_left_[i]] = i;
  for (std::uint32_t i = 0; i < by_started_.size(); ++i) place_started_[by_started_[i]] = i;
}

JobStatistics JobLists::counts(Ms at) const {
  const auto until = [&](const Tasks& by, auto time) {
    const auto end = std::partition_point(by.begin(), by.end(),
                                          [&](auto task) { return tasks_[task].*time <= at; });
    return static_cast<std::uint32_t>(end - by.begin());
  };
  JobStatistics counts;
  counts.total = static_cast<std::uint32_t>(tasks_.size());
  const auto left = until(by_left_, &TaskCourse::left);
  const auto started = until(by_started_, &TaskCourse::started);
  std::uint32_t ended = 0, rejected = 0;
  for (const TaskStatus status : kAllTaskStatuses) {
    const auto n = until(by_end_[index(status)], &TaskCourse::end);
    count_of(counts.tasks, status) += n;
    (status == TaskStatus::kRejected ? rejected : ended) += n;
  }
  count_of(counts.tasks, TaskStatus::kQueued) = counts.total - left;
  count_of(counts.tasks, TaskStatus::kSent) = left - started - rejected;
  count_of(counts.tasks, TaskStatus::kInProgress) = started - ended;
  return counts;
}

void JobLists::reset() {
  left_ = started_ = 0;
  ended_ = {};
  with_status_ = {};
  sent_ = in_progress_ = {};
  Places& queued = with_status_[index(TaskStatus::kQueued)];
  for (std::uint32_t task = 0; task < tasks_.size(); ++task) queued.insert(queued.end(), task);
}

void JobLists::move(std::uint32_t task, TaskStatus from, TaskStatus to) {
  with_status_[index(to)].insert(with_status_[index(from)].extract(task));
}

void JobLists::go_to(Ms at) {
  if (at < now_) reset();
  now_ = at;
  for (; left_ < by_left_.size() && tasks_[by_left_[left_]].left <= at; ++left_) {
    move(by_left_[left_], TaskStatus::kQueued, TaskStatus::kSent);
    sent_.insert(sent_.end(), static_cast<std::uint32_t>(left_));
  }
  for (; started_ < by_started_.size() && tasks_[by_started_[started_]].started <= at; ++started_) {
    const std::uint32_t task = by_started_[started_];
    move(task, TaskStatus::kSent, TaskStatus::kInProgress);
    sent_.erase(place_left_[task]);
    in_progress_.insert(in_progress_.end(), static_cast<std::uint32_t>(started_));
  }
  for (const TaskStatus outcome : kAllTaskStatuses) {
    const Tasks& by_end = by_end_[index(outcome)];
    for (std::size_t& n = ended_[index(outcome)]; n < by_end.size(); ++n) {
      const std::uint32_t task = by_end[n];
      if (tasks_[task].end > at) break;
      const bool began = tasks_[task].started != kNever;
      move(task, began ? TaskStatus::kInProgress : TaskStatus::kSent, outcome);
      if (began) {
        in_progress_.erase(place_started_[task]);
      } else {
        sent_.erase(place_left_[task]);
      }
    }
  }
}

JobLists::Slice JobLists::slice(std::optional<TaskStatus> status, Order order,
                                std::optional<std::size_t> from, std::size_t limit, Ms at) {
  go_to(at);
  Slice slice;
  const auto add = [&](std::size_t place, std::uint32_t task) {
    if (slice.tasks.size() == limit) {
      slice.next = place;
      return false;
    }
    slice.tasks.push_back(task);
    return true;
  };
  // Newest first counts backwards from a place: later rows are added behind it.
  const bool newest = order == Order::kNewest;
  const auto walk = [&](const Places& places, const Tasks* by) {
    const auto begin = static_cast<std::uint32_t>(from.value_or(0));
    const auto task = [&](std::uint32_t place) { return by == nullptr ? place : (*by)[place]; };
    if (by != nullptr && newest) {
      auto next = std::make_reverse_iterator(from ? places.lower_bound(begin) : places.end());
      while (next != places.rend() && add(*next + std::size_t{1}, task(*next))) ++next;
    } else {
      auto next = places.lower_bound(begin);
      while (next != places.end() && add(*next, task(*next))) ++next;
    }
  };
  const bool by_id = order == Order::kId || !status || *status == TaskStatus::kQueued;
  if (!status) {
    std::size_t next = from.value_or(0);
    while (next < tasks_.size() && add(next, static_cast<std::uint32_t>(next))) ++next;
  } else if (by_id) {
    walk(with_status_[index(*status)], nullptr);
  } else if (*status == TaskStatus::kSent) {
    walk(sent_, &by_left_);
  } else if (*status == TaskStatus::kInProgress) {
    walk(in_progress_, &by_started_);
  } else {
    const Tasks& by_end = by_end_[index(*status)];
    const std::size_t ended = ended_[index(*status)];
    std::size_t next = newest ? std::min(from.value_or(ended), ended) : from.value_or(0);
    if (newest) {
      while (next > 0 && add(next, by_end[next - 1])) --next;
    } else {
      while (next < ended && add(next, by_end[next])) ++next;
    }
  }
  return slice;
}

}  // namespace taskwatchd::plan
