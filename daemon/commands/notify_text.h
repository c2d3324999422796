// Formats what a daemon says about its sinks and mutes as human-readable text. No I/O.
#pragma once

#include "commands/daemon_text.h"

namespace taskwatchd {

DaemonText test_text(const simdjson::dom::element& data);    // of a test
DaemonText sinks_text(const simdjson::dom::element& data);   // of /api/v1/status
DaemonText replay_text(const simdjson::dom::element& data);  // of a replay
DaemonText mute_text(const simdjson::dom::element& data);    // of a new mute
DaemonText unmute_text(const simdjson::dom::element& data);  // of one that was ended
DaemonText mutes_text(const simdjson::dom::element& data);   // of all

}  // namespace taskwatchd
