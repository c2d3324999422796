// A sink's place in the stored events: where it begins, what comes next, and how far it has come.
// Event-loop thread only.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "pipeline/recorder.h"
#include "ports.h"

namespace taskwatchd {

// Stored events that are delivered again: their ids are above `after` and at most `through`.
struct ReplayRange {
  std::uint64_t after = 0;
  std::uint64_t through = 0;
};

class SinkReader {
 public:
  // `forget_after`: a sink that was away for longer begins at the newest event, as a new one does.
  SinkReader(Ports ports, Recorder& recorder, std::string sink, Duration forget_after);
  // Reads this range only, and stores nothing: the sink's own place stays.
  SinkReader(Ports ports, Recorder& recorder, std::string sink, const ReplayRange& range);

  // Events up to `last_id` are stored; 0: perhaps more than before.
  void wake(std::uint64_t last_id);
  // Ends waits and calls of the store.
  void stop();
  bool stopping() const { return stopping_; }

  // Where the sink goes on; nullopt if it was stopped before the store answered.
  Awaitable<std::optional<SinkState>> begin();
  // The next events, at most `limit`, ascending by id. Sets through(). Empty if there are none yet,
  // or the store does not answer.
  Awaitable<std::vector<Event>> next(std::size_t limit);
  // Stores how far the sink has come, if that has changed; at least once an hour, so that the time
  // of its state shows that it is in use. `at_once`: with a commit of its own, which does not wait
  // for the next one.
  void save(std::uint64_t event_id, std::string memory, std::optional<Wall> last_success,
            bool at_once);

  // The store was read up to this id.
  std::uint64_t through() const { return through_; }
  std::uint64_t last_id() const { return last_id_; }
  // True if next() may return something.
  bool has_more() const { return more_; }
  // The store did not answer the last next().
  bool store_fails() const { return store_fails_; }
  // The range is read to its end. False without one.
  bool at_end() const { return range_ && through_ >= range_->through; }
  // Waits until woken or `when`.
  Awaitable<void> wait_until(Mono when) { return alarm_->wait_until(when); }
  void ring() { alarm_->ring(); }

 private:
  Ports ports_;
  Recorder& recorder_;
  std::string sink_;
  Duration forget_after_{};
  std::optional<ReplayRange> range_;
  std::unique_ptr<Alarm> alarm_;
  SinkState saved_;
  std::uint64_t through_ = 0;
  std::uint64_t last_id_ = 0;
  bool more_ = true;
  bool store_fails_ = false;
  bool stopping_ = false;
};

}  // namespace taskwatchd
