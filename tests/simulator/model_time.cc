#include "simulator/model_time.h"

#include <array>
#include <chrono>
#include <cstdio>

namespace iotsim {
namespace {

using Instant = std::chrono::sys_time<std::chrono::milliseconds>;

struct Parts {
  int year, month, day, hour, minute, second, millisecond, weekday;
};

Parts split(std::int64_t wall_ms) {
  const Instant instant{std::chrono::milliseconds(wall_ms)};
  const auto day = std::chrono::floor<std::chrono::days>(instant);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(instant - day);
  return {static_cast<int>(date.year()),
          static_cast<int>(static_cast<unsigned>(date.month())),
          static_cast<int>(static_cast<unsigned>(date.day())),
          static_cast<int>(time.hours().count()),
          static_cast<int>(time.minutes().count()),
          static_cast<int>(time.seconds().count()),
          static_cast<int>(time.subseconds().count()),
          static_cast<int>(std::chrono::weekday(day).c_encoding())};
}

// Returns the number in the `width` digits at `at`; -1 if one is not a digit.
int number_at(std::string_view text, std::size_t at, std::size_t width) {
  int value = 0;
  for (const char c : text.substr(at, width)) {
    if (c < '0' || c > '9') return -1;
    value = value * 10 + (c - '0');
  }
  return value;
}

}  // namespace

std::string utc_milliseconds(std::int64_t wall_ms) {
  const Parts p = split(wall_ms);
  std::array<char, 96> text;
  const int n = std::snprintf(text.data(), text.size(), "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ",
                              p.year, p.month, p.day, p.hour, p.minute, p.second, p.millisecond);
  return std::string(text.data(), static_cast<std::size_t>(n));
}

std::string utc_seconds(std::int64_t wall_ms) {
  std::string text = utc_milliseconds(wall_ms);
  text.replace(text.size() - 5, 5, "Z");
  return text;
}

std::optional<std::int64_t> parse_utc_seconds(std::string_view text) {
  if (text.size() != 20 || text[4] != '-' || text[7] != '-' || text[10] != 'T' || text[13] != ':' ||
      text[16] != ':' || text[19] != 'Z') {
    return std::nullopt;
  }
  const int year = number_at(text, 0, 4), month = number_at(text, 5, 2),
            day = number_at(text, 8, 2), hour = number_at(text, 11, 2),
            minute = number_at(text, 14, 2), second = number_at(text, 17, 2);
  if (year < 0 || month < 0 || day < 0 || hour < 0 || hour > 23 || minute < 0 || minute > 59 ||
      second < 0 || second > 59) {
    return std::nullopt;
  }
  const std::chrono::year_month_day date{std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok()) return std::nullopt;
  const std::int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
  return (((days * 24 + hour) * 60 + minute) * 60 + second) * 1000;
}

std::string http_date(std::int64_t wall_ms) {
  static constexpr std::array<const char*, 7> kDays = {"Sun", "Mon", "Tue", "Wed",
                                                       "Thu", "Fri", "Sat"};
  static constexpr std::array<const char*, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                          "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const Parts p = split(wall_ms);
  std::array<char, 96> text;
  const int n = std::snprintf(text.data(), text.size(), "%s, %02d %s %04d %02d:%02d:%02d GMT",
                              kDays[static_cast<std::size_t>(p.weekday)], p.day,
                              kMonths[static_cast<std::size_t>(p.month - 1)], p.year, p.hour,
                              p.minute, p.second);
  return std::string(text.data(), static_cast<std::size_t>(n));
}

}  // namespace iotsim
