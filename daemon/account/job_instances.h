// The instances to which the jobs of one account belong, and which of them use job discovery. No
// I/O. Event-loop thread only.
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
    std::string region, id, endpoint;  // identify it when its name changes
    SharedContext context;
    std::optional<Duration> deadline;
    std::optional<Discovery> discovery;
  };

  // Applies a configuration. A renamed instance keeps its sweep: it is identified by its endpoint,
  // not by its name. Returns a map from old to current names; removed instances are not in it.
  std::map<std::string, std::string> configure(const AccountConfig& config);

  // REQUIRES: the configuration has an instance of that name.
  Instance& at(const std::string& name) { return by_name_.at(name); }
  bool discovers() const;
  // Returns nullptr if the call's instance has no discovery (any more). Valid until `configure`.
  Discovery* discovery_of(const Call& call);
  const Discovery* discovery_of(const Call& call) const;
  // The next ListJob call, or when to check again.
  NextCall next_listing(Now now, const Gates& gates) const;
  // Jobs found but not watched: the name does not match, too old, or over the limit.
  std::size_t skipped() const;

 private:
  std::map<std::string, Instance> by_name_;
};

}  // namespace taskwatchd
