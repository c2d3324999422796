#include "io/sqlite/sqlite_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <system_error>

namespace taskwatchd::sqlite {
namespace {

struct Descriptor {
  int fd;
  ~Descriptor() {
    if (fd >= 0) ::close(fd);
  }
};

std::string mend(int error) {
  switch (error) {
    case ENOENT:
    case ENOTDIR:
      return "create its directory, or set state.path to a file in an existing directory";
    case EACCES:
    case EPERM:
      return "make the file and its directory writable for the daemon's user";
    case EROFS:
      return "the file system is read-only; set state.path to a writable location";
    case ENOSPC:
    case EDQUOT:
      return "free some space on that disk";
    case EISDIR:
      return "set state.path to a file; this is a directory";
    default:
      return "check the file, its directory and the disk";
  }
}

// SQLite takes a file of a few bytes for an empty one and would write over it. With a journal
// beside it, it may be our own, cut by a crash while it was made: SQLite then mends it.
bool looks_right(int fd, const std::string& path, off_t size) {
  constexpr std::string_view kMagic("SQLite format 3\0", 16);
  constexpr off_t kSmallestPage = 512;
  if (size == 0 || ::access((path + "-journal").c_str(), F_OK) == 0) return true;
  char head[kMagic.size()];
  return size >= kSmallestPage && ::pread(fd, head, sizeof head, 0) == ssize_t{sizeof head} &&
         std::string_view(head, sizeof head) == kMagic;
}

// The number that the holder wrote, for the message only: never trusted for a decision.
std::string holder(int fd) {
  char text[24] = {};
  const ssize_t got = ::pread(fd, text, sizeof text - 1, 0);
  std::string digits;
  for (ssize_t i = 0; i < got && text[i] >= '0' && text[i] <= '9'; ++i) digits += text[i];
  return digits.empty() ? std::string() : " (process " + digits + ")";
}

}  // namespace

OpenError unusable(const std::string& path, int error) {
  return {OpenError::Kind::kUnusable,
          "state database " + path +
              " cannot be opened: " + std::generic_category().message(error) + "; " + mend(error)};
}

std::variant<std::string, OpenError> prepare_file(const std::string& path) {
  constexpr int kFlags = O_RDWR | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
  Descriptor file{::open(path.c_str(), kFlags | O_CREAT | O_EXCL, 0600)};
  if (file.fd >= 0) {
    // The umask may have taken the owner's own bits.
    if (::fchmod(file.fd, 0600) != 0) return unusable(path, errno);
  } else {
    if (errno != EEXIST) return unusable(path, errno);
    file.fd = ::open(path.c_str(), kFlags);
    if (file.fd < 0) return unusable(path, errno);
  }
  struct stat info {};
  if (::fstat(file.fd, &info) != 0) return unusable(path, errno);
  if (!S_ISREG(info.st_mode)) {
    return OpenError{OpenError::Kind::kUnusable,
                     "state database " + path + " is not a regular file; set state.path to one"};
  }
  if (!looks_right(file.fd, path, info.st_size)) {
    return OpenError{
        OpenError::Kind::kUnusable,
        "state database " + path +
            " is not a taskwatchd database: set state.path to another file, or move this one away"};
  }
  const std::unique_ptr<char, decltype(&std::free)> real(::realpath(path.c_str(), nullptr),
                                                         &std::free);
  if (!real) return unusable(path, errno);
  return std::string(real.get());
}

std::variant<std::unique_ptr<Lock>, OpenError> Lock::take(const std::string& path) {
  // A link to the file must lead to the same lock; a file that is not there yet has no other name.
  const std::unique_ptr<char, decltype(&std::free)> real(::realpath(path.c_str(), nullptr),
                                                         &std::free);
  const std::string name = (real ? std::string(real.get()) : path) + ".lock";
  const int fd = ::open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW, 0600);
  if (fd < 0) return unusable(path, errno);
  std::unique_ptr<Lock> lock(new Lock(fd));
  int locked = 0;
  do {
    locked = ::flock(fd, LOCK_EX | LOCK_NB);
  } while (locked != 0 && errno == EINTR);
  if (locked != 0) {
    if (errno != EWOULDBLOCK) return unusable(name, errno);
    return OpenError{OpenError::Kind::kLocked,
                     "state database " + path + " is in use by another taskwatchd" + holder(fd) +
                         ": stop that one, or set another state.path for this one"};
  }
  const std::string pid = std::to_string(::getpid()) + "\n";
  // Failure costs only the number in the other's message.
  if (::ftruncate(fd, 0) == 0) [[maybe_unused]]
    const ssize_t n = ::pwrite(fd, pid.data(), pid.size(), 0);
  return lock;
}

Lock::~Lock() {
  ::close(fd_);
}

}  // namespace taskwatchd::sqlite
