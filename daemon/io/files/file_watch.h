// Tells when files in given folders come, go or change, by inotify. It says only that there is
// something to look at: the kernel may drop what happened, and a network file system tells nothing
// at all, so whoever uses this looks from time to time anyway. Loop's thread; never blocks.
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
  static constexpr std::size_t kMaxFolders = 1000;  // the rest is not watched

  // `changed` is called on the loop, at once and as often as something happens.
  FileWatch(const boost::asio::any_io_executor& executor, std::function<void()> changed);
  ~FileWatch();
  FileWatch(const FileWatch&) = delete;
  FileWatch& operator=(const FileWatch&) = delete;

  // From now on these folders and no others. Call it again from time to time with the same: one
  // that has been replaced is another. Folders that do not exist are left out.
  void follow(const std::vector<std::string>& folders);

  // Why some of them are not watched, though they exist; empty if all are.
  const std::string& problem() const { return problem_; }

 private:
  void listen();
  void drain();

  boost::asio::posix::stream_descriptor queue_;  // closed if there is no inotify to be had
  std::function<void()> changed_;
  std::map<int, std::string> folders_;  // by the kernel's number
  std::string problem_;
  bool listening_ = false;
  // Ends with this: a wait that had ended already when this was destroyed must not call it.
  std::shared_ptr<char> alive_ = std::make_shared<char>();
};

}  // namespace taskwatchd
