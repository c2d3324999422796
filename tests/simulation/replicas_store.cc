#include "simulation/replicas_store.h"

#include <algorithm>

namespace taskwatchd {
namespace {

const StoreError kAway{StoreError::Kind::kUnavailable, "the database does not answer", {}};

}  // namespace

void SimStore::fence(const std::vector<Lease>& held) {
  held_.clear();
  for (const Lease& lease : held) {
    held_[lease.account] = {lease.account, lease.epoch, lease.commits};
  }
}

Awaitable<SimStore::Answer<Committed>> SimStore::commit(Commit commit) {
  postgres::Fence fence;
  StoreError missing{StoreError::Kind::kFenced, "no lease", {}};
  for (std::string& account : postgres::accounts_of(commit)) {
    const auto lease = held_.find(account);
    if (lease != held_.end()) {
      fence.leases.push_back(lease->second);
    } else {
      missing.fenced_accounts.push_back(std::move(account));
    }
  }
  if (!missing.fenced_accounts.empty()) co_return missing;
  co_await turns_.enter();
  Answer<Committed> answer = co_await write(std::move(commit), std::move(fence));
  turns_.leave();
  co_return answer;
}

Awaitable<void> SimStore::roll_back(Open open) {
  std::function<Awaitable<bool>()> statement = [&database = wire_.database, open] {
    return database.roll_back(open);
  };
  co_await wire_.ask<bool>(std::move(statement));
}

// Finds out whether the commit in doubt was done. Returns false if the database is away.
Awaitable<bool> SimStore::settle(Open open) {
  using Row = std::optional<Lease>;
  const Doubt doubt = *doubt_;
  const Lease& lease = doubt.leases.begin()->second;
  std::function<Awaitable<Row>()> statement = [&database = wire_.database, open,
                                               account = lease.account] {
    return database.lock_lease(open, account);
  };
  const std::optional<Row> row = co_await wire_.ask<Row>(std::move(statement));
  if (!row || !*row) co_return false;
  if ((*row)->epoch == lease.epoch && (*row)->commits == lease.commits) {
    for (const auto& [account, one] : doubt.leases) {
      counted_[account] = {account, one.epoch, one.commits};
    }
    if (doubt.id != 0) done_[doubt.id] = doubt.event_ids;
  }
  doubt_.reset();
  co_return true;
}

std::vector<std::string> SimStore::not_passed(const postgres::Fence& fence, const Doubt& commit) {
  std::vector<std::string> accounts;
  std::vector<std::string> went_back;
  for (const postgres::Fence::Lease& lease : fence.leases) {
    const auto found = commit.leases.find(lease.account);
    if (found == commit.leases.end()) {
      accounts.push_back(lease.account);
      continue;
    }
    postgres::Fence::Lease& counted = counted_[lease.account];
    if (counted.epoch != lease.epoch) counted = lease;
    if (found->second.commits == counted.commits + 1) continue;
    accounts.push_back(lease.account);
    went_back.push_back(lease.account);
  }
  if (!went_back.empty()) {
    for (const std::string& account : accounts) counted_.erase(account);
  }
  return accounts;
}

Awaitable<SimStore::Answer<Committed>> SimStore::write(Commit commit, postgres::Fence fence) {
  if (commit.empty()) co_return Committed{};
  std::function<Awaitable<Open>()> begin = [&database = wire_.database, holder = wire_.holder] {
    return database.begin(holder);
  };
  const std::optional<Open> begun = co_await wire_.ask<Open>(std::move(begin));
  if (!begun) co_return kAway;
  const Open open = *begun;
  if (doubt_) {
    const bool settled = co_await settle(open);
    if (!settled) co_return kAway;
  }
  if (const auto done = done_.extract(commit.id)) {
    co_await roll_back(open);
    co_return Committed{done.mapped()};
  }
  Doubt doubt{.id = commit.id, .leases = {}, .event_ids = {}};
  if (!fence.leases.empty()) {
    using Passed = std::optional<std::vector<Lease>>;
    std::function<Awaitable<Passed>()> pass = [&database = wire_.database, open, fence] {
      return database.pass(open, fence);
    };
    const std::optional<Passed> passed = co_await wire_.ask<Passed>(std::move(pass));
    if (!passed || !*passed) co_return kAway;
    for (const Lease& lease : **passed) doubt.leases[lease.account] = lease;
    std::vector<std::string> fenced = not_passed(fence, doubt);
    if (!fenced.empty()) {
      co_await roll_back(open);
      co_return StoreError{StoreError::Kind::kFenced, "another replica holds it", fenced};
    }
  }
  auto finished = co_await finish(open, std::move(commit), std::move(doubt));
  if (!finished) co_return kAway;
  co_return *std::move(finished);
}

Awaitable<std::optional<SimStore::Answer<Committed>>> SimStore::finish(Open open, Commit commit,
                                                                       Doubt doubt) {
  using Ids = std::optional<std::vector<std::uint64_t>>;
  std::function<Awaitable<bool>()> write = [&database = wire_.database, open,
                                            has_events = !commit.events.empty()] {
    return database.write(open, has_events);
  };
  const std::optional<bool> written = co_await wire_.ask<bool>(std::move(write));
  if (!written || !*written) co_return std::nullopt;
  const std::size_t count = commit.events.size();
  // Nobody else takes an id before this transaction ends.
  const auto& events = wire_.database.tables().events();
  const std::uint64_t last = events.empty() ? 0 : events.rbegin()->first;
  for (std::size_t i = 1; i <= count; ++i) doubt.event_ids.push_back(last + i);
  std::function<Awaitable<Ids>()> end = [&database = wire_.database, open, commit] {
    return database.commit(open, commit);
  };
  const std::optional<Ids> ids = co_await wire_.ask<Ids>(std::move(end));
  if (!ids || !*ids) {
    if (!doubt.leases.empty()) doubt_ = std::move(doubt);
    co_return std::nullopt;
  }
  for (const auto& [account, lease] : doubt.leases) {
    counted_[account] = {account, lease.epoch, lease.commits};
  }
  co_return Answer<Committed>(Committed{**ids});
}

template <typename Value>
Awaitable<SimStore::Answer<Value>> SimStore::read(std::function<Awaitable<Answer<Value>>()> query) {
  co_await turns_.enter();
  auto answer = co_await wire_.ask<Answer<Value>>(std::move(query));
  turns_.leave();
  if (!answer) co_return kAway;
  co_return *std::move(answer);
}

Awaitable<SimStore::Answer<Stored>> SimStore::load(std::string account) {
  return read<Stored>(
      [&tables = wire_.database.tables(), account] { return tables.load(account); });
}

Awaitable<SimStore::Answer<std::vector<TaskRecord>>> SimStore::tasks(std::string account,
                                                                     std::vector<std::string> ids) {
  return read<std::vector<TaskRecord>>(
      [&tables = wire_.database.tables(), account, ids] { return tables.tasks(account, ids); });
}

Awaitable<SimStore::Answer<std::vector<CounterValue>>> SimStore::counters(
    std::string account, std::vector<std::string> job_ids) {
  return read<std::vector<CounterValue>>([&tables = wire_.database.tables(), account, job_ids] {
    return tables.counters(account, job_ids);
  });
}

Awaitable<SimStore::Answer<std::vector<TaskRecord>>> SimStore::tasks_of_job(JobKey job,
                                                                            std::string after,
                                                                            std::size_t limit) {
  return read<std::vector<TaskRecord>>([&tables = wire_.database.tables(), job, after, limit] {
    return tables.tasks_of_job(job, after, limit);
  });
}

Awaitable<SimStore::Answer<std::vector<Event>>> SimStore::events_of_task(TaskKey task,
                                                                         std::size_t limit) {
  return read<std::vector<Event>>([&tables = wire_.database.tables(), task, limit] {
    return tables.events_of_task(task, limit);
  });
}

Awaitable<SimStore::Answer<std::vector<Event>>> SimStore::events_after(std::uint64_t id,
                                                                       std::size_t limit,
                                                                       std::string account) {
  return read<std::vector<Event>>([&tables = wire_.database.tables(), id, limit, account] {
    return tables.events_after(id, limit, account);
  });
}

Awaitable<SimStore::Answer<std::uint64_t>> SimStore::cursor(std::string sink) {
  return read<std::uint64_t>(
      [&tables = wire_.database.tables(), sink] { return tables.cursor(sink); });
}

Awaitable<SimStore::Answer<std::optional<SinkState>>> SimStore::sink(std::string name) {
  return read<std::optional<SinkState>>(
      [&tables = wire_.database.tables(), name] { return tables.sink(name); });
}

Awaitable<SimStore::Answer<std::uint64_t>> SimStore::last_event() {
  return read<std::uint64_t>([&tables = wire_.database.tables()] { return tables.last_event(); });
}

Awaitable<SimLeases::Answer<LeaseTable>> SimLeases::read_tables() {
  std::function<Awaitable<std::vector<Lease>>()> leases = [&database = wire_.database] {
    return database.read_leases();
  };
  std::function<Awaitable<std::vector<Replica>>()> replicas = [&database = wire_.database] {
    return database.read_replicas();
  };
  LeaseTable table;
  auto rows = co_await wire_.ask<std::vector<Lease>>(std::move(leases));
  if (!rows) co_return kAway;
  table.leases = *std::move(rows);
  auto others = co_await wire_.ask<std::vector<Replica>>(std::move(replicas));
  if (!others) co_return kAway;
  table.replicas = *std::move(others);
  co_return table;
}

Awaitable<SimLeases::Answer<LeaseTable>> SimLeases::renew(Replica self) {
  std::function<Awaitable<bool>()> announce = [&database = wire_.database, self] {
    return database.announce(self);
  };
  std::function<Awaitable<bool>()> beat = [&database = wire_.database, holder = wire_.holder] {
    return database.renew(holder);
  };
  co_await turns_.enter();
  Answer<LeaseTable> answer = kAway;
  const std::optional<bool> announced = co_await wire_.ask<bool>(std::move(announce));
  std::optional<bool> renewed;
  if (announced) renewed = co_await wire_.ask<bool>(std::move(beat));
  if (renewed) answer = co_await read_tables();
  turns_.leave();
  co_return answer;
}

Awaitable<SimLeases::Answer<LeaseTable>> SimLeases::read() {
  co_await turns_.enter();
  Answer<LeaseTable> answer = co_await read_tables();
  turns_.leave();
  co_return answer;
}

Awaitable<SimLeases::Answer<std::optional<Lease>>> SimLeases::claim(Lease seen) {
  using Row = std::optional<Lease>;
  std::function<Awaitable<Row>()> statement = [&database = wire_.database, holder = wire_.holder,
                                               seen] { return database.claim(holder, seen); };
  co_await turns_.enter();
  const std::optional<Row> row = co_await wire_.ask<Row>(std::move(statement));
  turns_.leave();
  if (!row) co_return kAway;
  co_return *row;
}

Awaitable<SimLeases::Answer<std::monostate>> SimLeases::release(Lease held) {
  std::function<Awaitable<bool>()> statement = [&database = wire_.database, holder = wire_.holder,
                                                held] { return database.release(holder, held); };
  co_await turns_.enter();
  const std::optional<bool> done = co_await wire_.ask<bool>(std::move(statement));
  turns_.leave();
  if (!done) co_return kAway;
  co_return std::monostate();
}

Awaitable<SimLeases::Answer<std::monostate>> SimLeases::remove(Replica replica) {
  std::function<Awaitable<bool>()> statement = [&database = wire_.database, replica] {
    return database.remove(replica);
  };
  co_await turns_.enter();
  const std::optional<bool> done = co_await wire_.ask<bool>(std::move(statement));
  turns_.leave();
  if (!done) co_return kAway;
  co_return std::monostate();
}

}  // namespace taskwatchd
