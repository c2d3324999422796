// Prepares the state database file before SQLite opens it: creates it with mode 0600 regardless of
// the umask, locks it against a second daemon, and rejects unsuitable files with a helpful message.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <variant>

#include "io/open_error.h"

namespace taskwatchd::sqlite {

// Creates an empty file if none exists, and checks that it can be written. Returns its real
// absolute path (links resolved).
std::variant<std::string, OpenError> prepare_file(const std::string& path);

// Returns the error for the errno of a failed open or write, with the file and how to fix it.
OpenError unusable(const std::string& path, int error);

// Returns the first file of the database (FILE, FILE-wal, FILE-shm, ...) that this user cannot
// write, as "FILE belongs to USER"; empty if there is none.
std::string unwritable_part(const std::string& path);
// Returns "nfs", "cifs", ... if the f_type of statfs(2) is that of a network file system, whose
// locks depend on another host; empty for any other type.
std::string_view network_disk(unsigned long type);
// Does the same for the file system of `path`.
std::string_view network_disk_of(const std::string& path);

// Locks the state database against a second daemon: flock(2) on FILE.lock for the lifetime of this
// object. SQLite's own locks are not enough, because they are held per transaction. The lock file
// is never removed: otherwise two daemons could lock two different files.
class Lock {
 public:
  // `path` is the state database; another name of the same file (a link) leads to the same lock.
  static std::variant<std::unique_ptr<Lock>, OpenError> take(const std::string& path);
  ~Lock();
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;

 private:
  explicit Lock(int fd) : fd_(fd) {}
  int fd_;
};

}  // namespace taskwatchd::sqlite
