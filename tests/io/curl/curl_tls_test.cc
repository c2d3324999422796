// Which servers the client trusts. Only the one correct server may lead to a response.
#include <gmock/gmock.h>
#include <unistd.h>

#include <filesystem>

#include "io/curl/curl_fixture.h"
#include "io/raw_server.h"
#include "io/test_certificates.h"

namespace taskwatchd {
namespace {

using testing::HasSubstr;

void serve_all(RawConnection& peer) {
  while (!peer.read_request().empty()) {
    if (!peer.reply("ok")) return;
  }
}

class CurlTls : public testing::Test {
 protected:
  CurlTls() : folder_(std::filesystem::temp_directory_path() / ("tls" + std::to_string(getpid()))) {
    std::filesystem::create_directory(folder_);
    authority_.write(ca_file());
  }
  ~CurlTls() override { std::filesystem::remove_all(folder_); }

  std::string ca_file() const { return folder_ / "ca.pem"; }
  HttpRequest trusting(std::string url) const {
    HttpRequest request = get(std::move(url));
    request.ca_file = ca_file();
    return request;
  }
  HttpResult fetch_from(const CertificateOptions& options, bool with_ca = true) {
    const TlsContext tls = authority_.serve(options);
    RawServer server(serve_all, tls.get());
    HttpRequest request = trusting(server.url("/?Signature=canary"));
    if (!with_ca) request.ca_file.clear();
    CurlFixture fixture;
    HttpResult result = fixture.fetch(std::move(request));
    EXPECT_THAT(message_of(result), testing::Not(HasSubstr("canary")));
    return result;
  }

  std::filesystem::path folder_;
  TestAuthority authority_;
};

TEST_F(CurlTls, TheRightServerIsTrustedAndKept) {
  const TlsContext tls = authority_.serve();
  RawServer server(serve_all, tls.get());
  CurlFixture fixture;
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(reply_of(fixture.fetch(trusting(server.url()))).body, "ok");
  }
  EXPECT_EQ(server.accepted(), 1);
  const std::string by_name = "https://localhost:" + std::to_string(server.port());
  EXPECT_EQ(reply_of(fixture.fetch(trusting(by_name))).body, "ok");
}

TEST_F(CurlTls, AnUnknownAuthorityIsRefused) {
  const auto result = fetch_from({}, false);
  EXPECT_EQ(kind_of(result), "tls");
  EXPECT_THAT(message_of(result), HasSubstr("no trusted TLS connection"));
}

TEST_F(CurlTls, ATrustedConnectionIsNotUsedByThoseWhoDoNotTrustIt) {
  const TlsContext tls = authority_.serve();
  RawServer server(serve_all, tls.get());
  CurlFixture fixture;
  EXPECT_EQ(kind_of(fixture.fetch(trusting(server.url()))), "reply");
  EXPECT_EQ(kind_of(fixture.fetch(get(server.url()))), "tls");
}

TEST_F(CurlTls, AProxysUsersShareNoTunnel) {
  const TlsContext tls = authority_.serve();
  RawServer* self = nullptr;
  RawServer proxy([&](RawConnection& peer) {
    self->note(peer.read_request());
    peer.send("HTTP/1.1 200 Connected\r\n\r\n");
    if (peer.start_tls(tls.get())) serve_all(peer);
  });
  self = &proxy;
  CurlFixture fixture;
  const auto tunnels_after = [&](const std::string& user) {
    HttpRequest request = trusting("https://127.0.0.1:1/");
    request.proxy = "http://" + user + "127.0.0.1:" + std::to_string(proxy.port());
    EXPECT_EQ(kind_of(fixture.fetch(std::move(request))), "reply") << user;
    return proxy.notes().size();
  };
  EXPECT_EQ(tunnels_after("anna:one@"), 1u);
  EXPECT_EQ(tunnels_after("anna:one@"), 1u) << "kept";
  EXPECT_EQ(tunnels_after("bob:two@"), 2u);
  EXPECT_EQ(tunnels_after("anna:changed@"), 3u) << "a password takes effect at once";
  EXPECT_EQ(tunnels_after(""), 4u);
  EXPECT_EQ(tunnels_after("bob:two@"), 4u);
  EXPECT_THAT(proxy.notes()[0], HasSubstr("Proxy-Authorization: Basic YW5uYTpvbmU="));
  EXPECT_THAT(proxy.notes()[1], HasSubstr("Proxy-Authorization: Basic Ym9iOnR3bw=="));
  EXPECT_THAT(proxy.notes()[3], testing::Not(HasSubstr("Proxy-Authorization")));
}

TEST_F(CurlTls, BadCertificatesAreRefused) {
  const CertificateOptions wrong_host{"DNS:other.example"};
  const CertificateOptions wrong_address{"IP:127.0.0.2"};
  const CertificateOptions expired{"IP:127.0.0.1", -7200, -3600};
  const CertificateOptions not_yet{"IP:127.0.0.1", 3600, 7200};
  const CertificateOptions old_tls{"IP:127.0.0.1", -3600, 3600, TLS1_1_VERSION};
  for (const auto& options : {wrong_host, wrong_address, expired, not_yet, old_tls}) {
    const auto result = fetch_from(options);
    EXPECT_EQ(kind_of(result), "tls") << options.subject_alt_name << message_of(result);
  }
  EXPECT_THAT(message_of(fetch_from(expired)), HasSubstr("expired"));
}

TEST_F(CurlTls, AServerWithoutTlsIsRefused) {
  RawServer server([](RawConnection& peer) {
    peer.send("HTTP/1.1 400 Bad Request\r\n\r\n");
    peer.hold();
  });
  CurlFixture fixture;
  const auto result = fixture.fetch(get("https://127.0.0.1:" + std::to_string(server.port())));
  EXPECT_EQ(kind_of(result), "tls");
}

TEST_F(CurlTls, ABadCaFileIsNamed) {
  CurlFixture fixture;
  const TlsContext tls = authority_.serve();
  RawServer server(serve_all, tls.get());
  HttpRequest request = get(server.url());
  request.ca_file = folder_ / "missing.pem";
  const auto result = fixture.fetch(std::move(request));
  EXPECT_EQ(kind_of(result), "tls");
  EXPECT_THAT(message_of(result), HasSubstr("missing.pem"));
}

TEST_F(CurlTls, PeersThatCloseWhileTheClientWritesDoNoHarm) {
  // If SIGPIPE were not ignored, OpenSSL's write would end the process here.
  const TlsContext tls = authority_.serve();
  RawServer server(
      [](RawConnection& peer) {
        peer.read_request();
        peer.reply("ok");
        peer.reset();
      },
      tls.get());
  CurlFixture fixture;
  for (int i = 0; i < 10; ++i) {
    HttpRequest request = trusting(server.url());
    request.method = "POST";
    request.body = std::string(100'000, 'x');
    fixture.fetch(std::move(request));
  }
  EXPECT_GE(server.accepted(), 5);
}

}  // namespace
}  // namespace taskwatchd
