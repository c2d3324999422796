// Events as text: one JSON object, or one logfmt line. Every byte that leaves here is printable:
// control characters, escapes, line ends and bidirectional marks are escaped (reliability.md 6.6),
// so that no device can forge a line. Pure; never fails on any input bytes.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/event.h"

namespace taskwatchd {

std::string_view name(Level level);  // debug, info, warn, error

// {"ts":"...","level":"warn","event":"task_transition","msg":"...","id":7,...}; no line end.
// id only when not 0, event only when not empty; then the fields in order. Valid JSON and UTF-8.
std::string to_json(const Event& event);
// ts=... level=warn event=task_transition msg="..." id=7 key=value ...; values quoted where needed,
// lists joined by commas, maps as name.key=value.
std::string to_logfmt(const Event& event);
// The reverse of to_json. Nothing if the text is not what to_json writes.
std::optional<Event> event_from_json(std::string_view json);

// Bytes of any origin as valid UTF-8: each bad byte becomes U+FFFD.
std::string repair_utf8(std::string_view bytes);
// At most `limit` bytes, cut at a character's edge, with "...(+N bytes)" appended if anything was
// cut. REQUIRES: text is valid UTF-8.
std::string cut(std::string text, std::size_t limit);
// A device's words made fit for an event's field: repaired UTF-8, URLs lose their query and bare
// credential parameters their values (reliability.md 6.8), then cut at 256 bytes.
std::string device_text(std::string_view bytes);
// Control, escape, line-end and bidirectional characters as \xNN or \u{NNNN}; the rest unchanged.
std::string escape_controls(std::string_view text);

}  // namespace taskwatchd
