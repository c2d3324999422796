// The texts that devices report, normal and hostile, and generated ids.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "simulator/model_status.h"

namespace iotsim {

// Returns `digits` letters and digits derived from `value`.
std::string base62(std::uint64_t value, int digits);
// Returns an id such as 512FF8FD-A97F-4AAF-B0A2-7BE3D3A19BB3.
std::string request_id(std::uint64_t high, std::uint64_t low);

// Returns a usual device message; `variety` selects one of a few.
std::string usual_message(Status status, std::uint64_t variety);
std::string usual_detail(Status status, int progress, std::uint64_t variety);

// Returns text meant to break whatever prints it. Kinds: newlines, ansi, url, script, big, rtl,
// nul. Empty for any other kind.
std::string hostile_text(std::string_view kind);
inline constexpr std::string_view kHostileKinds = "off|newlines|ansi|url|script|big|rtl|nul";

}  // namespace iotsim
