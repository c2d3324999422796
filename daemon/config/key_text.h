// Validates the content of a key file or of an environment variable that contains a key.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "core/types/secret.h"

namespace taskwatchd {

inline constexpr std::size_t kMaxKeyBytes = 4096;

struct KeyText {
  Secret value;         // empty if there is a problem
  std::string problem;  // "is empty; ...": to be appended to the name of the source; no secret
};
// Removes around the key: byte order marks, spaces and line ends, which editors and `echo` add, and
// one pair of quotes, which shells do not remove from a file. It is a problem if the key is empty,
// longer than kMaxKeyBytes, UTF-16, or contains a space, control or non-ASCII character.
KeyText clean_key_text(std::string_view bytes);

// True if STS issued the id. Only such an id has a security token: a token with any other id is
// left over from earlier temporary credentials, and the platform rejects a call with both.
bool is_temporary_id(std::string_view access_key_id);

}  // namespace taskwatchd
