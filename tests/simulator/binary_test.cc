// The program itself, over plain sockets and TLS.
#include <arpa/inet.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "simulator/test_client.h"

namespace iotsim {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

std::int64_t wall_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

std::string bytes_of(const Request& request) {
  std::string text = request.method + ' ' + request.target + " HTTP/1.1\r\n";
  for (const auto& [name, value] : request.headers) text += name + ": " + value + "\r\n";
  return text + "content-length: " + std::to_string(request.body.size()) +
         "\r\nconnection: close\r\n\r\n" + request.body;
}

int connect_to(int port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  return fd;
}

std::string exchange(int port, const std::string& bytes) {
  const int fd = connect_to(port);
  EXPECT_EQ(::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL),
            static_cast<ssize_t>(bytes.size()));
  std::string reply;
  char buffer[4096];
  for (ssize_t n; (n = ::recv(fd, buffer, sizeof buffer, 0)) > 0;) {
    reply.append(buffer, static_cast<std::size_t>(n));
  }
  ::close(fd);
  return reply;
}

// A running iotsim process. The destructor ends it with SIGTERM.
class Program {
 public:
  explicit Program(std::vector<std::string> arguments) {
    int out[2];
    EXPECT_EQ(::pipe2(out, O_CLOEXEC), 0);
    arguments.insert(arguments.begin(), IOTSIM_BINARY);
    std::vector<char*> argv;
    for (std::string& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    pid_ = ::fork();
    if (pid_ == 0) {
      ::dup2(out[1], STDOUT_FILENO);
      ::dup2(out[1], STDERR_FILENO);
      ::execv(argv[0], argv.data());
      ::_exit(127);
    }
    ::close(out[1]);
    for (char c; ::read(out[0], &c, 1) == 1 && c != '\n';) line_ += c;
    ::close(out[0]);
  }
  ~Program() {
    if (pid_ > 0) end(SIGTERM);
  }
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  const std::string& line() const { return line_; }
  int port() const { return std::stoi(line_.substr(line_.rfind(':') + 1)); }
  // Returns its exit code; -1 if a signal ended it. `signal` 0: sends no signal.
  int end(int signal) {
    if (signal != 0) ::kill(pid_, signal);
    int status = 0;
    ::waitpid(pid_, &status, 0);
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

 private:
  pid_t pid_ = -1;
  std::string line_;
};

class Binary : public ::testing::Test {
 protected:
  Binary() {
    std::string pattern = ::testing::TempDir() + "iotsim-XXXXXX";
    folder = ::mkdtemp(pattern.data());
    client.id = "LTAI5tDemoKey";
    client.secret = "demo-secret-not-a-real-one";
    client.instance = "iot-cn-demo0001";
  }
  ~Binary() override { std::filesystem::remove_all(folder); }
  std::string scenario(const std::string& name) {
    return "--scenario=" TEST_DATA_DIR "/scenarios/" + name;
  }
  Request query() { return client.query_task("MSnT9rerunTask1q010101", wall_ms()); }

  std::filesystem::path folder;
  TestClient client;
};

TEST_F(Binary, ServesCallsAndControlAndEndsCleanly) {
  Program program({scenario("rerun.yaml"), "--listen=127.0.0.1:0"});
  ASSERT_THAT(program.line(), StartsWith("listening on http://127.0.0.1:"));
  const std::string reply = exchange(program.port(), bytes_of(query()));
  EXPECT_THAT(reply, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(reply, HasSubstr("content-type: application/json;charset=utf-8\r\n"));
  EXPECT_THAT(reply, HasSubstr("\"TaskId\":\"MSnT9rerunTask1q010101\""));
  client.secret = "wrong";
  EXPECT_THAT(exchange(program.port(), bytes_of(query())), StartsWith("HTTP/1.1 400 Bad Request"));
  EXPECT_THAT(exchange(program.port(), "GET /-/stats HTTP/1.0\r\n\r\n"), HasSubstr("\"ok\":1,"));
  EXPECT_EQ(program.end(SIGTERM), 0);
}

TEST_F(Binary, KeepsAConnectionForSeveralCalls) {
  Program program({scenario("rerun.yaml")});
  std::string two;
  for (int i = 0; i < 2; ++i) {
    std::string one = bytes_of(query());
    if (i == 0) one.replace(one.find("connection: close\r\n"), 19, "");
    two += one;
  }
  const std::string replies = exchange(program.port(), two);
  EXPECT_NE(replies.find("HTTP/1.1 200"), replies.rfind("HTTP/1.1 200"));
  EXPECT_EQ(program.end(SIGINT), 0);
}

TEST_F(Binary, BreaksRepliesOnOrder) {
  Program program({scenario("rerun.yaml")});
  const auto turn = [&](const std::string& what) {
    EXPECT_THAT(exchange(program.port(), "GET /-/switch?" + what + " HTTP/1.0\r\n\r\n"),
                StartsWith("HTTP/1.1 200"));
  };
  const std::size_t whole = exchange(program.port(), bytes_of(query())).size();
  turn("cut=1");
  const std::string cut = exchange(program.port(), bytes_of(query()));
  EXPECT_LT(cut.size(), whole);
  EXPECT_THAT(cut, HasSubstr("content-length: "));
  turn("cut_kind=bare");
  EXPECT_THAT(exchange(program.port(), bytes_of(query())), Not(HasSubstr("content-length")));
  turn("cut=0&drop=1");
  EXPECT_EQ(exchange(program.port(), bytes_of(query())), "");
  turn("drop=0&slow=1&slow_ms=300");
  const std::int64_t before = wall_ms();
  EXPECT_THAT(exchange(program.port(), bytes_of(query())), StartsWith("HTTP/1.1 200"));
  EXPECT_GE(wall_ms() - before, 300);
  turn("slow=0&empty=1");
  std::this_thread::sleep_for(std::chrono::seconds(1));  // the quota is five a second
  EXPECT_THAT(exchange(program.port(), bytes_of(query())), HasSubstr("content-length: 0\r\n"));
}

TEST_F(Binary, DripsAByteASecond) {
  Program program({scenario("rerun.yaml")});
  exchange(program.port(), "GET /-/switch?drip=1 HTTP/1.0\r\n\r\n");
  const int fd = connect_to(program.port());
  const std::string bytes = bytes_of(query());
  ASSERT_EQ(::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL),
            static_cast<ssize_t>(bytes.size()));
  std::string reply;
  char c = 0;
  while (reply.find("\r\n\r\n") == std::string::npos && ::recv(fd, &c, 1, 0) == 1) reply += c;
  EXPECT_THAT(reply, HasSubstr("content-length: "));
  const std::int64_t head_at = wall_ms();
  EXPECT_EQ(::recv(fd, &c, 1, 0), 1);
  EXPECT_EQ(c, '{');
  EXPECT_GE(wall_ms() - head_at, 900);
  EXPECT_EQ(::recv(fd, &c, 1, MSG_DONTWAIT), -1);
  ::close(fd);
}

TEST_F(Binary, SurvivesNoise) {
  Program program({scenario("rerun.yaml")});
  EXPECT_THAT(exchange(program.port(), "\r\n\r\n\0\0nonsense\r\n\r\n"), Not(HasSubstr("200 OK")));
  ::close(connect_to(program.port()));
  const std::string endless = "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 99999999\r\n\r\n";
  EXPECT_THAT(exchange(program.port(), endless), Not(HasSubstr("200 OK")));
  EXPECT_THAT(exchange(program.port(), bytes_of(query())), StartsWith("HTTP/1.1 200 OK"));
}

TEST_F(Binary, WritesAConfigurationThatNamesItself) {
  Program program({scenario("demo.yaml"), "--write-config=" + folder.string(), "--pace=0s"});
  std::ifstream file(folder / "taskwatchd.yaml");
  std::stringstream yaml;
  yaml << file.rdbuf();
  EXPECT_THAT(yaml.str(),
              HasSubstr("endpoint: \"http://127.0.0.1:" + std::to_string(program.port()) + "\""));
  EXPECT_THAT(yaml.str(), HasSubstr("      task: 0s\n"));
  struct stat secret {};
  ASSERT_EQ(::stat((folder / "keys/demo.secret").c_str(), &secret), 0);
  EXPECT_EQ(secret.st_mode & 0777U, 0600U);
}

TEST_F(Binary, ServesTls) {
  const std::string cert = (folder / "cert.pem").string(), key = (folder / "key.pem").string();
  const std::string make =
      "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 "
      "-subj /CN=localhost -addext subjectAltName=IP:127.0.0.1 -keyout " +
      key + " -out " + cert + " 2>/dev/null";
  ASSERT_EQ(std::system(make.c_str()), 0);
  Program program({scenario("rerun.yaml"), "--tls-cert=" + cert, "--tls-key=" + key,
                   "--write-config=" + folder.string()});
  ASSERT_THAT(program.line(), StartsWith("listening on https://127.0.0.1:"));
  SSL_CTX* const context = SSL_CTX_new(TLS_client_method());
  ASSERT_EQ(SSL_CTX_load_verify_locations(context, cert.c_str(), nullptr), 1);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  SSL* const ssl = SSL_new(context);
  const int fd = connect_to(program.port());
  SSL_set_fd(ssl, fd);
  ASSERT_EQ(SSL_connect(ssl), 1);
  const std::string bytes = bytes_of(query());
  EXPECT_EQ(SSL_write(ssl, bytes.data(), static_cast<int>(bytes.size())),
            static_cast<int>(bytes.size()));
  char buffer[4096];
  const int n = SSL_read(ssl, buffer, sizeof buffer);
  ASSERT_GT(n, 0);
  EXPECT_THAT(std::string(buffer, static_cast<std::size_t>(n)), StartsWith("HTTP/1.1 200 OK"));
  SSL_free(ssl);
  SSL_CTX_free(context);
  ::close(fd);
}

TEST_F(Binary, ReportsWhyItCannotStart) {
  Program none({"--scenario=/nonexistent.yaml"});
  EXPECT_EQ(none.line(), "/nonexistent.yaml: cannot be read");
  EXPECT_EQ(none.end(0), 78);
  std::ofstream(folder / "bad.yaml") << "accounts:\n  - nam: a\n";
  Program bad({"--scenario=" + (folder / "bad.yaml").string()});
  EXPECT_THAT(bad.line(), HasSubstr("bad.yaml:2:10: unknown key: nam"));
  EXPECT_EQ(bad.end(0), 78);
  Program open({scenario("rerun.yaml"), "--listen=0.0.0.0:0"});
  EXPECT_EQ(open.line(), "iotsim: not a loopback address: 0.0.0.0");
  EXPECT_EQ(open.end(0), 78);
  Program first({scenario("rerun.yaml")});
  Program second({scenario("rerun.yaml"), "--listen=127.0.0.1:" + std::to_string(first.port())});
  EXPECT_THAT(second.line(), HasSubstr("Address already in use"));
  EXPECT_EQ(second.end(0), 69);
}

}  // namespace
}  // namespace iotsim
