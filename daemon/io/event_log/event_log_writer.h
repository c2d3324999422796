// Writes one event at a time to the log's destination and blocks as long as the destination does:
// only the log's own thread may call it. spdlog passes the text on unchanged; its formatting is
// never used, so braces in a device message have no effect.
#pragma once

#include <atomic>
#include <memory>

#include "core/events/event.h"

namespace taskwatchd::event_log {

class Writer {
 public:
  virtual ~Writer() = default;
  // Returns true once the event was passed to the system completely, false if that failed, or if
  // `give_up` became true while it waited.
  virtual bool write(const Event& event) = 0;
};

// Writes logfmt or JSON lines to a descriptor. Checks `give_up` ten times per second.
std::unique_ptr<Writer> line_writer(int fd, bool json, const std::atomic<bool>& give_up);
// Writes entries to systemd's journal. Cannot be interrupted while the journal is stalled.
std::unique_ptr<Writer> journal_writer();

}  // namespace taskwatchd::event_log
