#include "core/replicas/lease_book.h"

#include <algorithm>

namespace taskwatchd {
namespace {

constexpr Duration kDead = std::chrono::minutes(1);

bool lists(const Replica& replica, const std::string& account) {
  return std::find(replica.accounts.begin(), replica.accounts.end(), account) !=
         replica.accounts.end();
}

// By account; empty for a replica that does not say.
std::map<std::string, std::string> hashes_of(const Replica& replica) {
  std::map<std::string, std::string> hashes;
  if (replica.accounts.size() != replica.config_hashes.size()) return hashes;
  for (std::size_t i = 0; i < replica.accounts.size(); ++i) {
    hashes.emplace(replica.accounts[i], replica.config_hashes[i]);
  }
  return hashes;
}

}  // namespace

void LeaseBook::configure(const std::vector<std::string>& accounts) {
  accounts_ = {accounts.begin(), accounts.end()};
}

void LeaseBook::see(const Lease& lease, Mono now) {
  const auto [at, fresh] = seen_.try_emplace(lease.account, Seen{lease, now});
  Lease& known = at->second.lease;
  if (fresh) return;
  if (known.epoch != lease.epoch || known.beat != lease.beat) at->second.since = now;
  if (known.epoch != lease.epoch) ++transitions_[lease.account];
  known = lease;
}

LeaseBook::Changes LeaseBook::read(const LeaseTable& table, Mono sent, Mono now, bool renewed) {
  if (!first_read_) first_read_ = now;
  Changes changes;
  std::set<std::string> mine;
  std::set<std::string> rows;
  for (const Lease& lease : table.leases) {
    rows.insert(lease.account);
    see(lease, now);
    // Another replica has taken it: the next one without a holder may be claimed at once.
    if (lease.holder != self_ && !lease.holder.empty()) given_up_.erase(lease.account);
    if (lease.holder != self_) continue;
    const auto at = held_.find(lease.account);
    const bool same = at != held_.end() && at->second.lease.epoch == lease.epoch;
    if (same) {
      mine.insert(lease.account);
      at->second.lease.beat = lease.beat;
      if (renewed) at->second.valid_until = sent + kLeaseValid;
    } else if (renewed && !stopping_) {
      // A claim whose answer was lost.
      if (at != held_.end()) changes.lost.push_back(lease.account);
      mine.insert(lease.account);
      held_[lease.account] = {lease, sent + kLeaseValid};
      changes.acquired.push_back(lease);
    }
  }
  std::erase_if(held_, [&](const auto& one) {
    if (mine.contains(one.first)) return false;
    changes.lost.push_back(one.first);
    return true;
  });
  std::erase_if(seen_, [&](const auto& one) { return !rows.contains(one.first); });
  std::set<std::string> holders;
  for (const Replica& replica : table.replicas) {
    holders.insert(replica.holder);
    const auto [at, fresh] = peers_.try_emplace(replica.holder, Peer{replica, now});
    if (!fresh && at->second.replica.beat != replica.beat) at->second.since = now;
    at->second.replica = replica;
  }
  std::erase_if(peers_, [&](const auto& one) { return !holders.contains(one.first); });
  return changes;
}

bool LeaseBook::claimed(const std::string& account, const std::optional<Lease>& lease, Mono sent,
                        Mono now) {
  if (!lease) return false;  // another one was quicker: the next read shows it
  see(*lease, now);
  held_[account] = {*lease, sent + kLeaseValid};
  // The replica it was meant for renews its leases, but is too slow to claim another one.
  if (given_up_.erase(account) > 0) balance_from_ = now + kLeaseNotTaken;
  return true;
}

void LeaseBook::lost(const std::string& account, Mono now) {
  held_.erase(account);
  const auto at = seen_.find(account);
  if (at != seen_.end()) at->second.since = now;  // not claimed again before it is read again
}

void LeaseBook::released(const std::string& account, Mono now) {
  held_.erase(account);
  const auto at = seen_.find(account);
  if (at != seen_.end()) at->second = {at->second.lease, now};
  given_up_[account] = now;
}

std::size_t LeaseBook::count_of(const std::string& holder) const {
  return static_cast<std::size_t>(std::count_if(seen_.begin(), seen_.end(), [&](const auto& one) {
    return one.second.lease.holder == holder;
  }));
}

std::vector<const LeaseBook::Peer*> LeaseBook::live(Mono now) const {
  std::vector<const Peer*> all;
  for (const auto& [holder, peer] : peers_) {
    if (holder == self_ || now - peer.since < kLeaseAbandoned) all.push_back(&peer);
  }
  return all;
}

// Of the configured accounts, divided by the replicas that list one of them.
std::size_t LeaseBook::share(Mono now) const {
  std::size_t count = 0;
  for (const Peer* const peer : live(now)) {
    const Replica& replica = peer->replica;
    if (replica.holder == self_ || replica.stopping) continue;
    count += std::any_of(replica.accounts.begin(), replica.accounts.end(),
                         [&](const std::string& one) { return accounts_.contains(one); })
                 ? 1
                 : 0;
  }
  return (accounts_.size() + count) / (count + 1);
}

// A lease that nobody holds, or that its holder has abandoned. Above its share a replica leaves the
// others a head start, and one that it has given up for others a longer one.
Mono LeaseBook::claimable_at(const std::string& account, bool below_share) const {
  const Duration head_start = below_share ? Duration::zero() : kLeaseHeadStart;
  const auto at = seen_.find(account);
  Mono when = *first_read_ + head_start;
  if (at != seen_.end()) {
    const bool held = !at->second.lease.holder.empty();
    when = at->second.since + (held ? kLeaseAbandoned : Duration::zero()) + head_start;
  }
  const auto given_up = given_up_.find(account);
  if (given_up != given_up_.end()) when = std::max(when, given_up->second + kLeaseGiveUp);
  return when;
}

std::vector<Lease> LeaseBook::to_claim(Mono now) const {
  std::vector<Lease> claims;
  if (!first_read_ || stopping_) return claims;
  const std::size_t own = share(now);
  if (accounts_.empty()) return claims;
  // Each replica begins at another place, so that several that start together seldom collide.
  const std::size_t first = std::hash<std::string>()(self_) % accounts_.size();
  auto at = std::next(accounts_.begin(), static_cast<std::ptrdiff_t>(first));
  for (std::size_t i = 0; i < accounts_.size(); ++i, ++at) {
    if (at == accounts_.end()) at = accounts_.begin();
    const bool below_share = held_.size() + claims.size() < own;
    if (held_.contains(*at) || claimable_at(*at, below_share) > now) continue;
    const auto seen = seen_.find(*at);
    Lease unknown;
    unknown.account = *at;
    claims.push_back(seen == seen_.end() ? unknown : seen->second.lease);
  }
  return claims;
}

Mono LeaseBook::next_claim(Mono now) const {
  if (!first_read_ || stopping_) return Mono::max();
  Mono next = Mono::max();
  const bool below_share = held_.size() < share(now);
  for (const std::string& account : accounts_) {
    if (held_.contains(account)) continue;
    const Mono when = claimable_at(account, below_share);
    if (when > now) next = std::min(next, when);
  }
  return next;
}

std::optional<Lease> LeaseBook::to_give_up(Mono now) {
  for (const auto& [account, held] : held_) {
    if (!accounts_.contains(account)) return held.lease;
  }
  if (held_.size() <= share(now) || now < balance_from_) return std::nullopt;
  if (last_given_up_ && now < *last_given_up_ + kLeaseGiveUp) return std::nullopt;
  for (const Peer* const peer : live(now)) {
    const Replica& replica = peer->replica;
    if (replica.holder == self_ || replica.stopping) continue;
    if (count_of(replica.holder) + 1 > held_.size() - 1) continue;
    for (const auto& [account, held] : held_) {
      if (!lists(replica, account)) continue;
      last_given_up_ = now;
      return held.lease;
    }
  }
  return std::nullopt;
}

Duration LeaseBook::read_interval() const {
  const bool quick = std::any_of(peers_.begin(), peers_.end(), [&](const auto& one) {
    return one.first != self_ && one.second.replica.stopping;
  });
  return quick ? kLeaseReadQuick : kLeaseRead;
}

bool LeaseBook::valid(const std::string& account, Mono now) const {
  const auto at = held_.find(account);
  return at != held_.end() && now < at->second.valid_until;
}

std::vector<Lease> LeaseBook::held() const {
  std::vector<Lease> all;
  for (const auto& [account, held] : held_) all.push_back(held.lease);
  return all;
}

std::vector<Replica> LeaseBook::replicas(Mono now) const {
  std::vector<Replica> all;
  for (const Peer* const peer : live(now)) all.push_back(peer->replica);
  std::sort(all.begin(), all.end(), [](const Replica& a, const Replica& b) {
    return std::tie(a.name, a.holder) < std::tie(b.name, b.holder);
  });
  return all;
}

std::vector<Replica> LeaseBook::dead(Mono now) const {
  std::vector<Replica> all;
  for (const auto& [holder, peer] : peers_) {
    if (holder != self_ && now - peer.since >= kDead) all.push_back(peer.replica);
  }
  return all;
}

const Replica* LeaseBook::holder_of(const std::string& account) const {
  const auto seen = seen_.find(account);
  if (seen == seen_.end()) return nullptr;
  const auto peer = peers_.find(seen->second.lease.holder);
  return peer == peers_.end() ? nullptr : &peer->second.replica;
}

const Lease* LeaseBook::lease_of(const std::string& account) const {
  const auto at = seen_.find(account);
  return at == seen_.end() ? nullptr : &at->second.lease;
}

std::vector<std::string> LeaseBook::held_by(const std::string& holder) const {
  std::vector<std::string> all;
  for (const auto& [account, seen] : seen_) {
    if (seen.lease.holder == holder) all.push_back(account);
  }
  return all;
}

Duration LeaseBook::age(const std::string& holder, Mono now) const {
  const auto at = peers_.find(holder);
  return at == peers_.end() ? Duration::zero() : now - at->second.since;
}

std::map<std::string, std::string> LeaseBook::differing(Mono now) const {
  std::map<std::string, std::string> found;
  const auto own = peers_.find(self_);
  if (own == peers_.end()) return found;
  const auto mine = hashes_of(own->second.replica);
  for (const Replica& replica : replicas(now)) {
    for (const auto& [account, hash] : hashes_of(replica)) {
      const auto same = mine.find(account);
      if (same != mine.end() && same->second != hash) found.emplace(account, replica.name);
    }
  }
  return found;
}

std::uint64_t LeaseBook::transitions(const std::string& account) const {
  const auto at = transitions_.find(account);
  return at == transitions_.end() ? 0 : at->second;
}

}  // namespace taskwatchd
