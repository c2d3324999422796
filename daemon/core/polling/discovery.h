// Finds the jobs of one instance that are worth watching, by sweeps through ListJob's pages. Jobs
// that qualify are watched as soon as their page is in, so that a live one among 500 old ones waits
// for no sweep. Pure; loop's thread.
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

// Which of an instance's jobs are watched without being named.
struct DiscoverJobs {
  std::string name = "*";  // glob: * and ? are the only special bytes
  Duration modified_within = std::chrono::hours(24 * 7);  // by UtcModified
  std::size_t limit = 200;                                // the newest so many
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
    std::vector<std::string> dropped;  // no longer: not listed, too old, or over the limit
  };
  // The page that the call had asked for, by its number. One that the sweep has passed already, as
  // its answer came late, changes nothing.
  Found on_page(std::uint64_t call, std::uint32_t number, const JobPage& page, Now now);

  bool watches(const std::string& job_id) const { return watched_.contains(job_id); }
  // Watched in an earlier life of the program.
  void restore(const std::string& job_id, Wall modified) { watched_[job_id] = modified; }
  // Found, but not watched: too old, or over the limit.
  std::size_t skipped() const { return skipped_; }

 private:
  bool wanted(const JobReply& job, Now now) const;

  DiscoverJobs wanted_;
  Mono due_ = Mono::min();
  std::uint32_t page_ = 1;
  std::size_t page_rows_ = 0;  // of a full page: the first
  PollSlot poll_;
  std::map<std::string, Wall> watched_;  // by id, with UtcModified
  std::set<std::string> seen_;           // in this sweep
  std::size_t passed_over_ = 0;          // in this sweep
  std::size_t skipped_ = 0;
};

}  // namespace taskwatchd
