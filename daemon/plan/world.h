// A modelled platform with modelled devices, on a virtual clock: `taskwatchd plan` and the polling
// benchmark poll it instead of the real one. Consistent and exact; each response depends only on
// the time. The course of each task is drawn once, from a seed. Times are milliseconds since the
// world's start.
#pragma once

#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "core/types/job.h"
#include "core/types/task.h"
#include "core/types/time.h"
#include "plan/job_lists.h"

namespace taskwatchd::plan {

struct Life {
  double failed = 0.04;       // FAILED, after a lognormal time of median 60 s
  double hangs = 0.015;       // TIMED_OUT
  double rejected = 0.005;    // REJECTED before it starts
  double offline = 0.08;      // first stays SENT for an exponentially distributed time, mean 2 h
  double run_median_s = 180;  // SUCCEEDED, lognormal
  Ms timeout_ms = 30 * 60 * 1000;
};

struct JobPlan {
  std::uint32_t tasks = 1000;
  double rollout_per_minute = 1000;
  Ms start_ms = 0;     // time of creation and start
  bool named = false;  // its tasks are explicit ones, the job is not watched
};

class World {
 public:
  World(const std::vector<JobPlan>& jobs, const Life& life, Order order, std::uint64_t seed);
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  std::uint64_t seed() const { return seed_; }
  std::size_t jobs() const { return jobs_.size(); }
  std::size_t tasks() const { return tasks_.size(); }
  std::string job_id(std::size_t job) const;
  std::string task_id(std::size_t task) const;
  // REQUIRES: `id` is a job of this world.
  std::size_t job_number(const std::string& id) const;
  std::size_t task_number(const std::string& id) const;

  // When the task finishes, and with which status.
  Ms ends(std::size_t task) const { return tasks_[task].end; }
  TaskStatus outcome(std::size_t task) const { return tasks_[task].outcome; }
  std::size_t job_of(std::size_t task) const { return tasks_[task].job; }
  const JobPlan& plan_of(std::size_t job) const { return jobs_[job].plan; }
  // Time of the last completion of all.
  Ms last_end() const { return last_end_; }

  // The platform's responses at the time `at`; `epoch` is the wall clock at the world's start.
  JobStatistics statistics(std::size_t job, Ms at) const;
  TaskPage page(std::size_t job, std::optional<TaskStatus> status, const std::string& token,
                std::size_t limit, Ms at, Wall epoch);
  TaskReply task(std::size_t task, Ms at, Wall epoch) const;
  JobReply job(std::size_t job, Ms at, Wall epoch) const;
  JobPage listing(std::uint32_t page, std::size_t limit, Ms at, Wall epoch) const;

 private:
  struct Job {
    JobPlan plan;
    std::uint32_t first = 0;  // its tasks are [first, first + plan.tasks)
    JobLists lists;           // numbers its tasks from 0
  };

  TaskStatus status_at(const TaskCourse& task, Ms at) const;
  Ms modified_at(const TaskCourse& task, Ms at) const;
  TaskReply reply(std::size_t number, Ms at, Wall epoch) const;
  void draw(const std::vector<JobPlan>& plans);

  Order order_;
  Life life_;
  std::uint64_t seed_;
  std::mt19937_64 random_;
  std::vector<TaskCourse> tasks_;
  std::vector<Job> jobs_;
  Ms last_end_ = 0;
};

}  // namespace taskwatchd::plan
