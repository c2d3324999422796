// What one replica knows of the leases and decides about them: which it may use, claim and give up.
// Pure: the caller reads the table, carries out the decisions and passes the time (a clock that
// includes suspend and never jumps). No clock of the database is used: a lease counts as abandoned
// once this replica has itself seen the same epoch and beat for kAbandoned.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/types/lease.h"
#include "core/types/time.h"

namespace taskwatchd {

// A holder may send calls for kValid after it sent its last renewal. Two seconds lie between its
// last call and the first one of the next holder.
inline constexpr Duration kLeaseValid = std::chrono::seconds(8);
inline constexpr Duration kLeaseAbandoned = std::chrono::seconds(10);
inline constexpr Duration kLeaseRenewal = std::chrono::seconds(3);
inline constexpr Duration kLeaseRead = std::chrono::seconds(1);
// While a replica stops, so that its leases are claimed at once.
inline constexpr Duration kLeaseReadQuick = std::chrono::milliseconds(500);
// A replica that holds its share or more leaves the others this head start: longer than the time
// until each of them has read the table again.
inline constexpr Duration kLeaseHeadStart = std::chrono::milliseconds(1500);
inline constexpr Duration kLeaseGiveUp = std::chrono::seconds(5);  // between two
// After nobody has taken what was given up, nothing is given up for balance.
inline constexpr Duration kLeaseNotTaken = std::chrono::seconds(30);

class LeaseBook {
 public:
  explicit LeaseBook(std::string self) : self_(std::move(self)) {}

  // The accounts of the configuration. Those no longer listed are to be given up.
  void configure(const std::vector<std::string>& accounts);
  // This replica stops: it claims nothing more.
  void stop() { stopping_ = true; }

  struct Changes {
    std::vector<Lease> acquired;
    std::vector<std::string> lost;  // accounts
  };
  // The table as it was read. `sent` and `now` are when the question was sent and answered;
  // `renewed`: the same exchange renewed this replica's leases.
  Changes read(const LeaseTable& table, Mono sent, Mono now, bool renewed);
  // The answer to a claim that was sent at `sent`. Returns whether the lease is acquired.
  bool claimed(const std::string& account, const std::optional<Lease>& lease, Mono sent, Mono now);
  // Another replica holds it, as a commit has found out.
  void lost(const std::string& account, Mono now);
  // It was given up.
  void released(const std::string& account, Mono now);

  // The leases to claim now, as they were seen.
  std::vector<Lease> to_claim(Mono now) const;
  // The next one to give up, if any: it is not configured any more, or another replica has room.
  std::optional<Lease> to_give_up(Mono now);
  // When to_claim may return more without another read; Mono::max() if never.
  Mono next_claim(Mono now) const;
  Duration read_interval() const;

  // Whether calls may be sent for the account at `now`.
  bool valid(const std::string& account, Mono now) const;
  bool holds(const std::string& account) const { return held_.contains(account); }
  std::vector<Lease> held() const;

  // The replicas that live, this one included once it was announced; by name.
  std::vector<Replica> replicas(Mono now) const;
  // Those whose beat has not changed for a minute: their rows may be removed.
  std::vector<Replica> dead(Mono now) const;
  // The holder's row; nullptr if nobody holds the lease, or it is not known.
  const Replica* holder_of(const std::string& account) const;
  // The accounts of this replica that another live one lists with a different configuration; the
  // value is that one's name.
  std::map<std::string, std::string> differing(Mono now) const;
  // How often the lease of an account changed its holder, as seen here.
  std::uint64_t transitions(const std::string& account) const;
  // The configured accounts.
  const std::set<std::string>& accounts() const { return accounts_; }
  // The row as it was last seen; nullptr if there is none.
  const Lease* lease_of(const std::string& account) const;
  // The accounts whose leases the replica holds, as last seen.
  std::vector<std::string> held_by(const std::string& holder) const;
  // Time since the replica's beat was last seen to change. Zero if it is not known.
  Duration age(const std::string& holder, Mono now) const;
  const std::string& self() const { return self_; }

 private:
  struct Held {
    Lease lease;
    Mono valid_until;
  };
  struct Seen {
    Lease lease;
    Mono since;  // when this epoch and beat were first read
  };
  struct Peer {
    Replica replica;
    Mono since;  // when this beat was first read
  };
  std::size_t count_of(const std::string& holder) const;
  std::vector<const Peer*> live(Mono now) const;
  std::size_t share(Mono now) const;
  Mono claimable_at(const std::string& account, bool below_share) const;
  void see(const Lease& lease, Mono now);

  std::string self_;
  std::set<std::string> accounts_;  // configured
  std::map<std::string, Held> held_;
  std::map<std::string, Seen> seen_;
  std::map<std::string, Peer> peers_;     // by holder
  std::map<std::string, Mono> given_up_;  // when
  std::map<std::string, std::uint64_t> transitions_;
  std::optional<Mono> first_read_;
  std::optional<Mono> last_given_up_;
  Mono balance_from_ = Mono::min();
  bool stopping_ = false;
};

}  // namespace taskwatchd
