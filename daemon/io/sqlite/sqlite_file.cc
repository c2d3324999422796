#include "io/sqlite/sqlite_file.h"

#include <fcntl.h>
#include <pwd.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
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

std::string remedy(int error) {
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
    case ENOLCK:
    case EOPNOTSUPP:
      return "set state.path to a file on a local disk, which has locks";
    case EISDIR:
      return "set state.path to a file; this is a directory";
    default:
      return "check the file, its directory and the disk";
  }
}

// SQLite takes a file of a few bytes for an empty one and would overwrite it. With a journal next
// to it, the file may be our own, truncated by a crash during its creation: SQLite then recovers
// it.
bool looks_right(int fd, const std::string& path, off_t size) {
  constexpr std::string_view kMagic("SQLite format 3\0", 16);
  constexpr off_t kSmallestPage = 512;
  if (size == 0 || ::access((path + "-journal").c_str(), F_OK) == 0) return true;
  char head[kMagic.size()];
  return size >= kSmallestPage && ::pread(fd, head, sizeof head, 0) == ssize_t{sizeof head} &&
         std::string_view(head, sizeof head) == kMagic;
}

// Returns the process id that the lock's owner wrote, for the message only: never used for a
// decision.
std::string holder(int fd) {
  char text[24] = {};
  const ssize_t got = ::pread(fd, text, sizeof text - 1, 0);
  std::string digits;
  for (ssize_t i = 0; i < got && text[i] >= '0' && text[i] <= '9'; ++i) digits += text[i];
  return digits.empty() ? std::string() : " (process " + digits + ")";
}

}  // namespace

OpenError unusable(const std::string& path, int error) {
  const bool full = error == ENOSPC || error == EDQUOT;
  const std::string owned = error == EACCES || error == EPERM ? unwritable_part(path) : "";
  return {full ? OpenError::Kind::kFull : OpenError::Kind::kUnusable,
          "state database " + path +
              " cannot be opened: " + std::generic_category().message(error) + "; " +
              (owned.empty() ? "" : owned + ": ") + remedy(error)};
}

std::string unwritable_part(const std::string& path) {
  for (const char* suffix : {"", "-wal", "-shm", "-journal", ".lock"}) {
    const std::string name = path + suffix;
    struct stat info {};
    if (::stat(name.c_str(), &info) != 0) continue;
    if (::faccessat(AT_FDCWD, name.c_str(), R_OK | W_OK, AT_EACCESS) == 0) continue;
    const passwd* const user = ::getpwuid(info.st_uid);
    return name + " belongs to " +
           (user != nullptr ? std::string(user->pw_name) : "user " + std::to_string(info.st_uid));
  }
  return {};
}

// The numbers are those of statfs(2) and linux/magic.h.
std::string_view network_disk(unsigned long type) {
  switch (type) {
    case 0x6969:
      return "nfs";
    case 0x517b:
    case 0xfe534d42:
    case 0xff534d42:
      return "cifs";
    case 0x65735546:
      return "fuse";
    case 0x01021997:
      return "9p";
    case 0x5346414f:
      return "afs";
    case 0x00c36400:
      return "ceph";
    case 0x01161970:
      return "gfs2";
    default:
      return {};
  }
}

std::string_view network_disk_of(const std::string& path) {
  struct statfs disk {};
  // The type is signed on some architectures: compare its lowest 32 bits.
  if (::statfs(path.c_str(), &disk) != 0) return {};
  return network_disk(static_cast<std::uint32_t>(disk.f_type));
}

std::variant<std::string, OpenError> prepare_file(const std::string& path) {
  constexpr int kFlags = O_RDWR | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
  Descriptor file{::open(path.c_str(), kFlags | O_CREAT | O_EXCL, 0600)};
  if (file.fd >= 0) {
    // The umask may have removed the owner's permissions.
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
  // A symbolic link to the file must lead to the same lock; a file that does not exist yet has no
  // other name.
  const std::unique_ptr<char, decltype(&std::free)> real(::realpath(path.c_str(), nullptr),
                                                         &std::free);
  const std::string name = (real ? std::string(real.get()) : path) + ".lock";
  const int fd = ::open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW, 0600);
  if (fd < 0) return unusable(name, errno);
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
  // A failure only costs the process id in the other daemon's message.
  if (::ftruncate(fd, 0) == 0) [[maybe_unused]]
    const ssize_t n = ::pwrite(fd, pid.data(), pid.size(), 0);
  return lock;
}

Lock::~Lock() {
  ::close(fd_);
}

}  // namespace taskwatchd::sqlite
