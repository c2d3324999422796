// The simulated platform's content: accounts, instances, jobs and tasks, and the true state of each
// task at any instant. No I/O: the seed and the callers' instants determine everything. Lives are
// drawn when first needed, so that large jobs are cheap. One thread. References stay valid.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "simulator/model_account.h"
#include "simulator/model_distribution.h"
#include "simulator/model_job.h"
#include "simulator/model_ledger.h"

namespace iotsim {

// The true state of a task at one instant.
struct TaskState {
  Status status = Status::kQueued;
  std::string word;  // the status as the platform writes it
  bool has_progress = false;
  std::string progress;
  std::string message;
  std::string detail;  // JSON text from the device
  std::int64_t modified_ms = 0;
  std::int64_t queued_ms = 0;
  std::uint16_t attempt = 1;
};

enum class RerunKind { kKeepTaskId, kNewTaskId };

class World {
 public:
  explicit World(std::uint64_t seed) : seed_(seed) {}
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  // Whether a progress report counts as a modification of the task.
  bool progress_bumps_modified = false;

  Account& add(Account account);
  std::size_t add(Instance instance);
  // Creates the job's tasks. REQUIRES: spec.instance exists; ids are new (otherwise throws
  // std::invalid_argument).
  Job& add(JobSpec spec);
  // REQUIRES: its account exists; its id is new in it (otherwise throws std::invalid_argument).
  Distribution& add(DistributionSpec spec);

  const std::deque<Account>& accounts() const { return accounts_; }
  const std::deque<Instance>& instances() const { return instances_; }
  const std::deque<Job>& jobs() const { return jobs_; }
  std::deque<Distribution>& distributions() { return distributions_; }
  const std::deque<Distribution>& distributions() const { return distributions_; }
  std::uint64_t seed() const { return seed_; }
  std::size_t task_count() const { return tasks_.size(); }
  // In the order of creation; the new tasks of a rerun come last.
  const Task& task_at(std::size_t index) const { return tasks_.at(index); }

  Account* account(std::string_view name);
  const Job* job(std::string_view id) const;
  const Task* task(std::string_view id) const;
  const Job& job_of(const Task& task) const { return jobs_[task.job]; }
  const Instance& instance_of(const Task& task) const;
  std::string device_name(const Task& task) const;
  std::string iot_id(const Task& task) const;

  // Returns the true state at `t`; nullopt before the task's creation and after its removal.
  std::optional<TaskState> status_at(const Task& task, std::int64_t t);
  // Returns everything that happens to the task, past and future, if nobody interferes.
  const std::vector<Step>& history(const Task& task);
  // Returns the state after one of those steps.
  TaskState state_after(const Task& task, std::size_t step);

  // Returns the lists and counts of the job's tasks. Slow the first time, and after each of the
  // calls below. The reference is valid until such a call.
  TaskLedger& ledger(const Job& job);

  // RerunJob: runs the tasks that are FAILED or TIMED_OUT at `t` again, at the job's roll-out rate.
  // Returns their ids: the same ones, or those of new tasks for the same devices.
  std::vector<std::string> rerun(std::string_view job_id, std::int64_t t, RerunKind kind);
  // CancelJob: unfinished tasks become CANCELLED. Returns how many.
  std::size_t cancel(std::string_view job_id, std::int64_t t);
  // DeleteJob, for one task: the task is unknown from `t` on. Returns false if it never existed.
  bool remove(std::string_view task_id, std::int64_t t);
  // DeleteJob: the job and all its tasks are unknown from `t` on. Returns false if it never
  // existed.
  bool remove_job(std::string_view job_id, std::int64_t t);

 private:
  Task& add_task(std::uint32_t job, std::uint32_t device, std::string id);
  std::string make_task_id(const std::string& job_id, std::uint32_t device, std::uint32_t rerun);
  void add_scripts(Job& job);
  const std::vector<Step>& steps(Task& task);
  std::vector<Step> play(Task& task, std::int64_t from, std::int64_t leave, std::uint16_t attempt);
  Task& own(const Task& task) { return const_cast<Task&>(task); }  // the world owns all tasks
  Job& own(const Job& job) { return const_cast<Job&>(job); }

  std::uint64_t seed_;
  std::deque<Account> accounts_;
  std::deque<Instance> instances_;
  std::deque<Job> jobs_;
  std::deque<Distribution> distributions_;
  std::deque<Task> tasks_;
  std::unordered_map<std::string_view, std::uint32_t> task_index_;
};

}  // namespace iotsim
