// What is read as a time writes back as the same instant, and begins with the same second.
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
