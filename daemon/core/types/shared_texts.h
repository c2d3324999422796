// Texts that many rows share, each held once and only for as long as a row uses it. A number stands
// for a text; numbers of texts that went are given out again. Pure; loop's thread.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace taskwatchd {

class SharedTexts {
 public:
  using Number = std::uint32_t;
  static constexpr Number kEmpty = 0;  // the empty text: always there, never counted

  SharedTexts() { texts_.emplace_back(); }
  SharedTexts(const SharedTexts&) = delete;  // the map's keys point into the texts
  SharedTexts& operator=(const SharedTexts&) = delete;

  // One more user of the text.
  Number take(std::string_view text);
  // One user less. True if that was the last one: the number stands for nothing any more.
  bool drop(Number number);

  const std::string& text(Number number) const { return texts_[number].text; }
  std::optional<Number> find(std::string_view text) const;
  // How many are held, beside the empty one.
  std::size_t size() const { return numbers_.size(); }

 private:
  struct Text {
    std::string text;
    std::uint32_t users = 0;
  };
  std::deque<Text> texts_;
  std::vector<Number> free_;
  std::unordered_map<std::string_view, Number> numbers_;
};

}  // namespace taskwatchd
