#include "core/types/shared_texts.h"

#include <cassert>

namespace taskwatchd {

std::optional<SharedTexts::Number> SharedTexts::find(std::string_view text) const {
  if (text.empty()) return kEmpty;
  const auto found = numbers_.find(text);
  if (found == numbers_.end()) return std::nullopt;
  return found->second;
}

SharedTexts::Number SharedTexts::take(std::string_view text) {
  if (text.empty()) return kEmpty;
  if (const auto known = find(text)) {
    ++texts_[*known].users;
    return *known;
  }
  Number number = 0;
  if (free_.empty()) {
    number = static_cast<Number>(texts_.size());
    texts_.emplace_back();
  } else {
    number = free_.back();
    free_.pop_back();
  }
  Text& made = texts_[number];
  made.text = text;
  made.users = 1;
  numbers_.emplace(made.text, number);
  return number;
}

bool SharedTexts::drop(Number number) {
  if (number == kEmpty) return false;
  Text& dropped = texts_[number];
  assert(dropped.users > 0);
  if (--dropped.users > 0) return false;
  numbers_.erase(dropped.text);
  dropped.text = std::string();
  free_.push_back(number);
  return true;
}

}  // namespace taskwatchd
