// Reads response headers: the requested waiting time and the server's time.
#include <algorithm>
#include <array>
#include <charconv>

#include "cloud/reply.h"
#include "core/types/ascii.h"
#include "core/types/trim.h"

namespace taskwatchd {
namespace {

constexpr Duration kLongestWait = std::chrono::minutes(5);

bool is_number(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// Digits only, in milliseconds: positive; limited to 5 min, however many digits there are.
std::optional<Duration> wait_of(std::string_view text) {
  text = trim(text);
  if (!is_number(text)) return std::nullopt;
  std::int64_t millis = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), millis);
  if (error == std::errc::result_out_of_range || millis > kLongestWait.count() / 1000) {
    return kLongestWait;
  }
  if (millis == 0) return std::nullopt;
  return std::chrono::milliseconds(millis);
}

// Returns TimeLeft of "Limit:1,Remain:0,TimeLeft:2000,Reset:1234" if Remain is 0.
std::optional<Duration> time_left(std::string_view text) {
  std::optional<Duration> wait;
  bool spent = false;
  while (!text.empty()) {
    const std::string_view pair = text.substr(0, text.find(','));
    text.remove_prefix(std::min(text.size(), pair.size() + 1));
    const std::size_t colon = pair.find(':');
    if (colon == std::string_view::npos) continue;
    const std::string_view key = trim(pair.substr(0, colon));
    const std::string_view value = trim(pair.substr(colon + 1));
    if (is_word(key, "remain")) {
      spent = is_number(value) && value.find_first_not_of('0') == std::string_view::npos;
    }
    if (is_word(key, "timeleft")) wait = wait_of(value);
  }
  return spent ? wait : std::nullopt;
}

std::optional<int> month_of(std::string_view word) {
  constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
  const std::size_t at = kMonths.find(word);
  if (word.size() != 3 || at == std::string_view::npos || at % 3 != 0) return std::nullopt;
  return static_cast<int>(at / 3) + 1;
}

}  // namespace

std::optional<Duration> retry_after(const HttpReply& reply) {
  std::optional<Duration> longest;
  const auto take = [&](std::optional<Duration> wait) {
    if (wait && (!longest || *wait > *longest)) longest = wait;
  };
  if (const auto* text = reply.header("x-acs-retry-after")) take(wait_of(*text));
  for (const auto* name : {"x-ratelimit-user-api", "x-ratelimit-user"}) {
    if (const auto* text = reply.header(name)) take(time_left(*text));
  }
  return longest;
}

std::optional<Wall> server_date(const HttpReply& reply) {
  const std::string* const header = reply.header("date");
  return header == nullptr ? std::nullopt : parse_http_date(*header);
}

std::optional<Wall> parse_http_date(std::string_view text) {
  text = trim(text);
  constexpr std::string_view kForm = "www, dd mmm yyyy hh:mm:ss GMT";
  if (text.size() != kForm.size() || text.substr(3, 2) != ", " || text[7] != ' ' ||
      text[11] != ' ' || text[16] != ' ' || text.substr(25) != " GMT") {
    return std::nullopt;
  }
  const auto month = month_of(text.substr(8, 3));
  if (!month) return std::nullopt;
  std::string iso(text.substr(12, 4));
  iso += *month < 10 ? "-0" : "-";
  iso += std::to_string(*month) + '-';
  iso += text.substr(5, 2);
  iso += 'T';
  iso += text.substr(17, 8);
  return parse_utc(iso + 'Z');
}

}  // namespace taskwatchd
