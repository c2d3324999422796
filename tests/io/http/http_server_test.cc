// The protocol and the listen addresses, byte by byte.
#include "io/http/http_server.h"

#include <gmock/gmock.h>

#include "io/http/http_address.h"
#include "io/http/http_fixture.h"

namespace taskwatchd {
namespace {

using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

TEST(HttpServer, AnswersAGet) {
  Served served;
  RawClient client(served.address);
  client.send("GET /a?b=%20 HTTP/1.1\r\nHost: x\r\nUser-AGENT: test\r\n\r\n");
  const std::string reply = client.read("test\n");
  EXPECT_THAT(reply, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(reply, HasSubstr("Server: taskwatchd\r\n"));
  EXPECT_THAT(reply, HasSubstr("X-Content-Type-Options: nosniff\r\n"));
  EXPECT_THAT(reply, HasSubstr("Content-Type: text/plain; charset=utf-8\r\n"));
  EXPECT_THAT(reply, EndsWith("\r\n\r\nGET /a?b=%20 test\n"));
  EXPECT_FALSE(client.ended());
}

TEST(HttpServer, HeadIsGetWithoutABody) {
  Served served;
  RawClient client(served.address);
  client.send("HEAD / HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\nConnection: close\r\n\r\n");
  const std::string reply = client.read();
  EXPECT_THAT(reply, HasSubstr("Content-Length: 8\r\n\r\nHTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(reply, EndsWith("GET / -\n"));
}

TEST(HttpServer, AnAnswerMayWait) {
  for (const std::string target : {"/late", "/late-throw"}) {
    Served served;
    RawClient client(served.address);
    client.send("GET " + target + " HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\nConnection: close\r\n\r\n");
    const std::string replies = client.read();
    const bool throws = target == "/late-throw";
    EXPECT_THAT(replies, StartsWith(throws ? "HTTP/1.1 500 " : "HTTP/1.1 200 ")) << target;
    EXPECT_THAT(replies, HasSubstr(throws ? "internal error\n" : "late\n")) << target;
    EXPECT_THAT(replies, EndsWith("GET / -\n")) << "the next request of the connection";
  }
}

TEST(HttpServer, WaitingAnswersCount) {
  WebLimits limits;
  limits.requests = 1;
  Served served(limits);
  RawClient waiting(served.address);
  waiting.send("GET /late-long HTTP/1.1\r\n\r\n");
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(5);
  std::string reply;
  do {
    reply = served.fetch();
  } while (!reply.starts_with("HTTP/1.1 503 ") && std::chrono::steady_clock::now() < end);
  EXPECT_THAT(reply, StartsWith("HTTP/1.1 503 "));
  EXPECT_THAT(waiting.read("late\n"), StartsWith("HTTP/1.1 200 "));
  EXPECT_TRUE(served.answers_within(milliseconds(5000))) << "then there is room again";
}

TEST(HttpServer, PassesUnknownMethodsOn) {
  Served served;
  RawClient client(served.address);
  client.send("BREW /pot HTTP/1.1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(client.read(), EndsWith("BREW /pot -\n"));
}

TEST(HttpServer, RefusesBodies) {
  Served served;
  for (const char* head : {"GET / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello",
                           "GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
                           "POST / HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n"}) {
    RawClient client(served.address);
    client.send(head);
    EXPECT_THAT(client.read(), StartsWith("HTTP/1.1 400 ")) << head;
    EXPECT_TRUE(client.ended()) << head;
  }
}

// A proxy that reads another length would pass the second request on as part of the first one.
TEST(HttpServer, NothingBehindABodyIsReadAsARequest) {
  Served served;
  for (const char* field : {"Transfer-Encoding: chunked",
                            "Transfer-Encoding: CHUNKED",
                            "Transfer-Encoding: gzip",
                            "Transfer-Encoding: gzip, chunked",
                            "Transfer-Encoding: chunked, gzip",
                            "Transfer-Encoding: chunked, chunked",
                            "Transfer-Encoding: identity",
                            "Transfer-Encoding: xchunked",
                            "Transfer-Encoding: \"chunked\"",
                            "Transfer-Encoding: chunked;a=b",
                            "Transfer-Encoding:",
                            "Transfer-Encoding:\tchunked",
                            "Transfer-Encoding: x\r\nTransfer-Encoding: chunked",
                            "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
                            "Transfer-Encoding: identity\r\nContent-Length: 0",
                            "Transfer-Encoding: gzip\r\n zip",
                            "Content-Length: 0, 0",
                            "Content-Length: 00",
                            "Content-Length: +0",
                            "Content-Length:"}) {
    RawClient client(served.address);
    client.send("GET /one HTTP/1.1\r\nHost: x\r\n" + std::string(field) +
                "\r\n\r\nGET /two HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    const std::string reply = client.read();
    EXPECT_THAT(reply, StartsWith("HTTP/1.1 400 ")) << field;
    EXPECT_THAT(reply, Not(HasSubstr("/two"))) << field;
    EXPECT_TRUE(client.ended()) << field;
  }
}

// A gateway that sends bodies in chunks does so even for an empty body.
TEST(HttpServer, AnEmptyChunkedBodyIsNone) {
  Served served;
  RawClient client(served.address);
  for (const char* body : {"0\r\n\r\n", "000;a=b\r\n\r\n", "0\r\nTrailer: x\r\n\r\n"}) {
    client.send("GET /one HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" +
                std::string(body) + "GET /two HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_THAT(client.read("GET /two -\n"), HasSubstr("GET /one -\n")) << body;
  }
  client.send("GET /one HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r");
  EXPECT_EQ(client.read("", milliseconds(100)), "") << "the rest is on its way";
  client.send("\n\r");
  client.send("\nGET /two HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(client.read(), AllOf(HasSubstr("GET /one -\n"), EndsWith("GET /two -\n")));
}

TEST(HttpServer, TakesTheAbsoluteForm) {
  Served served;
  RawClient client(served.address);
  client.send("GET http://localhost:1/one?x HTTP/1.1\r\nHost: other\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(client.read(), EndsWith("GET /one?x -\n"));
}

TEST(HttpServer, RefusesTwoHosts) {
  Served served;
  for (const char* fields : {"Host: a\r\nHost: a\r\n", "Host: a\r\nhOST: b\r\n", "Host: a b\r\n",
                             "Host: a/../\r\n", "Host: ::1\r\n", "Host:\r\n"}) {
    RawClient client(served.address);
    client.send("GET / HTTP/1.1\r\n" + std::string(fields) + "\r\n");
    EXPECT_THAT(client.read(), StartsWith("HTTP/1.1 400 ")) << fields;
    EXPECT_TRUE(client.ended()) << fields;
  }
}

TEST(HttpServer, RefusesWhatIsNotHttp) {
  Served served;
  for (const std::string& bytes :
       {std::string("nonsense\r\n\r\n"), std::string("GET / HTTP/9.9\r\n\r\n"),
        std::string("GET / HTTP/1.1\r\nno colon\r\n\r\n"), std::string("\x16\x03\x01\x02\0\1", 6),
        std::string("GET / HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n")}) {
    RawClient client(served.address);
    client.send(bytes);
    EXPECT_THAT(client.read(), StartsWith("HTTP/1.1 400 ")) << bytes;
    EXPECT_TRUE(client.ended());
  }
  EXPECT_THAT(served.fetch(), StartsWith("HTTP/1.1 200"));
}

TEST(HttpServer, RefusesLongHeaders) {
  Served served;
  for (const std::size_t size : {std::size_t{33'000}, std::size_t{90'000}}) {
    RawClient in_header(served.address);
    in_header.send("GET / HTTP/1.1\r\nX: " + std::string(size, 'x') + "\r\n\r\n");
    EXPECT_THAT(in_header.read(), StartsWith("HTTP/1.1 431 "));
    EXPECT_TRUE(in_header.ended());
    RawClient in_target(served.address);
    in_target.send("GET /" + std::string(size, 'x') + " HTTP/1.1\r\n\r\n");
    EXPECT_THAT(in_target.read(), StartsWith("HTTP/1.1 431 "));
  }
  RawClient within(served.address);
  within.send("GET / HTTP/1.1\r\nConnection: close\r\nX: " + std::string(32'000, 'x') + "\r\n\r\n");
  EXPECT_THAT(within.read(), StartsWith("HTTP/1.1 200 "));
}

TEST(HttpServer, KeepsConnectionsAndAnswersInOrder) {
  Served served;
  RawClient client(served.address);
  std::string all;
  for (int i = 0; i < 100; ++i) {
    all += "GET /" + std::to_string(i) + " HTTP/1.1\r\nHost: x\r\n\r\n";
  }
  client.send(all);
  const std::string reply = client.read("GET /99 -\n");
  std::size_t at = 0;
  for (int i = 0; i < 100; ++i) {
    at = reply.find("\r\n\r\nGET /" + std::to_string(i) + " -\n", at);
    ASSERT_NE(at, std::string::npos) << i;
  }
  EXPECT_FALSE(client.ended());
  EXPECT_EQ(served.accepted(), 1U);
}

TEST(HttpServer, ClosesOnRequestAndAfterItsLimit) {
  WebLimits limits;
  limits.requests_per_connection = 3;
  Served served(limits);
  RawClient old(served.address);
  old.send("GET / HTTP/1.0\r\n\r\n");
  EXPECT_THAT(old.read(), HasSubstr("GET / -"));
  EXPECT_TRUE(old.ended());
  RawClient client(served.address);
  for (int i = 0; i < 5; ++i) client.send("GET /" + std::to_string(i) + " HTTP/1.1\r\n\r\n");
  const std::string reply = client.read();
  EXPECT_TRUE(client.ended());
  EXPECT_THAT(reply, HasSubstr("GET /2 "));
  EXPECT_THAT(reply, HasSubstr("Connection: close"));
  EXPECT_THAT(reply, Not(HasSubstr("GET /3 ")));
}

TEST(HttpServer, BadHandlersMakeA500) {
  Served served;
  EXPECT_THAT(served.fetch("/throw"), StartsWith("HTTP/1.1 500 "));
  const std::string split = served.fetch("/split");
  EXPECT_THAT(split, StartsWith("HTTP/1.1 500 "));
  EXPECT_THAT(split, Not(HasSubstr("Set-Cookie")));
  EXPECT_THAT(served.fetch(), StartsWith("HTTP/1.1 200 "));
}

TEST(HttpServer, ListensWhereConfigured) {
  boost::asio::io_context context;
  HttpServer server(context.get_executor(), routes);
  const auto first = server.listen("127.0.0.1:0");
  EXPECT_THAT(first.address, testing::MatchesRegex("127\\.0\\.0\\.1:[0-9]+"));
  EXPECT_THAT(first.address, Not(EndsWith(":0")));
  EXPECT_EQ(server.listen(first.address).error, boost::system::errc::address_in_use);
  EXPECT_THAT(server.listen("localhost:0").address, StartsWith("127.0.0.1:"));
  const auto everywhere = server.listen(":0");
  EXPECT_FALSE(everywhere.error) << everywhere.error.message();
  const auto v6 = server.listen("[::1]:0");
  if (!v6.error) {
    EXPECT_THAT(v6.address, StartsWith("[::1]:"));
  }
  for (const char* bad : {"", "127.0.0.1", "::1:80", "1.2.3.4:99999", "x:http", "[]:1", "a b:1"}) {
    EXPECT_TRUE(server.listen(bad).error) << bad;
  }
  EXPECT_EQ(server.listen("192.0.2.1:0").error, boost::system::errc::address_not_available);
}

TEST(HttpServer, AReleasedAddressCanBeTakenAtOnce) {
  std::string address;
  for (int i = 0; i < 3; ++i) {
    boost::asio::io_context context;
    HttpServer server(context.get_executor(), routes);
    const auto listening = server.listen(address.empty() ? "127.0.0.1:0" : address);
    ASSERT_FALSE(listening.error) << listening.error.message();
    address = listening.address;
    RawClient client(address);
    client.send("GET / HTTP/1.1\r\nConnection: close\r\n\r\n");
    std::thread loop([&] { context.run_for(milliseconds(300)); });
    EXPECT_THAT(client.read(), HasSubstr("200"));
    loop.join();
  }
}

TEST(HttpAddress, Reads) {
  const auto v6 = parse_host_port("[::1]:80");
  ASSERT_TRUE(v6);
  EXPECT_EQ(v6->host, "::1");
  EXPECT_EQ(v6->port, "80");
  EXPECT_EQ(parse_host_port(":0")->host, "");
  EXPECT_EQ(parse_host_port("host.example:65535")->port, "65535");
  for (const char* bad : {"", ":", "a", "a:", "a:-1", "a:65536", "a:1x", "::1:2", "[::1:2"}) {
    EXPECT_FALSE(parse_host_port(bad)) << bad;
  }
}

}  // namespace
}  // namespace taskwatchd
