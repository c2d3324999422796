// Writes one event at a time to where the log goes, waiting as long as the far end makes it wait:
// only the log's own thread may call it. spdlog passes the text on; its formatting is never used,
// so that a device's braces stay braces.
#pragma once

#include <atomic>
#include <memory>

#include "core/events/event.h"

namespace taskwatchd::event_log {

class Writer {
 public:
  virtual ~Writer() = default;
  // True once all of it was handed to the system. False if it failed, or `give_up` became true
  // while it waited.
  virtual bool write(const Event& event) = 0;
};

// Lines to a descriptor: logfmt, or JSON. `give_up` is looked at ten times a second.
std::unique_ptr<Writer> line_writer(int fd, bool json, const std::atomic<bool>& give_up);
// Entries to systemd's journal. It cannot be interrupted while the journal is stalled.
std::unique_ptr<Writer> journal_writer();

}  // namespace taskwatchd::event_log
