// Any text in any part of an event: one printable line in each format, and JSON that can be read
// back.
#include "core/events/device_text.h"
#include "core/events/event_text.h"
#include "fuzz_input.h"

using namespace taskwatchd;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view rest = text_of(data, size);
  Event event;
  event.msg = std::string(take_part(rest));
  const std::string key(take_part(rest));
  const std::string words(rest);
  event.fields = {{"status_message", words},
                  {"inferred", StringList{words, key}},
                  {"labels", StringMap{{key, words}}}};
  const std::string json = to_json(event);
  require(is_printable(json));
  require(is_printable(to_logfmt(event)));
  require(is_printable(escape_controls(words)));
  const std::optional<Event> back = event_from_json(json);
  require(back.has_value());
  // `back` contains only repaired text, so writing and reading it again changes nothing.
  require(event_from_json(to_json(*back)) == *back);
  require(back->msg == repair_utf8(event.msg));
  require(device_text(words).size() <= 256 && is_utf8(device_text(words)));
  return 0;
}
