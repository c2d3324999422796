// A byte-level server on loopback for tests of clients. A function plays each connection in its own
// thread, so that a server can be silent, slow, cut short or endless.
// Threads: the script runs in the connection's thread; all else is thread-safe.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace taskwatchd {

class RawServer;

class RawConnection {
 public:
  RawConnection(int socket, SSL_CTX* tls, const std::atomic<bool>& stopping)
      : socket_(socket), stopping_(stopping) {
    if (tls == nullptr) return;
    ssl_ = SSL_new(tls);
    SSL_set_fd(ssl_, socket_);
  }
  RawConnection(const RawConnection&) = delete;
  RawConnection& operator=(const RawConnection&) = delete;
  ~RawConnection() {
    if (ssl_ != nullptr) SSL_free(ssl_);
    close();
  }

  // Returns false if the handshake fails.
  bool handshake() { return ssl_ == nullptr || SSL_accept(ssl_) == 1; }

  // Starts TLS, as behind a proxy's response to CONNECT. Returns false if the handshake fails.
  bool start_tls(SSL_CTX* tls) {
    ssl_ = SSL_new(tls);
    SSL_set_fd(ssl_, socket_);
    return handshake();
  }

  // Reads one request with its Content-Length body. Returns an empty string once the client is
  // gone.
  std::string read_request() {
    for (;;) {
      const auto end = buffer_.find("\r\n\r\n");
      if (end != std::string::npos) {
        const std::size_t size = end + 4 + content_length(buffer_.substr(0, end + 2));
        if (buffer_.size() >= size) {
          std::string request = buffer_.substr(0, size);
          buffer_.erase(0, size);
          return request;
        }
      }
      if (!read_some()) return {};
    }
  }
  // Returns false once the client is gone.
  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto sent = ssl_ != nullptr
                            ? SSL_write(ssl_, bytes.data(), static_cast<int>(bytes.size()))
                            : ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0 || stopping_) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }
  bool reply(std::string_view body, std::string_view headers = "") {
    return send("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" +
                std::string(headers) + "\r\n" + std::string(body));
  }
  // Sends nothing more until the client or the test ends the connection.
  void hold() {
    while (read_some()) {
    }
  }
  // Returns false if the test ends.
  bool sleep(std::chrono::milliseconds time) const {
    for (const auto end = std::chrono::steady_clock::now() + time;
         std::chrono::steady_clock::now() < end;) {
      if (stopping_) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return true;
  }
  void close() {
    if (socket_ >= 0) ::close(std::exchange(socket_, -1));
  }
  // Closes with RST instead of FIN.
  void reset() {
    const linger now{1, 0};
    setsockopt(socket_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close();
  }

 private:
  static std::size_t content_length(const std::string& headers) {
    const auto at = headers.find("Content-Length: ");
    return at == std::string::npos ? 0 : std::stoul(headers.substr(at + 16));
  }
  bool read_some() {
    char bytes[4096];
    while (!stopping_) {
      pollfd readable{socket_, POLLIN, 0};
      const bool ready = (ssl_ != nullptr && SSL_pending(ssl_) > 0) || ::poll(&readable, 1, 20) > 0;
      if (!ready) continue;
      const auto got = ssl_ != nullptr ? SSL_read(ssl_, bytes, sizeof bytes)
                                       : ::recv(socket_, bytes, sizeof bytes, 0);
      if (got <= 0) return false;
      buffer_.append(bytes, static_cast<std::size_t>(got));
      return true;
    }
    return false;
  }

  int socket_;
  const std::atomic<bool>& stopping_;
  SSL* ssl_ = nullptr;
  std::string buffer_;
};

class RawServer {
 public:
  using Script = std::function<void(RawConnection&)>;

  // With `tls`, the script starts after a successful handshake. The caller keeps ownership of
  // `tls`.
  explicit RawServer(Script script, SSL_CTX* tls = nullptr)
      : script_(std::move(script)), tls_(tls), socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    if (bind(socket_, generic, size) != 0 || listen(socket_, 1024) != 0 ||
        getsockname(socket_, generic, &size) != 0) {
      throw std::runtime_error("cannot listen on loopback");
    }
    port_ = ntohs(address.sin_port);
    acceptor_ = std::thread([this] { accept_all(); });
  }
  RawServer(const RawServer&) = delete;
  RawServer& operator=(const RawServer&) = delete;
  ~RawServer() {
    stopping_ = true;
    shutdown(socket_, SHUT_RDWR);
    acceptor_.join();
    ::close(socket_);
    for (auto& thread : threads_) thread.join();
  }

  int port() const { return port_; }
  std::string url(std::string_view path = "/") const {
    return (tls_ != nullptr ? "https" : "http") + std::string("://127.0.0.1:") +
           std::to_string(port_) + std::string(path);
  }
  int accepted() const { return accepted_; }
  // Stores a request for the test to inspect.
  void note(std::string request) {
    const std::lock_guard lock(mutex_);
    notes_.push_back(std::move(request));
  }
  std::vector<std::string> notes() const {
    const std::lock_guard lock(mutex_);
    return notes_;
  }

 private:
  void accept_all() {
    for (;;) {
      const int socket = accept(socket_, nullptr, nullptr);
      if (socket < 0) return;
      ++accepted_;
      threads_.emplace_back([this, socket] {
        RawConnection connection(socket, tls_, stopping_);
        if (connection.handshake()) script_(connection);
      });
    }
  }

  Script script_;
  SSL_CTX* tls_;
  int socket_;
  int port_ = 0;
  std::atomic<bool> stopping_ = false;
  std::atomic<int> accepted_ = 0;
  mutable std::mutex mutex_;
  std::vector<std::string> notes_;
  std::vector<std::thread> threads_;
  std::thread acceptor_;
};

}  // namespace taskwatchd
