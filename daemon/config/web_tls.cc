#include "config/web_tls.h"

#include <algorithm>
#include <array>

#include "config/accounts.h"

namespace taskwatchd {
namespace {

struct Word {
  std::string_view toolkit;
  std::string_view openssl;  // empty: TLS 1.3 has these always
};

// Those with forward secrecy. RSA key exchange has none; Go dropped it too.
constexpr std::array<Word, 13> kCiphers = {{
    {"TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "ECDHE-ECDSA-AES128-GCM-SHA256"},
    {"TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "ECDHE-ECDSA-AES256-GCM-SHA384"},
    {"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "ECDHE-RSA-AES128-GCM-SHA256"},
    {"TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", "ECDHE-RSA-AES256-GCM-SHA384"},
    {"TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", "ECDHE-ECDSA-CHACHA20-POLY1305"},
    {"TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", "ECDHE-RSA-CHACHA20-POLY1305"},
    {"TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA", "ECDHE-ECDSA-AES128-SHA"},
    {"TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA", "ECDHE-ECDSA-AES256-SHA"},
    {"TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", "ECDHE-RSA-AES128-SHA"},
    {"TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA", "ECDHE-RSA-AES256-SHA"},
    {"TLS_AES_128_GCM_SHA256", ""},
    {"TLS_AES_256_GCM_SHA384", ""},
    {"TLS_CHACHA20_POLY1305_SHA256", ""},
}};

constexpr std::array<Word, 4> kCurves = {
    {{"CurveP256", "P-256"}, {"CurveP384", "P-384"}, {"CurveP521", "P-521"}, {"X25519", "X25519"}}};

// In OpenSSL's words; nothing if none are given, or one is not known, which is reported.
template <typename Words>
std::optional<std::vector<std::string>> read_words(Section& tls, std::string_view key,
                                                   const Words& words) {
  const auto given = tls.texts(key);
  std::vector<std::string> read;
  bool good = !given.empty();
  for (const auto& [place, text] : given) {
    const auto at = std::find_if(
        words.begin(), words.end(),
        [name = std::string_view(text)](const Word& word) { return word.toolkit == name; });
    if (at == words.end()) {
      std::vector<std::string_view> known;
      for (const Word& word : words) known.push_back(word.toolkit);
      tls.problems().add(place, "unknown name " + shown(text) + " in `" + std::string(key) +
                                    "`; it must be " + any_of(known));
      good = false;
    } else if (!at->openssl.empty()) {
      read.emplace_back(at->openssl);
    }
  }
  if (!good) return std::nullopt;
  return read;
}

TlsVersion read_version(Section& tls, std::string_view key, TlsVersion usual) {
  // In the order of TlsVersion; older ones are broken.
  const auto index = tls.choice(key, {"TLS12", "TLS13"});
  return index ? static_cast<TlsVersion>(*index) : usual;
}

void read_files(Section& tls, const ParseContext& context, WebTlsConfig& config) {
  const auto read = [&](std::string_view key) {
    return WebPath{read_path(tls, key, context), tls.place_of(key)};
  };
  config.cert_file = read("cert_file");
  config.key_file = read("key_file");
  config.client_ca_file = read("client_ca_file");
  for (const char* key : {"cert", "key", "client_ca"}) {
    tls.refuse_key(
        key,
        "`" + std::string(key) +
            "` must not be set in this file; put it into a separate file and set its path as `" +
            key + "_file`");
  }
  tls.require("cert_file",
              "`cert_file` is missing in `tls_server_config`; set it to the server's certificate");
  tls.require("key_file",
              "`key_file` is missing in `tls_server_config`; set it to the certificate's key");
}

// Of the toolkit's five ways but two say what they mean: the others let strangers in.
void read_client_auth(Section& tls, WebTlsConfig& config) {
  constexpr std::string_view kKey = "client_auth_type";
  const auto type = tls.text(kKey);
  const bool required = type == "RequireAndVerifyClientCert";
  if (type && !required && *type != "NoClientCert") {
    tls.refuse(
        kKey,
        "`client_auth_type` must be `RequireAndVerifyClientCert`, or `NoClientCert` for none: "
        "any other value accepts clients without a certificate, or with one that is not verified");
    return;
  }
  const bool ca = tls.has("client_ca_file");
  if (required && !ca) {
    tls.refuse(kKey,
               "`client_auth_type` needs `client_ca_file`; set it to the CA that signs the "
               "clients' certificates");
  }
  if (!required && ca) {
    tls.refuse("client_ca_file",
               "`client_ca_file` is used only with `client_auth_type: RequireAndVerifyClientCert`; "
               "add that, or remove the key");
  }
  for (auto& [place, name] : tls.texts("client_allowed_sans")) {
    config.client_allowed_sans.push_back(std::move(name));
  }
  if (!tls.has("client_allowed_sans")) return;
  if (!required) {
    tls.refuse(
        "client_allowed_sans",
        "`client_allowed_sans` needs `client_auth_type: RequireAndVerifyClientCert`; add that, "
        "or remove the key");
  } else if (config.client_allowed_sans.empty()) {
    tls.refuse("client_allowed_sans",
               "`client_allowed_sans` is empty; add a name, or remove the key");
  }
}

}  // namespace

std::optional<WebTlsConfig> read_web_tls(Section& root, const ParseContext& context) {
  auto tls = root.section("`tls_server_config`", "tls_server_config");
  if (!tls) return std::nullopt;
  WebTlsConfig config;
  read_files(*tls, context, config);
  read_client_auth(*tls, config);
  config.min_version = read_version(*tls, "min_version", TlsVersion::kTls12);
  config.max_version = read_version(*tls, "max_version", TlsVersion::kTls13);
  if (config.max_version < config.min_version) {
    tls->refuse("max_version", "`max_version` is older than `min_version`; raise it");
  }
  const auto ciphers = read_words(*tls, "cipher_suites", kCiphers);
  if (ciphers && ciphers->empty()) {
    // Only such of TLS 1.3: then there is no other to speak.
    config.min_version = TlsVersion::kTls13;
    if (config.max_version == TlsVersion::kTls12) {
      tls->refuse("cipher_suites",
                  "`cipher_suites` has none of TLS 1.2, but `max_version` is TLS12; add one");
    }
  }
  config.ciphers = ciphers.value_or(config.ciphers);
  config.curves = read_words(*tls, "curve_preferences", kCurves).value_or(config.curves);
  config.prefer_server_ciphers = tls->boolean("prefer_server_cipher_suites").value_or(true);
  tls->finish();
  return config;
}

}  // namespace taskwatchd
