// Counts the calls where they arrive at the platform: the tests measure the client's rates with it.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "simulator/model_time.h"
#include "simulator/model_window.h"

namespace iotsim {

// One call after it ended.
struct CallRecord {
  std::int64_t wall_ms = 0;
  std::int64_t mono_us = 0;
  std::string account;  // empty: unknown, because the AccessKey is wrong
  std::string api;
  std::string task;    // or the job, or the page number of ListJob
  std::string filter;  // Status, of a list
  int status = 0;
  std::string code;        // of a failed call
  bool throttled = false;  // over the rate limit
  bool ok = false;         // a successful response was sent
  std::string client;      // address:port
};

// The statistics of one API of one account.
struct ApiStats {
  std::uint64_t calls = 0;        // received
  std::uint64_t throttled = 0;    // over the rate limit
  std::uint64_t accepted = 0;     // not throttled
  std::uint64_t ok = 0;           // successful responses
  std::size_t peak_received = 0;  // maximum in any window [t, t + 1 s)
  std::size_t peak_accepted = 0;
  double span_seconds = 0;  // from the first call to the last
  std::uint64_t last_10s = 0;
  int quota = 0;
  double goodput = 0;  // accepted / (span x quota); 0 while the span is 0
};

class CallLog {
 public:
  static constexpr std::size_t kKept = 10'000;  // number of calls

  void add(CallRecord record, int quota);
  void reset();

  const std::deque<CallRecord>& recent() const { return recent_; }
  // By account and API.
  std::map<std::pair<std::string, std::string>, ApiStats> stats(Now now) const;
  // By account, over all of its APIs; quota and goodput are 0.
  std::map<std::string, ApiStats> account_stats(Now now) const;

 private:
  struct Meter {
    ApiStats stats;
    WindowPeak received, accepted;
    std::int64_t first_us = 0, last_us = 0;
    std::deque<std::int64_t> last_10s;

    void add(const CallRecord& record, int quota);
    ApiStats stats_at(Now now) const;
  };
  std::deque<CallRecord> recent_;
  std::map<std::pair<std::string, std::string>, Meter> meters_;
  std::map<std::string, Meter> account_meters_;
};

}  // namespace iotsim
