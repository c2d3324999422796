// What is shown of the leases and the replicas, from the book of this one. Pure. The rows of other
// replicas come from the database, so their URLs are checked again here.
#pragma once

#include "core/replicas/lease_book.h"
#include "core/types/status.h"
#include "core/types/time.h"

namespace taskwatchd {

ReplicationStatus replication_status(const LeaseBook& book, Mono now);

}  // namespace taskwatchd
