// The handle beside the modelled cloud: what really happened, and what shall happen. For tests,
// demos and people; no part of the real cloud's face. Paths begin with /-/; replies are JSON.
#pragma once

#include "simulator/model_cloud.h"

namespace iotsim {

inline constexpr std::string_view kControlPrefix = "/-/";

// The reply to a control request: 200, 400 with {"error":...}, or 404. README.md lists the paths.
Response control(ModelCloud& cloud, const Request& request, Now now);

}  // namespace iotsim
