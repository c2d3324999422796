#include "config/web_tls.h"

#include <algorithm>
#include <array>

#include "config/accounts.h"

namespace taskwatchd {
namespace {

struct Word {
  std::string_view toolkit;
  std::string_view openssl;  // empty: always enabled in TLS 1.3
};

// Ciphers with forward secrecy. RSA key exchange has none; Go removed it too.
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

// Converts to OpenSSL names. Returns nullopt if there are none, or one is unknown, which is
// reported.
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
  // In the order of TlsVersion.
  const auto index = tls.choice(key, {"TLS10", "TLS11", "TLS12", "TLS13"});
  return index ? static_cast<TlsVersion>(*index) : usual;
}

constexpr const char* kNoTls =
    "`tls_server_config` has no `cert_file` and no `key_file`: taskwatchd serves without TLS; add "
    "both, or remove it";

constexpr const char* kAuthKey = "client_auth_type";
// In the order of ClientAuth, then an older name of RequireAnyClientCert.
constexpr std::array<std::string_view, 6> kAuthTypes = {"NoClientCert",
                                                        "RequestClientCert",
                                                        "RequireAnyClientCert",
                                                        "VerifyClientCertIfGiven",
                                                        "RequireAndVerifyClientCert",
                                                        "RequireClientCert"};

// Single use.
class TlsReader {
 public:
  TlsReader(Section& tls, const ParseContext& context, Problems& warnings)
      : tls_(tls), context_(context), warnings_(warnings) {}

  std::optional<WebTlsConfig> read(bool http2) {
    config_.cert_file = read_pem("cert", "cert_file");
    config_.key_file = read_pem("key", "key_file");
    config_.client_ca_file = read_pem("client_ca", "client_ca_file");
    const auto auth = tls_.text(kAuthKey);
    const auto sans = tls_.texts("client_allowed_sans");
    read_versions();
    read_ciphers();
    config_.curves = read_words(tls_, "curve_preferences", kCurves).value_or(config_.curves);
    config_.prefer_server_ciphers = tls_.boolean("prefer_server_cipher_suites").value_or(true);
    const bool is_on =
        has_any({"cert", "cert_file", "key", "key_file", "client_ca", "client_ca_file", kAuthKey});
    if (is_on) {
      require("cert", "cert_file", "set it to the server's certificate");
      require("key", "key_file", "set it to the certificate's key");
      if (http2) check_http2();
      if (auth) read_auth_type(*auth);
      check_client_auth();
      read_sans(sans);
      check_versions();
    } else if (!tls_.is_cut_off()) {
      warnings_.add(tls_.place_of("cert_file"), kNoTls);
    }
    tls_.finish();
    if (!is_on) return std::nullopt;
    return std::move(config_);
  }

 private:
  void warn(std::string_view key, const std::string& what) {
    warnings_.add(tls_.place_of(key), "`" + std::string(key) + "` " + what);
  }

  bool has_any(std::initializer_list<std::string_view> keys) const {
    return std::any_of(keys.begin(), keys.end(),
                       [this](std::string_view key) { return tls_.has_value(key); });
  }

  // A file takes precedence over an inline text, as in the exporter-toolkit.
  WebPath read_pem(std::string_view text_key, std::string_view file_key) {
    auto text = tls_.text(text_key);
    const std::string path = read_path(tls_, file_key, context_);
    if (path.empty()) return {{}, tls_.place_of(text_key), Secret(std::move(text).value_or(""))};
    if (text) {
      warn(text_key, "is not used, as `" + std::string(file_key) + "` is given; remove one");
    }
    return {path, tls_.place_of(file_key), {}};
  }

  void require(std::string_view text_key, std::string_view file_key, const char* remedy) {
    if (tls_.is_cut_off() || has_any({text_key, file_key})) return;
    tls_.refuse(file_key,
                "`" + std::string(file_key) + "` is missing in `tls_server_config`; " + remedy);
  }

  void read_versions() {
    config_.min_version = read_version(tls_, "min_version", TlsVersion::kTls12);
    config_.max_version = read_version(tls_, "max_version", TlsVersion::kTls13);
  }

  void read_ciphers() {
    const auto ciphers = read_words(tls_, "cipher_suites", kCiphers);
    if (!ciphers) return;
    config_.ciphers = *ciphers;
    has_ciphers_ = true;
  }

