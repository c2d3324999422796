// What the HTTP client must tolerate from servers, over plain loopback sockets.
#include "io/curl/curl_client.h"

#include <gmock/gmock.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>

#include "io/curl/curl_fixture.h"
#include "io/raw_server.h"

namespace taskwatchd {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;
using testing::Not;

CurlOptions hasty() {
  CurlOptions options;
  options.timeout = milliseconds(600);
  options.connect_timeout = milliseconds(300);
  return options;
}

TEST(CurlClient, CarriesARequestAndItsReply) {
  RawServer* self = nullptr;
  RawServer server([&](RawConnection& peer) {
    self->note(peer.read_request());
    peer.send("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n");
    peer.send("HTTP/1.1 418 Teapot\r\nX-Acs-Request-Id:  77 \r\nContent-Length: 4\r\n\r\n");
    peer.send(std::string_view("b\0dy", 4));
    peer.hold();
  });
  self = &server;
  CurlFixture fixture;
  HttpRequest request = get(server.url("/?a=b%20c"));
  request.method = "POST";
  request.body = std::string("x\0y", 3);
  request.headers = {{"x-acs-action", "QueryTask"}, {"x-empty", ""}};
  const HttpReply reply = reply_of(fixture.fetch(std::move(request)));
  EXPECT_EQ(reply.status, 418);
  EXPECT_EQ(reply.body, std::string("b\0dy", 4));
  ASSERT_NE(reply.header("x-acs-request-id"), nullptr);
  EXPECT_EQ(*reply.header("x-acs-request-id"), "77");
  EXPECT_EQ(reply.header("link"), nullptr);
  const std::string port = std::to_string(server.port());
  EXPECT_THAT(server.notes(),
              testing::ElementsAre("POST /?a=b%20c HTTP/1.1\r\nHost: 127.0.0.1:" + port +
                                   "\r\nx-acs-action: QueryTask\r\nx-empty:\r\nContent-Length: "
                                   "3\r\n\r\n" +
                                   std::string("x\0y", 3)));
}

TEST(CurlClient, RefusedPortIsUnreachable) {
  int port = 0;
  {
    port = RawServer([](RawConnection&) {}).port();
  }
  CurlFixture fixture;
  const auto result =
      fixture.fetch(get("http://127.0.0.1:" + std::to_string(port) + "/?Signature=canary"));
  EXPECT_EQ(kind_of(result), "unreachable");
  EXPECT_EQ(message_of(result),
            "127.0.0.1:" + std::to_string(port) + ": cannot connect: Connection refused");
  EXPECT_TRUE(fixture.departures.empty()) << "nothing was sent";
}

TEST(CurlClient, SilentPeerIsATimeout) {
  RawServer server([](RawConnection& peer) { peer.hold(); });
  CurlFixture fixture(hasty());
  const Stopwatch watch;
  const auto result = fixture.fetch(get(server.url("/?Signature=canary")));
  EXPECT_EQ(kind_of(result), "timeout");
  EXPECT_THAT(message_of(result), Not(HasSubstr("canary")));
  EXPECT_GE(watch.passed(), milliseconds(550));
  EXPECT_LT(watch.passed(), milliseconds(3000));
}

TEST(CurlClient, DroppedConnectIsUnreachable) {
  // No call to accept(), and the queue of one is full: the kernel ignores further SYNs.
  const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  ASSERT_EQ(::bind(listener, generic, size), 0);
  ASSERT_EQ(::listen(listener, 0), 0);
  ASSERT_EQ(::getsockname(listener, generic, &size), 0);
  std::vector<int> fillers;
  for (int i = 0; i < 4; ++i) {
    fillers.push_back(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0));
    ::connect(fillers.back(), generic, size);
  }
  CurlFixture fixture(hasty());
  const auto result =
      fixture.fetch(get("http://127.0.0.1:" + std::to_string(ntohs(address.sin_port))));
  EXPECT_EQ(kind_of(result), "unreachable");
  EXPECT_THAT(message_of(result), HasSubstr("connection timed out"));
  for (const int s : fillers) ::close(s);
  ::close(listener);
}

TEST(CurlClient, SlowBodyIsCutByTheLowSpeedLimit) {
  RawServer server([](RawConnection& peer) {
    peer.read_request();
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 10000\r\n\r\n");
    while (peer.send("x") && peer.sleep(milliseconds(50))) {
    }
  });
  CurlOptions options;
  options.low_speed_time = std::chrono::seconds(1);
  CurlFixture fixture(options);
  const Stopwatch watch;
  EXPECT_EQ(kind_of(fixture.fetch(get(server.url()))), "timeout");
  EXPECT_LT(watch.passed(), milliseconds(5000));
}

