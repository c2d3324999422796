// Which events about a watched job as a whole are due: job_finished and job_stalled. A person who
// waits for one wants it once, also after a restart, so what was reported is kept in two stored
// times per job, in the commit of the event. No I/O, no failures. Event-loop thread only; the
// caller passes the time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/types/change.h"
#include "core/types/job.h"
#include "core/types/time.h"

namespace taskwatchd {

// The stored times of one account, by key.
using StoredTimes = std::unordered_map<std::string, Wall>;
StoredTimes by_key(const std::vector<StoredTime>& stored);

class JobReports {
 public:
  // For so long the number of stalled tasks must contradict what was reported. It is updated every
  // 10 s, and the limit is learned from the job itself, so it moves a little. As in the alert.
  static constexpr Duration kSteady = std::chrono::minutes(1);

  // Continues after a restart. Without a stored time (an older version, or a new job) a job whose
  // first scan is complete and that was not over is reported when it is over.
  void restore(const StoredTimes& stored, const JobRecord& job);

  // The job has unfinished tasks, or one of its tasks has changed: job_finished is due when all are
  // finished. What must be stored is appended to `times`.
  void expect_end(const JobKey& job, Wall now, std::vector<StoredTime>& times);
  bool expects_end() const { return expects_end_; }
  // job_finished is made now.
  void end(const JobKey& job, std::vector<StoredTime>& times);

  // A change to report: since when tasks are or were stalled.
  struct Stalled {
    bool over = false;
    Wall since;
  };
  // Takes the number of stalled tasks; nullopt: it is not known, so the report stays as it is.
  std::optional<Stalled> on_stalled(const JobKey& job, std::optional<std::uint32_t> stalled,
                                    Now now, std::vector<StoredTime>& times);
  // The job is over: ends the report of stalled tasks, if there is one.
  std::optional<Stalled> end_stalled(const JobKey& job, std::vector<StoredTime>& times);

 private:
  bool expects_end_ = false;
  bool is_kept_ = false;               // `expects_end_` as it is can be derived from what is stored
  std::optional<Wall> stalled_since_;  // reported
  std::optional<Now> differs_since_;   // the number contradicts the report
};

}  // namespace taskwatchd
