// Removes secrets from text of any origin. Every URL and every name is checked independently of its
// context: in sequential parsing, the value of one could swallow the next name and leave that
// name's value in the text. No I/O.
#pragma once

#include <string>
#include <string_view>

namespace taskwatchd {

// Removes user, password and query of URLs, and the values of credential parameters (AccessKeyId=,
// Signature=, x-oss-...) in plain, JSON or percent-encoded spelling. Rather removes too much than
// too little: a presigned URL grants access to its file.
std::string redact(std::string_view text);

}  // namespace taskwatchd
