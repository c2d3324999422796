#include "pipeline/replay_range.h"

namespace taskwatchd {
namespace {

// A time in an event may be that of a response, which is stored some seconds later.
constexpr auto kMargin = std::chrono::minutes(10);

}  // namespace

Awaitable<std::optional<ReplayRange>> replay_range(Store& store, Wall since) {
  const auto newest = co_await store.last_event();
  const auto* const last = std::get_if<std::uint64_t>(&newest);
  if (last == nullptr) co_return std::nullopt;
  // The answer is in [low, high]: every event up to `low` is older.
  std::uint64_t low = 0, high = *last;
  while (low < high) {
    const std::uint64_t middle = low + (high - low) / 2;
    auto found = co_await store.events_after(middle, 1, "");
    const auto* const events = std::get_if<std::vector<Event>>(&found);
    if (events == nullptr) co_return std::nullopt;
    if (events->empty() || events->front().ts + kMargin >= since) {
      high = middle;
    } else {
      low = events->front().id;
    }
  }
  co_return ReplayRange{low, *last};
}

}  // namespace taskwatchd
