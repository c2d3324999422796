#include "config/problems.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "config/characters.h"
#include "core/events/device_text.h"

namespace taskwatchd {
namespace {
constexpr std::size_t kShownBytes = 64;

// Returns the text in printable form, and " (\u00a0 is a no-break space)" for each such character
// in it.
std::pair<std::string, std::string> escape_odd(std::string_view text) {
  std::string escaped;
  std::string names;
  std::size_t done = 0;
  while (const auto odd = find_odd_character(text, done)) {
    escaped += escape_controls(text.substr(done, odd->at - done)) + odd->escape;
    done = odd->at + odd->size;
    const std::string name = odd->escape + " is " + odd->name;
    if (names.find(name) == std::string::npos) names += (names.empty() ? " (" : ", ") + name;
  }
  escaped += escape_controls(text.substr(done));
  if (!names.empty()) names = cut(std::move(names), 2 * kShownBytes) + ")";
  return {std::move(escaped), std::move(names)};
}

}  // namespace

std::string to_string(const ConfigError& error) {
  if (error.line == 0) return error.file + ": " + error.message;
  return error.file + ":" + std::to_string(error.line) + ":" + std::to_string(error.column) + ": " +
         error.message;
}

void Problems::add(YamlPlace place, std::string message) {
  errors_.push_back({file_, place.line, place.column, std::move(message)});
}

void Problems::end(YamlPlace place, std::string message) {
  end_ = {file_, place.line, place.column, std::move(message)};
}

std::vector<ConfigError> Problems::take() {
  std::stable_sort(errors_.begin(), errors_.end(), [](const auto& a, const auto& b) {
    return std::tie(a.line, a.column) < std::tie(b.line, b.column);
  });
  if (errors_.size() > kMaxProblems) {
    const std::string more = std::to_string(errors_.size() - kMaxProblems);
    errors_.resize(kMaxProblems);
    errors_.push_back({file_, errors_.back().line, errors_.back().column,
                       more + " more errors after this one; fix these first"});
  }
  if (end_) errors_.push_back(*std::exchange(end_, std::nullopt));
  return std::exchange(errors_, {});
}

std::string shown(std::string_view text) {
  const auto [escaped, names] = escape_odd(text);
  return "`" + cut(escaped, kShownBytes) + "`" + names;
}

std::string all_shown(std::string_view text) {
  const auto [escaped, names] = escape_odd(text);
  return escaped + names;
}

std::string odd_note(std::string_view text, std::string_view message) {
  const auto odd = find_odd_character(text);
  if (!odd || message.find(odd->escape) != std::string_view::npos) return {};
  return "; it contains " + odd->shown();
}

std::string any_of(const std::vector<std::string_view>& words) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) text += i + 1 == words.size() ? " or " : ", ";
    text += "`" + std::string(words[i]) + "`";
  }
  return text;
}

}  // namespace taskwatchd
