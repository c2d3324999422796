// Requests that are rejected whatever their target.
#include "io/http/http_request.h"

#include <gtest/gtest.h>

#include <boost/asio/ip/address.hpp>

#include "io/http/http_endpoint.h"

namespace taskwatchd {
namespace {

bool passes(std::vector<std::pair<std::string, std::string>> headers) {
  return request_problem({"GET", "/", std::move(headers)}) == nullptr;
}

TEST(HttpRequest, HasNoBody) {
  EXPECT_TRUE(passes({{"content-length", "0"}}));
  for (const char* length : {"1", "", "+0", "-0", "0, 0", "0x0", "99999999999999999999"}) {
    EXPECT_FALSE(passes({{"content-length", length}})) << length;
  }
  EXPECT_TRUE(passes({{"transfer-encoding", "chunked"}}))
      << "the session has seen that it is empty";
  EXPECT_TRUE(passes({{"transfer-encoding", "Chunked"}}));
  for (const char* coding : {"identity", "", "gzip, chunked", "chunked, chunked", "chunked;a=b"}) {
    EXPECT_FALSE(passes({{"transfer-encoding", coding}})) << coding;
  }
  EXPECT_FALSE(passes({{"transfer-encoding", "chunked"}, {"transfer-encoding", "chunked"}}));
  EXPECT_FALSE(passes({{"transfer-encoding", "chunked"}, {"content-length", "0"}}));
  EXPECT_FALSE(passes({{"content-length", "0"}, {"content-length", "5"}}));
}

TEST(HttpRequest, NamesOneHost) {
  EXPECT_TRUE(passes({}));
  for (const char* host : {"a", "A.example:80", "localhost:10120", "127.0.0.1", "[::1]", "[::1]:80",
                           "[::ffff:1.2.3.4]:1", "a_b-c.example.", "xn--bcher-kva.example"}) {
    EXPECT_TRUE(passes({{"host", host}})) << host;
  }
  for (const char* host :
       {"",    ":",        ":80",    "a:",     "a:b",        "a:123456", "a:1:2",   "::1", "[::1",
        "[]",  "[]:1",     "[::1]a", "[::1]:", "[::1%eth0]", "[a b]",    "a b",     "a,b", "a/b",
        "u@a", "http://a", "a\tb",   "[a]b:1", "a?b",        "a#b",      "\xc3\xbc"}) {
    EXPECT_FALSE(passes({{"host", host}})) << host;
  }
  EXPECT_FALSE(passes({{"host", "a"}, {"x", "y"}, {"host", "a"}}));
}

WebRequest asked(std::string target) {
  WebRequest request{"GET", std::move(target), {{"host", "good.example"}, {"x", "y"}}};
  take_absolute_form(request);
  return request;
}

TEST(HttpRequest, AnAbsoluteFormIsItsPathAtItsAuthority) {
  const WebRequest whole = asked("HTTP://Evil.example:81/a/b?c=%20d");
  EXPECT_EQ(whole.target, "/a/b?c=%20d");
  EXPECT_EQ(*whole.header("host"), "evil.example:81") << "the one that the Host check sees";
  EXPECT_EQ(std::count_if(whole.headers.begin(), whole.headers.end(),
                          [](const auto& header) { return header.first == "host"; }),
            1);
  EXPECT_EQ(asked("http://[::1]").target, "/");
  EXPECT_EQ(*asked("http://[::1]").header("host"), "[::1]");
  EXPECT_EQ(asked("https://a?b").target, "/?b");
  for (const char* other : {"/a", "*", "a.example:443", "ftp://a/b", "http://u@a/b", "http:///b",
                            "//a/b", "http://a:b/c", "http://a/b#c"}) {
    EXPECT_EQ(asked(other).target, other);
    EXPECT_EQ(*asked(other).header("host"), "good.example");
  }
}

TEST(HttpEndpoint, ANetworkOfV6IsOneClient) {
  const auto client = [](const char* text) {
    return client_of(boost::asio::ip::make_address(text));
  };
  EXPECT_EQ(client("192.0.2.1"), "192.0.2.1");
  EXPECT_EQ(client("::ffff:192.0.2.1"), "192.0.2.1") << "on a socket of both families";
  EXPECT_EQ(client("2001:db8:1:2:3:4:5:6"), client("2001:db8:1:2::1"));
  EXPECT_NE(client("2001:db8:1:3::1"), client("2001:db8:1:2::1"));
}

}  // namespace
}  // namespace taskwatchd
