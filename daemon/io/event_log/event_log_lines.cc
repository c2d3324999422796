// Writes lines to a pipe, socket, terminal or file through an spdlog sink that reports failures.
#include <poll.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/sink.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>

#include "core/events/event_text.h"
#include "io/event_log/event_log_writer.h"

namespace taskwatchd::event_log {
namespace {

class FdSink : public spdlog::sinks::sink {
 public:
  FdSink(int fd, const std::atomic<bool>& give_up) : fd_(fd), give_up_(give_up) {
    struct stat info {};
    socket_ = ::fstat(fd, &info) == 0 && S_ISSOCK(info.st_mode);
  }

  void log(const spdlog::details::log_msg& message) override {
    line_.clear();
    // Ends the partial line that a failed write left, so that this line stands alone.
    if (torn_) line_ += '\n';
    line_.append(message.payload.data(), message.payload.size());
    line_ += '\n';
    worked_ = write_all();
  }
  void flush() override {}
  void set_pattern(const std::string&) override {}
  void set_formatter(std::unique_ptr<spdlog::formatter>) override {}

  bool worked() const { return worked_; }

 private:
  bool write_all() {
    std::size_t done = 0;
    while (done < line_.size()) {
      if (!wait_until_writable()) break;
      // A pipe reported as writable has space for PIPE_BUF bytes; a larger write may block.
      const std::size_t size = std::min<std::size_t>(line_.size() - done, PIPE_BUF);
      const ssize_t n = put(line_.data() + done, size);
      if (n >= 0) {
        done += static_cast<std::size_t>(n);
      } else if (errno != EINTR && errno != EAGAIN && errno != EWOULDBLOCK) {
        break;
      }
    }
    if (done > 0) torn_ = done < line_.size();
    return done == line_.size();
  }

  bool wait_until_writable() const {
    constexpr int kLookUpMilliseconds = 100;
    for (;;) {
      if (give_up_) return false;
      pollfd wanted{fd_, POLLOUT, 0};
      const int ready = ::poll(&wanted, 1, kLookUpMilliseconds);
      if (ready > 0) return (wanted.revents & POLLNVAL) == 0;
      if (ready < 0 && errno != EINTR) return false;
    }
  }

  ssize_t put(const char* data, std::size_t size) const {
    return socket_ ? ::send(fd_, data, size, MSG_DONTWAIT | MSG_NOSIGNAL)
                   : ::write(fd_, data, size);
  }

  int fd_;
  const std::atomic<bool>& give_up_;
  bool socket_ = false;
  bool torn_ = false;
  bool worked_ = false;
  std::string line_;
};

spdlog::level::level_enum spdlog_level(Level level) {
  switch (level) {
    case Level::kDebug:
      return spdlog::level::debug;
    case Level::kInfo:
      return spdlog::level::info;
    case Level::kWarn:
      return spdlog::level::warn;
    case Level::kError:
      return spdlog::level::err;
  }
  return spdlog::level::err;
}

class LineWriter : public Writer {
 public:
  LineWriter(int fd, bool json, const std::atomic<bool>& give_up)
      : json_(json), sink_(std::make_shared<FdSink>(fd, give_up)), logger_("taskwatchd", sink_) {
    logger_.set_level(spdlog::level::trace);
  }

  bool write(const Event& event) override {
    const std::string text = json_ ? to_json(event) : to_logfmt(event);
    const spdlog::string_view_t plain(text.data(), text.size());
    logger_.log(spdlog::source_loc{}, spdlog_level(event.level), plain);
    return sink_->worked();
  }

 private:
  bool json_;
  std::shared_ptr<FdSink> sink_;
  spdlog::logger logger_;
};

}  // namespace

std::unique_ptr<Writer> line_writer(int fd, bool json, const std::atomic<bool>& give_up) {
  return std::make_unique<LineWriter>(fd, json, give_up);
}

}  // namespace taskwatchd::event_log
