#include "io/postgres/postgres_fence.h"

#include <set>

#include "core/events/event_fields.h"
#include "core/types/lease.h"

namespace taskwatchd::postgres {

std::vector<std::string> accounts_of(const Commit& commit) {
  std::set<std::string> accounts;
  for (const TaskRecord& one : commit.records) accounts.insert(one.key.account);
  for (const JobRecord& one : commit.jobs) accounts.insert(one.key.account);
  for (const DistributionRecord& one : commit.distributions) accounts.insert(one.key.account);
  for (const Event& one : commit.events) accounts.emplace(text_field(one, "account"));
  for (const CounterDelta& one : commit.counters) accounts.insert(one.key.account);
  for (const StoredTime& one : commit.stored_times) accounts.insert(one.account);
  for (const SinkState& one : commit.sinks) accounts.insert(sink_lease(one.sink));
  accounts.erase("");  // an event of the daemon itself
  return {accounts.begin(), accounts.end()};
}

}  // namespace taskwatchd::postgres
