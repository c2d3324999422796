#include "config/problems.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "core/events/device_text.h"

namespace taskwatchd {
namespace {
constexpr std::size_t kShownBytes = 64;
}

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
  return "`" + cut(escape_controls(text), kShownBytes) + "`";
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
