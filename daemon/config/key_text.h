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
// Blanks and line ends around the key are dropped: editors and `echo` add them. Empty, longer than
// kMaxKeyBytes, or with a blank, control or non-ASCII character inside: a problem.
KeyText clean_key_text(std::string_view bytes);

}  // namespace taskwatchd
