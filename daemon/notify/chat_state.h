// What a chat was sent, as stored in the state: a restart repeats no message and omits none. JSON
// of one object; members that are not known are ignored. No I/O.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "notify/chat_job.h"
#include "notify/chat_kept.h"

namespace taskwatchd {

// What a mute covered so far. It may have ended: its digest is not sent yet.
struct MutedRecord {
  std::string mute_id;
  ChatKept kept;
  bool operator==(const MutedRecord&) const = default;
};

struct ChatState {
  std::uint64_t cursor = 0;          // sent messages cover every event up to this id
  std::uint64_t events_covered = 0;  // the same for events without a job
  std::vector<ChatJobRecord> jobs;
  std::vector<MutedRecord> muted = {};
  bool operator==(const ChatState&) const = default;
};

std::string to_json(const ChatState& state);
// Returns nullopt if the text is not such an object.
std::optional<ChatState> chat_state_from_json(std::string_view text);

}  // namespace taskwatchd
