// The modelled cloud's content: accounts, instances, jobs and tasks, and the truth about each task
// at any instant. Pure: the seed and the callers' instants decide everything. Lives are drawn when
// first asked for, so that large jobs cost little. One thread. References stay valid.
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

// A task as it truly is at one instant.
struct TaskState {
  Status status = Status::kQueued;
  std::string word;  // the status as the cloud spells it
  bool has_progress = false;
  std::string progress;
  std::string message;
  std::string detail;  // JSON text of the device
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

  // A progress report counts as a modification of the task.
  bool progress_bumps_modified = false;

  Account& add(Account account);
  std::size_t add(Instance instance);
  // Makes the job's tasks. REQUIRES: spec.instance exists; ids are new (else
  // std::invalid_argument).
  Job& add(JobSpec spec);
  // REQUIRES: its account exists; its id is new in it (else std::invalid_argument).
  Distribution& add(DistributionSpec spec);

  const std::deque<Account>& accounts() const { return accounts_; }
  const std::deque<Instance>& instances() const { return instances_; }
  const std::deque<Job>& jobs() const { return jobs_; }
  std::deque<Distribution>& distributions() { return distributions_; }
  const std::deque<Distribution>& distributions() const { return distributions_; }
  std::uint64_t seed() const { return seed_; }
  std::size_t task_count() const { return tasks_.size(); }
  // In the order they were made, a rerun's new tasks last.
  const Task& task_at(std::size_t index) const { return tasks_.at(index); }

  Account* account(std::string_view name);
  const Job* job(std::string_view id) const;
  const Task* task(std::string_view id) const;
  const Job& job_of(const Task& task) const { return jobs_[task.job]; }
  const Instance& instance_of(const Task& task) const;
  std::string device_name(const Task& task) const;
  std::string iot_id(const Task& task) const;

  // The truth at `t`; nothing before the task was made and after it was removed.
  std::optional<TaskState> status_at(const Task& task, std::int64_t t);
  // Everything that happens to the task, past and future, if nobody interferes.
  const std::vector<Step>& history(const Task& task);
  // What one of those steps shows.
  TaskState state_after(const Task& task, std::size_t step);

  // The job's tasks by list and count; costs much when asked for the first time and after each of
  // the three below. The reference holds until then.
  TaskLedger& ledger(const Job& job);

  // RerunJob: runs the tasks that are FAILED or TIMED_OUT at `t` again, at the job's roll-out rate.
  // Returns their ids: the same ones, or those of new tasks for the same devices.
  std::vector<std::string> rerun(std::string_view job_id, std::int64_t t, RerunKind kind);
  // CancelJob: unfinished tasks turn CANCELLED. Returns how many.
  std::size_t cancel(std::string_view job_id, std::int64_t t);
  // DeleteJob, for one task: it is no longer known from `t` on. False if it never was.
  bool remove(std::string_view task_id, std::int64_t t);
  // DeleteJob: neither the job nor any of its tasks is known from `t` on. False if it never was.
  bool remove_job(std::string_view job_id, std::int64_t t);

 private:
  Task& add_task(std::uint32_t job, std::uint32_t device, std::string id);
  std::string make_task_id(const std::string& job_id, std::uint32_t device, std::uint32_t rerun);
  void add_scripts(Job& job);
  const std::vector<Step>& steps(Task& task);
  std::vector<Step> play(Task& task, std::int64_t from, std::int64_t leave, std::uint16_t attempt);
  Task& own(const Task& task) { return const_cast<Task&>(task); }  // all tasks are ours
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
