// Reports by inotify when files in given folders are created, removed or changed. It reports only
// that something changed: the kernel may drop events, and a network file system reports none at
// all, so users must also check from time to time. Event-loop thread only; never blocks.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace taskwatchd {

class FileWatch {
 public:
  static constexpr std::size_t kMaxFolders = 1000;  // further folders are not watched

  // `changed` is called on the event loop, immediately and for each change.
  FileWatch(const boost::asio::any_io_executor& executor, std::function<void()> changed);
  ~FileWatch();
  FileWatch(const FileWatch&) = delete;
  FileWatch& operator=(const FileWatch&) = delete;

  // Watches these folders and no others from now on. Call it again from time to time with the same
  // folders: a folder that was replaced is a different one. Missing folders are ignored.
  void follow(const std::vector<std::string>& folders);

  // Returns why an existing folder is not watched; empty if all are watched.
  const std::string& problem() const { return problem_; }

 private:
  void listen();
  void drain();

  boost::asio::posix::stream_descriptor queue_;  // closed if inotify is unavailable
  std::function<void()> changed_;
  std::map<int, std::string> folders_;  // by inotify watch descriptor
  std::string problem_;
  bool listening_ = false;
  // Expires with this object: a wait that had completed before its destruction must not call it.
  std::shared_ptr<char> alive_ = std::make_shared<char>();
};

}  // namespace taskwatchd
