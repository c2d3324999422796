// The web configuration: what is taken, and what is said of the rest, word for word.
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
  EXPECT_THAT(config.tls->client_allowed_sans, ElementsAre("prometheus.example", "10.0.0.1"));
  EXPECT_THAT(config.tls->ciphers, ElementsAre("ECDHE-RSA-AES128-GCM-SHA256"));
  EXPECT_THAT(config.tls->curves, ElementsAre("X25519", "P-256"));
  EXPECT_FALSE(config.tls->prefer_server_ciphers);
  EXPECT_EQ(config.tls->min_version, TlsVersion::kTls12);
  EXPECT_EQ(config.headers.size(), 5U);
  EXPECT_THAT(config.headers, testing::Contains(Pair("X-Frame-Options", "deny")));
  ASSERT_EQ(config.users.size(), 2U);
  EXPECT_EQ(config.users.at("anna"), Secret(kHash));
  EXPECT_EQ(config.rate_limit.interval, std::chrono::milliseconds(100));
  EXPECT_EQ(config.rate_limit.burst, 20U);
  EXPECT_EQ(summary(config),
            "web: TLS 1.2 or later, client certificates required, 2 users, 5 headers, one request "
            "each 100ms after the first 20\n");
}

TEST(WebConfig, AsksForNothingOfItself) {
  for (const char* text : {"", "# nothing\n", "{}\n", "http_server_config: {http2: true}\n"}) {
    const WebConfig config = taken(text);
    EXPECT_FALSE(config.tls) << text;
    EXPECT_THAT(config.users, IsEmpty()) << text;
    EXPECT_EQ(summary(config), "web: no TLS, no users\n");
  }
  const WebConfig plain = taken(kTls);
  EXPECT_EQ(plain.tls->min_version, TlsVersion::kTls12);
  EXPECT_EQ(plain.tls->max_version, TlsVersion::kTls13);
  EXPECT_TRUE(plain.tls->prefer_server_ciphers);
  EXPECT_EQ(plain.tls->client_ca_file.path, "");
  EXPECT_THAT(plain.tls->ciphers, IsEmpty());
}

TEST(WebConfig, OnlyNewSuitesMeanOnlyTheNewProtocol) {
  EXPECT_EQ(taken(kTls + "  cipher_suites: [TLS_AES_128_GCM_SHA256]\n").tls->min_version,
            TlsVersion::kTls13);
  EXPECT_THAT(refused(kTls + "  max_version: TLS12\n  cipher_suites: [TLS_AES_128_GCM_SHA256]\n"),
              HasSubstr("w.yml:5:18: `cipher_suites` has none of TLS 1.2"));
}

TEST(WebConfig, NamesAllMistakesWithTheirPlaces) {
  EXPECT_EQ(
      refused("tls_server_config:\n"
              "  cert_fil: c.pem\n"
              "  key: -----BEGIN-----\n"
              "  min_version: TLS11\n"
              "  cipher_suites: [TLS_RSA_WITH_RC4_128_SHA]\n"
              "http_server_config:\n"
              "  http2: yes\n"
              "  headers:\n"
              "    X-Frame-Options: allow\n"
              "    Server: x\n"
              "basic_auth_users:\n"
              "  anna: hunter2\n"
              "  \"a:b\": x\n"
              "rate_limit: {interval: 1s}\n"
              "basic_auth_user: x\n"),
      "w.yml:2:3: `cert_file` is missing in `tls_server_config`; set it to the server's "
      "certificate\n"
      "w.yml:2:3: `key_file` is missing in `tls_server_config`; set it to the certificate's key\n"
      "w.yml:2:3: unknown key `cert_fil` in `tls_server_config`; did you mean `cert_file`?\n"
      "w.yml:3:3: `key` must not be set in this file; put it into a separate file and set its path "
      "as `key_file`\n"
      "w.yml:4:16: `min_version` must be `TLS12` or `TLS13`\n"
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
      "w.yml:13:3: a user's name must be printable ASCII without a colon; rename the user\n"
      "w.yml:14:13: `burst` must be 1 or more: with 0 every request would be rejected\n"
      "w.yml:15:1: unknown key `basic_auth_user` in the file; did you mean `basic_auth_users`?\n");
}

