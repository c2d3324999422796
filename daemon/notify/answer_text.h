// Text from a receiver's answer, made safe to show. No I/O; throws nothing.
#pragma once

#include <string>
#include <string_view>

namespace taskwatchd {

// Valid UTF-8 on one line, redacted, at most 160 bytes. The URL of a chat robot is a secret, and
// error pages quote its path, so URLs, paths and long keys become `...`: each run of their
// characters with a slash, or of 24 or more.
std::string answer_text(std::string_view text);

}  // namespace taskwatchd
