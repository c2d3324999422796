// What receivers that are programs learn of an event besides its content.
#pragma once

#include <cstdint>
#include <string>

#include "core/events/event.h"

namespace taskwatchd {

// kReplayed: sent again on request. kTest: nothing happened.
enum class EventMark : std::uint8_t { kNone, kReplayed, kTest };

// Unique among the events of a daemon: the id of a stored event; of another one its name and time.
inline std::string event_key(const Event& event) {
  if (event.id != 0) return std::to_string(event.id);
  return event.name + "-" + std::to_string(event.ts.time_since_epoch().count());
}

}  // namespace taskwatchd
