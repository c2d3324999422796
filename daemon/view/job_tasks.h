// Which tasks of watched jobs have their own series, according to metrics.task_series and its
// limit. A task that was admitted keeps its series until its job's series are removed, it is
// superseded or not found, or it becomes an explicit task. Of a refused task only a 64-bit hash is
// kept, because there may be 100,000 of them: each is counted once (two tasks of a job have the
// same hash in one of a billion such jobs). Event-loop thread only.
#pragma once

#include <boost/unordered/unordered_flat_set.hpp>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "core/types/job.h"
#include "core/types/task.h"
#include "view/job_families.h"
#include "view/task_families.h"

namespace taskwatchd {

class JobTasks {
 public:
  // Maximum number of refused tasks that are counted: about 16 MB of hashes.
  static constexpr std::size_t kCounted = 1'000'000;

  // The series are stored in `page`, which must outlive this object.
  explicit JobTasks(TaskFamilies& page) : page_(page) {}

  // A narrower policy removes the series of tasks that it excludes, and restarts the count of
  // refused ones. A lower limit removes no series.
  void configure(TaskSeries policy, std::size_t limit);
  // Processes a record of a watched job's task: its series are created, changed or removed, or the
  // task is refused. A refused task is admitted with its next record once there is room.
  void put(const TaskRecord& record, const std::string& instance, const StringMap& labels);
  // The task was an explicit one with series until now. It continues as a task of its job if the
  // policy includes it and there is room; otherwise its series are removed.
  void adopt(const TaskKey& key, const std::string& job_id);
  // The reverse: the task becomes an explicit one. Its series are kept.
  void release(const TaskKey& key, const std::string& job_id);
  // Removes the task's series, if any.
  void forget(const TaskKey& key);
  // Removes the series of tasks of all other jobs; sets instance and labels of the remaining ones
  // from the views.
  void keep(const std::vector<LiveJob>& live);

  struct Shown {
    TaskKey key;
    std::string job_id;
  };
  std::vector<Shown> admitted() const;
  // Number of tasks that the policy currently includes but that are over the limit.
  std::size_t refused() const { return refused_; }

 private:
  struct Job {
    std::set<std::string> admitted;  // task ids
    boost::unordered_flat_set<std::uint64_t> refused;
    std::string instance;  // that the series show
    StringMap labels;
  };
  using Jobs = std::map<JobKey, Job>;

  bool wants(TaskStatus status) const { return wants_series(policy_, false, status); }
  void refuse(Job& job, std::uint64_t hash);
  void take_back(Job& job, std::uint64_t hash);
  Jobs::iterator drop(Jobs::iterator job);

  TaskFamilies& page_;
  TaskSeries policy_ = TaskSeries::kNone;
  std::size_t limit_ = 0;
  std::size_t admitted_ = 0;
  std::size_t refused_ = 0;
  Jobs jobs_;
};

}  // namespace taskwatchd
