// Leases: which replica polls which account. Several daemons with one state database are replicas
// of each other; for each account, the one that holds its lease sends calls and writes. Values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace taskwatchd {

struct Lease {
  std::string account;
  std::string holder;        // UUID of the replica's process; empty: nobody holds it
  std::int64_t epoch = 0;    // increased with each change of the holder; 0: there is no row yet
  std::int64_t beat = 0;     // increased with each renewal
  std::int64_t commits = 0;  // number of commits of the account
  bool operator==(const Lease&) const = default;
};

// Sinks of notifications have leases like accounts: the name of the sink's. No account has a slash.
inline std::string sink_lease(const std::string& sink) {
  return "sink/" + sink;
}

// The sink of such a lease; nullopt for the lease of an account.
inline std::optional<std::string> sink_of_lease(const std::string& lease) {
  constexpr std::string_view kPrefix = "sink/";
  if (!lease.starts_with(kPrefix)) return std::nullopt;
  return lease.substr(kPrefix.size());
}

struct Replica {
  std::string holder;
  std::string name;
  std::string url;                    // where people reach its page; may be empty
  std::vector<std::string> accounts;  // that its configuration lists
  // Of each of them, in the same order: equal where replicas configure an account in the same way.
  std::vector<std::string> config_hashes;
  bool stopping = false;  // it will release its leases
  std::int64_t beat = 0;
  bool operator==(const Replica&) const = default;
};

struct LeaseTable {
  std::vector<Lease> leases;
  std::vector<Replica> replicas;
};

}  // namespace taskwatchd
