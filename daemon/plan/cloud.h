// The modelled cloud as its callers meet it: a world behind a gateway, with lists whose tokens die
// and statistics that may be late. Instants are since the world's start.
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

class Cloud {
 public:
  // `quota` in calls/s, `denied` is answered with Forbidden. `world` must outlive this.
  Cloud(World& world, const std::map<Api, double>& quota, const Faults& faults,
        std::vector<Api> denied, Wall epoch);

  // What becomes of a call that arrives. REQUIRES: instants do not fall; the call asks for what the
  // world has.
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
  std::uint64_t tokens_ = 0;                // given out
  std::unordered_set<std::uint64_t> used_;  // of single use, by their numbers
};

}  // namespace taskwatchd::plan
