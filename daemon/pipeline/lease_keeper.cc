#include "pipeline/lease_keeper.h"

#include <algorithm>

namespace taskwatchd {
namespace {

// Replicas get a new configuration one after the other.
constexpr Duration kMayDiffer = std::chrono::seconds(60);

}  // namespace

LeaseKeeper::LeaseKeeper(boost::asio::any_io_executor executor, Clock& clock, Log& log,
                         LeaseStore& store, Replica self, Hooks hooks)
    : executor_(std::move(executor)),
      clock_(clock),
      log_(log),
      store_(store),
      self_(std::move(self)),
      hooks_(std::move(hooks)),
      book_(store.holder()),
      alarm_(clock.make_alarm()) {
  self_.holder = store.holder();
}

void LeaseKeeper::configure(std::vector<std::string> accounts,
                            std::vector<std::string> config_hashes) {
  book_.configure(accounts);
  self_.accounts = std::move(accounts);
  self_.config_hashes = std::move(config_hashes);
  renew_at_ = Mono::min();  // the others learn of it at once
  alarm_->ring();
}

bool LeaseKeeper::may_call(const std::string& account) {
  return !giving_up_.contains(account) && book_.valid(account, clock_.now().mono);
}

Awaitable<void> LeaseKeeper::run() {
  for (;;) {
    const Mono now = clock_.now().mono;
    const bool renew = renew_at_ <= now;
    if (renew || read_at_ <= now) co_await read(renew);
    co_await claim();
    // One after the other when balancing; all at once when stopping.
    while (stopping_ || giving_up_.empty()) {
      std::optional<Lease> next;
      if (stopping_) {
        for (const Lease& lease : book_.held()) {
          if (!giving_up_.contains(lease.account)) next = lease;
        }
      } else {
        next = book_.to_give_up(clock_.now().mono);
      }
      if (!next) break;
      giving_up_.insert(next->account);
      spawn(executor_, give_up(next->account));
    }
    if (stopping_ && giving_up_.empty() && book_.held().empty()) break;
    // Named: g++ 12 cannot compile a list inside a co_await expression.
    const Mono wake = std::min({renew_at_, read_at_, book_.next_claim(clock_.now().mono)});
    co_await alarm_->wait_until(wake);
  }
  for (const Replica& replica : book_.replicas(clock_.now().mono)) {
    if (replica.holder == self_.holder) co_await store_.remove(replica);
  }
  stopped_ = true;
}

Awaitable<void> LeaseKeeper::read(bool renew) {
  const Mono sent = clock_.now().mono;
  if (renew) renew_at_ = sent + kLeaseRenewal;
  read_at_ = sent + book_.read_interval();
  std::variant<LeaseTable, StoreError> answer;
  if (renew) {
    answer = co_await store_.renew(self_);
  } else {
    answer = co_await store_.read();
  }
  if (const auto* error = std::get_if<StoreError>(&answer)) {
    store_changed(error);
    // A lease may be renewed again until another replica claims it.
    if (renew) renew_at_ = clock_.now().mono + kStoreRetry;
    co_return;
  }
  store_changed(nullptr);
  const LeaseBook::Changes changes =
      book_.read(std::get<LeaseTable>(answer), sent, clock_.now().mono, renew);
  for (const std::string& account : changes.lost) lose(account, "another replica holds it");
  for (const Lease& lease : changes.acquired) acquire(lease);
  store_.fence(book_.held());
  compare_configurations();
  for (const Replica& replica : book_.dead(clock_.now().mono)) {
    const auto removed = co_await store_.remove(replica);
    // Each further one would delay the next renewal by another time-out.
    if (std::holds_alternative<StoreError>(removed)) co_return;
  }
}

Awaitable<void> LeaseKeeper::claim() {
  for (const Lease& lease : book_.to_claim(clock_.now().mono)) {
    if (stopping_) co_return;
    const Mono sent = clock_.now().mono;
    if (sent >= renew_at_) co_return;  // many claims must not delay a renewal
    const std::string account = lease.account;
    if (giving_up_.contains(account)) continue;
    const auto answer = co_await store_.claim(lease);
    if (const auto* error = std::get_if<StoreError>(&answer)) {
      store_changed(error);
      co_return;
    }
    const auto& claimed = std::get<std::optional<Lease>>(answer);
    if (!book_.claimed(account, claimed, sent, clock_.now().mono)) {
      read_at_ = Mono::min();
      continue;
    }
    store_.fence(book_.held());
    acquire(*claimed);
  }
}

std::optional<Lease> LeaseKeeper::held(const std::string& account) const {
  for (const Lease& lease : book_.held()) {
    if (lease.account == account) return lease;
  }
  return std::nullopt;
}

// The release is repeated until it is answered, and no call is sent before: one that is executed
// late would let another replica in while this one uses the lease again.
Awaitable<void> LeaseKeeper::give_up(std::string account) {
  co_await hooks_.hand_over(account);
  const std::unique_ptr<Alarm> alarm = clock_.make_alarm();
  while (const std::optional<Lease> lease = held(account)) {
    const auto released = co_await store_.release(*lease);
    if (std::holds_alternative<StoreError>(released)) {
      co_await alarm->wait_until(clock_.now().mono + kStoreRetry);
      continue;
    }
    const std::optional<Lease> still = held(account);
    if (!still || still->epoch != lease->epoch) continue;
    book_.released(account, clock_.now().mono);
    store_.fence(book_.held());
    write(Level::kInfo, "lease_lost", "gave up the lease of account " + account, account);
  }
  giving_up_.erase(account);
  alarm_->ring();
}

void LeaseKeeper::stop() {
  stopping_ = true;
  self_.stopping = true;
  book_.stop();
  renew_at_ = Mono::min();  // the others read more often from now on
  alarm_->ring();
}

void LeaseKeeper::fenced(const std::vector<std::string>& accounts) {
  for (const std::string& account : accounts) {
    if (!book_.holds(account)) continue;
    book_.lost(account, clock_.now().mono);
    lose(account, "a commit was refused");
  }
  store_.fence(book_.held());
  renew_at_ = Mono::min();  // it is still this replica's if the state went back
  alarm_->ring();
}

void LeaseKeeper::acquire(const Lease& lease) {
  if (giving_up_.contains(lease.account)) return;  // this one is released, too
  write(Level::kInfo, "lease_acquired", "acquired the lease of account " + lease.account,
        lease.account);
  hooks_.acquired(lease.account);
}

void LeaseKeeper::lose(const std::string& account, const std::string& why) {
  write(Level::kWarn, "lease_lost", "lost the lease of account " + account + ": " + why, account);
  hooks_.lost(account);
}

void LeaseKeeper::write(Level level, const std::string& name, std::string msg,
                        const std::string& account) {
  log_.write_event(clock_.now().wall, level, name, std::move(msg), {{"account", account}});
}

void LeaseKeeper::store_changed(const StoreError* error) {
  const std::string problem = error == nullptr ? "" : error->message;
  if (problem.empty() == problem_.empty()) return;
  problem_ = problem;
  log_.write_event(clock_.now().wall, error == nullptr ? Level::kInfo : Level::kWarn, "",
                   error == nullptr ? "leases are renewed again"
                                    : "cannot renew leases; calls stop 8 s after the last renewal, "
                                      "retrying every 1 s: " +
                                          problem);
}

void LeaseKeeper::compare_configurations() {
  const Mono now = clock_.now().mono;
  const auto differing = book_.differing(now);
  std::erase_if(differing_, [&](const auto& one) { return !differing.contains(one.first); });
  for (const auto& [account, replica] : differing) {
    auto& [since, logged] = differing_.try_emplace(account, now, false).first->second;
    if (logged || now - since < kMayDiffer) continue;
    logged = true;
    log_.write_event(clock_.now().wall, Level::kWarn, "",
                     "replica " + replica + " configures account " + account +
                         " differently: what is polled depends on which replica holds its lease; "
                         "give all replicas the same configuration",
                     {{"account", account}});
  }
}

}  // namespace taskwatchd
