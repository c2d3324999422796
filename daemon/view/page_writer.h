// A page in the making: lines are appended to one buffer, which is handed on whenever it holds a
// part's worth. Nobody has to hold the page as a whole, which may have hundreds of megabytes. Pure.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

namespace taskwatchd {

// Takes one part, whole lines; the bytes are gone afterwards.
using TakePart = std::function<void(std::string_view part)>;

class PageWriter {
 public:
  static constexpr std::size_t kPartBytes = 128 * 1024;

  explicit PageWriter(TakePart take, std::size_t part_bytes = kPartBytes)
      : take_(std::move(take)), part_bytes_(part_bytes) {}

  // To append whole lines to; call lines_ended() often, for what is here is held.
  std::string& text() { return text_; }
  void lines_ended() {
    if (text_.size() >= part_bytes_) flush();
  }
  // Hands on what there is.
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
