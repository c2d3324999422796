#include "simulation/replicas_database.h"

#include <algorithm>

namespace taskwatchd {
namespace {

constexpr Duration kLimit = std::chrono::seconds(2);  // of a statement, and of a client's silence
constexpr Duration kLook = std::chrono::milliseconds(2);
const char* const kEventIds = "meta";  // no account has this name

}  // namespace

Awaitable<SimDatabase::Open> SimDatabase::begin(std::string holder) {
  const auto open = std::make_shared<Transaction>();
  open->holder = std::move(holder);
  open->touched = now();
  spawn(node_.context.get_executor(), watch(open));
  co_return open;
}

// idle_in_transaction_session_timeout
Awaitable<void> SimDatabase::watch(Open open) {
  const auto alarm = node_.clock.make_alarm();
  while (!open->ended) {
    co_await alarm->wait_until(open->touched + kLimit);
    if (now() >= open->touched + kLimit) end(*open);
  }
}

void SimDatabase::end(Transaction& transaction) {
  transaction.ended = true;
  for (const std::string& row : transaction.locks) locked_.erase(row);
  transaction.locks.clear();
}

Awaitable<bool> SimDatabase::lock(Open open, std::string row) {
  const auto alarm = node_.clock.make_alarm();
  const Mono limit = now() + kLimit;
  while (!open->ended && !open->locks.contains(row) && locked_.contains(row)) {
    if (now() >= limit) end(*open);
    open->touched = now();
    co_await alarm->wait_until(now() + kLook);
  }
  if (open->ended) co_return false;
  locked_.insert(row);
  open->locks.insert(row);
  open->touched = now();
  co_return true;
}

Awaitable<std::optional<Lease>> SimDatabase::lock_lease(Open open, std::string account) {
  const bool locked = co_await lock(open, account);
  if (!locked) co_return std::nullopt;
  const auto row = leases_.find(account);
  co_return row == leases_.end() ? Lease{} : row->second;
}

Awaitable<std::optional<std::vector<Lease>>> SimDatabase::pass(Open open, postgres::Fence fence) {
  std::vector<Lease> passed;
  for (const postgres::Fence::Lease& wanted : fence.leases) {
    const auto is_it = [&] {
      const auto row = leases_.find(wanted.account);
      return row != leases_.end() && row->second.holder == open->holder &&
             row->second.epoch == wanted.epoch;
    };
    if (!is_it()) continue;
    const bool locked = co_await lock(open, wanted.account);
    if (!locked) co_return std::nullopt;
    if (!is_it()) continue;  // changed while it was locked
    Lease lease = leases_.at(wanted.account);
    ++lease.commits;
    open->passed[wanted.account] = lease;
    passed.push_back(lease);
  }
  co_return passed;
}

// The row of the event ids stays locked until the transaction ends.
Awaitable<bool> SimDatabase::write(Open open, bool has_events) {
  open->touched = now();
  if (open->ended || !has_events) co_return !open->ended;
  co_return co_await lock(open, kEventIds);
}

Awaitable<std::optional<std::vector<std::uint64_t>>> SimDatabase::commit(Open open, Commit commit) {
  if (open->ended) co_return std::nullopt;
  on_commit(*open, commit);
  for (const auto& [account, lease] : open->passed) {
    leases_.at(account).commits = lease.commits;
  }
  const auto stored = co_await tables_.commit(std::move(commit));  // does not wait
  end(*open);
  co_return std::get<Committed>(stored).event_ids;
}

Awaitable<bool> SimDatabase::roll_back(Open open) {
  end(*open);
  co_return true;
}

Awaitable<void> SimDatabase::wait_unlocked(std::set<std::string> rows) {
  const auto alarm = node_.clock.make_alarm();
  const auto locked = [&](const std::string& row) { return locked_.contains(row); };
  while (std::any_of(rows.begin(), rows.end(), locked)) co_await alarm->wait_until(now() + kLook);
}

Awaitable<bool> SimDatabase::announce(Replica self) {
  const auto [row, fresh] = replicas_.try_emplace(self.holder, self);
  self.beat = fresh ? 0 : row->second.beat + 1;
  row->second = std::move(self);
  co_return true;
}

Awaitable<bool> SimDatabase::renew(std::string holder) {
  std::set<std::string> rows;
  for (const auto& [account, lease] : leases_) {
    if (lease.holder == holder) rows.insert(account);
  }
  co_await wait_unlocked(rows);
  for (const std::string& account : rows) {
    Lease& lease = leases_.at(account);
    if (lease.holder == holder) ++lease.beat;
  }
  co_return true;
}

Awaitable<std::vector<Lease>> SimDatabase::read_leases() {
  std::vector<Lease> all;
  for (const auto& [account, lease] : leases_) all.push_back(lease);
  co_return all;
}

Awaitable<std::vector<Replica>> SimDatabase::read_replicas() {
  std::vector<Replica> all;
  for (const auto& [holder, replica] : replicas_) all.push_back(replica);
  co_return all;
}

Awaitable<std::optional<Lease>> SimDatabase::claim(std::string holder, Lease seen) {
  if (seen.epoch == 0) {
    const auto [row, fresh] =
        leases_.try_emplace(seen.account, Lease{seen.account, holder, 1, 0, 0});
    if (!fresh) co_return std::nullopt;
  } else {
    // Named: g++ 12 cannot compile a list inside a co_await expression.
    const std::set<std::string> rows = {seen.account};
    co_await wait_unlocked(rows);
    const auto row = leases_.find(seen.account);
    if (row == leases_.end() || row->second.epoch != seen.epoch || row->second.beat != seen.beat) {
      co_return std::nullopt;
    }
    row->second.holder = holder;
    ++row->second.epoch;
    ++row->second.beat;
  }
  ++claims_;
  acquired_at_[seen.account] = now();
  co_return leases_.at(seen.account);
}

Awaitable<bool> SimDatabase::release(std::string holder, Lease held) {
  const std::set<std::string> rows = {held.account};
  co_await wait_unlocked(rows);
  const auto row = leases_.find(held.account);
  const bool its =
      row != leases_.end() && row->second.holder == holder && row->second.epoch == held.epoch;
  if (its) {
    row->second.holder.clear();
    ++row->second.beat;
  }
  co_return true;
}

Awaitable<bool> SimDatabase::remove(Replica replica) {
  const auto row = replicas_.find(replica.holder);
  if (row != replicas_.end() && row->second.beat == replica.beat) replicas_.erase(row);
  co_return true;
}

std::string SimDatabase::holder_of(const std::string& account) const {
  const auto row = leases_.find(account);
  return row == leases_.end() ? "" : row->second.holder;
}

Mono SimDatabase::acquired_at(const std::string& account) const {
  const auto at = acquired_at_.find(account);
  return at == acquired_at_.end() ? Mono::min() : at->second;
}

}  // namespace taskwatchd
