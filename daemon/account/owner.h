// What an account polls for has three owners: tasks named by id, jobs, distributions. Each names
// the next call of an API and takes every outcome of its calls. Account arbitrates between them and
// does not know what an owner does with an outcome. No I/O. Event-loop thread only.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/tracking/tracker.h"
#include "core/types/call.h"
#include "core/types/change.h"
#include "core/types/distribution.h"
#include "core/types/gates.h"
#include "core/types/outcome.h"
#include "core/types/time.h"

namespace taskwatchd {

// What an answer came to.
struct Verdict {
  Observation observation;
  std::vector<JobRecord> jobs;
  std::vector<DistributionRecord> distributions;
  std::optional<ResultRequest> fetch;  // a result file to be fetched, once `begun` is stored
  std::optional<DistributionRecord> begun;
  std::optional<Reason> failure;   // as counted: kNotFound where others of the instance answer
  bool retry = false;              // this call repeated one that failed for a passing reason
  std::vector<Event> news;         // not stored: account_recovered, api_throttled, ...
  std::vector<std::string> shown;  // tasks that the reply showed, whoever watches them
  std::vector<std::string> dropped_jobs;  // found by discovery, no longer watched
};

// Why a call brought nothing that the owner can use.
struct CallFailure {
  enum class Kind : std::uint8_t {
    kAgain,    // to be asked again
    kRefused,  // the request itself was refused: its parameters, or a page's token
    kAbsent,   // the platform does not know the item, though it knows others
  };
  Kind kind = Kind::kAgain;
  Mono retry_at;  // that API is not asked for that item before
};

class Owner {
 public:
  virtual ~Owner() = default;

  // The next call of that API, or when to look again. `rate` in calls/s is what the API's limit
  // allows now. REQUIRES: the API may be called.
  virtual NextCall next(Api api, Now now, double rate, const Gates& gates) = 0;
  // The call that `next` has named is made. It ends with exactly one of the two below, also if the
  // item is no longer watched by then, or is watched again: that is the owner's to see.
  virtual void on_sent(const Call& call, Now now) = 0;
  // A reply that is about the item of the call. What it changes is added to `out`.
  virtual void on_answer(const Call& call, const Outcome& reply, Now now, Verdict& out) = 0;
  virtual void on_failure(const Call& call, const CallFailure& failure, Now now, Verdict& out) = 0;

  // The call's item is still watched: failures of others are nobody's, and say nothing of it.
  virtual bool watches(const Call& call) const = 0;
  // A good reply has shown the call's item before.
  virtual bool has_seen(const Call& call) const = 0;
  // There is something that this API is called for.
  virtual bool needs(Api api) const = 0;
  // The API may be called; denied ones, and those with a quota of 0, are done without.
  virtual void set_usable(Api api, bool usable, Now now) = 0;
};

}  // namespace taskwatchd
