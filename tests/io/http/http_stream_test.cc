// Streamed responses: framing, clients that leave or do not read, and server shutdown.
#include <gmock/gmock.h>

#include "io/http/http_fixture.h"
#include "io/http/http_server.h"

namespace taskwatchd {
namespace {

using std::chrono::seconds;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

const std::string kWait = "GET /stream-wait HTTP/1.1\r\n\r\n";

TEST(HttpStream, IsChunkedAndEndsTheConnection) {
  Served served;
  RawClient client(served.address);
  client.send("GET /stream-3 HTTP/1.1\r\n\r\n");
  const std::string reply = client.read();
  EXPECT_TRUE(client.ended());
  EXPECT_THAT(reply, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(reply, HasSubstr("Transfer-Encoding: chunked\r\n"));
  EXPECT_THAT(reply, HasSubstr("Connection: close\r\n"));
  EXPECT_THAT(reply, Not(HasSubstr("Content-Length")));
  EXPECT_THAT(reply, HasSubstr("\r\n\r\n400\r\naaaa"));
  EXPECT_THAT(reply, EndsWith("cc\n\r\n0\r\n\r\n"));
  EXPECT_TRUE(served.no_stream_within(milliseconds(2000)));
}

TEST(HttpStream, OldClientsGetItPlainAndHeadNothing) {
  Served served;
  RawClient old(served.address);
  old.send("GET /stream-3 HTTP/1.0\r\n\r\n");
  const std::string reply = old.read();
  EXPECT_THAT(reply, HasSubstr("\r\n\r\naaaa"));
  EXPECT_THAT(reply, EndsWith("cc\n"));
  RawClient head(served.address);
  head.send("HEAD /stream-all HTTP/1.1\r\n\r\n");
  EXPECT_THAT(head.read(), EndsWith("\r\n\r\n"));
  EXPECT_TRUE(served.no_stream_within(milliseconds(2000)));
}

TEST(HttpStream, APartIsSentAtOnceAndADisconnectIsNoticed) {
  Served served;
  RawClient client(served.address);
  client.send(kWait);
  EXPECT_THAT(client.read("a\n"), HasSubstr("400\r\naaa"));
  EXPECT_EQ(served.streams(), 1);
  client.reset();
  EXPECT_TRUE(served.no_stream_within(milliseconds(2000)));
}

TEST(HttpStream, ABrokenOneIsCutShort) {
  Served served;
  RawClient client(served.address);
  client.send("GET /stream-throw HTTP/1.1\r\n\r\n");
  EXPECT_THAT(client.read(), HasSubstr("aaa\n"));
  EXPECT_TRUE(client.ended());
  EXPECT_TRUE(served.no_stream_within(milliseconds(2000)));
}

TEST(HttpStream, WhoeverDoesNotReadIsDropped) {
  Served served(hasty());
  RawClient client(served.address);
  client.small_window();
  client.send("GET /stream-all HTTP/1.1\r\n\r\n");
  EXPECT_TRUE(served.no_stream_within(milliseconds(8000)));
  EXPECT_TRUE(served.answers_within(milliseconds(2000)));
}

TEST(HttpStream, IdleStreamsStayOpenAndDelayNoOther) {
  WebLimits limits = hasty();
  limits.requests = 1;
  Served served(limits);
  RawClient first(served.address), second(served.address);
  for (RawClient* const client : {&first, &second}) {
    client->send(kWait);
    EXPECT_THAT(client->read("a\n"), HasSubstr("aaa\n"));
  }
  std::this_thread::sleep_for(milliseconds(1500));  // longer than both timeouts
  EXPECT_EQ(served.streams(), 2);
  EXPECT_THAT(served.fetch(), StartsWith("HTTP/1.1 200 "));
}

TEST(HttpStream, EndsWithTheServer) {
  RawClient client = [] {
    Served served;
    RawClient open(served.address);
    open.send(kWait);
    EXPECT_THAT(open.read("a\n"), HasSubstr("aaa\n"));
    return open;
  }();  // a return shows that the loop had nothing left to do
  client.read();
  EXPECT_TRUE(client.ended());
}

}  // namespace
}  // namespace taskwatchd
