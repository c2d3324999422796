// What may stand in a key file or in an environment variable that holds a key.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "core/types/secret.h"

namespace taskwatchd {

inline constexpr std::size_t kMaxKeyBytes = 4096;

struct KeyText {
  Secret value;         // empty if there is a problem
  std::string problem;  // "is empty; ...": to be put behind the name of the source; no secret
};
// Dropped around the key: byte order marks, blanks and line ends, which editors and `echo` add, and
// one pair of quotes, which shells do not take from a file. Empty, longer than kMaxKeyBytes,
// UTF-16, or with a blank, control or non-ASCII character inside: a problem.
KeyText clean_key_text(std::string_view bytes);

// Only an id that STS gave has a security token: a token beside any other is left over from an
// earlier session, and the platform refuses a call that has both.
bool is_temporary_id(std::string_view access_key_id);

}  // namespace taskwatchd
