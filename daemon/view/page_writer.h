// Writes text in parts: lines are appended to one buffer, which is passed on whenever it contains a
// full part. So the whole output, which may have hundreds of megabytes, is never in memory at once.
// No I/O.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

namespace taskwatchd {

// Receives one part of complete lines; the bytes are invalid after the call.
using TakePart = std::function<void(std::string_view part)>;

class PageWriter {
 public:
  static constexpr std::size_t kPartBytes = 128 * 1024;

  explicit PageWriter(TakePart take, std::size_t part_bytes = kPartBytes)
      : take_(std::move(take)), part_bytes_(part_bytes) {}

  // The buffer for complete lines. Call lines_ended() often, because the buffer stays in memory
  // until then.
  std::string& text() { return text_; }
  void lines_ended() {
    if (text_.size() >= part_bytes_) flush();
  }
  // Passes on the rest of the buffer.
  void flush() {
    if (!text_.empty()) take_(text_);
    text_.clear();
  }

 private:
  TakePart take_;
  std::size_t part_bytes_;
  std::string text_;
};

}  // namespace taskwatchd