TEST(CurlClient, CutBodies) {
  const std::pair<const char*, const char*> replies[] = {
      {"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", "unreachable"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n5\r\nha", "unreachable"},
      // Nothing shows that the body is incomplete: the response parser has to find out.
      {"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{\"Success\":tr", "reply"},
      {"HTTP/1.1 200 OK\r\nContent-Le", "reply"},
      {"", "unreachable"},
      {"\x16\x03\x01nonsense\r\n\r\n", "protocol"},
  };
  for (const auto& [bytes, kind] : replies) {
    RawServer server([bytes = bytes](RawConnection& peer) {
      peer.read_request();
      peer.send(bytes);
    });
    CurlFixture fixture(hasty());
    EXPECT_EQ(kind_of(fixture.fetch(get(server.url()))), kind) << bytes;
  }
}

TEST(CurlClient, ResetsAreUnreachable) {
  for (const char* bytes :
       {"", "HTTP/1.1 200 OK\r\nCon", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx"}) {
    RawServer server([bytes](RawConnection& peer) {
      peer.read_request();
      peer.send(bytes);
      peer.sleep(milliseconds(50));
      peer.reset();
    });
    CurlFixture fixture(hasty());
    EXPECT_EQ(kind_of(fixture.fetch(get(server.url()))), "unreachable") << bytes;
  }
}

TEST(CurlClient, EndlessRepliesAreCut) {
  const std::string kilobyte(1000, 'x');
  const std::pair<std::string, std::string> kinds[] = {
      {"HTTP/1.1 200 OK\r\n\r\n", kilobyte},
      {"HTTP/1.1 200 OK\r\nContent-Length: 1000000000000\r\n\r\n", kilobyte},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "3e8\r\n" + kilobyte + "\r\n"},
      {"HTTP/1.1 200 OK\r\n", "X-Header: " + kilobyte + "\r\n"},
      {"HTTP/1.1 200 OK\r\nX-Header: ", kilobyte},
      {"HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 100 Continue\r\n\r\n"},
  };
  for (const auto& [head, tail] : kinds) {
    std::atomic<std::size_t> sent = 0;
    RawServer server([&, head = head, tail = tail](RawConnection& peer) {
      peer.read_request();
      peer.send(head);
      while (peer.send(tail)) sent += tail.size();
    });
    CurlFixture fixture;
    EXPECT_EQ(kind_of(fixture.fetch(get(server.url()))), "too large") << head;
    // The sockets' buffers add to the limit.
    EXPECT_LT(sent, 16U << 20) << head;
  }
}

TEST(CurlClient, ABodyAtTheLimitPasses) {
  RawServer server([](RawConnection& peer) {
    peer.read_request();
    peer.reply(std::string(1024 * 1024, 'x'));
    peer.hold();
  });
  CurlFixture fixture;
  EXPECT_EQ(reply_of(fixture.fetch(get(server.url()))).body.size(), 1024U * 1024);
}

TEST(CurlClient, ARequestMayBringLimitsOfItsOwn) {
  RawServer silent([](RawConnection& peer) {
    peer.read_request();
    peer.hold();
  });
  CurlFixture fixture;
  HttpRequest request = get(silent.url());
  request.timeout = milliseconds(200);
  const Stopwatch watch;
  EXPECT_EQ(kind_of(fixture.fetch(std::move(request))), "timeout");
  EXPECT_LT(watch.passed(), std::chrono::seconds(3));

  RawServer server([](RawConnection& peer) {
    while (!peer.read_request().empty()) {
      if (!peer.reply(std::string(1000, 'x'))) return;
    }
  });
  for (const auto& [limit, kind] :
       std::vector<std::pair<std::size_t, std::string>>{{1000, "reply"}, {999, "too large"}}) {
    HttpRequest small = get(server.url());
    small.body_limit = limit;
    EXPECT_EQ(kind_of(fixture.fetch(std::move(small))), kind) << limit;
  }
}

TEST(CurlClient, PutsWithoutABody) {
  RawServer* self = nullptr;
  RawServer server([&](RawConnection& peer) {
    self->note(peer.read_request());
    peer.reply("token");
  });
  self = &server;
  CurlFixture fixture;
  HttpRequest request = get(server.url());
  request.method = "PUT";
  request.headers = {{"x-ttl", "1"}};
  EXPECT_EQ(reply_of(fixture.fetch(request)).body, "token");
  ASSERT_EQ(server.notes().size(), 1U);
  EXPECT_THAT(server.notes()[0], testing::StartsWith("PUT / HTTP/1.1\r\n"));
  EXPECT_THAT(server.notes()[0], testing::HasSubstr("Content-Length: 0\r\n"));
  EXPECT_THAT(server.notes()[0], testing::HasSubstr("x-ttl: 1\r\n"));
  request.body = "x";
  EXPECT_EQ(kind_of(fixture.fetch(request)), "protocol");
}

TEST(CurlClient, RedirectsAreRepliesAndGzipStaysGzip) {
  RawServer* self = nullptr;
  RawServer server([&](RawConnection& peer) {
    self->note(peer.read_request());
    peer.send(
        "HTTP/1.1 302 Found\r\nLocation: /other\r\nContent-Encoding: gzip\r\n"
        "Content-Length: 4\r\n\r\n\x1f\x8b\x08x");
    peer.hold();
  });
  self = &server;
  CurlFixture fixture;
  const HttpReply reply = reply_of(fixture.fetch(get(server.url())));
  EXPECT_EQ(reply.status, 302);
  EXPECT_EQ(reply.body, "\x1f\x8b\x08x");
  ASSERT_EQ(server.notes().size(), 1U);
  EXPECT_THAT(server.notes()[0], Not(HasSubstr("Accept-Encoding")));
}

void serve_all(RawConnection& peer) {
  while (!peer.read_request().empty()) {
    if (!peer.reply("ok")) return;
  }
}

TEST(CurlClient, KeepsConnections) {
  RawServer server(serve_all);
  CurlFixture fixture;
  for (int i = 0; i < 20; ++i) EXPECT_EQ(reply_of(fixture.fetch(get(server.url()))).body, "ok");
  EXPECT_EQ(server.accepted(), 1);
  EXPECT_EQ(fixture.departures.size(), 20U) << "each departs once, on a kept connection too";
}

TEST(CurlClient, DropsConnectionsThatAreOldOrIdle) {
  for (const bool by_idle : {true, false}) {
    RawServer server(serve_all);
    CurlOptions options;
    (by_idle ? options.connection_idle : options.connection_lifetime) = std::chrono::seconds(1);
    CurlFixture fixture(options);
    // The connection is used every 300 ms, or left idle for 2.2 s.
    for (int i = 0; i < (by_idle ? 2 : 9); ++i) {
      EXPECT_EQ(kind_of(fixture.fetch(get(server.url()))), "reply");
      std::this_thread::sleep_for(milliseconds(by_idle ? 2200 : 300));
    }
    EXPECT_GE(server.accepted(), 2) << by_idle;
  }
}

TEST(CurlClient, NeverSendsARequestTwice) {
  // The server reads a request on a kept connection and closes it without a response. By default
  // libcurl would repeat the request.
  RawServer* self = nullptr;
  RawServer server([&](RawConnection& peer) {
    self->note(peer.read_request());
    peer.reply("ok");
    self->note(peer.read_request());
  });
  self = &server;
  CurlFixture fixture;
  EXPECT_EQ(kind_of(fixture.fetch(get(server.url("/1")))), "reply");
  const auto second = fixture.fetch(get(server.url("/2")));
  EXPECT_EQ(fixture.departures.size(), 2U);
  EXPECT_EQ(kind_of(second), "unreachable");
  EXPECT_THAT(message_of(second), HasSubstr("without a response"));
  fixture.run_for(milliseconds(50));
  std::size_t requests = 0;
  for (const std::string& note : server.notes()) requests += note.empty() ? 0 : 1;
  EXPECT_EQ(requests, 2U);
}

TEST(CurlClient, ManyTransfersAtOnce) {
  RawServer server(serve_all);
  CurlOptions options;
  CurlFixture fixture(options);
  for (int i = 0; i < 500; ++i) fixture.start(get(server.url()));
  const Stopwatch watch;
  while (fixture.results.size() < 500 && watch.passed() < milliseconds(30'000)) {
    fixture.context.restart();
    fixture.context.run_one_for(milliseconds(100));
  }
  ASSERT_EQ(fixture.results.size(), 500U);
  for (const auto& result : fixture.results) EXPECT_EQ(kind_of(result), "reply");
  EXPECT_GT(server.accepted(), 1);
}

TEST(CurlClient, TransfersWaitForAConnection) {
  RawServer server(serve_all);
  CurlOptions options;
  options.transfers_per_host = 4;
  CurlFixture fixture(options);
  for (int i = 0; i < 500; ++i) fixture.start(get(server.url()));
  const Stopwatch watch;
  while (fixture.results.size() < 500 && watch.passed() < milliseconds(30'000)) {
    fixture.context.restart();
    fixture.context.run_one_for(milliseconds(100));
  }
  ASSERT_EQ(fixture.results.size(), 500U);
  for (const auto& result : fixture.results) EXPECT_EQ(kind_of(result), "reply");
  EXPECT_LE(server.accepted(), 4);
}

// The limit delays calls, but none fails for it: the wait is not part of the timeout.
TEST(CurlClient, OneCallTooManyWaits) {
  RawServer server([](RawConnection& peer) {
    while (!peer.read_request().empty()) {
      std::this_thread::sleep_for(milliseconds(300));
      if (!peer.reply("ok")) return;
    }
  });
  CurlOptions options;
  options.transfers_per_host = 2;
  options.timeout = milliseconds(500);
  CurlFixture fixture(options);
  for (int i = 0; i < 6; ++i) fixture.start(get(server.url()));
  const Stopwatch watch;
  fixture.run();
  EXPECT_GT(watch.passed(), milliseconds(850));
  ASSERT_EQ(fixture.results.size(), 6U);
  for (const auto& result : fixture.results) EXPECT_EQ(kind_of(result), "reply");
}

TEST(CurlClient, AHostThatDoesNotAnswerDelaysNoOther) {
  RawServer silent([](RawConnection& peer) { peer.hold(); });
  RawServer other(serve_all);
  CurlOptions options;
  options.transfers_per_host = 2;
  CurlFixture fixture(options);
  for (int i = 0; i < 4; ++i) fixture.start(get(silent.url()));
  fixture.run_for(milliseconds(50));
  const Stopwatch watch;
  EXPECT_EQ(kind_of(fixture.fetch(get(other.url()))), "reply");
  EXPECT_LT(watch.passed(), milliseconds(400));
  EXPECT_EQ(fixture.results.size(), 1U);
  // Those in flight and those that wait.
  fixture.client.reset();
  fixture.run();
  ASSERT_EQ(fixture.results.size(), 5U);
  for (std::size_t i = 1; i < 5; ++i) EXPECT_EQ(kind_of(fixture.results[i]), "unreachable");
}

TEST(CurlClient, DiesWithTransfersInFlight) {
  RawServer server([](RawConnection& peer) { peer.hold(); });
  CurlFixture fixture;
  for (int i = 0; i < 20; ++i) fixture.start(get(server.url()));
  fixture.run_for(milliseconds(100));
  EXPECT_TRUE(fixture.results.empty());
  const Stopwatch watch;
  fixture.client.reset();
  EXPECT_LT(watch.passed(), milliseconds(100));
  fixture.run();
  ASSERT_EQ(fixture.results.size(), 20U);
  for (const auto& result : fixture.results) EXPECT_EQ(kind_of(result), "unreachable");
}

TEST(CurlClient, ItsLoopDiesWithTransfersInFlight) {
  RawServer server([](RawConnection& peer) { peer.hold(); });
  CurlFixture fixture;
  for (int i = 0; i < 20; ++i) fixture.start(get(server.url()));
  fixture.run_for(milliseconds(100));
  fixture.client.reset();
  EXPECT_TRUE(fixture.results.empty());
}

TEST(CurlClient, ACancelledWaitEndsItsTransfer) {
  RawServer server([](RawConnection& peer) { peer.hold(); });
  CurlFixture fixture;
  boost::asio::cancellation_signal signal;
  bool ended = false;
  boost::asio::co_spawn(
      fixture.context, fixture.client->send(get(server.url())),
      boost::asio::bind_cancellation_slot(
          signal.slot(), [&](std::exception_ptr, const HttpResult&) { ended = true; }));
  fixture.run_for(milliseconds(50));
  EXPECT_FALSE(ended);
  signal.emit(boost::asio::cancellation_type::terminal);
  fixture.run_for(milliseconds(50));
  EXPECT_TRUE(ended);
}

}  // namespace
}  // namespace taskwatchd
