// What the server must tolerate: slow, silent, many and vanishing clients, and no free file
// descriptors.
#include "io/http/http_server.h"

#include <gmock/gmock.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <boost/asio/signal_set.hpp>
#include <memory>
#include <vector>

#include "io/http/http_fixture.h"

namespace taskwatchd {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

TEST(HttpServer, SlowHeadersAreCutAndDelayNoOtherClient) {
  Served served(hasty());
  RawClient loris(served.address);
  const auto start = std::chrono::steady_clock::now();
  const std::string bytes = "GET / HTTP/1.1\r\nX: " + std::string(100, 'x');
  bool open = true;
  for (std::size_t i = 0; open && i < bytes.size(); ++i) {
    loris.send(bytes.substr(i, 1));
    loris.read("", milliseconds(50));
    open = !loris.ended();
    if (i % 5 == 0) {
      EXPECT_THAT(served.fetch(), StartsWith("HTTP/1.1 200 "));
    }
  }
  EXPECT_FALSE(open);
  EXPECT_LT(std::chrono::steady_clock::now() - start, milliseconds(4000));
}

TEST(HttpServer, IdleConnectionsAreClosed) {
  Served served(hasty());
  RawClient silent(served.address);
  RawClient kept(served.address);
  kept.send("GET / HTTP/1.1\r\n\r\n");
  EXPECT_THAT(kept.read("-\n"), HasSubstr("200"));
  silent.read("", milliseconds(3000));
  EXPECT_TRUE(silent.ended());
  kept.read("", milliseconds(3000));
  EXPECT_TRUE(kept.ended());
}

TEST(HttpServer, AClientThatDoesNotReadIsCut) {
  Served served(hasty());
  RawClient client(served.address);
  client.send("GET /huge HTTP/1.1\r\n\r\n");
  std::this_thread::sleep_for(5 * hasty().write_timeout);
  const std::string some = client.read();
  EXPECT_TRUE(client.ended());
  EXPECT_LT(some.size(), kHuge);
}

TEST(HttpServer, AClientOnASlowLineGetsAllOfIt) {
  Served served(hasty());
  RawClient client(served.address);
  client.send("GET /huge HTTP/1.1\r\nConnection: close\r\n\r\n");
  const auto start = std::chrono::steady_clock::now();
  std::size_t bytes = 0;
  while (!client.ended()) {
    bytes += client.read("x").size();
    const auto end = start + bytes / (10 * 1024) * milliseconds(1);  // 10 MB/s
    std::this_thread::sleep_until(end);
  }
  EXPECT_GT(bytes, kHuge);
  EXPECT_GT(std::chrono::steady_clock::now() - start, 2 * hasty().write_timeout);
}

TEST(HttpServer, ASlowClientGivesItsPlaceUpToOthers) {
  WebLimits limits = hasty();
  limits.requests = 1;
  Served served(limits);
  RawClient slow(served.address);
  slow.small_window();
  slow.send("GET /huge HTTP/1.1\r\n\r\n");
  slow.read("x");
  EXPECT_THAT(served.fetch(), StartsWith("HTTP/1.1 503 "));
  const auto end = std::chrono::steady_clock::now() + milliseconds(1500);
  while (std::chrono::steady_clock::now() < end) {
    slow.read("x");
    std::this_thread::sleep_for(milliseconds(10));
  }
  EXPECT_FALSE(slow.ended()) << "while nobody needs its place";
  EXPECT_THAT(served.fetch(), StartsWith("HTTP/1.1 200 "));
  slow.read();
  EXPECT_TRUE(slow.ended());
}

TEST(HttpServer, AnswersAtOneTimeAreBounded) {
  WebLimits limits;
  limits.requests = 2;
  Served served(limits);
  std::vector<RawClient> slow;
  for (int i = 0; i < 2; ++i) {
    slow.emplace_back(served.address);
    slow.back().small_window();
    slow.back().send("GET /big HTTP/1.1\r\n\r\n");
  }
  std::this_thread::sleep_for(milliseconds(200));
  EXPECT_THAT(served.fetch(), StartsWith("HTTP/1.1 503 "));
  slow.clear();
  EXPECT_TRUE(served.answers_within(milliseconds(5000)));
}

TEST(HttpServer, AThousandHalfOpenConnectionsDelayNoOtherClient) {
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = std::min<rlim_t>(files.rlim_max, 4096);
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &files), 0);
  if (files.rlim_cur < 2200) GTEST_SKIP() << "needs 2200 file descriptors: not tested here";
  Served served;
  std::vector<RawClient> idle;
  for (int i = 0; i < 1000; ++i) {
    idle.emplace_back(served.address);
    ASSERT_TRUE(idle.back().connected());
    if (i % 2 == 0) idle.back().send("GET / HT");
  }
  const auto start = std::chrono::steady_clock::now();
  EXPECT_THAT(served.fetch(), StartsWith("HTTP/1.1 200 "));
  EXPECT_LT(std::chrono::steady_clock::now() - start, milliseconds(1000));
  EXPECT_EQ(served.accepted(), 1001U);
}

