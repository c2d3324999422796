// The lists of one modelled job: its tasks in each order, and which of them match a status at a
// time. A slice of a list costs its rows and what changed since the last one, not the whole job.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <string_view>
#include <vector>

#include "core/types/job.h"
#include "core/types/task.h"

namespace taskwatchd::plan {

using Ms = std::int64_t;  // milliseconds since the world's start
inline constexpr Ms kNever = INT64_MAX / 4;

// The order of a list's rows.
enum class Order : std::uint8_t { kId, kOldest, kNewest, kMixed };
std::optional<Order> parse_order(std::string_view word);  // id, oldest, newest, mixed
std::string_view name(Order order);

// What becomes of a task. left <= started <= end, if it starts.
struct TaskCourse {
  std::uint32_t job = 0;
  TaskStatus outcome = TaskStatus::kSucceeded;
  Ms left = 0;          // end of QUEUED
  Ms started = kNever;  // start of IN_PROGRESS; kNever: from SENT to REJECTED
  Ms end = 0;
};

class JobLists {
 public:
  // `tasks`, which are known here by their index, must outlive this object.
  explicit JobLists(std::span<const TaskCourse> tasks);

  // Number of tasks with each status.
  JobStatistics counts(Ms at) const;

  // At most `limit` tasks of a list from a place in it on; `next` is the place after them if there
  // are more. A place stays valid while the list changes.
  struct Slice {
    std::vector<std::uint32_t> tasks;
    std::optional<std::size_t> next;
  };
  // Absent `status`: all tasks; absent `from`: the beginning. `order` is not kMixed. A time before
  // that of the last slice costs as much as going through the whole job.
  Slice slice(std::optional<TaskStatus> status, Order order, std::optional<std::size_t> from,
              std::size_t limit, Ms at);

 private:
  using Tasks = std::vector<std::uint32_t>;
  using Places = std::set<std::uint32_t>;
  template <typename T>
  using ByStatus = std::array<T, kTaskStatusCount>;

  void reset();
  void go_to(Ms at);
  void move(std::uint32_t task, TaskStatus from, TaskStatus to);

  std::span<const TaskCourse> tasks_;
  // In the order of the transition.
  Tasks by_left_, by_started_;
  ByStatus<Tasks> by_end_;  // by outcome

  Ms now_ = kNever;  // kNever: no slice was taken
  // As of now_. How many have done so, from the front of by_left_, by_started_ and by_end_.
  std::size_t left_ = 0, started_ = 0;
  ByStatus<std::size_t> ended_{};
  ByStatus<Places> with_status_;      // tasks
  Places sent_, in_progress_;         // places in by_left_ and by_started_
  Tasks place_left_, place_started_;  // of each task
};

}  // namespace taskwatchd::plan
