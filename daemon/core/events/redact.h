// Finds what must not be shown in a text of any origin, and takes it out. Every URL and every name
// is looked at by itself, whatever stands around it: were they read in turn, the value of one could
// swallow the name of the next and leave its value behind. Pure.
#pragma once

#include <string>
#include <string_view>

namespace taskwatchd {

// URLs lose user, password and query; credential parameters (AccessKeyId=, Signature=, x-oss-...)
// lose their values, in plain, JSON or percent-encoded spelling. Rather a word too many than one
// too few: a presigned URL is a key to what it names.
std::string redact(std::string_view text);

}  // namespace taskwatchd
