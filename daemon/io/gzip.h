// One gzip member at zlib's level 1: less time than level 6 for somewhat more bytes, and
// scrapes are frequent. Blocks while it works. Throws std::bad_alloc only.
#pragma once

#include <string>
#include <string_view>

namespace taskwatchd {

std::string gzip(std::string_view bytes);

}  // namespace taskwatchd
