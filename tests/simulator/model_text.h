// The words that devices send, friendly and hostile, and made-up ids.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "simulator/model_status.h"

namespace iotsim {

// `digits` letters and digits made of `value`.
std::string base62(std::uint64_t value, int digits);
// 512FF8FD-A97F-4AAF-B0A2-7BE3D3A19BB3
std::string request_id(std::uint64_t high, std::uint64_t low);

// What an ordinary device says; `variety` picks among a few.
std::string usual_message(Status status, std::uint64_t variety);
std::string usual_detail(Status status, int progress, std::uint64_t variety);

// Text meant to break whoever prints it. Kinds: newlines, ansi, url, script, big, rtl, nul.
// Empty for any other kind.
std::string hostile_text(std::string_view kind);
inline constexpr std::string_view kHostileKinds = "off|newlines|ansi|url|script|big|rtl|nul";

}  // namespace iotsim
