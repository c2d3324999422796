// Which tasks of watched jobs have series of their own, by metrics.task_series and its limit. One
// that was admitted stays, whatever becomes of it, until its job's series end, it is superseded or
// gone, or it is named by id. Of a refused one only a hash of 64 bits is held, for there may be
// 100,000: so each is counted once (two of a job share a hash once in a billion such jobs).
// Loop's thread only.
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
  // Refused tasks beyond so many are not counted: about 16 MB of hashes.
  static constexpr std::size_t kCounted = 1'000'000;

  // The series are kept in `page`, which must outlive it.
  explicit JobTasks(TaskFamilies& page) : page_(page) {}

  // Under a narrower policy the series of tasks that it does not want end, and the count of refused
  // ones begins anew. A smaller limit ends none.
  void configure(TaskSeries policy, std::size_t limit);
  // A record of a watched job's task: its series appear, change or end, or it is refused. A refused
  // one comes in with its next record once there is room.
  void put(const TaskRecord& record, const std::string& instance, const StringMap& labels);
  // The task was named by id until now and is shown on the page: it goes on as one of its job's,
  // where it is wanted and there is room; otherwise its series end.
  void adopt(const TaskKey& key);
  // The reverse: the task is named by id from now on. Its series stay.
  void release(const TaskKey& key, const std::string& job_id);
  // Its series end; nothing happens if it has none.
  void forget(const TaskKey& key);
  // The series of all other jobs' tasks end; instance and labels of these are as in the views.
  void keep(const std::vector<LiveJob>& live);

  struct Shown {
    TaskKey key;
    std::string job_id;
  };
  std::vector<Shown> admitted() const;
  // Tasks that the policy wants series for as they are now, refused because of the limit.
  std::size_t refused() const { return refused_; }

 private:
  struct Job {
    std::set<std::string> admitted;  // task ids
    boost::unordered_flat_set<std::uint64_t> refused;
    std::string instance;  // of the view when last seen
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
