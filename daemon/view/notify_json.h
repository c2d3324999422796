// The sinks of notifications and the mutes as JSON. No I/O.
#pragma once

#include <string>
#include <vector>

#include "core/types/mute.h"
#include "core/types/status.h"

namespace taskwatchd {

std::string sink_json(const SinkStatus& sink);
std::string mute_json(const Mute& mute);
std::string mutes_json(const std::vector<Mute>& mutes);  // a list

}  // namespace taskwatchd
