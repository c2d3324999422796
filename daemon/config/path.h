// A path as the configuration gives it, made absolute.
#pragma once

#include <string>
#include <string_view>

#include "config/parse.h"

namespace taskwatchd {

struct ExpandedPath {
  std::string path;     // empty if there is a problem
  std::string problem;  // what is wrong and the mend
};
// $CREDENTIALS_DIRECTORY/ and $STATE_DIRECTORY/ at the beginning become the context's directories;
// a relative path begins in the file's. Nothing else is expanded.
ExpandedPath expand_path(std::string_view path, const ParseContext& context);

}  // namespace taskwatchd
