// What a mute covers. No I/O: the caller selects the mutes that are active, of the right sink.
#pragma once

#include <string>
#include <vector>

#include "core/events/event.h"
#include "core/types/job.h"
#include "core/types/mute.h"

namespace taskwatchd {

// True for everything that the sink is sent, also the daily line.
bool covers_all(const Mute& mute);
// `job_name`: as registered; may be empty.
bool covers(const Mute& mute, const JobKey& job, const std::string& job_name);
bool covers(const Mute& mute, const Event& event);

// Those of the mutes that concern the sink.
std::vector<Mute> mutes_of(const std::vector<Mute>& mutes, const std::string& sink);

}  // namespace taskwatchd
