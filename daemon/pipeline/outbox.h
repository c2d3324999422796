// Delivers stored events to one sink: in order, at least once, with the same id after a crash. Its
// position is a cursor in the state database that advances only after the sink has accepted the
// events, so a blocked sink delays only itself. Event-loop thread only.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>

#include "pipeline/recorder.h"
#include "ports.h"

namespace taskwatchd {

class Outbox {
 public:
  // Delivers the events of `account`, or of all accounts if it is empty.
  Outbox(Ports ports, Recorder& recorder, EventSink& sink, std::string account = "");

  // Events up to `last_id` are stored.
  void wake(std::uint64_t last_id);
  // Delivers until stop(); after that only what the sink accepts at once.
  Awaitable<void> run();
  void stop();

  // Number of stored events that the sink has not accepted yet.
  std::uint64_t pending() const { return last_id_ > cursor_ ? last_id_ - cursor_ : 0; }

 private:
  Awaitable<void> pause();
  void move_cursor(std::uint64_t id);

  Ports ports_;
  Recorder& recorder_;
  EventSink& sink_;
  std::string account_;
  std::string cursor_name_;  // "log", or "log/ACCOUNT"
  std::unique_ptr<Alarm> alarm_;
  std::uint64_t cursor_ = 0;
  std::uint64_t last_id_ = 0;
  bool stopping_ = false;
};

}  // namespace taskwatchd
