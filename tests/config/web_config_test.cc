// The web configuration: what is accepted, and the exact messages about the rest.
#include "config/web_config.h"

#include <gmock/gmock.h>

#include "config/bcrypt.h"
#include "config/parse_text.h"

namespace taskwatchd {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

const std::string kHash = "$2y$10$abcdefghijklmnopqrstuvABCDEFGHIJKLMNOPQRSTUVWXYZ01234";
const std::string kTls = "tls_server_config:\n  cert_file: c.pem\n  key_file: /k.pem\n";

ParseContext web_context() {
  return {"w.yml", "/etc/taskwatchd", "/run/credentials/x", ""};
}

WebConfig taken(const std::string& yaml) {
  auto result = parse_web_config(yaml, web_context());
  if (const auto* errors = std::get_if<std::vector<ConfigError>>(&result)) {
    for (const ConfigError& error : *errors) ADD_FAILURE() << to_string(error);
    return {};
  }
  return std::get<WebConfig>(std::move(result));
}

std::string refused(const std::string& yaml) {
  const auto result = parse_web_config(yaml, web_context());
  std::string lines;
  if (const auto* errors = std::get_if<std::vector<ConfigError>>(&result)) {
    for (const ConfigError& error : *errors) lines += to_string(error) + "\n";
  }
  return lines;
}

// Returns the warnings, one per line.
std::string warned(const std::string& yaml) {
  std::string lines;
  for (const ConfigError& warning : taken(yaml).warnings) lines += to_string(warning) + "\n";
  return lines;
}

TEST(WebConfig, TakesAllThatTheToolkitHas) {
  const WebConfig config =
      taken(kTls +
            "  client_auth_type: RequireAndVerifyClientCert\n"
            "  client_ca_file: $CREDENTIALS_DIRECTORY/ca.pem\n"
            "  client_allowed_sans: [prometheus.example, 10.0.0.1]\n"
            "  min_version: TLS12\n  max_version: TLS13\n"
            "  cipher_suites: [TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, TLS_AES_128_GCM_SHA256]\n"
            "  prefer_server_cipher_suites: false\n"
            "  curve_preferences: [X25519, CurveP256]\n"
            "http_server_config:\n  http2: false\n  headers:\n"
            "    Content-Security-Policy: default-src 'self'\n    X-Frame-Options: deny\n"
            "    X-Content-Type-Options: nosniff\n    X-XSS-Protection: 1; mode=block\n"
            "    Strict-Transport-Security: max-age=31536000\n"
            "basic_auth_users:\n  prometheus: " +
            kHash + "\n  anna: \"" + kHash + "\"\nrate_limit:\n  interval: 100ms\n  burst: 20\n");
  ASSERT_TRUE(config.tls);
  EXPECT_EQ(config.tls->cert_file.path, "/etc/taskwatchd/c.pem");
  EXPECT_EQ(config.tls->cert_file.place, (YamlPlace{2, 14}));
  EXPECT_EQ(config.tls->key_file.path, "/k.pem");
  EXPECT_EQ(config.tls->client_ca_file.path, "/run/credentials/x/ca.pem");
  EXPECT_EQ(config.tls->client_auth, ClientAuth::kRequireAndVerify);
  EXPECT_THAT(config.tls->client_allowed_sans.value(),
              ElementsAre("prometheus.example", "10.0.0.1"));
  EXPECT_THAT(config.tls->ciphers, ElementsAre("ECDHE-RSA-AES128-GCM-SHA256"));
  EXPECT_THAT(config.tls->curves, ElementsAre("X25519", "P-256"));
  EXPECT_FALSE(config.tls->prefer_server_ciphers);
  EXPECT_EQ(config.tls->min_version, TlsVersion::kTls12);
  EXPECT_EQ(config.headers.size(), 5U);
  EXPECT_THAT(config.headers, testing::Contains(Pair("X-Frame-Options", "deny")));
  ASSERT_EQ(config.users.size(), 2U);
  EXPECT_EQ(config.users.at("anna"), Secret(bcrypt_for_crypt(kHash)));
  EXPECT_EQ(config.rate_limit.interval, std::chrono::milliseconds(100));
  EXPECT_EQ(config.rate_limit.burst, 20U);
  EXPECT_THAT(config.warnings, IsEmpty());
  EXPECT_EQ(summary(config),
            "web: TLS 1.2 or later, client certificates required, 2 users, 5 headers, one request "
            "each 100ms after the first 20\n");
}

TEST(WebConfig, RequiresNothingByDefault) {
  for (const char* text : {"", "# nothing\n", "{}\n", "http_server_config: {http2: yes}\n",
                           "http_server_config:\nrate_limit:\n"}) {
    const WebConfig config = taken(text);
    EXPECT_FALSE(config.tls) << text;
    EXPECT_THAT(config.users, IsEmpty()) << text;
    EXPECT_EQ(summary(config), "web: no TLS, no users\n");
    EXPECT_THAT(config.warnings, IsEmpty());
  }
  const WebConfig plain = taken(kTls);
  EXPECT_EQ(plain.tls->min_version, TlsVersion::kTls12);
  EXPECT_EQ(plain.tls->max_version, TlsVersion::kTls13);
  EXPECT_TRUE(plain.tls->prefer_server_ciphers);
  EXPECT_EQ(plain.tls->client_ca_file.path, "");
  EXPECT_THAT(plain.tls->ciphers, IsEmpty());
}

TEST(WebConfig, TakesTextsInsteadOfFiles) {
  const WebConfig config = taken(
      "tls_server_config:\n  cert: |\n    CERT\n  key: KEY\n  client_ca: CA\n"
      "  client_ca_file: ''\n  client_auth_type: RequireAndVerifyClientCert\n");
  ASSERT_TRUE(config.tls);
  EXPECT_EQ(config.tls->cert_file.text.reveal(), "CERT\n");
  EXPECT_EQ(config.tls->key_file.text, Secret("KEY"));
  EXPECT_EQ(config.tls->client_ca_file.text.reveal(), "CA");
  EXPECT_EQ(config.tls->cert_file.place, (YamlPlace{2, 9}));
  EXPECT_EQ(pem_name("client_ca_file", config.tls->client_ca_file), "`client_ca`");
  EXPECT_THAT(config.warnings, IsEmpty());
  const WebConfig both = taken(kTls + "  cert: CERT\n");
  EXPECT_EQ(pem_name("cert_file", both.tls->cert_file), "`cert_file` /etc/taskwatchd/c.pem");
  EXPECT_TRUE(both.tls->cert_file.text.empty());
  EXPECT_EQ(warned(kTls + "  cert: CERT\n"),
            "w.yml:4:9: `cert` is not used, as `cert_file` is given; remove one\n");
}

TEST(WebConfig, WithoutCertificateAndKeyThereIsNoTls) {
  for (const char* none : {"", " {}", " ~", " {min_version: TLS13}", " {cert_file: '', key:}",
                           " {client_allowed_sans: [a]}"}) {
    const std::string yaml = "tls_server_config:" + std::string(none) + "\n";
    EXPECT_FALSE(taken(yaml).tls) << yaml;
    EXPECT_THAT(warned(yaml), HasSubstr("taskwatchd serves without TLS")) << yaml;
  }
  EXPECT_THAT(refused("tls_server_config: {cert_file: a}\n"), HasSubstr("`key_file` is missing"));
  EXPECT_THAT(refused("tls_server_config: {key: a}\n"), HasSubstr("`cert_file` is missing"));
  EXPECT_THAT(refused("tls_server_config: {client_auth_type: NoClientCert}\n"),
              HasSubstr("`cert_file` is missing"));
  EXPECT_THAT(refused("tls_server_config: {cipher_suites: [x]}\n"), HasSubstr("unknown name"));
}

TEST(WebConfig, WithHttp2TheCiphersAreThoseOfGo) {
  const std::string odd = kTls + "  cipher_suites: [TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384]\n";
  const std::string no_http2 = "http_server_config: {http2: false}\n";
  EXPECT_THAT(refused(odd), HasSubstr("w.yml:4:18: `cipher_suites` has no cipher that HTTP/2 "
                                      "requires; add `TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256`"));
  EXPECT_EQ(refused(odd + no_http2), "");
  EXPECT_EQ(refused(odd + "  min_version: TLS13\n"), "");
  for (const char* kind : {"RSA", "ECDSA"}) {
    const std::string one = "TLS_ECDHE_" + std::string(kind) + "_WITH_AES_128_GCM_SHA256";
    EXPECT_EQ(refused(kTls + "  cipher_suites: [" + one + "]\n"), "");
  }
  const std::string new_suites = kTls + "  cipher_suites: [TLS_AES_128_GCM_SHA256]\n";
  EXPECT_THAT(refused(new_suites), HasSubstr("that HTTP/2 requires"));
  EXPECT_EQ(taken(new_suites + no_http2).tls->min_version, TlsVersion::kTls13);
  EXPECT_EQ(warned(new_suites + "  max_version: TLS12\n" + no_http2),
            "w.yml:5:16: `max_version` is older than the ciphers of `cipher_suites`: no client can "
            "connect; raise it\n");
}

TEST(WebConfig, WarnsOfOldProtocols) {
  const WebConfig config = taken(kTls + "  min_version: TLS10\n  max_version: TLS11\n");
  EXPECT_EQ(config.tls->min_version, TlsVersion::kTls10);
  EXPECT_EQ(config.tls->max_version, TlsVersion::kTls11);
  EXPECT_EQ(summary(config), "web: TLS 1.0 or later, no users\n");
  EXPECT_THAT(warned(kTls + "  min_version: TLS11\n"),
              HasSubstr("w.yml:4:16: `min_version` allows TLS 1.0 and 1.1"));
  EXPECT_EQ(warned(kTls + "  min_version: TLS13\n  max_version: TLS12\n"),
            "w.yml:5:16: `max_version` is older than `min_version`: no client can connect; raise "
            "it\n");
}

TEST(WebConfig, ReportsAllErrorsWithTheirPositions) {
  EXPECT_EQ(
      refused("tls_server_config:\n"
              "  cert_fil: c.pem\n"
              "  key_fil: k.pem\n"
              "  min_version: TLS111\n"
              "  cipher_suites: [TLS_RSA_WITH_RC4_128_SHA]\n"
              "http_server_config:\n"
              "  http2: maybe\n"
              "  headers:\n"
              "    X-Frame-Options: allow\n"
              "    Server: x\n"
              "basic_auth_users:\n"
              "  anna: hunter2\n"
              "  \"a:b\": x\n"
              "rate_limit: {interval: soon, burst: some}\n"
              "basic_auth_user: x\n"),
      "w.yml:2:3: unknown key `cert_fil` in `tls_server_config`; did you mean `cert_file`?\n"
      "w.yml:3:3: unknown key `key_fil` in `tls_server_config`; did you mean `key_file`?\n"
      "w.yml:4:16: `min_version` must be `TLS10`, `TLS11`, `TLS12` or `TLS13`\n"
      "w.yml:5:19: unknown name `TLS_RSA_WITH_RC4_128_SHA` in `cipher_suites`; it must be "
      "`TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256`, `TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384`, "
      "`TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256`, `TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384`, "
      "`TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256`, "
      "`TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256`, "
      "`TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA`, `TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA`, "
      "`TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA`, `TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA`, "
      "`TLS_AES_128_GCM_SHA256`, `TLS_AES_256_GCM_SHA384` or "
      "`TLS_CHACHA20_POLY1305_SHA256`\n"
      "w.yml:7:10: `http2` must be true or false\n"
      "w.yml:9:22: `X-Frame-Options` must be `deny` or `sameorigin`\n"
      "w.yml:10:5: unknown key `Server` in `headers`; the keys here are "
      "`Content-Security-Policy`, `X-Frame-Options`, `X-Content-Type-Options`, "
      "`X-XSS-Protection` or `Strict-Transport-Security`\n"
      "w.yml:12:9: the password of user `anna` must be a bcrypt hash: $2y$, $2b$ or $2a$, "
      "two digits, $ and 53 characters; create one with `htpasswd -nBC 10 NAME` and use the part "
      "after the colon\n"
      "w.yml:13:10: the password of user `a:b` must be a bcrypt hash: $2y$, $2b$ or $2a$, "
      "two digits, $ and 53 characters; create one with `htpasswd -nBC 10 NAME` and use the part "
      "after the colon\n"
      "w.yml:14:24: `interval` must be a duration such as 500ms, 30s, 5m or 1d\n"
      "w.yml:14:37: `burst` must be a whole decimal number from 0 to 1000000000\n"
      "w.yml:15:1: unknown key `basic_auth_user` in the file; did you mean `basic_auth_users`?\n");
}

TEST(WebConfig, TakesAllWaysToAskClients) {
  const struct {
    const char* type;
    ClientAuth auth;
    const char* warning;
    const char* summary;
  } ways[] = {
      {"NoClientCert", ClientAuth::kNone, "", "web: TLS 1.2 or later, no users\n"},
      {"RequestClientCert", ClientAuth::kRequest, "lets clients in without a certificate, and",
       "web: TLS 1.2 or later, client certificates asked for, not verified, no users\n"},
      {"RequireAnyClientCert", ClientAuth::kRequireAny, "anybody can make one",
       "web: TLS 1.2 or later, client certificates required, not verified, no users\n"},
      {"RequireClientCert", ClientAuth::kRequireAny, "anybody can make one",
       "web: TLS 1.2 or later, client certificates required, not verified, no users\n"},
      {"VerifyClientCertIfGiven", ClientAuth::kVerifyIfGiven, "lets clients in without",
       "web: TLS 1.2 or later, client certificates verified if given, no users\n"},
      {"RequireAndVerifyClientCert", ClientAuth::kRequireAndVerify,
       "w.yml:4:21: `client_auth_type` has no `client_ca_file`: every authority that this machine "
       "trusts can admit clients",
       "web: TLS 1.2 or later, client certificates required, no users\n"}};
  for (const auto& way : ways) {
    const std::string yaml = kTls + "  client_auth_type: " + way.type + "\n";
    const WebConfig config = taken(yaml);
    EXPECT_EQ(config.tls->client_auth, way.auth) << way.type;
    EXPECT_EQ(summary(config), way.summary);
    EXPECT_THAT(warned(yaml), HasSubstr(way.warning));
    EXPECT_EQ(verifies_clients(config), way.auth == ClientAuth::kRequireAndVerify);
    const bool with_ca = refused(yaml + "  client_ca_file: a\n").empty();
    EXPECT_EQ(with_ca, way.auth != ClientAuth::kNone) << "an authority for nobody";
    const bool with_sans = refused(yaml + "  client_allowed_sans: [a]\n").empty();
    EXPECT_EQ(with_sans,
              way.auth == ClientAuth::kRequireAny || way.auth == ClientAuth::kRequireAndVerify);
  }
  EXPECT_EQ(taken(kTls + "  client_auth_type: ''\n").tls->client_auth, ClientAuth::kNone);
  EXPECT_THAT(refused(kTls + "  client_auth_type: x\n"),
              HasSubstr("w.yml:4:21: `client_auth_type` must be `NoClientCert`, "));
  EXPECT_THAT(refused(kTls + "  client_ca_file: a\n"),
              HasSubstr("w.yml:4:19: `client_ca_file` is used only with"));
  EXPECT_THAT(refused(kTls + "  client_ca: a\n"), HasSubstr("`client_ca` is used only with"));
}

TEST(WebConfig, AnEmptyListOfNamesAllowsNone) {
  const std::string mtls = kTls +
                           "  client_ca_file: a\n"
                           "  client_auth_type: RequireAndVerifyClientCert\n";
  EXPECT_EQ(warned(mtls), "");
  EXPECT_FALSE(taken(mtls + "  client_allowed_sans:\n").tls->client_allowed_sans);
  EXPECT_THAT(taken(mtls + "  client_allowed_sans: []\n").tls->client_allowed_sans.value(),
              IsEmpty());
  EXPECT_THAT(warned(mtls + "  client_allowed_sans: []\n"), HasSubstr("no client can connect"));
}

TEST(WebConfig, TakesUsersAsTheToolkit) {
  for (const char* nobody : {"", " {}", " ~"}) {
    const std::string yaml = "basic_auth_users:" + std::string(nobody) + "\n";
    EXPECT_THAT(taken(yaml).users, IsEmpty());
    EXPECT_THAT(warned(yaml), HasSubstr("`basic_auth_users` lists nobody: every client is let in"));
  }
  const WebConfig config =
      taken("basic_auth_users: {no: &h " + kHash + ", \"\": *h, \u00e9t\u00e9: *h}\n");
  EXPECT_EQ(config.users.size(), 3U);
  EXPECT_TRUE(config.users.contains("\u00e9t\u00e9"));
  EXPECT_THAT(config.warnings, IsEmpty());
  EXPECT_THAT(warned("basic_auth_users: {\"a:b\": " + kHash + "}\n"),
              HasSubstr("user `a:b` cannot log in: a name with a colon"));
  EXPECT_THAT(warned("basic_auth_users: {a: $2y$10$" + std::string(53, '*') + "}\n"),
              HasSubstr("w.yml:1:23: user `a` cannot log in: behind the cost"));
  EXPECT_EQ(warned("basic_auth_users:\n  bob: $2y$18$" + kHash.substr(7) + "\n"),
            "w.yml:2:8: the password of user `bob` has a cost of 18: each check takes about 16 s "
            "of a core, and other logins wait for it; use a cost of 14 or less\n");
  EXPECT_THAT(refused("basic_auth_users: {a: }\n"), HasSubstr("has no value"));
  EXPECT_THAT(refused("basic_auth_users: {a: 1, a: 2}\n"), HasSubstr("set twice"));
}

TEST(WebConfig, LimitsTheRateAsTheToolkit) {
  const struct {
    const char* yaml;
    WebRateLimit limit;
    const char* warning;
  } cases[] = {{"{interval: 0, burst: 0}", {Duration(0), 0}, ""},
               {"{interval: 1.5s, burst: 2}", {std::chrono::milliseconds(1500), 2}, ""},
               {"{interval: 1s, burst: 0}", {std::chrono::seconds(1), 0}, "every request gets 429"},
               {"{interval: 1s}", {std::chrono::seconds(1), 0}, "every request gets 429"},
               {"{burst: 10}", {Duration(0), 10}, "limits nothing without `interval`"},
               {"{interval: -1s, burst: 1}", {Duration(0), 1}, "limits nothing"}};
  for (const auto& one : cases) {
    const std::string yaml = "rate_limit: " + std::string(one.yaml) + "\n";
    const WebConfig config = taken(yaml);
    EXPECT_EQ(config.rate_limit.interval, one.limit.interval) << yaml;
    EXPECT_EQ(config.rate_limit.burst, one.limit.burst) << yaml;
    EXPECT_EQ(config.warnings.empty(), *one.warning == '\0') << yaml;
    EXPECT_THAT(warned(yaml), HasSubstr(one.warning));
  }
}

TEST(WebConfig, AHeaderIsOneLine) {
  const auto sent = [](const std::string& value) {
    return taken("http_server_config:\n  headers:\n    Content-Security-Policy: " + value + "\n")
        .headers.at(0)
        .second;
  };
  EXPECT_EQ(sent("|\n      default-src 'self';\n      img-src *\n"),
            "default-src 'self'; img-src *");
  EXPECT_EQ(sent("\"a\\r\\nSet-Cookie: b\\n\""), "a  Set-Cookie: b");
  EXPECT_EQ(sent("\u00e9"), "\u00e9");
}

TEST(WebConfig, RefusesWhatIsNoConfiguration) {
  EXPECT_THAT(refused("- a\n"), HasSubstr("KEY: VALUE"));
  EXPECT_THAT(refused("http_server_config:\n  headers:\n    X-XSS-Protection: \"a\\0b\"\n"),
              HasSubstr("text without control characters"));
}

TEST(WebConfig, NeverRepeatsAHash) {
  const std::string canary = "cAnArY5ecret";
  for (const std::string& value : {canary, "[" + canary + "]", "{" + canary + ": 1}",
                                   "$2y$99$" + canary, "\"" + canary + "\\n\""}) {
    const std::string said = refused("basic_auth_users:\n  anna: " + value + "\n");
    EXPECT_NE(said, "");
    EXPECT_EQ(said.find(canary), std::string::npos) << said;
  }
  for (const char* bad : {"", "\n  client_auth_type: x", "\n  min_version: x"}) {
    const std::string yaml = "tls_server_config:\n  key: " + canary + bad + "\n";
    EXPECT_EQ(refused(yaml).find(canary), std::string::npos);
  }
  EXPECT_EQ(warned(kTls + "  key: " + canary + "\n").find(canary), std::string::npos);
}

}  // namespace
}  // namespace taskwatchd
