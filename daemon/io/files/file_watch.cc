#include "io/files/file_watch.h"

#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

namespace taskwatchd {
namespace {

constexpr std::uint32_t kEvents = IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_MODIFY |
                                  IN_CLOSE_WRITE | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF |
                                  IN_ONLYDIR;

}  // namespace

FileWatch::FileWatch(const boost::asio::any_io_executor& executor, std::function<void()> changed)
    : queue_(executor), changed_(std::move(changed)) {
  const int fd = ::inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  if (fd < 0) {
    problem_ = "no inotify: " + std::generic_category().message(errno);
    return;
  }
  queue_.assign(fd);
}

FileWatch::~FileWatch() = default;

void FileWatch::follow(const std::vector<std::string>& folders) {
  if (!queue_.is_open()) return;
  problem_.clear();
  std::map<int, std::string> now;
  for (const std::string& folder : folders) {
    if (now.size() == kMaxFolders) {
      problem_ = "more than " + std::to_string(kMaxFolders) + " folders";
      break;
    }
    const int number = ::inotify_add_watch(queue_.native_handle(), folder.c_str(), kEvents);
    if (number >= 0) {
      now.emplace(number, folder);
    } else if (errno != ENOENT && errno != ENOTDIR) {
      // ENOSPC, "no space left on device", is the kernel's error when its inotify watches are used
      // up.
      problem_ = errno == ENOSPC ? "no more inotify watches; raise fs.inotify.max_user_watches"
                                 : folder + ": " + std::generic_category().message(errno);
    }
  }
  for (const auto& [number, folder] : folders_) {
    // Fails for a folder that no longer exists; nothing needs to be done then.
    if (!now.contains(number)) ::inotify_rm_watch(queue_.native_handle(), number);
  }
  const bool first = folders_.empty() && !now.empty() && !listening_;
  folders_ = std::move(now);
  if (first) listen();
}

void FileWatch::listen() {
  listening_ = true;
  const std::weak_ptr<char> alive = alive_;
  queue_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                    [this, alive](const boost::system::error_code& error) {
                      if (error || alive.expired()) return;
                      drain();
                      changed_();
                      listen();
                    });
}

// The events are discarded: the caller checks all files anyway.
void FileWatch::drain() {
  std::array<char, 16 * 1024> events;
  constexpr int kMaxReads = 64;  // the rest is read in the next call
  for (int i = 0; i < kMaxReads; ++i) {
    if (::read(queue_.native_handle(), events.data(), events.size()) <= 0) break;
  }
}

}  // namespace taskwatchd
