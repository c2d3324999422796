#include "io/sqlite/sqlite_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include "io/sqlite/sqlite_files.h"

namespace taskwatchd::sqlite {
namespace {

// The number that the holder wrote, for the message only: never trusted for a decision.
std::string holder(int fd) {
  char text[24] = {};
  const ssize_t got = ::pread(fd, text, sizeof text - 1, 0);
  std::string digits;
  for (ssize_t i = 0; i < got && text[i] >= '0' && text[i] <= '9'; ++i) digits += text[i];
  return digits.empty() ? std::string() : " (process " + digits + ")";
}

}  // namespace

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
