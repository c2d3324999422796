#include "app/replication_status.h"

#include <string>

#include "config/url.h"

namespace taskwatchd {
namespace {

constexpr std::size_t kMaxNameBytes = 255;  // as a host name

std::string shown_name(const Replica& replica) {
  return replica.name.substr(0, kMaxNameBytes);
}

// A URL with another scheme than http or https would run in the browser of a reader.
std::string shown_url(const Replica& replica) {
  return replica_url_problem(replica.url) ? std::string() : replica.url;
}

LeaseStatus lease_status(const LeaseBook& book, const std::string& account, Mono now) {
  LeaseStatus status;
  status.account = account;
  status.held = book.valid(account, now);
  status.transitions = book.transitions(account);
  const Lease* const lease = book.lease_of(account);
  if (lease == nullptr) return status;
  status.epoch = lease->epoch;
  status.elsewhere = !lease->holder.empty() && lease->holder != book.self();
  const Replica* const holder = status.elsewhere ? book.holder_of(account) : nullptr;
  if (holder == nullptr) return status;
  status.holder = shown_name(*holder);
  status.holder_url = shown_url(*holder);
  return status;
}

}  // namespace

ReplicationStatus replication_status(const LeaseBook& book, Mono now) {
  ReplicationStatus status;
  const auto differing = book.differing(now);
  for (const std::string& account : book.accounts()) {
    LeaseStatus& lease = status.leases.emplace_back(lease_status(book, account, now));
    const auto differs = differing.find(account);
    if (differs != differing.end()) lease.differs_at = differs->second.substr(0, kMaxNameBytes);
  }
  for (const Replica& replica : book.replicas(now)) {
    ReplicaStatus one;
    one.name = shown_name(replica);
    one.url = shown_url(replica);
    one.self = replica.holder == book.self();
    one.accounts = book.held_by(replica.holder);
    one.age = book.age(replica.holder, now);
    status.replicas.push_back(std::move(one));
  }
  return status;
}

}  // namespace taskwatchd
