// The counters with series a job, and which jobs have series at all (refused: over the limit).
// Transitions by target and first sights by status are the state's own numbers, so a restart goes
// on from them: a job has series once its stored numbers were read. A new job's transitions read 0
// for a minute, for Prometheus counts no increase in the first sample that it sees of a series.
// Loop's thread only.
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

class JobCounters {
 public:
  static constexpr Duration kShownAsZero = std::chrono::seconds(60);
  // Counters kept in memory for jobs that are not watched, in case one is again: beyond this the
  // oldest go, kDropped at a time.
  static constexpr std::size_t kHiddenJobs = 10'000;
  static constexpr std::size_t kDropped = 1'000;

  // From now on new jobs are wanted(): they are not shown, and what is added to them is left to the
  // store, until know() was called. `asked` is called when the first is wanted. Without this they
  // begin at 0.
  void ask(std::function<void()> asked) { asked_ = std::move(asked); }
  // At most `limit` of them, in order.
  std::vector<JobKey> wanted(std::size_t limit);
  // These jobs' stored numbers were read just now and restored, if there were any.
  void know(const std::vector<JobKey>& jobs, Wall now);
  bool known(const JobKey& job) const;

  // How many jobs may have series; admitted ones stay when it shrinks.
  void set_limit(std::size_t jobs) { limit_ = jobs; }
  // The task, named by id, is of that job: the job's series exist from now on, all targets.
  void watch(const TaskKey& task, std::string_view job_id, Wall at);
  // The task is watched no longer; with the last of its job the job's series end, unless the job
  // itself is watched. A job that was refused until then comes in by list or refresh.
  void unwatch(const TaskKey& task);
  std::vector<TaskKey> tasks() const;
  // The jobs that are watched as such, all of them: the others' series end, but for those of tasks
  // named by id. Where room is scarce, jobs that have not ended come first.
  void list(const std::vector<LiveJob>& jobs, Wall at);
  // Does the job have series? `job` has its id as a label.
  bool admitted(const JobKey& job) const;

  void add(const CounterDelta& delta, Wall at);
  // What the store holds. No number is lowered by it.
  void restore(const std::vector<CounterValue>& values, Wall now);

  // Watched jobs that have no series because of the limit.
  std::size_t refused() const { return watched_ - admitted_; }
  // Brings the lines up to date; returns how many bytes append_to will append, heads apart.
  std::size_t refresh(Wall now);
  // Appends both families as of the last refresh, if any job has series.
  void append_to(std::string& page) const;

 private:
  using Numbers = std::array<std::uint64_t, kTaskStatusCount>;
  struct Job {
    Wall created;
    bool known = false;     // the numbers are the store's
    bool revealed = false;  // true for good once the numbers were shown: a counter never falls back
    bool admitted = false;
    std::size_t tasks = 0;  // named by id
    bool listed = false;    // watched itself
    bool ended = false;     // of a listed one
    Numbers transitions{};
    Numbers first_seen{};
    std::string transitions_text;  // ready lines; empty when they must be made anew
    std::string first_seen_text;

    bool watched() const { return tasks > 0 || listed; }
  };
  Job& job(const std::string& account, std::string_view job_id, Wall created);
  void want(const std::string& account, std::string_view job_id);
  void begin_watching(Job& job);
  void left(Job& job);
  void admit_waiting();
  void drop_hidden();
  void write(const JobKey& key, Job& job);

  std::size_t limit_ = 0;
  std::size_t watched_ = 0;
  std::size_t admitted_ = 0;
  std::map<JobKey, Job> jobs_;  // by account and job id as a label
  std::map<TaskKey, std::string> job_of_;
  std::set<JobKey> listed_;
  std::function<void()> asked_;
  std::set<JobKey> wanted_;  // with their ids, not labels
  std::string scratch_;      // lines in the making: keeps the jobs' own text exact in size
};

}  // namespace taskwatchd
