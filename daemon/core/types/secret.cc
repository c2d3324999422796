#include "core/types/secret.h"

#include <cstring>
#include <utility>

namespace taskwatchd {

void Secret::wipe() {
  // The compiler cannot remove explicit_bzero. Wipes the full capacity: unused parts have old
  // bytes.
  if (!value_.empty()) explicit_bzero(value_.data(), value_.capacity());
  value_.clear();
}

Secret::Secret(Secret&& other) noexcept : value_(other.value_) {
  other.wipe();
}

Secret& Secret::operator=(const Secret& other) {
  if (this != &other) {
    wipe();
    value_ = other.value_;
  }
  return *this;
}

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this != &other) {
    wipe();
    value_ = other.value_;
    other.wipe();
  }
  return *this;
}

Secret::~Secret() {
  wipe();
}

bool Secret::operator==(const Secret& other) const {
  if (value_.size() != other.value_.size()) return false;
  unsigned char difference = 0;
  for (std::size_t i = 0; i < value_.size(); ++i) {
    difference = static_cast<unsigned char>(difference | (value_[i] ^ other.value_[i]));
  }
  return difference == 0;
}

}  // namespace taskwatchd
