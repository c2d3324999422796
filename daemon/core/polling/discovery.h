// Finds the jobs of one instance to watch, by repeated sweeps through the pages of ListJob.
// Matching jobs are watched as soon as their page is received, so that a live job among 500 old
// ones need not wait for the end of the sweep. No I/O. Event-loop thread only.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/polling/poll_slot.h"
#include "core/types/job.h"
#include "core/types/time.h"

namespace taskwatchd {

// Which of an instance's jobs are watched without being named in the configuration.
struct DiscoverJobs {
  std::string name = "*";                                 // glob: only * and ? are special
  Duration modified_within = std::chrono::hours(24 * 7);  // by UtcModified
  std::size_t limit = 200;                                // at most this many, the newest
  bool operator==(const DiscoverJobs&) const = default;
};

class Discovery {
 public:
  explicit Discovery(DiscoverJobs wanted) : wanted_(std::move(wanted)) {}
  void configure(DiscoverJobs wanted) { wanted_ = std::move(wanted); }

  // When the next page is due, and its number, from 1.
  Mono due() const { return std::max(due_, poll_.ready()); }
  std::uint32_t page() const { return page_; }
  void on_sent(std::uint64_t call, Mono now) { poll_.on_sent(call, now); }
  void on_failure(std::uint64_t call, Mono retry_at) { poll_.on_failure(call, retry_at); }

  struct Found {
    std::vector<JobReply> fresh;       // to be watched from now on
    std::vector<std::string> dropped;  // no longer watched: not listed, too old, or over the limit
  };
  // Applies page `number`, requested by that call. A page that the sweep has already passed,
  // because its response came late, changes nothing.
  Found on_page(std::uint64_t call, std::uint32_t number, const JobPage& page, Now now);

  bool watches(const std::string& job_id) const { return watched_.contains(job_id); }
  // The job was watched before the daemon restarted.
  void restore(const std::string& job_id, Wall modified) { watched_[job_id] = modified; }
  // Jobs found but not watched: the name does not match, too old, or over the limit.
  std::size_t skipped() const { return skipped_; }

 private:
  bool wanted(const JobReply& job, Now now) const;

  DiscoverJobs wanted_;
  Mono due_ = Mono::min();
  std::uint32_t page_ = 1;
  std::size_t page_rows_ = 0;  // rows of a full page, taken from the first one
  PollSlot poll_;
  std::map<std::string, Wall> watched_;  // by job id, with UtcModified
  std::set<std::string> seen_;           // in this sweep
  std::size_t passed_over_ = 0;          // in this sweep
  std::size_t skipped_ = 0;
};

}  // namespace taskwatchd
