// Which leases a commit needs. Pure values.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/types/change.h"

namespace taskwatchd::postgres {

// A commit is written only while each of these rows of the table leases says so.
struct Fence {
  struct Lease {
    std::string account;
    std::int64_t epoch = 0;
    std::int64_t commits = 0;  // when the lease was acquired
  };
  std::vector<Lease> leases;  // by account, ascending
};

// The accounts that a commit changes, ascending; without those of cursors, which belong to sinks.
std::vector<std::string> accounts_of(const Commit& commit);

}  // namespace taskwatchd::postgres
