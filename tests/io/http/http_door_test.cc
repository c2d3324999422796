// What runs before the handler: the gate, the headers of every response, and the limit of waiting
// requests.
#include <gmock/gmock.h>

#include "io/http/http_fixture.h"
#include "io/http/http_server.h"

namespace taskwatchd {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

WebResponse refusal() {
  WebResponse response;
  response.status = 401;
  response.body = "who are you?\n";
  return response;
}

boost::asio::awaitable<WebRefusal> slow_opinion(bool good) {
  boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor);
  timer.expires_after(milliseconds(300));
  co_await timer.async_wait(boost::asio::use_awaitable);
  if (good) co_return std::nullopt;
  co_return refusal();
}

std::variant<WebRefusal, boost::asio::awaitable<WebRefusal>> by_target(const WebRequest& request) {
  if (request.target == "/no") return refusal();
  if (request.target == "/slow-no") return slow_opinion(false);
  if (request.target == "/slow-yes") return slow_opinion(true);
  if (request.target == "/gate-throws") throw std::runtime_error("oops");
  return WebRefusal();
}

TEST(HttpDoor, TheGateDecides) {
  Served served;
  served.set_door({.gate = by_target});
  EXPECT_THAT(served.fetch("/yes"), StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(served.fetch("/no"), HasSubstr("who are you?"));
  EXPECT_THAT(served.fetch("/no"), Not(HasSubstr("GET /no")));
  EXPECT_THAT(served.fetch("/slow-yes"), HasSubstr("GET /slow-yes"));
  EXPECT_THAT(served.fetch("/slow-no"), StartsWith("HTTP/1.1 401 "));
  EXPECT_THAT(served.fetch("/gate-throws"), StartsWith("HTTP/1.1 500 "));
  RawClient kept(served.address);
  kept.send("GET /no HTTP/1.1\r\n\r\nGET /yes HTTP/1.1\r\nConnection: close\r\n\r\n");
  const std::string both = kept.read();
  EXPECT_THAT(both, StartsWith("HTTP/1.1 401 "));
  EXPECT_THAT(both, HasSubstr("GET /yes"));
  served.set_door({});
  EXPECT_THAT(served.fetch("/no"), StartsWith("HTTP/1.1 200 "));
}

TEST(HttpDoor, WhoWaitsAtTheGateTakesNoPlace) {
  WebLimits limits;
  limits.requests = 1;
  Served served(limits);
  served.set_door({.gate = by_target});
  std::vector<RawClient> waiting;
  for (int i = 0; i < 5; ++i) {
    waiting.emplace_back(served.address);
    waiting.back().send("GET /slow-no HTTP/1.1\r\nConnection: close\r\n\r\n");
  }
  EXPECT_THAT(served.fetch("/yes"), StartsWith("HTTP/1.1 200 "));
  for (RawClient& one : waiting) EXPECT_THAT(one.read(), StartsWith("HTTP/1.1 401 "));
}

TEST(HttpDoor, HeadersAreOnEveryAnswer) {
  Served served;
  served.set_door({.gate = by_target,
                   .headers = {{"X-Frame-Options", "deny"},
                               {"X-Content-Type-Options", "nosniff"},
                               {"Content-Security-Policy", "default-src 'self'"}}});
  for (const char* target : {"/yes", "/no", "/throw", "/late", "/stream-3"}) {
    const std::string reply = served.fetch(target);
    EXPECT_THAT(reply, HasSubstr("X-Frame-Options: deny\r\n")) << target;
    EXPECT_THAT(reply, HasSubstr("Content-Security-Policy: default-src 'self'\r\n")) << target;
  }
  const std::string reply = served.fetch("/yes");
  EXPECT_EQ(reply.find("nosniff"), reply.rfind("nosniff")) << "not a second time";
  RawClient bad(served.address);
  bad.send("nonsense\r\n\r\n");
  EXPECT_THAT(bad.read(), HasSubstr("X-Frame-Options: deny\r\n"));
}

WebLimits with_waiting() {
  WebLimits limits;
  limits.requests = 2;
  limits.waits = [](const WebRequest& request) { return request.target.starts_with("/late"); };
  return limits;
}

TEST(HttpDoor, ThoseWhoWaitDoNotKeepTheOthersOut) {
  Served served(with_waiting());
  std::vector<RawClient> waiting;
  for (int i = 0; i < 2; ++i) {
    waiting.emplace_back(served.address);
    waiting.back().send("GET /late-long HTTP/1.1\r\n\r\n");
  }
  std::string third;
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(5);
  do {
    third = served.fetch("/late");
  } while (!third.starts_with("HTTP/1.1 503 ") && std::chrono::steady_clock::now() < end);
  EXPECT_THAT(third, StartsWith("HTTP/1.1 503 "));
  EXPECT_THAT(served.fetch("/metrics"), StartsWith("HTTP/1.1 200 "));
  for (RawClient& one : waiting) EXPECT_THAT(one.read("late\n"), StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(served.fetch("/late"), StartsWith("HTTP/1.1 200 ")) << "then there is room again";
}

TEST(HttpDoor, AndTheOthersDoNotKeepOutThoseWhoWait) {
  Served served(with_waiting());
  std::vector<RawClient> slow;
  for (int i = 0; i < 2; ++i) {
    slow.emplace_back(served.address);
    slow.back().small_window();
    slow.back().send("GET /huge HTTP/1.1\r\n\r\n");
  }
  std::this_thread::sleep_for(milliseconds(300));
  EXPECT_THAT(served.fetch("/metrics"), StartsWith("HTTP/1.1 503 "));
  EXPECT_THAT(served.fetch("/late"), StartsWith("HTTP/1.1 200 "));
}

TEST(HttpDoor, ASocketThatListensAlreadyIsAdopted) {
  const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in any{};
  any.sin_family = AF_INET;
  any.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(::bind(socket, reinterpret_cast<sockaddr*>(&any), sizeof any), 0);
  boost::asio::io_context context;
  HttpServer server(context.get_executor(), routes);
  EXPECT_TRUE(server.adopt(socket).error) << "it does not listen yet";
  ASSERT_EQ(::listen(socket, 5), 0);
  const auto adopted = server.adopt(socket);
  ASSERT_FALSE(adopted.error) << adopted.error.message();
  EXPECT_THAT(adopted.address, StartsWith("127.0.0.1:"));
  RawClient client(adopted.address);
  client.send("GET / HTTP/1.1\r\nConnection: close\r\n\r\n");
  std::thread loop([&] { context.run_for(milliseconds(500)); });
  EXPECT_THAT(client.read(), HasSubstr("200 OK"));
  loop.join();
  int pair[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
  EXPECT_TRUE(server.adopt(pair[0]).error);
  EXPECT_TRUE(server.adopt(12345).error) << "no descriptor at all";
  ::close(pair[0]);
  ::close(pair[1]);
}

}  // namespace
}  // namespace taskwatchd
