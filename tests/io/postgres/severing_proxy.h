// A TCP proxy in front of a server that ends a connection when the client sends a given text:
// before the server sees it, or after the server has answered, so that the answer is lost. Or the
// connection freezes: nothing passes any more, and nothing ends. Every function on the test's
// thread.
#pragma once

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace taskwatchd {

class SeveringProxy {
 public:
  enum class Cut { kNone, kBefore, kAfter, kFreeze };

  explicit SeveringProxy(int server_port) : server_port_(server_port) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address = loopback(0);
    socklen_t size = sizeof(address);
    if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
        ::listen(listener_, 16) != 0 ||
        ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
      throw std::runtime_error("the proxy cannot listen");
    }
    port_ = ntohs(address.sin_port);
    acceptor_ = std::thread([this] { accept(); });
  }
  ~SeveringProxy() {
    ending_ = true;
    acceptor_.join();
    for (std::thread& one : connections_) one.join();
    ::close(listener_);
  }
  SeveringProxy(const SeveringProxy&) = delete;
  SeveringProxy& operator=(const SeveringProxy&) = delete;

  int port() const { return port_; }
  // The next time that a client sends `text`.
  void cut_at(const std::string& text, Cut cut) {
    const std::lock_guard hold(mutex_);
    text_ = text;
    cut_ = cut;
  }

 private:
  static sockaddr_in loopback(int port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    return address;
  }

  void accept() {
    while (!ending_) {
      pollfd ready{listener_, POLLIN, 0};
      if (::poll(&ready, 1, 20) <= 0) continue;
      const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (client < 0) continue;
      connections_.emplace_back([this, client] { relay(client); });
    }
  }

  // Returns the cut for what the client has just sent, once.
  Cut cut_for(std::string_view sent) {
    const std::lock_guard hold(mutex_);
    if (cut_ == Cut::kNone || sent.find(text_) == sent.npos) return Cut::kNone;
    return std::exchange(cut_, Cut::kNone);
  }

  void relay(int client) {
    const int server = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_in address = loopback(server_port_);
    bool open =
        ::connect(server, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
    bool swallow = false;
    while (open && !ending_) {
      std::array<pollfd, 2> ready{pollfd{client, POLLIN, 0}, pollfd{server, POLLIN, 0}};
      if (::poll(ready.data(), ready.size(), 20) <= 0) continue;
      std::array<char, 65536> bytes{};
      if (ready[0].revents != 0) {
        const ssize_t count = ::recv(client, bytes.data(), bytes.size(), 0);
        if (count <= 0) break;
        const Cut cut = cut_for({bytes.data(), static_cast<std::size_t>(count)});
        if (cut == Cut::kBefore) break;
        while (cut == Cut::kFreeze && !ending_) {
          std::this_thread::sleep_for(std::chrono::milliseconds(20));
        }
        swallow = swallow || cut == Cut::kAfter;
        open = ::send(server, bytes.data(), static_cast<std::size_t>(count), MSG_NOSIGNAL) == count;
      }
      if (ready[1].revents != 0) {
        const ssize_t count = ::recv(server, bytes.data(), bytes.size(), 0);
        if (count <= 0 || swallow) break;  // the server has answered; the client never hears it
        open = ::send(client, bytes.data(), static_cast<std::size_t>(count), MSG_NOSIGNAL) == count;
      }
    }
    ::close(server);
    ::close(client);
  }

  int server_port_;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<bool> ending_ = false;
  std::mutex mutex_;
  std::string text_;
  Cut cut_ = Cut::kNone;
  std::thread acceptor_;
  std::vector<std::thread> connections_;
};

}  // namespace taskwatchd
