// Converts a path of the configuration to an absolute one.
#pragma once

#include <string>
#include <string_view>

#include "config/parse.h"

namespace taskwatchd {

struct ExpandedPath {
  std::string path;     // empty if there is a problem
  std::string problem;  // what is wrong and how to fix it
};
// $CREDENTIALS_DIRECTORY/ and $STATE_DIRECTORY/ at the start become the context's directories; a
// relative path is resolved against the file's directory. Nothing else is expanded.
ExpandedPath expand_path(std::string_view path, const ParseContext& context);

}  // namespace taskwatchd
