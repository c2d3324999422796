// The statuses of a task as the platform writes them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace iotsim {

enum class Status : std::uint8_t {
  kQueued,
  kSent,
  kInProgress,
  kSucceeded,
  kFailed,
  kRejected,
  kTimedOut,
  kCancelled,
  kOther,  // any other text of a script
};
inline constexpr std::array<std::string_view, 8> kStatusWords = {
    "QUEUED", "SENT", "IN_PROGRESS", "SUCCEEDED", "FAILED", "REJECTED", "TIMED_OUT", "CANCELLED"};

constexpr Status parse_status(std::string_view word) {
  for (std::size_t i = 0; i < kStatusWords.size(); ++i) {
    if (kStatusWords[i] == word) return static_cast<Status>(i);
  }
  return Status::kOther;
}

constexpr bool is_finished(Status s) {
  return s == Status::kSucceeded || s == Status::kFailed || s == Status::kRejected ||
         s == Status::kTimedOut || s == Status::kCancelled;
}

// Returns whether RerunJob runs such a task again.
constexpr bool can_rerun(Status s) {
  return s == Status::kFailed || s == Status::kTimedOut;
}

}  // namespace iotsim
