// Control requests next to the simulated platform: show what really happened, and set what shall
// happen. For tests, demos and people; the real platform has nothing like it. Paths begin with /-/;
// responses are JSON.
#pragma once

#include "simulator/model_cloud.h"

namespace iotsim {

inline constexpr std::string_view kControlPrefix = "/-/";

// Returns the response to a control request: 200, 400 with {"error":...}, or 404. README.md lists
// the paths.
Response control(ModelCloud& cloud, const Request& request, Now now);

}  // namespace iotsim
