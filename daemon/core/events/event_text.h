// Events as text: one JSON object, or one logfmt line. All output is printable: controls, line ends
// and bidirectional controls are escaped, so that no device can forge a line. No I/O; never fails
// on any input bytes.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/events/event.h"

namespace taskwatchd {

std::string_view name(Level level);  // debug, info, warn, error

// {"ts":"...","level":"warn","event":"task_transition","msg":"...","id":7,...}; no line end.
// id only when not 0, event only when not empty; then the fields in order. Valid JSON and UTF-8.
// Values as in json.h.
// REQUIRES: no field is named ts, level, event, msg or id.
std::string to_json(const Event& event);
// ts=... level=warn event=task_transition msg="..." id=7 key=value ...; values quoted where needed
// with JSON's escapes, lists joined by commas, maps as name.key=value.
std::string to_logfmt(const Event& event);
// The inverse of to_json. Returns nullopt if the text was not written by to_json.
std::optional<Event> event_from_json(std::string_view json);

}  // namespace taskwatchd
