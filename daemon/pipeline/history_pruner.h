// Deletes old data of things that are no longer watched from the state database: every hour, and
// only after the platform has confirmed our clock, because with a clock that is ahead all history
// would seem old. Event-loop thread only.
#pragma once

#include <functional>
#include <memory>

#include "pipeline/fleet.h"
#include "ports.h"

namespace taskwatchd {

class HistoryPruner {
 public:
  // `retain`: returns the retention time, called before each round. All arguments must outlive the
  // event loop.
  HistoryPruner(const Fleet& fleet, Ports ports, std::function<Duration()> retain);

  // Runs until the event loop ends.
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
