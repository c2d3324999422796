#include "notify/answer_text.h"

#include <algorithm>

#include "core/events/device_text.h"
#include "core/events/redact.h"
#include "core/types/trim.h"

namespace taskwatchd {
namespace {

constexpr std::size_t kReadBytes = 2048;  // the rest cannot be shown anyway
constexpr std::size_t kShownBytes = 160;
constexpr std::size_t kKeyLength = 24;  // the shortest key of a service: the last part of Slack's

bool is_in_url(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("-._~:/?#[]@!$&*+=%\\").find(c) != std::string_view::npos;
}

std::string without_keys(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const auto end = std::find_if_not(text.begin(), text.end(), is_in_url);
    const std::string_view run = text.substr(0, static_cast<std::size_t>(end - text.begin()));
    const bool is_hidden = run.size() >= kKeyLength || run.find('/') != std::string_view::npos;
    out += is_hidden ? "..." : run;
    text.remove_prefix(run.size());
    if (text.empty()) break;
    out += text.front();
    text.remove_prefix(1);
  }
  return out;
}

}  // namespace

std::string answer_text(std::string_view text) {
  // Cut after the redaction: the start of a key alone would not be recognized.
  const std::string safe = without_keys(redact(repair_utf8(trim(text.substr(0, kReadBytes)))));
  return cut(escape_controls(safe), kShownBytes);
}

}  // namespace taskwatchd
