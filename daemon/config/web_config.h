// What the file of --web.config.file says, in the exporter-toolkit's format: TLS, client
// certificates, users, headers, a rate limit. What works for another exporter works here; where
// that serves with less protection than the file seems to ask for, it is warned of. Pure: no file
// is opened.
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

// A file that the file names, or the text that it holds instead, and where.
struct WebPath {
  std::string path;  // absolute; empty: none
  YamlPlace place;
  Secret text{};  // PEM; used if there is no path
  bool is_given() const { return !path.empty() || !text.empty(); }
};
// For messages: "`cert_file` /c.pem", or "`cert`" for a text that the file holds.
std::string pem_name(std::string_view file_key, const WebPath& given);

enum class TlsVersion { kTls10, kTls11, kTls12, kTls13 };

// What a client must show in the handshake, from nothing to a certificate that an authority signed.
// As in Go, a certificate that is not verified proves nothing: anybody can make one.
enum class ClientAuth { kNone, kRequest, kRequireAny, kVerifyIfGiven, kRequireAndVerify };

struct WebTlsConfig {
  WebPath cert_file;
  WebPath key_file;
  WebPath client_ca_file;  // what verifies clients; none: the authorities that this machine trusts
  ClientAuth client_auth = ClientAuth::kNone;
  // One of these must be in the client's certificate; nullopt: any will do; empty: none does.
  std::optional<std::vector<std::string>> client_allowed_sans;
  // A lower max_version than min_version lets nobody in.
  TlsVersion min_version = TlsVersion::kTls12;
  TlsVersion max_version = TlsVersion::kTls13;
  std::vector<std::string> ciphers;  // of TLS 1.2, in OpenSSL's words; none: a safe choice
  std::vector<std::string> curves;   // likewise
  bool prefer_server_ciphers = true;
};

// What stands in the files that the above names, or in itself.
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
  std::vector<ConfigError> warnings;  // what is less safe, or of no use, in the file's order
};
// Whether every client has shown a certificate that was verified.
bool verifies_clients(const WebConfig& config);

// All errors in one run, in the file's order. An empty file asks for nothing, as in the toolkit.
std::variant<WebConfig, std::vector<ConfigError>> parse_web_config(std::string_view yaml,
                                                                   const ParseContext& context);
// For people, a line: what is asked of whoever connects.
std::string summary(const WebConfig& config);

}  // namespace taskwatchd
