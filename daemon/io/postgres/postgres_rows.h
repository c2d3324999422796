// The rows of a PostgreSQL state, for `taskwatchd state`. See state_rows.h. Replicas that start
// meanwhile wait for the end of the transaction, which holds a lock on the tables of the leases.
#pragma once

#include <chrono>
#include <functional>
#include <memory>

#include "io/postgres/postgres_session.h"
#include "io/state_rows.h"

namespace taskwatchd::postgres {

// Longer than a lease lasts (10 s): one that does not change for this long has no live holder.
inline constexpr std::chrono::milliseconds kWatchLeases{12'000};

struct OpenRows {
  bool create = false;  // the schema, if it does not exist
  // Called if leases or replicas are stored: then the opening takes as long as `watch`.
  std::function<void()> on_wait = [] {};
  std::chrono::milliseconds watch = kWatchLeases;
};

// Connects and checks the schema. Throws StateFault with kLocked if a replica uses the state.
std::unique_ptr<StateRows> open_rows(const Target& target, const OpenRows& how);

}  // namespace taskwatchd::postgres
