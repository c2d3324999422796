// The counters with series per job, and which jobs have series at all (refused: over the limit).
// Transitions by target and first observations by status are persisted, so they continue after a
// restart: a job has series once its stored numbers have been read. A new job's transitions are 0
// for one minute, because Prometheus counts no increase in the first sample of a series. Event-loop
// thread only.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/types/change.h"
#include "core/types/job.h"
#include "core/types/task.h"
#include "core/types/time.h"
#include "view/job_families.h"

namespace taskwatchd {

// The counters of one job, by TaskStatus.
struct JobNumbers {
  using Numbers = std::array<std::uint64_t, kTaskStatusCount>;
  JobKey key;  // the id in label form
  Numbers transitions{};
  Numbers first_seen{};
};
// Writes both families, if any job has series.
void write_job_counters(const std::vector<JobNumbers>& jobs, MetricsWriter& page);

class JobCounters {
 public:
  static constexpr Duration kShownAsZero = std::chrono::seconds(60);
  // Maximum counters kept in memory for unwatched jobs, which may be watched again: beyond it the
  // oldest are removed, kDropped at a time.
  static constexpr std::size_t kHiddenJobs = 10'000;
  static constexpr std::size_t kDropped = 1'000;

  // After this call, new jobs are wanted(): until know() is called they are not shown, and what is
  // added to them is left to the state database. `asked` is called when the first job becomes
  // wanted. Without this call, new jobs begin at 0.
  void ask(std::function<void()> asked) { asked_ = std::move(asked); }
  // At most `limit` jobs, in order.
  std::vector<JobKey> wanted(std::size_t limit);
  // Reports that the stored numbers of these jobs have just been read, and restored if there were
  // any.
  void know(const std::vector<JobKey>& jobs, Wall now);
  bool known(const JobKey& job) const;

  // Sets how many jobs may have series; admitted ones keep them if the limit is lowered.
  void set_limit(std::size_t jobs) { limit_ = jobs; }
  // The explicit task belongs to that job: creates the job's series, for all targets.
  void watch(const TaskKey& task, std::string_view job_id, Wall at);
  // The task is no longer watched. The job's series are removed with its last task, unless the job
  // itself is watched. A job that is over the limit is admitted by the next list or shown.
  void unwatch(const TaskKey& task);
  // The watched explicit tasks, each with its job's id in label form.
  const std::map<TaskKey, std::string>& tasks() const { return job_of_; }
  // Sets all jobs that are watched themselves. The series of other jobs are removed, except those
  // of explicit tasks. If room is scarce, unfinished jobs come first.
  void list(const std::vector<LiveJob>& jobs, Wall at);
  // Returns whether the job has series. REQUIRES: the id in `job` is in label form.
  bool admitted(const JobKey& job) const;

  void add(const CounterDelta& delta, Wall at);
  // Restores the stored numbers. It lowers no number.
  void restore(const std::vector<CounterValue>& values, Wall now);

  // Watched jobs that have no series because of the limit.
  std::size_t refused() const { return watched_ - admitted_; }
  // The jobs that have series, with their counters as shown at that time.
  std::vector<JobNumbers> shown(Wall now);

 private:
  using Numbers = JobNumbers::Numbers;
  struct Job {
    Wall created;
    bool known = false;     // the stored numbers are included
    bool revealed = false;  // true forever once the numbers were shown: a counter must not decrease
    bool admitted = false;
    std::size_t tasks = 0;  // number of explicit tasks
    bool listed = false;    // the job itself is watched
    bool ended = false;     // the watched job is finished
    Numbers transitions{};
    Numbers first_seen{};

    bool watched() const { return tasks > 0 || listed; }
  };
  Job& job(const std::string& account, std::string_view job_id, Wall created);
  void want(const std::string& account, std::string_view job_id);
  void begin_watching(Job& job);
  void left(Job& job);
  void admit_waiting();
  void drop_hidden();

  std::size_t limit_ = 0;
  std::size_t watched_ = 0;
  std::size_t admitted_ = 0;
  std::map<JobKey, Job> jobs_;  // by account and job id in label form
  std::map<TaskKey, std::string> job_of_;
  std::set<JobKey> listed_;
  std::function<void()> asked_;
  std::set<JobKey> wanted_;  // with their ids, not in label form
};

}  // namespace taskwatchd
