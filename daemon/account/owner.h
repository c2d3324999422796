// What an account polls has three owners: explicit tasks, jobs, distributions. Each chooses the
// next call of an API and receives every outcome of its calls. Account arbitrates between them and
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

// The effects of a call's outcome.
struct CallEffects {
  Observation observation;
  std::vector<JobRecord> jobs;
  std::vector<DistributionRecord> distributions;
  std::optional<ResultRequest> fetch;  // a result file to download, once `begun` is stored
  std::optional<DistributionRecord> begun;
  std::optional<Reason> failure;  // as counted: kNotFound while others succeed
  bool retry = false;             // this call repeated one that failed temporarily
  std::vector<StoredTime> stored_times;
  std::vector<Event> events;              // not stored: api_throttled, task_not_found, ...
  std::vector<std::string> shown;         // task ids in the response, whoever watches them
  std::vector<std::string> dropped_jobs;  // found by discovery, no longer watched
};

// Why a call brought nothing that the owner can use.
struct CallFailure {
  enum class Kind : std::uint8_t {
    kAgain,    // to be repeated
    kRefused,  // the request itself was rejected: its parameters or its pagination token
    kAbsent,   // the platform does not know the item, though it knows others
  };
  Kind kind = Kind::kAgain;
  Mono retry_at;  // that API is not called for that item before this time
};

class Owner {
 public:
  virtual ~Owner() = default;

  // Returns the next call of that API, or when to check again. `rate` in calls/s is what the API's
  // rate limit currently allows. REQUIRES: the API may be called.
  virtual NextCall next(Api api, Now now, double rate, const Gates& gates) = 0;
  // The call that `next` has returned is being made. Exactly one of the two functions below
  // follows, even if the item is no longer watched by then or is watched again: the owner must
  // check.
  virtual void on_sent(const Call& call, Now now) = 0;
  // Applies a response about the item of the call. Its effects are added to `out`.
  virtual void on_response(const Call& call, const Outcome& reply, Now now, CallEffects& out) = 0;
  virtual void on_failure(const Call& call, const CallFailure& failure, Now now,
                          CallEffects& out) = 0;

  // Returns true if the call's item is still watched; failures of other calls are ignored.
  virtual bool watches(const Call& call) const = 0;
  // Returns true if a successful response has shown the call's item before.
  virtual bool has_seen(const Call& call) const = 0;
  // Returns true if the owner has something to call this API for.
  virtual bool needs(Api api) const = 0;
  // Sets whether the API may be called; the owner works without denied APIs and those with quota 0.
  virtual void set_usable(Api api, bool usable, Now now) = 0;
};

}  // namespace taskwatchd