  // Reports what would keep Go's server from starting, although taskwatchd speaks only HTTP/1.1.
  void check_http2() {
    if (!has_ciphers_ || config_.min_version == TlsVersion::kTls13) return;
    for (const std::string& cipher : config_.ciphers) {
      if (cipher == "ECDHE-RSA-AES128-GCM-SHA256" || cipher == "ECDHE-ECDSA-AES128-GCM-SHA256") {
        return;
      }
    }
    tls_.refuse("cipher_suites",
                "`cipher_suites` has no cipher that HTTP/2 requires; add "
                "`TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256` or "
                "`TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256`, or set `http2: false` in "
                "`http_server_config`");
  }

  void check_versions() {
    const bool only_13 = has_ciphers_ && config_.ciphers.empty();
    if (only_13) config_.min_version = TlsVersion::kTls13;  // no other version is left
    if (config_.min_version < TlsVersion::kTls12) {
      warn("min_version", "allows TLS 1.0 and 1.1, which are broken; set TLS12");
    }
    if (config_.max_version >= config_.min_version) return;
    warn("max_version", std::string("is older than ") +
                            (only_13 ? "the ciphers of `cipher_suites`" : "`min_version`") +
                            ": no client can connect; raise it");
  }

  void read_auth_type(const std::string& auth) {
    const auto* const at = std::find(kAuthTypes.begin(), kAuthTypes.end(), auth);
    if (at == kAuthTypes.end()) {
      tls_.refuse(kAuthKey,
                  "`client_auth_type` must be " + any_of({kAuthTypes.begin(), kAuthTypes.end()}));
      return;
    }
    const auto index = static_cast<std::size_t>(at - kAuthTypes.begin());
    config_.client_auth =
        index + 1 == kAuthTypes.size() ? ClientAuth::kRequireAny : static_cast<ClientAuth>(index);
  }

  void check_client_auth() {
    const bool ca = config_.client_ca_file.is_given();
    switch (config_.client_auth) {
      case ClientAuth::kNone:
        if (ca)
          refuse_unused_ca(config_.client_ca_file.path.empty() ? "client_ca" : "client_ca_file");
        return;
      case ClientAuth::kRequest:
        return warn(kAuthKey,
                    "lets clients in without a certificate, and verifies none; set "
                    "RequireAndVerifyClientCert with `client_ca_file` to admit only known clients");
      case ClientAuth::kRequireAny:
        return warn(kAuthKey,
                    "does not verify the certificates of clients: anybody can make one; set "
                    "RequireAndVerifyClientCert with `client_ca_file` to admit only known clients");
      case ClientAuth::kVerifyIfGiven:
        warn(kAuthKey,
             "lets clients in without a certificate; set RequireAndVerifyClientCert to admit only "
             "known clients");
        break;
      case ClientAuth::kRequireAndVerify:
        break;
    }
    if (!ca) {
      warn(kAuthKey,
           "has no `client_ca_file`: every authority that this machine trusts can admit clients; "
           "give the authority that signs the clients' certificates");
    }
  }

  void refuse_unused_ca(const std::string& key) {
    tls_.refuse(key, "`" + key +
                         "` is used only with `client_auth_type: RequireAndVerifyClientCert`; "
                         "add that, or remove the key");
  }

  void read_sans(const std::vector<std::pair<YamlPlace, std::string>>& sans) {
    constexpr const char* kKey = "client_allowed_sans";
    // `client_allowed_sans:` without a value counts as absent, and [] allows no name.
    if (!tls_.has_value(kKey)) return;
    config_.client_allowed_sans.emplace();
    for (const auto& [place, name] : sans) config_.client_allowed_sans->push_back(name);
    if (config_.client_auth != ClientAuth::kRequireAny &&
        config_.client_auth != ClientAuth::kRequireAndVerify) {
      tls_.refuse(
          kKey,
          "`client_allowed_sans` needs `client_auth_type: RequireAndVerifyClientCert`; add that, "
          "or remove the key");
    } else if (sans.empty()) {
      warn(kKey, "lists no name: no client can connect; list one, or remove the key");
    }
  }

  Section& tls_;
  const ParseContext& context_;
  Problems& warnings_;
  WebTlsConfig config_;
  bool has_ciphers_ = false;
};

}  // namespace

std::optional<WebTlsConfig> read_web_tls(Section& root, const ParseContext& context, bool http2,
                                         Problems& warnings) {
  constexpr const char* kKey = "tls_server_config";
  auto tls = root.section("`tls_server_config`", kKey);
  if (!tls && root.has(kKey) && !root.has_value(kKey)) warnings.add(root.place_of(kKey), kNoTls);
  if (!tls) return std::nullopt;
  return TlsReader(*tls, context, warnings).read(http2);
}

}  // namespace taskwatchd