TEST(WebConfig, WantsClientsVerifiedOrNotAsked) {
  for (const char* weak : {"RequestClientCert", "RequireAnyClientCert", "RequireClientCert",
                           "VerifyClientCertIfGiven", "x"}) {
    const std::string said =
        refused(kTls + "  client_ca_file: a\n  client_auth_type: " + weak + "\n");
    EXPECT_THAT(said, HasSubstr("w.yml:5:21: `client_auth_type` must be "
                                "`RequireAndVerifyClientCert`, or `NoClientCert`"));
  }
  EXPECT_THAT(refused(kTls + "  client_auth_type: RequireAndVerifyClientCert\n"),
              HasSubstr("needs `client_ca_file`"));
  EXPECT_THAT(refused(kTls + "  client_ca_file: a\n"), HasSubstr("is used only with"));
  EXPECT_THAT(refused(kTls + "  client_ca_file: a\n  client_auth_type: NoClientCert\n"),
              HasSubstr("is used only with"));
  EXPECT_THAT(refused(kTls + "  client_allowed_sans: [a]\n"),
              HasSubstr("w.yml:4:24: `client_allowed_sans` needs `client_auth_type"));
  EXPECT_THAT(refused(kTls + "  client_ca_file: a\n"
                             "  client_auth_type: RequireAndVerifyClientCert\n"
                             "  client_allowed_sans: []\n"),
              HasSubstr("`client_allowed_sans` is empty"));
  EXPECT_EQ(taken(kTls + "  client_auth_type: NoClientCert\n").tls->client_ca_file.path, "");
}

TEST(WebConfig, RefusesWhatSeemsToProtectAndDoesNot) {
  EXPECT_THAT(refused("basic_auth_users: {}\n"), HasSubstr("`basic_auth_users` is empty"));
  EXPECT_THAT(refused("basic_auth_users:\n"), HasSubstr("has no value"));
  EXPECT_THAT(refused("tls_server_config:\n"), HasSubstr("has no value"));
  EXPECT_THAT(refused("tls_server_config: {}\n"), HasSubstr("`cert_file` is missing"));
  EXPECT_THAT(refused(kTls + "  min_version: TLS13\n  max_version: TLS12\n"),
              HasSubstr("w.yml:5:16: `max_version` is older than `min_version`"));
  EXPECT_THAT(refused("basic_auth_users: {a: 1, a: 2}\n"), HasSubstr("set twice"));
  EXPECT_THAT(refused("- a\n"), HasSubstr("KEY: VALUE"));
  EXPECT_THAT(refused("http_server_config:\n  headers:\n    X-XSS-Protection: \"a\\r\\nb: c\"\n"),
              HasSubstr("printable ASCII on one line"));
}

TEST(WebConfig, BoundsTheUsers) {
  std::string yaml = "basic_auth_users:\n";
  for (std::size_t i = 0; i < kMaxWebUsers; ++i) {
    yaml += "  u" + std::to_string(i) + ": " + kHash + "\n";
  }
  EXPECT_EQ(taken(yaml).users.size(), kMaxWebUsers);
  EXPECT_THAT(refused(yaml + "  more: " + kHash + "\n"), HasSubstr("more than 1000 users"));
}

TEST(WebConfig, NeverRepeatsAHash) {
  const std::string canary = "cAnArY5ecret";
  for (const std::string& value : {canary, "[" + canary + "]", "{" + canary + ": 1}",
                                   "$2y$99$" + canary, "\"" + canary + "\\n\""}) {
    const std::string said = refused("basic_auth_users:\n  anna: " + value + "\n");
    EXPECT_NE(said, "");
    EXPECT_EQ(said.find(canary), std::string::npos) << said;
  }
  EXPECT_EQ(refused(kTls + "  key: " + canary + "\n").find(canary), std::string::npos);
}

TEST(Bcrypt, TakesItsThreeKinds) {
  for (const char* kind : {"$2a$", "$2b$", "$2y$"}) {
    for (const char* cost : {"04", "10", "14"}) {
      const std::string hash = kind + std::string(cost) + kHash.substr(6);
      EXPECT_EQ(bcrypt_problem(hash), "") << hash;
    }
  }
  EXPECT_EQ(bcrypt_cost(kHash), 10);
  EXPECT_EQ(bcrypt_problem(bcrypt_of_nobody(12)), "");
  EXPECT_EQ(bcrypt_cost(bcrypt_of_nobody(7)), 7);
}

TEST(Bcrypt, RefusesWhatCryptWouldTakeForAnother) {
  for (const std::string& hash :
       {std::string(), std::string("junk"), std::string("juArAPdrxLmXg"), std::string("$1$a$b"),
        std::string("$5$salt$hash"), std::string("$2y$10$"), kHash + "a",
        kHash.substr(0, kHash.size() - 1), "$2x$10$" + kHash.substr(7), "$2y$1a$" + kHash.substr(7),
        "$2y$10$" + std::string(53, '*'), " " + kHash, kHash + "\n", "$2y$10/" + kHash.substr(7)}) {
    EXPECT_THAT(bcrypt_problem(hash), HasSubstr("must be a bcrypt hash")) << hash;
  }
  EXPECT_THAT(bcrypt_problem("$2y$15$" + kHash.substr(7)), HasSubstr("has a cost of 15"));
  EXPECT_THAT(bcrypt_problem("$2y$03$" + kHash.substr(7)), HasSubstr("must be 4 to 14"));
}

}  // namespace
}  // namespace taskwatchd
