// The journal's MESSAGE_ID of each event name. An id never changes and has an entry in
// systemd/taskwatchd.catalog. Create the id of a new event with `systemd-id128 new`.
#pragma once

#include <span>
#include <string_view>

namespace taskwatchd::event_log {

struct MessageId {
  std::string_view event;
  std::string_view id;  // 32 hexadecimal digits
};

std::span<const MessageId> message_ids();
// Returns "" for an event without an id.
std::string_view message_id(std::string_view event);

}  // namespace taskwatchd::event_log
