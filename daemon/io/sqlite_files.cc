#include "io/sqlite_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <memory>
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
      return "make its folder, or set state.path to a file in a folder that exists";
    case EACCES:
    case EPERM:
      return "let the daemon's user write the file and its folder";
    case EROFS:
      return "the file system is read-only; set state.path to a place that can be written";
    case ENOSPC:
    case EDQUOT:
      return "free some space on that disk";
    case EISDIR:
      return "state.path must name a file, and this is a folder";
    default:
      return "check the file, its folder and the disk";
  }
}

}  // namespace

OpenError unusable(const std::string& path, int error) {
  return {OpenError::Kind::kUnusable,
          "state " + path + " cannot be opened: " + std::generic_category().message(error) + "; " +
              mend(error)};
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
                     "state " + path + " is not a regular file; set state.path to one"};
  }
  const std::unique_ptr<char, decltype(&std::free)> real(::realpath(path.c_str(), nullptr),
                                                         &std::free);
  if (!real) return unusable(path, errno);
  return std::string(real.get());
}

}  // namespace taskwatchd::sqlite
