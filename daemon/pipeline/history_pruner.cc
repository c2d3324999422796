#include "pipeline/history_pruner.h"

#include <cmath>
#include <utility>

namespace taskwatchd {
namespace {

constexpr Duration kEvery = std::chrono::hours(1);
constexpr Duration kLookAgain = std::chrono::seconds(10);  // while the clock is not confirmed
// maximum difference between our clock and the platform's
constexpr Duration kAgrees = std::chrono::hours(1);

}  // namespace

HistoryPruner::HistoryPruner(const Fleet& fleet, Ports ports, std::function<Duration()> retain)
    : fleet_(fleet), ports_(ports), retain_(std::move(retain)), alarm_(ports_.clock.make_alarm()) {}

bool HistoryPruner::clock_is_confirmed() const {
  const std::optional<double> offset = fleet_.clock_offset();
  return offset && std::abs(*offset) <= seconds(kAgrees);
}

Awaitable<void> HistoryPruner::run() {
  for (;;) {
    const bool confirmed = clock_is_confirmed();
    if (confirmed) co_await prune();
    co_await alarm_->wait_until(ports_.clock.now().mono + (confirmed ? kEvery : kLookAgain));
  }
}

Awaitable<void> HistoryPruner::prune() {
  const Wall before =
      ports_.clock.now().wall - std::chrono::duration_cast<std::chrono::milliseconds>(retain_());
  Watched watched = fleet_.watched();
  auto pruned = co_await ports_.store.prune(before, std::move(watched));
  if (const auto* error = std::get_if<StoreError>(&pruned)) {
    ports_.log.write_event(ports_.clock.now().wall, Level::kWarn, "",
                           "could not delete old history: " + error->message);
  }
}

}  // namespace taskwatchd