TEST(HttpServer, ConnectionsThatAreAnsweredAreBounded) {
  WebLimits limits;
  limits.connections = 3;
  Served served(limits);
  std::vector<RawClient> clients;
  for (int i = 0; i < 3; ++i) {
    clients.emplace_back(served.address);
    clients.back().send("GET /stream-wait HTTP/1.1\r\n\r\n");
    EXPECT_THAT(clients.back().read("a\n"), HasSubstr("200"));
  }
  RawClient fourth(served.address);
  fourth.read();
  EXPECT_TRUE(fourth.ended());
  clients.pop_back();
  EXPECT_TRUE(served.answers_within(milliseconds(5000)));
}

// A load balancer keeps connections for a minute. The server must not close one when its next
// request comes.
TEST(HttpServer, AKeptConnectionMayWaitLongerThanARequestMayTake) {
  WebLimits limits;
  limits.header_timeout = std::chrono::seconds(1);
  limits.idle_timeout = std::chrono::seconds(3);
  Served served(limits);
  RawClient client(served.address);
  client.send("GET /one HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(client.read("/one -\n"), StartsWith("HTTP/1.1 200 "));
  std::this_thread::sleep_for(milliseconds(1500));
  client.send("GET /two HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(client.read("/two -\n"), StartsWith("HTTP/1.1 200 "));
  client.send("GET /three");
  client.read("", milliseconds(2000));
  EXPECT_TRUE(client.ended()) << "a request that has begun has no more time than before";
}

TEST(HttpServer, ConnectionsAreNotKeptWhileTheyAreShort) {
  WebLimits limits;
  limits.connections = 8;
  Served served(limits);
  std::vector<RawClient> clients;
  for (int i = 0; i < 7; ++i) {
    clients.emplace_back(served.address);
    clients.back().send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    const std::string reply = clients.back().read("GET / -\n");
    EXPECT_EQ(reply.find("Connection: close") != std::string::npos, i == 6) << i;
  }
}

TEST(HttpServer, WhoHoldsMostConnectionsMakesRoom) {
  WebLimits limits;
  limits.connections = 8;
  Served served(limits);
  RawClient other(served.address, "127.0.0.2");
  std::vector<RawClient> clients;
  for (int i = 0; i < 30; ++i) {
    clients.emplace_back(served.address);
    if (i % 2 == 0) clients.back().send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    std::this_thread::sleep_for(milliseconds(5));
  }
  other.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(other.read("GET / -\n"), StartsWith("HTTP/1.1 200 "))
      << "though it had sent nothing for longer than all of them";
}

TEST(HttpServer, ConnectionsWithoutARequestBlockNoOtherClient) {
  WebLimits limits;
  limits.connections = 20;
  for (const std::string bytes : {"", "GET / HT", "GET / HTTP/1.1\r\n\r\n"}) {
    Served served(limits);
    std::vector<RawClient> clients;
    for (int i = 0; i < 60; ++i) {
      clients.emplace_back(served.address);
      clients.back().send(bytes);
    }
    for (int i = 0; i < 60; ++i) {
      EXPECT_THAT(served.fetch(), StartsWith("HTTP/1.1 200 ")) << "'" << bytes << "' " << i;
    }
    clients.front().read("", milliseconds(1000));
    EXPECT_TRUE(clients.front().ended());
  }
}

TEST(HttpServer, WhoHasSentARequestIsClosedLast) {
  WebLimits limits;
  limits.connections = 3;
  Served served(limits);
  RawClient kept(served.address);
  kept.send("GET / HTTP/1.1\r\n\r\n");
  EXPECT_THAT(kept.read("-\n"), HasSubstr("200"));
  std::vector<RawClient> silent;
  for (int i = 0; i < 10; ++i) silent.emplace_back(served.address);
  EXPECT_THAT(served.fetch(), StartsWith("HTTP/1.1 200 "));
  kept.send("GET / HTTP/1.1\r\n\r\n");
  EXPECT_THAT(kept.read("-\n"), HasSubstr("200"));
}

TEST(HttpServer, ResetsInTheMiddleDoNoHarm) {
  Served served;
  for (int i = 0; i < 50; ++i) {
    RawClient client(served.address);
    client.send("GET /big HTTP/1.1\r\n\r\n");
    client.read("x", milliseconds(100));
    client.reset();
  }
  EXPECT_TRUE(served.answers_within(milliseconds(30'000)));
}

TEST(HttpServer, StopsWithConnectionsOpen) {
  boost::asio::io_context context;
  auto server = std::make_unique<HttpServer>(context.get_executor(), routes);
  const auto listening = server->listen("127.0.0.1:0");
  std::vector<RawClient> clients;
  for (int i = 0; i < 10; ++i) {
    clients.emplace_back(listening.address);
    clients.back().send(i % 2 == 0 ? "GET /huge HTTP/1.1\r\n\r\n" : "GET / HT");
  }
  for (int i = 0; i < 100 && server->accepted() < 10; ++i) context.run_for(milliseconds(50));
  ASSERT_EQ(server->accepted(), 10U);
  server->stop();
  server.reset();
  const auto start = std::chrono::steady_clock::now();
  context.restart();
  context.run();  // nothing is left to wait for
  EXPECT_LT(std::chrono::steady_clock::now() - start, milliseconds(2'000));
  for (auto& client : clients) {
    client.read();
    EXPECT_TRUE(client.ended());
  }
}

TEST(HttpServer, ItsLoopDiesWithConnectionsOpen) {
  boost::asio::io_context context;
  HttpServer server(context.get_executor(), routes);
  const auto listening = server.listen("127.0.0.1:0");
  RawClient client(listening.address);
  client.send("GET / HT");
  for (int i = 0; i < 100 && server.accepted() < 1; ++i) context.run_for(milliseconds(50));
  EXPECT_EQ(server.accepted(), 1U);
}

// Runs in a child process: serves with few file descriptors until the parent sends SIGTERM.
[[noreturn]] void serve_poorly(int report) {
  const rlimit few{32, 32};
  setrlimit(RLIMIT_NOFILE, &few);
  boost::asio::io_context context;
  HttpServer server(context.get_executor(), routes);
  const std::string address = server.listen("127.0.0.1:0").address + "\n";
  const bool reported = ::write(report, address.data(), address.size()) > 0;
  boost::asio::signal_set end(context, SIGTERM);
  bool good = false;
  end.async_wait([&](auto, int) {
    good = server.accept_errors() > 0;
    server.stop();
  });
  context.run();
  _exit(reported && good ? 0 : 1);
}

TEST(HttpServer, RecoversFromRunningOutOfDescriptors) {
  int report[2];
  ASSERT_EQ(pipe(report), 0);
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) serve_poorly(report[1]);
  char text[64] = {};
  ASSERT_GT(::read(report[0], text, sizeof text - 1), 0);
  const std::string address(text, std::string_view(text).find('\n'));
  {
    std::vector<RawClient> clients;
    for (int i = 0; i < 40; ++i) clients.emplace_back(address);
    std::this_thread::sleep_for(milliseconds(500));
  }
  std::this_thread::sleep_for(milliseconds(300));
  for (int i = 0; i < 3; ++i) {
    RawClient client(address);
    client.send("GET / HTTP/1.1\r\nConnection: close\r\n\r\n");
    EXPECT_THAT(client.read(), StartsWith("HTTP/1.1 200 "));
  }
  kill(child, SIGTERM);
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
  ::close(report[0]);
  ::close(report[1]);
}

}  // namespace
}  // namespace taskwatchd
