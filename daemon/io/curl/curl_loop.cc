#include "io/curl/curl_loop.h"

#include <boost/asio/post.hpp>
#include <stdexcept>
#include <utility>

namespace taskwatchd {

// One socket that libcurl wants to have watched.
struct CurlLoop::Watch {
  Watch(const boost::asio::any_io_executor& executor, curl_socket_t s)
      : descriptor(executor), socket(s) {}
  // libcurl closes the socket; this class never does.
  ~Watch() { let_go(); }
  void let_go() {
    if (descriptor.is_open()) descriptor.release();
  }
  bool wants(Direction direction) const {
    return (wanted & (direction == Direction::kRead ? CURL_POLL_IN : CURL_POLL_OUT)) != 0;
  }
  bool& waits(Direction direction) {
    return direction == Direction::kRead ? waits_to_read : waits_to_write;
  }

  boost::asio::posix::stream_descriptor descriptor;
  curl_socket_t socket;
  int wanted = CURL_POLL_NONE;
  bool waits_to_read = false;
  bool waits_to_write = false;
};

CurlLoop::CurlLoop(boost::asio::any_io_executor executor, const CurlOptions& options)
    : executor_(std::move(executor)), multi_(curl_multi_init()), timer_(executor_) {
  if (multi_ == nullptr) throw std::runtime_error("libcurl cannot start: out of memory");
  curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, &CurlLoop::on_socket);
  curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, &CurlLoop::on_timer);
  curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_PIPELINING, static_cast<long>(CURLPIPE_NOTHING));
  curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, options.idle_connections);
}

CurlLoop::~CurlLoop() {
  close();
}

void CurlLoop::add(CurlTransfer& transfer) {
  if (closed() || curl_multi_add_handle(multi_, transfer.handle()) != CURLM_OK) {
    return transfer.finish(
        TransportFailure{TransportFailure::Kind::kUnreachable, "the client is closed"});
  }
  transfers_.insert(&transfer);
}

void CurlLoop::remove(CurlTransfer& transfer) {
  if (transfers_.erase(&transfer) != 0) curl_multi_remove_handle(multi_, transfer.handle());
}

void CurlLoop::close() {
  if (closed()) return;
  for (CurlTransfer* transfer : std::exchange(transfers_, {})) {
    curl_multi_remove_handle(multi_, transfer->handle());
    transfer->finish(
        TransportFailure{TransportFailure::Kind::kUnreachable, "the client is closed"});
  }
  curl_multi_cleanup(std::exchange(multi_, nullptr));
  watches_.clear();
  timer_.cancel();
}

int CurlLoop::on_socket(CURL*, curl_socket_t socket, int what, void* self, void*) noexcept {
  auto& me = *static_cast<CurlLoop*>(self);
  if (what == CURL_POLL_REMOVE) {
    me.forget(socket);
  } else {
    me.watch(socket, what);
  }
  return 0;
}

int CurlLoop::on_timer(CURLM*, long milliseconds, void* self) noexcept {
  static_cast<CurlLoop*>(self)->set_timer(milliseconds);
  return 0;
}

void CurlLoop::watch(curl_socket_t socket, int what) {
  auto& watch = watches_[socket];
  if (!watch) {
    watch = std::make_shared<Watch>(executor_, socket);
    boost::system::error_code failed;
    watch->descriptor.assign(socket, failed);
    // Without a watch, the transfer ends by its timeout.
    if (failed) return;
  }
  watch->wanted = what;
  arm(watch, Direction::kRead);
  arm(watch, Direction::kWrite);
}

void CurlLoop::forget(curl_socket_t socket) {
  const auto found = watches_.find(socket);
  if (found == watches_.end()) return;
  // A wait in progress still owns the watch; it must not keep the descriptor.
  found->second->let_go();
  watches_.erase(found);
}

void CurlLoop::arm(const std::shared_ptr<Watch>& watch, Direction direction) {
  if (!watch->wants(direction) || watch->waits(direction) || !watch->descriptor.is_open()) return;
  watch->waits(direction) = true;
  const auto type = direction == Direction::kRead ? boost::asio::posix::descriptor_base::wait_read
                                                  : boost::asio::posix::descriptor_base::wait_write;
  watch->descriptor.async_wait(
      type, [loop = weak_from_this(), watch, direction](boost::system::error_code error) {
        if (const auto alive = loop.lock()) alive->ready(watch, direction, error.failed());
      });
}

void CurlLoop::ready(const std::shared_ptr<Watch>& watch, Direction direction, bool failed) {
  watch->waits(direction) = false;
  // The descriptor number may belong to another socket now: only the same entry counts.
  const auto current = [&] {
    const auto found = watches_.find(watch->socket);
    return found != watches_.end() && found->second == watch;
  };
  if (failed || !current()) return;
  // libcurl may have removed the watch during the wait.
  if (watch->wants(direction)) {
    act(watch->socket, direction == Direction::kRead ? CURL_CSELECT_IN : CURL_CSELECT_OUT);
  }
  if (current()) arm(watch, direction);
}

// libcurl sets its timer several times for each transfer, mostly to a timeout that never passes.
// Each change of the earliest Asio timer is a system call that takes longer than the transfer's
// encryption: a timer that is early enough stays as it is, and is set again when it expires.
void CurlLoop::set_timer(long milliseconds) {
  if (milliseconds < 0) {
    due_.reset();
    return;
  }
  due_ = Steady::now() + std::chrono::milliseconds(milliseconds);
  if (milliseconds > 0) {
    arm_timer();
  } else if (!std::exchange(posted_, true)) {
    // May be called inside curl_multi_socket_action: posted.
    boost::asio::post(executor_, [loop = weak_from_this()] {
      const auto alive = loop.lock();
      if (!alive) return;
      alive->posted_ = false;
      alive->on_due();
    });
  }
}

void CurlLoop::arm_timer() {
  if (armed_ && *armed_ <= *due_) return;
  armed_ = due_;
  timer_.expires_at(*due_);
  timer_.async_wait([loop = weak_from_this()](boost::system::error_code cancelled) {
    if (cancelled) return;
    const auto alive = loop.lock();
    if (!alive) return;
    alive->armed_.reset();
    alive->on_due();
  });
}

void CurlLoop::on_due() {
  if (!due_) return;
  if (Steady::now() < *due_) return arm_timer();
  due_.reset();
  act(CURL_SOCKET_TIMEOUT, 0);
}

void CurlLoop::act(curl_socket_t socket, int events) {
  if (closed()) return;
  int running = 0;
  curl_multi_socket_action(multi_, socket, events, &running);
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    CURL* easy = message->easy_handle;
    const CURLcode code = message->data.result;  // removing the handle frees the message
    CurlTransfer* transfer = nullptr;
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, &transfer);
    curl_multi_remove_handle(multi_, easy);
    transfers_.erase(transfer);
    transfer->finish(code);
  }
}

}  // namespace taskwatchd
