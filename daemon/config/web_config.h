// What the file of --web.config.file says, in the exporter-toolkit's format: TLS, client
// certificates, users, headers, a rate limit. Pure: no file is opened. Stricter than the toolkit
// where that would serve without the protection that the file seems to ask for.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "config/parse.h"
#include "config/problems.h"
#include "core/types/secret.h"

namespace taskwatchd {

inline constexpr std::size_t kMaxWebUsers = 1000;

// A file that the file names, and where.
struct WebPath {
  std::string path;  // absolute; empty: none
  YamlPlace place;
};

enum class TlsVersion { kTls12, kTls13 };

struct WebTlsConfig {
  WebPath cert_file;
  WebPath key_file;
  WebPath client_ca_file;  // given: clients must show a certificate that it signed
  std::vector<std::string> client_allowed_sans;  // one of these must be in it; none: any will do
  TlsVersion min_version = TlsVersion::kTls12;
  TlsVersion max_version = TlsVersion::kTls13;
  std::vector<std::string> ciphers;  // of TLS 1.2, in OpenSSL's words; none: a safe choice
  std::vector<std::string> curves;   // likewise
  bool prefer_server_ciphers = true;
};

// What stands in the files that the above names.
struct WebTlsTexts {
  std::string certificate;  // PEM, as are the others
  Secret key;
  std::string client_ca;
};

struct WebRateLimit {
  Duration interval{};    // one request each; 0: no limit
  std::size_t burst = 0;  // so many at once
};

struct WebConfig {
  std::optional<WebTlsConfig> tls;
  std::map<std::string, Secret> users;  // bcrypt hashes; none: everybody may ask
  std::vector<std::pair<std::string, std::string>> headers;
  WebRateLimit rate_limit;
};

// All errors in one run, in the file's order. An empty file asks for nothing, as in the toolkit.
std::variant<WebConfig, std::vector<ConfigError>> parse_web_config(std::string_view yaml,
                                                                   const ParseContext& context);
// For people, a line: what is asked of whoever connects.
std::string summary(const WebConfig& config);

}  // namespace taskwatchd
