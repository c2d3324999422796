// The journal's MESSAGE_ID of each kind of event: stable for ever, each with an entry in
// systemd/taskwatchd.catalog. A new kind of event gets one from `systemd-id128 new`.
#pragma once

#include <span>
#include <string_view>

namespace taskwatchd::event_log {

struct MessageId {
  std::string_view event;
  std::string_view id;  // 32 hexadecimal digits
};

std::span<const MessageId> message_ids();
// "" for an event that has none.
std::string_view message_id(std::string_view event);

}  // namespace taskwatchd::event_log
