#include "pipeline/sink_reader.h"

#include <algorithm>

namespace taskwatchd {
namespace {

constexpr Duration kSaveAtLeast = std::chrono::hours(1);
// How old the state of a sink in use can be: its notifier, too, waits for up to an hour.
constexpr Duration kSavedWithin = 2 * kSaveAtLeast;

}  // namespace

SinkReader::SinkReader(Ports ports, Recorder& recorder, std::string sink, Duration forget_after)
    : ports_(ports),
      recorder_(recorder),
      sink_(std::move(sink)),
      forget_after_(forget_after),
      alarm_(ports.clock.make_alarm()) {}

SinkReader::SinkReader(Ports ports, Recorder& recorder, std::string sink, const ReplayRange& range)
    : ports_(ports),
      recorder_(recorder),
      sink_(std::move(sink)),
      range_(range),
      alarm_(ports.clock.make_alarm()) {}

void SinkReader::wake(std::uint64_t last_id) {
  last_id_ = std::max(last_id_, last_id);
  more_ = true;
  alarm_->ring();
}

void SinkReader::stop() {
  stopping_ = true;
  alarm_->ring();
}

Awaitable<std::optional<SinkState>> SinkReader::begin() {
  if (range_) {
    through_ = range_->after;
    last_id_ = range_->through;
    co_return SinkState{sink_, range_->after, "", Wall(), {}};
  }
  while (!stopping_) {
    auto found = co_await ports_.store.sink(sink_);
    auto newest = co_await ports_.store.last_event();
    auto* const known = std::get_if<std::optional<SinkState>>(&found);
    const auto* const last = std::get_if<std::uint64_t>(&newest);
    if (known == nullptr || last == nullptr) {
      co_await alarm_->wait_until(ports_.clock.now().mono + kStoreRetry);
      continue;
    }
    // A sink that ended a moment ago, for a new configuration.
    if (const SinkState* const newer = recorder_.unstored_sink(sink_)) *known = *newer;
    const Wall now = ports_.clock.now().wall;
    const bool goes_on = known->has_value() && (*known)->at + forget_after_ + kSavedWithin >= now;
    saved_ = goes_on ? **known : SinkState{sink_, *last, "", Wall(), {}};
    through_ = saved_.event_id;
    last_id_ = std::max(last_id_, *last);
    if (!goes_on) save(saved_.event_id, "", std::nullopt, false);
    co_return saved_;
  }
  co_return std::nullopt;
}

Awaitable<std::vector<Event>> SinkReader::next(std::size_t limit) {
  more_ = false;
  if (at_end()) co_return std::vector<Event>();
  const std::uint64_t stored = range_ ? range_->through : last_id_;
  auto found = co_await ports_.store.events_after(through_, limit, "");
  auto* const events = std::get_if<std::vector<Event>>(&found);
  store_fails_ = events == nullptr;
  if (store_fails_) {
    more_ = true;
    co_await alarm_->wait_until(ports_.clock.now().mono + kStoreRetry);
    co_return std::vector<Event>();
  }
  if (events->size() == limit) more_ = true;
  through_ = events->empty() ? std::max(through_, stored) : events->back().id;
  // Nobody wakes the reader of a range whose last events were pruned.
  if (range_) more_ = !at_end();
  if (range_) std::erase_if(*events, [&](const Event& one) { return one.id > range_->through; });
  last_id_ = std::max(last_id_, through_);
  co_return std::move(*events);
}

void SinkReader::save(std::uint64_t event_id, std::string memory, std::optional<Wall> last_success,
                      bool at_once) {
  if (range_) return;
  const Wall now = ports_.clock.now().wall;
  const bool same = event_id == saved_.event_id && memory == saved_.memory &&
                    last_success.has_value() == saved_.last_success.has_value();
  if (same && now - saved_.at < kSaveAtLeast) return;
  saved_ = {sink_, event_id, std::move(memory), now, last_success};
  Commit commit;
  commit.sinks.push_back(saved_);
  if (at_once) {
    recorder_.add(std::move(commit), {});
  } else {
    recorder_.add_lazily(std::move(commit));
  }
}

}  // namespace taskwatchd
