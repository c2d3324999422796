// Parser of the --web.config.file, in the exporter-toolkit's format: TLS, client certificates,
// users, headers, a rate limit. A file that works for another exporter works here; a warning is
// given where that protects less than the file suggests. No I/O: no file is opened.
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

// A path that the file names, or the inline text in its place, with its position.
struct WebPath {
  std::string path;  // absolute; empty: none
  YamlPlace place;
  Secret text{};  // PEM; used if there is no path
  bool is_given() const { return !path.empty() || !text.empty(); }
};
// For messages: "`cert_file` /c.pem", or "`cert`" for an inline text.
std::string pem_name(std::string_view file_key, const WebPath& given);

enum class TlsVersion { kTls10, kTls11, kTls12, kTls13 };

// What a client must present in the TLS handshake: from nothing to a certificate signed by a
// trusted CA. As in Go, a certificate that is not verified proves nothing: anybody can create one.
enum class ClientAuth { kNone, kRequest, kRequireAny, kVerifyIfGiven, kRequireAndVerify };

struct WebTlsConfig {
  WebPath cert_file;
  WebPath key_file;
  WebPath client_ca_file;  // the CA that verifies clients; none: the CAs that the host trusts
  ClientAuth client_auth = ClientAuth::kNone;
  // The client's certificate must contain one of these; nullopt: any certificate is accepted;
  // empty: none is.
  std::optional<std::vector<std::string>> client_allowed_sans;
  // If max_version is lower than min_version, no client can connect.
  TlsVersion min_version = TlsVersion::kTls12;
  TlsVersion max_version = TlsVersion::kTls13;
  std::vector<std::string> ciphers;  // for TLS 1.2, as OpenSSL names; empty: a safe default
  std::vector<std::string> curves;   // OpenSSL names; empty: a safe default
  bool prefer_server_ciphers = true;
};

// The content of the files named above, or the inline texts.
struct WebTlsTexts {
  std::string certificate;  // PEM, like the others
  Secret key;
  std::string client_ca;
};

struct WebRateLimit {
  Duration interval{};    // per request; 0: no limit
  std::size_t burst = 0;  // maximum requests at once
};

struct WebConfig {
  std::optional<WebTlsConfig> tls;
  std::map<std::string, Secret> users;  // bcrypt hashes; empty: no authentication
  std::vector<std::pair<std::string, std::string>> headers;
  WebRateLimit rate_limit;
  std::vector<ConfigError> warnings;  // less secure or useless settings, in the file's order
};
// True if every client must present a verified certificate.
bool verifies_clients(const WebConfig& config);

// Reports all errors at once, in the file's order. An empty file is valid and sets nothing, as in
// the exporter-toolkit.
std::variant<WebConfig, std::vector<ConfigError>> parse_web_config(std::string_view yaml,
                                                                   const ParseContext& context);
// Returns one human-readable line: what is required of clients.
std::string summary(const WebConfig& config);

}  // namespace taskwatchd
