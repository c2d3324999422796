#include "io/files/config_file_read.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <system_error>

namespace taskwatchd {
namespace {

constexpr const char* kAccessFix = "check the path, and that the user of taskwatchd can read it";

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

std::string directory_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  std::string directory = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  if (directory.starts_with('/')) return directory;
  char* cwd = ::getcwd(nullptr, 0);
  if (cwd == nullptr) return directory;
  directory = directory == "." ? std::string(cwd) : std::string(cwd) + "/" + directory;
  std::free(cwd);
  return directory;
}

}  // namespace

ParseContext parse_context(const std::string& path) {
  ParseContext context;
  context.file = path;
  context.directory = directory_of(path);
  context.credentials_directory = environment("CREDENTIALS_DIRECTORY");
  // systemd joins several directories with colons; the first one is the main one.
  const std::string state = environment("STATE_DIRECTORY");
  context.state_directory = state.substr(0, state.find(':'));
  return context;
}

std::string mode_problem(unsigned mode, unsigned permissions) {
  const unsigned given = mode & permissions;
  if (given == 0) return {};
  const char* const what = (given & S_IWOTH) != 0 ? "changed" : "read";
  return std::string("can be ") + what +
         " by every user of this host; run `chmod o-rwx` on it, and replace the secrets in it";
}

FileText unreadable(int error) {
  FileText file;
  file.problem = "cannot be read: " + std::generic_category().message(error) + "; " + kAccessFix;
  file.absent = error == ENOENT || error == ENOTDIR;
  return file;
}

FileText read_file(const std::string& path, std::size_t max_bytes) {
  // Non-blocking: opening a pipe without a writer would hang forever.
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (fd < 0) return unreadable(errno);
  FileText file;
  struct stat status {};
  if (::fstat(fd, &status) != 0) {
    file = unreadable(errno);
  } else if (!S_ISREG(status.st_mode)) {
    file.problem = "is not a regular file; set the path of a file";
  }
  file.mode = status.st_mode;
  // A file system may return any number.
  file.written = Wall(std::chrono::seconds(
      std::clamp<std::int64_t>(status.st_mtim.tv_sec, 0, std::int64_t{1} << 36)));
  while (file.problem.empty()) {
    constexpr std::size_t kChunkBytes = 64 * 1024;
    const std::size_t size = file.text.size();
    file.text.resize(size + kChunkBytes);
    const ssize_t got = ::read(fd, file.text.data() + size, kChunkBytes);
    const int error = errno;
    file.text.resize(size + static_cast<std::size_t>(got > 0 ? got : 0));
    if (got < 0 && error != EINTR) file.problem = unreadable(error).problem;
    if (got == 0) break;
    if (file.text.size() > max_bytes) {
      file.problem =
          "is larger than " + std::to_string(max_bytes) + " bytes; is it the right file?";
    }
  }
  ::close(fd);
  if (!file.problem.empty()) explicit_bzero(file.text.data(), file.text.size());
  return file;
}

}  // namespace taskwatchd
