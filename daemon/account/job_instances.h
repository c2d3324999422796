// Where the jobs of one account live, and which of these places list jobs to be watched. No I/O.
// Event-loop thread only.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "config/config.h"
#include "core/polling/discovery.h"
#include "core/tracking/tracker.h"
#include "core/types/call.h"
#include "core/types/gates.h"
#include "core/types/time.h"

namespace taskwatchd {

class JobInstances {
 public:
  struct Instance {
    std::string region, id, endpoint;  // by these it is known when its name changes
    SharedContext context;
    std::optional<Duration> deadline;
    std::optional<Discovery> discovery;
  };

  // Takes over a configuration. A renamed instance keeps its sweep: it is known by where it is, not
  // by its name. Returns the names of before with the present ones; what is gone has none.
  std::map<std::string, std::string> configure(const AccountConfig& config);

  // REQUIRES: the configuration has an instance of that name.
  Instance& at(const std::string& name) { return by_name_.at(name); }
  bool discovers() const;
  // nullptr: none of the call's instance (any more). It points into this until `configure`.
  Discovery* discovery_of(const Call& call);
  const Discovery* discovery_of(const Call& call) const;
  // The next ListJob, or when to look again.
  NextCall next_listing(Now now, const Gates& gates) const;
  // Jobs that discovery found and left out, because of its limit.
  std::size_t skipped() const;

 private:
  std::map<std::string, Instance> by_name_;
};

}  // namespace taskwatchd
