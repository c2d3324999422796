// A closed enum and its names in one table that is used for both directions.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

namespace taskwatchd {

// REQUIRES: the enum's values start at 0, in the table's order.
template <typename Enum, std::size_t N>
constexpr std::string_view name_in(const std::array<std::string_view, N>& words, Enum value) {
  return words.at(static_cast<std::size_t>(value));
}

template <typename Enum, std::size_t N>
constexpr std::optional<Enum> find_in(const std::array<std::string_view, N>& words,
                                      std::string_view word) {
  for (std::size_t i = 0; i < N; ++i) {
    if (words[i] == word) return static_cast<Enum>(i);
  }
  return std::nullopt;
}

}  // namespace taskwatchd
