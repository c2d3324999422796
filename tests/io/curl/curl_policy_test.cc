// What the client refuses to send, and which proxy it uses.
#include <gmock/gmock.h>
#include <stdlib.h>

#include "io/curl/curl_fixture.h"
#include "io/raw_server.h"

namespace taskwatchd {
namespace {

using testing::HasSubstr;
using testing::Not;

void serve_all(RawConnection& peer) {
  while (!peer.read_request().empty()) {
    if (!peer.reply("ok")) return;
  }
}

TEST(CurlRefusals, RefusesWhatMustNotBeSent) {
  CurlFixture fixture;
  std::vector<HttpRequest> bad;
  for (const char* url :
       {"http://192.0.2.1/", "http://example.com/", "http://localhost.example.com/",
        "ftp://127.0.0.1/", "file:///etc/passwd", "https://user:secret@127.0.0.1/", "https://", "",
        "https://127.0.0.1/a b", "https://127.0.0.1/\r\nX: y", "https://b\xc3\xbc.example/"}) {
    bad.push_back(get(url));
  }
  for (const std::string& value :
       {std::string("a\r\nX: y"), std::string("a\nb"), std::string("a\0b", 3)}) {
    bad.push_back(get("https://127.0.0.1/"));
    bad.back().headers = {{"x-header", value}};
    bad.push_back(get("https://127.0.0.1/"));
    bad.back().headers = {{value, "x"}};
  }
  bad.push_back(get("https://127.0.0.1/"));
  bad.back().method = "PATCH";
  bad.push_back(get("https://127.0.0.1/"));
  bad.back().method = "DELETE";
  bad.back().body = "x";
  bad.push_back(get("https://127.0.0.1/"));
  bad.back().proxy = "socks5://127.0.0.1:1080";
  for (auto& request : bad) {
    const std::string url = request.url;
    const auto result = fixture.fetch(std::move(request));
    EXPECT_EQ(kind_of(result), "protocol") << url << message_of(result);
    EXPECT_THAT(message_of(result), Not(HasSubstr("secret")));
  }
}

TEST(CurlRefusals, PlainHttpIsForTheMetadataServiceOnlyAndIfIntended) {
  CurlOptions options;
  options.timeout = std::chrono::milliseconds(300);
  CurlFixture fixture(options);
  const auto kind = [&](const std::string& url, bool meant, const std::string& proxy = "") {
    HttpRequest request = get(url);
    request.to_metadata_service = meant;
    request.proxy = proxy;
    return kind_of(fixture.fetch(std::move(request)));
  };
  EXPECT_EQ(kind("http://100.100.100.200/latest/", false), "protocol");
  EXPECT_EQ(kind("http://100.100.100.200:8080/latest/", true), "protocol");
  EXPECT_EQ(kind("http://100.100.100.201/latest/", true), "protocol");
  EXPECT_EQ(kind("http://example.com/latest/", true), "protocol");
  EXPECT_EQ(kind("http://100.100.100.200/latest/", true, "http://127.0.0.1:1"), "protocol");
  // The result depends on the machine; only the request must be allowed.
  EXPECT_NE(kind("http://100.100.100.200/latest/", true), "protocol");
}

TEST(CurlProxy, UsesAProxyOnlyWhenConfigured) {
  RawServer* self = nullptr;
  RawServer proxy([&](RawConnection& peer) {
    self->note(peer.read_request());
    peer.send("HTTP/1.1 407 Who are you\r\nX-Proxy: yes\r\nContent-Length: 0\r\n\r\n");
    peer.hold();
  });
  self = &proxy;
  const std::string address = "http://127.0.0.1:" + std::to_string(proxy.port());
  for (const char* name : {"http_proxy", "https_proxy", "HTTPS_PROXY", "ALL_PROXY"}) {
    setenv(name, address.c_str(), 1);
  }
  setenv("no_proxy", "*", 1);
  RawServer server(serve_all);
  CurlFixture fixture;
  EXPECT_EQ(kind_of(fixture.fetch(get(server.url()))), "reply");
  EXPECT_EQ(kind_of(fixture.fetch(get("https://127.0.0.1:1/"))), "unreachable");
  EXPECT_EQ(proxy.accepted(), 0);

  // The proxy resolves the name; the client sends no query to a name server.
  HttpRequest request = get("https://iot.cn-shanghai.aliyuncs.com/?Signature=canary");
  request.proxy = "http://user:secret@localhost:" + std::to_string(proxy.port());
  request.headers = {{"x-acs-action", "QueryTask"}};
  const auto result = fixture.fetch(std::move(request));
  EXPECT_EQ(kind_of(result), "unreachable");
  EXPECT_EQ(message_of(result),
            "iot.cn-shanghai.aliyuncs.com:443 by proxy localhost:" + std::to_string(proxy.port()) +
                ": the proxy refused to connect: HTTP 407");
  ASSERT_EQ(proxy.notes().size(), 1U);
  EXPECT_THAT(proxy.notes()[0],
              testing::StartsWith("CONNECT iot.cn-shanghai.aliyuncs.com:443 HTTP/1.1\r\n"));
  EXPECT_THAT(proxy.notes()[0], HasSubstr("Proxy-Authorization: Basic"));
  EXPECT_THAT(proxy.notes()[0], Not(HasSubstr("x-acs-action")));
  for (const char* name : {"http_proxy", "https_proxy", "HTTPS_PROXY", "ALL_PROXY", "no_proxy"}) {
    unsetenv(name);
  }
}

}  // namespace
}  // namespace taskwatchd
