// The state file as a file, before SQLite sees it: made with mode 0600 whatever the umask, locked
// against a second daemon, and refused with words that help when it is no place to keep state.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <variant>

namespace taskwatchd {

// Why a state file cannot be used at start. A value: the caller turns it into an exit code.
struct OpenError {
  enum class Kind {
    kLocked,    // another daemon or program holds the file: a later start may succeed (exit 75)
    kFull,      // no space on its disk: likewise
    kNewer,     // written by a newer version of this program (exit 78)
    kUnusable,  // missing folder, read-only, damaged, not a state file (exit 74)
  };
  Kind kind = Kind::kUnusable;
  std::string message;  // names the file and the mend
};

}  // namespace taskwatchd

namespace taskwatchd::sqlite {

// Makes an empty file if there is none, and checks that it can be written. Returns its real
// absolute path (links followed).
std::variant<std::string, OpenError> prepare_file(const std::string& path);

// The errno of a failed open or write, as an error that names the file and the mend.
OpenError unusable(const std::string& path, int error);

// The first file of the database (FILE, FILE-wal, FILE-shm, ...) that we may not write, and whose
// it is, as "FILE belongs to USER"; empty: none.
std::string unwritable_part(const std::string& path);
// "nfs", "cifs", ...: the kind of a file system whose locks are those of another machine, by f_type
// of statfs(2); empty for any other.
std::string_view network_disk(unsigned long type);
// The same of the file's own.
std::string_view network_disk_of(const std::string& path);

// The lock that keeps a second daemon off the same state: flock(2) on FILE.lock, held as long as
// this lives. SQLite's own locks are not enough: they come and go with each transaction. The lock
// file stays behind on purpose: removing it would let two daemons lock two different files.
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
