// Texts shared by many rows, each stored once and only while a row uses it. A number identifies a
// text; numbers of removed texts are reused. No I/O. Event-loop thread only.
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
  static constexpr Number kEmpty = 0;  // the empty text: always present, never counted

  SharedTexts() { texts_.emplace_back(); }
  SharedTexts(const SharedTexts&) = delete;  // the map's keys point into the texts
  SharedTexts& operator=(const SharedTexts&) = delete;

  // Adds one user of the text.
  Number take(std::string_view text);
  // Removes one user. Returns true if it was the last one: the number is no longer valid.
  bool drop(Number number);

  const std::string& text(Number number) const { return texts_[number].text; }
  std::optional<Number> find(std::string_view text) const;
  // Number of texts, without the empty one.
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
