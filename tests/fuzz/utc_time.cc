// A text that is read as a time is written as the same instant, with the same first 19 characters.
#include "core/types/time.h"
#include "fuzz_input.h"

using namespace taskwatchd;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = text_of(data, size);
  const std::optional<Wall> time = parse_utc(text);
  if (!time) return 0;
  const std::string written = rfc3339(*time);
  require(parse_utc(written) == time);
  require(text.substr(0, 19) == written.substr(0, 19));
  return 0;
}
