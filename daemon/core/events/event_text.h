// Events as text: one JSON object, or one logfmt line. Every character that leaves here is
// printable: controls, line ends and bidirectional marks are escaped, so that no device can forge
// a line. Pure; never fails on any input bytes.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/events/event.h"

namespace taskwatchd {

std::string_view name(Level level);  // debug, info, warn, error

// {"ts":"...","level":"warn","event":"task_transition","msg":"...","id":7,...}; no line end.
// id only when not 0, event only when not empty; then the fields in order. Valid JSON and UTF-8.
// A double always has a point or an exponent (80.0), so that it reads back as one; a producer who
// wants 80 gives an integer. NaN and the infinities are null.
// REQUIRES: no field is named ts, level, event, msg or id.
std::string to_json(const Event& event);
// {"name":value,...} of the fields alone, values as in to_json; {} for none.
std::string to_json_object(const std::vector<Field>& fields);
// ts=... level=warn event=task_transition msg="..." id=7 key=value ...; values quoted where needed
// with JSON's escapes, lists joined by commas, maps as name.key=value.
std::string to_logfmt(const Event& event);
// The reverse of to_json. Nothing if the text is not what to_json writes.
std::optional<Event> event_from_json(std::string_view json);

// Bytes of any origin as valid UTF-8: each bad byte becomes U+FFFD.
std::string repair_utf8(std::string_view bytes);
// `limit` bytes at most, the "...(+N bytes)" included that says how much was cut; cut at a
// character's edge. A limit too small for those words gives the text's head alone.
// REQUIRES: text is valid UTF-8.
std::string cut(std::string text, std::size_t limit);
// URLs lose user, password and query; credential parameters (AccessKeyId=, Signature=, x-oss-...)
// lose their values, in plain, JSON or percent-encoded spelling. Rather a word too many than one
// too few: a presigned URL is a key to what it names.
std::string redact(std::string_view text);
// A device's words made fit for an event's field: repaired UTF-8, redacted, then cut at 256 bytes.
std::string device_text(std::string_view bytes);
// A name registered in the cloud: repaired UTF-8, cut at 128 bytes.
std::string name_text(std::string_view bytes);
// Control, escape, line-end and bidirectional characters as \xNN or \u{NNNN}, bytes that are not
// UTF-8 as \xNN; the rest unchanged.
std::string escape_controls(std::string_view text);

}  // namespace taskwatchd
