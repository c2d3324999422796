#include "config/path.h"

#include <algorithm>
#include <utility>

namespace taskwatchd {
namespace {

constexpr std::size_t kMaxPathBytes = 4095;  // PATH_MAX without the terminating NUL

struct Variable {
  std::string_view name;
  std::string_view systemd_setting;
  const std::string& value;
};

std::string join(std::string_view directory, std::string_view path) {
  std::string joined(directory);
  if (!joined.ends_with('/')) joined += '/';
  return joined.append(path);
}

bool is_control(char c) {
  return (c >= 0 && c < 0x20) || c == 0x7F;
}

}  // namespace

ExpandedPath expand_path(std::string_view path, const ParseContext& context) {
  if (path.empty()) return {{}, "is empty; set a path"};
  if (std::any_of(path.begin(), path.end(), is_control)) {
    return {{}, "contains a control character; write the path on one line"};
  }
  std::string whole;
  for (const Variable& variable :
       {Variable{"CREDENTIALS_DIRECTORY", "LoadCredential=", context.credentials_directory},
        Variable{"STATE_DIRECTORY", "StateDirectory=", context.state_directory}}) {
    const std::string prefix = "$" + std::string(variable.name) + "/";
    if (!path.starts_with(prefix)) continue;
    if (variable.value.empty()) {
      return {{},
              "needs " + std::string(variable.name) +
                  " in the environment, which systemd sets by " +
                  std::string(variable.systemd_setting) + "; set it, or use a plain path"};
    }
    whole = join(variable.value, path.substr(prefix.size()));
  }
  if (whole.empty()) {
    const bool absolute = path.front() == '/' || context.directory.empty();
    whole = absolute ? std::string(path) : join(context.directory, path);
  }
  if (whole.size() > kMaxPathBytes) {
    return {{}, "is longer than " + std::to_string(kMaxPathBytes) + " bytes; shorten it"};
  }
  return {std::move(whole), {}};
}

}  // namespace taskwatchd
