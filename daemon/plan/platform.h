// The modelled platform as its callers see it: a world behind a gateway, with lists whose
// pagination tokens expire and statistics that may be out of date. Times are since the world's
// start.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <unordered_set>
#include <vector>

#include "core/types/call.h"
#include "core/types/outcome.h"
#include "plan/faults.h"
#include "plan/gateway.h"
#include "plan/world.h"

namespace taskwatchd::plan {

class Platform {
 public:
  // `quota` in calls per second; calls to `denied` APIs fail with Forbidden. `world` must outlive
  // this object.
  Platform(World& world, const std::map<Api, double>& quota, const Faults& faults,
           std::vector<Api> denied, Wall epoch);

  // Returns the outcome of a call that arrives. REQUIRES: times do not decrease; the call concerns
  // objects of the world.
  Outcome answer(const Call& call, Duration at);

  const Gateway& gateway() const { return gateway_; }

 private:
  Outcome page(const Call& call, Duration at);
  Outcome data(const Call& call, Duration at);

  World& world_;
  Faults faults_;
  Gateway gateway_;
  std::vector<Api> denied_;
  Wall epoch_;
  std::mt19937_64 random_;
  std::uint64_t tokens_ = 0;                // number of tokens issued
  std::unordered_set<std::uint64_t> used_;  // single-use tokens, by their numbers
};

}  // namespace taskwatchd::plan
