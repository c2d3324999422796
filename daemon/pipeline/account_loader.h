// Reads the stored state of an account when it begins to be polled, and of what a reload adds to
// it. Event-loop thread only.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "config/config.h"
#include "pipeline/poller.h"
#include "pipeline/recorder.h"
#include "ports.h"
#include "view/metrics.h"

namespace taskwatchd {

class AccountLoader {
 public:
  static constexpr std::size_t kAskPart = 1000;  // ids per query to the state database

  AccountLoader(Ports ports, const Recorder& recorder, Metrics& metrics);

  // Loads the stored records and those waiting to be stored: a task that is configured again
  // continues from them. `poller` already watches the others; it may be null. `taken_over`: another
  // replica may have counted since this one did.
  Awaitable<std::variant<Stored, StoreError>> load(const AccountConfig& account,
                                                   const Poller* poller, bool taken_over);
  // Restores the counters of jobs; `again` also those that are known.
  Awaitable<std::optional<StoreError>> load_counters(const std::string& account,
                                                     std::vector<std::string> jobs, bool again);

  // Number of parts read from the state database so far.
  std::uint64_t parts_read() const { return parts_read_; }

 private:
  Awaitable<std::optional<StoreError>> load_tasks(const std::string& account,
                                                  const std::vector<std::string>& ids,
                                                  std::vector<TaskRecord>& records);
  Awaitable<std::optional<StoreError>> load_tasks_of(JobKey job, std::vector<TaskRecord>& records);

  Ports ports_;
  const Recorder& recorder_;
  Metrics& metrics_;
  std::uint64_t parts_read_ = 0;
};

// The tasks that the configuration names.
std::vector<std::string> explicit_tasks_of(const AccountConfig& account);

}  // namespace taskwatchd
