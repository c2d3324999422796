// The simulated platform's front end: takes one signed request and returns one response. No I/O:
// the caller passes the time, and random values come from a seed, so the same calls get the same
// responses over HTTP and in a simulation on a virtual clock. One thread. Throws nothing, whatever
// the request.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "simulator/model_action.h"
#include "simulator/model_gate.h"
#include "simulator/model_links.h"
#include "simulator/model_stats.h"
#include "simulator/model_switches.h"
#include "simulator/model_time.h"
#include "simulator/model_world.h"

namespace iotsim {

class ModelCloud {
 public:
  // REQUIRES: `world` outlives this object. `began_us` is when timed switches begin to count, on
  // the clock of Now::mono_us.
  ModelCloud(World& world, std::uint64_t seed, std::int64_t began_us = 0)
      : world_(world), random_(mix(seed, 0x10751)), began_us_(began_us) {}

  // Returns the response to a request that arrives at `now`. REQUIRES: mono_us does not decrease.
  // The transport carries out the response's delay_ms and delivery.
  Response handle(const Request& request, Now now);

  // May be changed at any time between calls.
  Switches switches;
  // Prefix of links to result files, http://HOST:PORT; empty: the host of the call.
  std::string file_base;
  // REQUIRES: set_switch accepts its name and value.
  void schedule(TimedSwitch timed);

  World& world() { return world_; }
  CallLog& log() { return log_; }
  const ResultLinks& links() const { return links_; }

 private:
  struct Turn;  // the data of one call while it is handled
  void apply_schedule(Now now);
  Response answer(const Request& request, Turn& turn);
  std::optional<Refusal> identify(const Request& request, Turn& turn);
  std::optional<Refusal> limit(Turn& turn);
  std::optional<Refusal> find_instance(Turn& turn);
  std::optional<Refusal> permit(const Turn& turn) const;
  bool faults_apply(const Turn& turn) const;
  bool strikes(const Turn& turn, double probability);
  Response refuse(const Refusal& refusal, Turn& turn);
  Response success(std::vector<Member> members, Turn& turn);
  Response write(int status, std::string_view root, const Value& value, bool json, Turn& turn);
  void damage(Response& response, Turn& turn);
  int quota_of(const Turn& turn) const;

  World& world_;
  Random random_;
  std::int64_t began_us_;
  Gate gate_;
  CallLog log_;
  ResultLinks links_;
  std::set<std::string> used_tokens_;
  std::map<std::pair<std::string, std::string>, RateWindow> windows_;  // by account and API
  std::vector<TimedSwitch> schedule_;
};

}  // namespace iotsim
