// A PostgreSQL server for tests: Debian's programs, a cluster in a temporary folder, a free port on
// loopback, roles without passwords. It ends with the test program. As root it runs as `postgres`,
// because PostgreSQL refuses to run as root.
#pragma once

#include <arpa/inet.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "io/temporary_folder.h"

namespace taskwatchd {

class PostgresServer {
 public:
  PostgresServer() : port_(free_port()) {
    std::filesystem::permissions(folder_ / "", std::filesystem::perms(0755));
    std::filesystem::create_directory(data());
    if (const passwd* user = ::geteuid() == 0 ? ::getpwnam("postgres") : nullptr) {
      uid_ = user->pw_uid;
      gid_ = user->pw_gid;
      if (::chown(data().c_str(), uid_, gid_) != 0) throw std::runtime_error("chown");
    }
    const pid_t made = start({program("initdb"), "-D", data(), "-A", "trust", "-U", "admin", "-E",
                              "UTF8", "--locale=C", "-N"});
    int status = 0;
    ::waitpid(made, &status, 0);
    if (status != 0)
      throw std::runtime_error("initdb failed: is the package postgresql installed?");
    resume();
  }
  ~PostgresServer() { kill(SIGQUIT); }
  PostgresServer(const PostgresServer&) = delete;
  PostgresServer& operator=(const PostgresServer&) = delete;

  // Of the database `postgres`.
  std::string url(const std::string& user = "admin") const {
    return "postgresql://" + user + "@127.0.0.1:" + std::to_string(port_) + "/postgres";
  }
  // Ends it: SIGINT disconnects clients, SIGQUIT and SIGKILL are crashes.
  void kill(int signal) {
    if (server_ == 0) return;
    ::kill(server_, signal);
    ::waitpid(server_, nullptr, 0);
    server_ = 0;
  }
  // Starts it and waits until it accepts connections.
  void resume() {
    server_ = start({program("postgres"), "-D", data(), "-p", std::to_string(port_), "-h",
                     "127.0.0.1", "-k", data(), "-c", "fsync=off", "-c", "logging_collector=off",
                     "-c", "log_min_messages=panic", "-c", "max_connections=60"});
    const std::string ready =
        program("pg_isready") + " -q -h 127.0.0.1 -p " + std::to_string(port_);
    for (int tries = 0; std::system(ready.c_str()) != 0; ++tries) {
      if (tries > 300) throw std::runtime_error("the server does not start");
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
  }
  pid_t pid() const { return server_; }
  int port() const { return port_; }

  // The one that all tests of a program share.
  static PostgresServer& shared() {
    static PostgresServer server;
    return server;
  }

 private:
  std::string data() const { return folder_ / "data"; }

  static std::string program(const std::string& name) {
    namespace fs = std::filesystem;
    for (const auto& version : fs::directory_iterator("/usr/lib/postgresql")) {
      const fs::path path = version.path() / "bin" / name;
      if (fs::exists(path)) return path;
    }
    throw std::runtime_error("no " + name + ": install the package postgresql");
  }

  static int free_port() {
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    if (::bind(socket, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
        ::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
      throw std::runtime_error("no free port");
    }
    ::close(socket);
    return ntohs(address.sin_port);
  }

  pid_t start(const std::vector<std::string>& command) const {
    const pid_t child = ::fork();
    if (child != 0) return child;
    if (uid_ != 0 && (::setgid(gid_) != 0 || ::setuid(uid_) != 0)) ::_exit(1);
    ::prctl(PR_SET_PDEATHSIG, SIGQUIT);
    ::close(STDOUT_FILENO);
    std::vector<char*> arguments;
    for (const std::string& one : command) arguments.push_back(const_cast<char*>(one.c_str()));
    arguments.push_back(nullptr);
    if (::chdir("/") != 0) ::_exit(1);
    ::execv(arguments[0], arguments.data());
    ::_exit(1);
  }

  TemporaryFolder folder_;
  uid_t uid_ = 0;
  gid_t gid_ = 0;
  int port_ = 0;
  pid_t server_ = 0;
};

}  // namespace taskwatchd
