// The lock that keeps a second daemon off the same state: flock(2) on FILE.lock, held as long as
// this lives. SQLite's own locks are not enough: they come and go with each transaction. The lock
// file stays behind on purpose: removing it would let two daemons lock two different files.
#pragma once

#include <memory>
#include <string>
#include <variant>

#include "io/sqlite/sqlite_error.h"

namespace taskwatchd::sqlite {

class Lock {
 public:
  // `path` is the state file; another name for the same file (a link) finds the same lock.
  static std::variant<std::unique_ptr<Lock>, OpenError> take(const std::string& path);
  ~Lock();
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;

 private:
  explicit Lock(int fd) : fd_(fd) {}
  int fd_;
};

}  // namespace taskwatchd::sqlite
