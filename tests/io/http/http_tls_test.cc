// TLS in the server: what it requires of clients, what it rejects, and that a new certificate does
// not need a new server.
#include "io/http/http_tls.h"

#include <gmock/gmock.h>

#include <vector>

#include "io/http/http_fixture.h"
#include "io/tls_client.h"

namespace taskwatchd {
namespace {

using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

class HttpTlsTest : public testing::Test {
 protected:
  static WebTlsConfig config() {
    WebTlsConfig config;
    config.cert_file = {"/c.pem", {2, 14}};
    config.key_file = {"/k.pem", {3, 13}};
    return config;
  }
  static WebTlsConfig with_clients(ClientAuth auth = ClientAuth::kRequireAndVerify) {
    WebTlsConfig asking = config();
    asking.client_ca_file = {"/ca.pem", {4, 19}};
    asking.client_auth = auth;
    return asking;
  }
  WebTlsTexts texts(const CertificateOptions& options = {}) const {
    const auto [certificate, key] = authority.issue(options);
    return {certificate, Secret(key), clients.certificate()};
  }
  std::vector<std::string> problems(const WebTlsConfig& config, const WebTlsTexts& texts) {
    const auto made = make_server_tls(config, texts, "w.yml");
    std::vector<std::string> lines;
    if (const auto* errors = std::get_if<std::vector<ConfigError>>(&made)) {
      for (const ConfigError& error : *errors) lines.push_back(to_string(error));
    }
    return lines;
  }
  ServerTls made(const WebTlsConfig& config, const WebTlsTexts& texts) {
    auto made = make_server_tls(config, texts, "w.yml");
    for (const std::string& line : problems(config, texts)) ADD_FAILURE() << line;
    return std::holds_alternative<ServerTls>(made) ? std::get<ServerTls>(made) : ServerTls{};
  }
  void serve(Served& served, const WebTlsConfig& config) {
    served.set_door({.tls = made(config, texts()).context});
  }
  TlsClient client(const Served& served, const TlsOptions& options = {}) const {
    return TlsClient(served.address, authority.certificate(), options);
  }

