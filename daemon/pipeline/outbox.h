// Brings stored events to one sink: in order, at least once, with the same id after a crash. Its
// place is a cursor in the state that moves only after the sink has taken the events, so a blocked
// sink holds nothing but its own cursor. Loop's thread.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>

#include "pipeline/recorder.h"
#include "ports.h"

namespace taskwatchd {

class Outbox {
 public:
  Outbox(Ports ports, Recorder& recorder, EventSink& sink);

  // Events up to `last_id` are stored.
  void wake(std::uint64_t last_id);
  // Delivers until stop(); then only what the sink still takes at once.
  Awaitable<void> run();
  void stop();

  // Stored events that the sink has not taken yet.
  std::uint64_t pending() const { return last_id_ > cursor_ ? last_id_ - cursor_ : 0; }
  const std::string& sink_name() const { return sink_.name(); }

 private:
  Awaitable<void> pause();
  void move_cursor(std::uint64_t id);

  Ports ports_;
  Recorder& recorder_;
  EventSink& sink_;
  std::unique_ptr<Alarm> alarm_;
  std::uint64_t cursor_ = 0;
  std::uint64_t last_id_ = 0;
  bool stopping_ = false;
};

}  // namespace taskwatchd
