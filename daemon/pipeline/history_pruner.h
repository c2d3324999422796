// Removes what the state keeps of things that are no longer watched, once it is old: every hour,
// and not before the platform has confirmed our clock, because to a clock that is ahead all history
// would seem old. Event-loop thread only.
#pragma once

#include <functional>
#include <memory>

#include "pipeline/fleet.h"
#include "ports.h"

namespace taskwatchd {

class HistoryPruner {
 public:
  // `retain`: how long to keep it, asked before each round. All must outlive the loop.
  HistoryPruner(const Fleet& fleet, Ports ports, std::function<Duration()> retain);

  // Runs until the loop ends.
  Awaitable<void> run();

 private:
  bool clock_is_confirmed() const;
  Awaitable<void> prune();

  const Fleet& fleet_;
  Ports ports_;
  std::function<Duration()> retain_;
  std::unique_ptr<Alarm> alarm_;
};

}  // namespace taskwatchd