  TestAuthority authority, clients;
};

TEST_F(HttpTlsTest, ServesAsWithoutIt) {
  Served served;
  serve(served, config());
  EXPECT_THAT(client(served).fetch("/a"), StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(client(served).fetch("/late"), EndsWith("late\n"));
  const std::string big = client(served).fetch("/big");
  EXPECT_GT(big.size(), 8U * 1024 * 1024);
  TlsClient kept = client(served);
  for (int i = 0; i < 3; ++i) {
    kept.send("GET /" + std::to_string(i) + " HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_THAT(kept.read_until(" -\n"), EndsWith("GET /" + std::to_string(i) + " -\n"));
  }
  EXPECT_EQ(kept.version(), "TLSv1.3");
}

TEST_F(HttpTlsTest, SendsCloseNotify) {
  Served served;
  serve(served, config());
  TlsClient one = client(served);
  EXPECT_THAT(one.fetch(), EndsWith("GET / -\n"));
  EXPECT_TRUE(one.said_goodbye());
  TlsClient refused = client(served);
  refused.send("POST / HTTP/1.1\r\nContent-Length: 99999\r\n\r\nmore to come");
  EXPECT_THAT(refused.read_until(), StartsWith("HTTP/1.1 400 "));
}

TEST_F(HttpTlsTest, StreamsPartByPart) {
  Served served;
  serve(served, config());
  {
    TlsClient waits = client(served);
    waits.send("GET /stream-wait HTTP/1.1\r\n\r\n");
    EXPECT_THAT(waits.read_until("a\n"), HasSubstr("400\r\naaa"));
    EXPECT_EQ(served.streams(), 1);
  }
  EXPECT_TRUE(served.no_stream_within(milliseconds(2000))) << "a client that leaves is heard";
  TlsClient whole = client(served);
  whole.send("GET /stream-3 HTTP/1.1\r\n\r\n");
  EXPECT_THAT(whole.read_until(), EndsWith("cc\n\r\n0\r\n\r\n"));
}

TEST_F(HttpTlsTest, OldProtocolsAndWeakCiphersAreRefused) {
  Served served;
  serve(served, config());
  for (const int version : {TLS1_VERSION, TLS1_1_VERSION}) {
    const TlsClient old = client(served, {.lowest = version, .highest = version});
    EXPECT_FALSE(old.connected());
    EXPECT_THAT(old.why(), HasSubstr("protocol version"));
  }
  for (const char* weak : {"AES128-GCM-SHA256", "DHE+AESGCM", "ECDHE-ECDSA-AES128-SHA"}) {
    EXPECT_FALSE(client(served, {.highest = TLS1_2_VERSION, .ciphers = weak}).connected()) << weak;
  }
  const TlsClient good = client(served, {.highest = TLS1_2_VERSION});
  EXPECT_TRUE(good.connected()) << good.why();
}

TEST_F(HttpTlsTest, UsesTheConfiguredProtocols) {
  Served served;
  WebTlsConfig choosy = config();
  choosy.ciphers = {"ECDHE-ECDSA-AES256-GCM-SHA384"};
  choosy.curves = {"P-384"};
  choosy.max_version = TlsVersion::kTls12;
  serve(served, choosy);
  EXPECT_EQ(client(served).cipher(), "ECDHE-ECDSA-AES256-GCM-SHA384");
  EXPECT_FALSE(client(served, {.lowest = TLS1_3_VERSION}).connected());
  EXPECT_FALSE(client(served, {.ciphers = "ECDHE-ECDSA-AES128-GCM-SHA256"}).connected());
  WebTlsConfig newest = config();
  newest.min_version = TlsVersion::kTls13;
  serve(served, newest);
  EXPECT_FALSE(client(served, {.highest = TLS1_2_VERSION}).connected());
  EXPECT_TRUE(client(served).connected());
}

TEST_F(HttpTlsTest, UsesOldProtocolsOnlyIfConfigured) {
  Served served;
  WebTlsConfig old = config();
  old.min_version = TlsVersion::kTls11;
  serve(served, old);
  EXPECT_FALSE(client(served, {.lowest = TLS1_VERSION, .highest = TLS1_VERSION}).connected());
  EXPECT_TRUE(client(served, {.lowest = TLS1_1_VERSION, .highest = TLS1_1_VERSION}).connected());
  EXPECT_EQ(client(served).version(), "TLSv1.3");
  old.min_version = TlsVersion::kTls10;
  old.max_version = TlsVersion::kTls10;
  serve(served, old);
  TlsClient oldest = client(served, {.lowest = TLS1_VERSION, .highest = TLS1_VERSION});
  EXPECT_THAT(oldest.fetch(), HasSubstr("200 OK")) << oldest.why();
  EXPECT_FALSE(client(served).connected());
  WebTlsConfig none = config();  // allows no version, as in the toolkit
  none.min_version = TlsVersion::kTls13;
  none.max_version = TlsVersion::kTls12;
  serve(served, none);
  EXPECT_FALSE(client(served).connected());
}

TEST_F(HttpTlsTest, ClientsShowACertificate) {
  Served served;
  serve(served, with_clients());
  EXPECT_THAT(client(served, {.certificate = clients.issue()}).fetch(), HasSubstr("200 OK"));
  // With TLS 1.3 the client learns of the rejection only when it reads.
  TlsClient none = client(served);
  EXPECT_EQ(none.fetch(), "");
  EXPECT_THAT(none.why(), HasSubstr("certificate required"));
  const TestAuthority stranger;
  EXPECT_EQ(client(served, {.certificate = stranger.issue()}).fetch(), "");
  EXPECT_EQ(client(served, {.certificate = clients.issue({.to_seconds = -10})}).fetch(), "");
  const TlsClient old = client(served, {.highest = TLS1_2_VERSION});
  EXPECT_FALSE(old.connected());
  EXPECT_EQ(client(served, {.certificate = authority.issue()}).fetch(), "")
      << "the server's authority is not the clients'";
}

// With TLS 1.3 the client learns of the rejection only when it reads; with 1.2 the handshake fails.
TEST_F(HttpTlsTest, RequestsClientCertificatesAsGoDoes) {
  const TestAuthority stranger;
  const struct {
    ClientAuth auth;
    bool none, unknown;  // whether no certificate, or one of an unknown authority, is accepted
  } ways[] = {{ClientAuth::kNone, true, true},
              {ClientAuth::kRequest, true, true},
              {ClientAuth::kRequireAny, false, true},
              {ClientAuth::kVerifyIfGiven, true, false},
              {ClientAuth::kRequireAndVerify, false, false}};
  for (const auto& way : ways) {
    for (const int highest : {TLS1_2_VERSION, TLS1_3_VERSION}) {
      Served served;
      serve(served, with_clients(way.auth));
      const auto is_let_in = [&](std::pair<std::string, std::string> shown) {
        return !client(served, {.highest = highest, .certificate = std::move(shown)})
                    .fetch()
                    .empty();
      };
      const auto name = testing::Message() << static_cast<int>(way.auth) << ", " << highest;
      EXPECT_TRUE(is_let_in(clients.issue())) << name;
      EXPECT_EQ(is_let_in({}), way.none) << name;
      EXPECT_EQ(is_let_in(stranger.issue()), way.unknown) << name;
      EXPECT_EQ(is_let_in(clients.issue({.to_seconds = -10})), way.unknown) << name << ", expired";
    }
  }
}

TEST_F(HttpTlsTest, WithoutAnAuthorityOfItsOwnTheMachinesVerify) {
  for (const ClientAuth auth : {ClientAuth::kVerifyIfGiven, ClientAuth::kRequireAndVerify}) {
    Served served;
    WebTlsConfig asking = config();
    asking.client_auth = auth;
    serve(served, asking);
    EXPECT_EQ(client(served, {.certificate = clients.issue()}).fetch(), "");
    EXPECT_EQ(client(served).fetch().empty(), auth == ClientAuth::kRequireAndVerify);
  }
}

// As in Go, each certificate in the file is a trusted root.
TEST_F(HttpTlsTest, ACertificateThatIsListedItselfIsVerified) {
  const auto shown = clients.issue();
  WebTlsTexts pinned = texts();
  pinned.client_ca = shown.first;
  Served served;
  served.set_door({.tls = made(with_clients(), pinned).context});
  EXPECT_THAT(client(served, {.certificate = shown}).fetch(), HasSubstr("200 OK"));
  EXPECT_EQ(client(served, {.certificate = clients.issue()}).fetch(), "");
}

TEST_F(HttpTlsTest, NamesOfClientsThatAreNotVerifiedCountToo) {
  const TestAuthority stranger;
  for (const bool any_name : {true, false}) {
    Served served;
    WebTlsConfig named = with_clients(ClientAuth::kRequireAny);
    named.client_allowed_sans.emplace();
    if (any_name) named.client_allowed_sans->push_back("prometheus.example");
    serve(served, named);
    for (const TestAuthority* signer : {&std::as_const(clients), &stranger}) {
      const auto good = signer->issue({.subject_alt_name = "DNS:prometheus.example"});
      const auto bad = signer->issue({.subject_alt_name = "DNS:other.example"});
      EXPECT_EQ(client(served, {.certificate = good}).fetch().empty(), !any_name);
      EXPECT_EQ(client(served, {.certificate = bad}).fetch(), "");
    }
    EXPECT_EQ(client(served).fetch(), "");
  }
}

TEST_F(HttpTlsTest, ClientsBearAName) {
  Served served;
  WebTlsConfig named = with_clients();
  named.client_allowed_sans =
      std::vector<std::string>{"prometheus.example", "10.1.2.3", "a@example", "spiffe://x/y"};
  serve(served, named);
  for (const char* good :
       {"DNS:prometheus.example", "DNS:other,IP:10.1.2.3", "email:a@example", "URI:spiffe://x/y"}) {
    const auto shown = clients.issue({.subject_alt_name = good});
    EXPECT_THAT(client(served, {.certificate = shown}).fetch(), HasSubstr("200 OK")) << good;
  }
  for (const char* bad : {"DNS:x.prometheus.example", "DNS:prometheus.example.org", "IP:10.1.2.4",
                          "DNS:10.1.2.3", "email:b@example"}) {
    const bool text_of_address = std::string(bad) == "DNS:10.1.2.3";
    const auto shown = clients.issue({.subject_alt_name = bad});
    const std::string reply = client(served, {.certificate = shown}).fetch();
    // As in the toolkit, names of all kinds are compared as text.
    EXPECT_EQ(reply.empty(), !text_of_address) << bad;
  }
}

TEST_F(HttpTlsTest, ANewCertificateIsForNewConnections) {
  Served served;
  serve(served, config());
  TlsClient old = client(served);
  const std::string first = old.serial();
  serve(served, config());
  EXPECT_NE(client(served).serial(), first);
  old.send("GET / HTTP/1.1\r\n\r\n");
  EXPECT_THAT(old.read_until("-\n"), HasSubstr("200 OK")) << "the old one goes on";
  served.set_door({});
  EXPECT_THAT(served.fetch(), StartsWith("HTTP/1.1 200 ")) << "plain";
}

TEST_F(HttpTlsTest, PlainHttpGetsAnExplanation) {
  Served served;
  serve(served, config());
  EXPECT_THAT(served.fetch(), StartsWith("HTTP/1.0 400 "));
  EXPECT_THAT(served.fetch(), HasSubstr("this port uses https"));
  RawClient noise(served.address);
  noise.send(std::string(600, '\x7f'));
  noise.read("", milliseconds(3000));
  EXPECT_TRUE(noise.ended());
}

TEST_F(HttpTlsTest, HandshakesThatHangDelayNoOtherClient) {
  Served served(hasty());
  serve(served, config());
  std::vector<RawClient> hanging;
  for (int i = 0; i < 100; ++i) {
    hanging.emplace_back(served.address);
    // Half of the clients send the start of a ClientHello, the others nothing.
    if (i % 2 == 0) hanging.back().send(std::string("\x16\x03\x01\x02\x00\x01\x00\x01", 8));
  }
  const auto start = std::chrono::steady_clock::now();
  EXPECT_THAT(client(served).fetch(), HasSubstr("200 OK"));
  EXPECT_LT(std::chrono::steady_clock::now() - start, milliseconds(900));
  for (RawClient& one : hanging) {
    one.read("", milliseconds(4000));
    EXPECT_TRUE(one.ended()) << "cut after the header timeout";
  }
}

TEST_F(HttpTlsTest, StopsInTheMiddleOfHandshakesAndStreams) {
  RawClient hanging = [&] {
    Served served;
    serve(served, config());
    RawClient open(served.address);
    open.send(std::string("\x16\x03\x01\x02\x00\x01\x00\x01", 8));
    TlsClient streaming = client(served);
    streaming.send("GET /stream-wait HTTP/1.1\r\n\r\n");
    EXPECT_THAT(streaming.read_until("a\n"), HasSubstr("aaa"));
    return open;
  }();  // a return shows that the loop had nothing left to do
  hanging.read();
  EXPECT_TRUE(hanging.ended());
}

TEST_F(HttpTlsTest, BadTextsAreNamedAtTheirKeys) {
  const WebTlsTexts good = texts();
  WebTlsTexts bad = good;
  bad.certificate = "no certificate";
  EXPECT_THAT(
      problems(config(), bad),
      ElementsAre(StartsWith("w.yml:2:14: `cert_file` /c.pem contains no usable certificate")));
  bad = good;
  bad.key = Secret("no key");
  EXPECT_THAT(problems(config(), bad),
              ElementsAre(StartsWith("w.yml:3:13: `key_file` /k.pem contains no usable key")));
  bad.key = texts().key;
  EXPECT_THAT(problems(config(), bad),
              ElementsAre("w.yml:3:13: `key_file` /k.pem is not the key of `cert_file`; set the "
                          "key that belongs to the certificate"));
  const KeyPtr rsa(EVP_RSA_gen(2048));
  bad.key = Secret(TestAuthority::pem(rsa.get()));
  EXPECT_THAT(problems(config(), bad), ElementsAre(HasSubstr("is not the key of `cert_file`")));
  bad = good;
  bad.client_ca = "";
  EXPECT_THAT(
      problems(with_clients(), bad),
      ElementsAre(StartsWith("w.yml:4:19: `client_ca_file` /ca.pem contains no certificate")));
  for (const ClientAuth auth :
       {ClientAuth::kRequest, ClientAuth::kRequireAny, ClientAuth::kVerifyIfGiven}) {
    EXPECT_EQ(made(with_clients(auth), bad).warnings.size(), 1U) << "of use without it";
  }
  bad.client_ca = good.client_ca + "-----BEGIN CERTIFICATE-----\nbroken\n";
  const auto broken = made(with_clients(), bad).warnings;
  ASSERT_EQ(broken.size(), 1U);
  EXPECT_THAT(to_string(broken[0]), HasSubstr("or an invalid one"));
  EXPECT_THAT(problems(config(), good), IsEmpty());
}

TEST_F(HttpTlsTest, BadTextsOfTheFileItselfAreNamedToo) {
  WebTlsConfig inline_texts = with_clients();
  inline_texts.cert_file = {{}, {2, 9}, Secret("x")};
  inline_texts.key_file = {{}, {3, 8}, Secret("canary")};
  inline_texts.client_ca_file = {{}, {4, 14}, Secret("x")};
  WebTlsTexts bad = texts();
  bad.key = texts().key;
  bad.client_ca = "";
  EXPECT_THAT(problems(inline_texts, bad),
              ElementsAre(StartsWith("w.yml:3:8: `key` is not the key of `cert`; set"),
                          StartsWith("w.yml:4:14: `client_ca` contains no certificate")));
  bad.key = Secret("canary");
  bad.certificate = "x";
  EXPECT_THAT(problems(inline_texts, bad),
              ElementsAre(StartsWith("w.yml:2:9: `cert` contains no usable certificate"),
                          StartsWith("w.yml:4:14: `client_ca`")));
}

TEST_F(HttpTlsTest, ACertificateOutOfItsTimeIsServedWithAWarning) {
  EXPECT_THAT(made(config(), texts()).warnings, IsEmpty());
  const auto late = made(config(), texts({.to_seconds = -10})).warnings;
  ASSERT_EQ(late.size(), 1U);
  EXPECT_EQ(to_string(late[0]),
            "w.yml:2:14: `cert_file` /c.pem has expired: clients reject it; renew it");
  EXPECT_THAT(made(config(), texts({.from_seconds = 1000})).warnings, testing::SizeIs(1));
}

}  // namespace
}  // namespace taskwatchd
