// A value that a thread changes while others read earlier versions of it.
#pragma once

#include <memory>
#include <utility>

namespace taskwatchd {

// The first change after share() is made to a copy, so a shared version never changes and may be
// read by any thread. Everything else is for the owner's thread only.
template <typename T>
class CopyOnWrite {
 public:
  explicit CopyOnWrite(T value = T()) : value_(std::make_shared<T>(std::move(value))) {}

  const T& operator*() const { return *value_; }
  const T* operator->() const { return value_.get(); }
  std::shared_ptr<const T> share() {
    is_shared_ = true;
    return value_;
  }
  T& edit() {
    if (is_shared_) value_ = std::make_shared<T>(*value_);
    is_shared_ = false;
    return *value_;
  }

 private:
  std::shared_ptr<T> value_;
  bool is_shared_ = false;
};

}  // namespace taskwatchd
