#include "config/duration.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

namespace taskwatchd {
namespace {

struct Unit {
  std::string_view name;
  std::int64_t milliseconds;
};
constexpr std::int64_t kDayMs = 24LL * 60 * 60 * 1000;
constexpr std::array<Unit, 7> kUnits = {{{"y", 365 * kDayMs},
                                         {"w", 7 * kDayMs},
                                         {"d", kDayMs},
                                         {"h", 60LL * 60 * 1000},
                                         {"m", 60LL * 1000},
                                         {"s", 1000},
                                         {"ms", 1}}};
// Prometheus counts nanoseconds in 64 bits: about 292 years.
constexpr std::int64_t kMaxMs = std::numeric_limits<std::int64_t>::max() / 1'000'000;

}  // namespace

std::optional<Duration> parse_duration(std::string_view text) {
  if (text == "0") return Duration(0);
  if (text.empty()) return std::nullopt;
  std::int64_t total = 0;
  std::size_t next_unit = 0;
  while (!text.empty()) {
    if (text[0] < '0' || text[0] > '9') return std::nullopt;
    std::int64_t number = 0;
    const auto result = std::from_chars(text.data(), text.data() + text.size(), number);
    if (result.ec != std::errc()) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(result.ptr - text.data()));
    const std::string_view name = text.substr(0, text.find_first_of("0123456789"));
    while (next_unit < kUnits.size() && kUnits[next_unit].name != name) ++next_unit;
    if (next_unit == kUnits.size()) return std::nullopt;
    const std::int64_t unit = kUnits[next_unit++].milliseconds;
    if (number > (kMaxMs - total) / unit) return std::nullopt;
    total += number * unit;
    text.remove_prefix(name.size());
  }
  return std::chrono::milliseconds(total);
}

std::optional<Duration> parse_go_duration(std::string_view text) {
  struct GoUnit {
    std::string_view name;
    double microseconds;
  };
  // "\u00b5" is the micro sign, "\u03bc" the letter.
  static constexpr std::array<GoUnit, 8> kGoUnits = {{{"ns", 1e-3},
                                                      {"us", 1},
                                                      {"\u00b5s", 1},
                                                      {"\u03bcs", 1},
                                                      {"ms", 1e3},
                                                      {"s", 1e6},
                                                      {"m", 60e6},
                                                      {"h", 3600e6}}};
  constexpr std::string_view kDigits = "0123456789.";
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  if (text == "0") return Duration(0);
  if (text.empty()) return std::nullopt;
  double total = 0;
  while (!text.empty()) {
    const std::string_view number = text.substr(0, text.find_first_not_of(kDigits));
    text.remove_prefix(number.size());
    const std::string_view name = text.substr(0, text.find_first_of(kDigits));
    text.remove_prefix(name.size());
    double value = 0;
    const auto read = std::from_chars(number.data(), number.data() + number.size(), value);
    if (read.ec != std::errc() || read.ptr != number.data() + number.size()) return std::nullopt;
    const auto unit = std::find_if(kGoUnits.begin(), kGoUnits.end(),
                                   [name](const GoUnit& one) { return one.name == name; });
    if (unit == kGoUnits.end()) return std::nullopt;
    total += value * unit->microseconds;
  }
  if (total > static_cast<double>(kMaxMs) * 1e3) return std::nullopt;
  return Duration(static_cast<std::int64_t>(negative ? -total : total));
}

std::string format_duration(Duration duration) {
  std::int64_t rest = std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
  if (rest <= 0) return "0s";
  std::string text;
  for (const Unit& unit : kUnits) {
    // Years and weeks would hide the number of days: 30d is printed as it was written.
    if (unit.name == "y" || unit.name == "w") continue;
    const std::int64_t count = rest / unit.milliseconds;
    if (count == 0) continue;
    text += std::to_string(count).append(unit.name);
    rest -= count * unit.milliseconds;
  }
  return text;
}

}  // namespace taskwatchd
