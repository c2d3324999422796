#include "config/state_url.h"

#include <algorithm>
#include <array>
#include <optional>

#include "config/problems.h"
#include "config/state_keywords.h"
#include "config/url.h"
#include "core/types/ascii.h"

namespace taskwatchd {
namespace {

using Problem = std::optional<std::string>;

constexpr std::size_t kMaxUrlBytes = 4096;   // far above any list of hosts and paths
constexpr std::size_t kMaxSchemaBytes = 63;  // NAMEDATALEN - 1 of PostgreSQL
constexpr char kHexDigits[] = "0123456789ABCDEF";

constexpr char kStrayAt[] =
    "has an @ that does not end the user; write it as %40. A password must not be in the URL: use "
    "`state.password_file` or PGPASSFILE";
constexpr char kBrackets[] =
    "has no valid IPv6 address; write it in brackets, such as [fd00::1]:5432";
constexpr char kBadDatabase[] =
    "has no valid database name: it must not contain = or ://, which libpq may read as parameters";
constexpr char kBadCode[] =
    "has an invalid percent code, or one of a control character; write % itself as %25";

constexpr std::array<std::string_view, 6> kSslModes = {"disable", "allow",     "prefer",
                                                       "require", "verify-ca", "verify-full"};

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

// Returns nullopt for an incomplete code, and for the code of a control character.
std::optional<std::string> decode(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i];
      continue;
    }
    const int high = i + 2 < text.size() ? hex_value(text[i + 1]) : -1;
    const int low = i + 2 < text.size() ? hex_value(text[i + 2]) : -1;
    const int code = 16 * high + low;
    if (high < 0 || low < 0 || code < 0x20 || code == 0x7F) return std::nullopt;
    decoded += static_cast<char>(code);
    i += 2;
  }
  return decoded;
}

std::string encode(std::string_view text) {
  std::string encoded;
  for (const char c : text) {
    const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                          (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '~';
    const auto byte = static_cast<unsigned char>(c);
    if (is_plain) {
      encoded += c;
    } else {
      encoded.append({'%', kHexDigits[byte / 16], kHexDigits[byte % 16]});
    }
  }
  return encoded;
}

// An empty text has one empty part, as in libpq.
std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const std::size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

std::string_view take_until(std::string_view& text, std::string_view ends) {
  const std::string_view taken = text.substr(0, text.find_first_of(ends));
  text.remove_prefix(taken.size());
  return taken;
}

bool is_local(std::string_view host) {
  return host.empty() || host.front() == '/' || host.front() == '@' || host == "::1" ||
         is_loopback_literal(ascii_lower(host));
}

// Any further @, or one behind a slash, is probably a part of a password, which libpq would read as
// a host or a database.
Problem user_problem(std::string_view rest) {
  const std::size_t at = rest.find('@');
  if (at == std::string_view::npos) return {};
  const std::string_view user = rest.substr(0, at);
  const bool ends_user = user.find_first_of("/?") == std::string_view::npos;
  if (ends_user && user.find(':') != std::string_view::npos) return kPasswordInUrl;
  if (!ends_user || rest.find('@', at + 1) != std::string_view::npos) return kStrayAt;
  if (user.empty()) return "has an empty user; write the user before the @, or remove the @";
  return {};
}

// Also finds one with a misspelled keyword. It is reported before any other error, because an
// unencoded & of the password would end its value.
Problem password_problem(std::string_view rest) {
  take_until(rest, "?");
  for (std::string_view parameter : split(rest.substr(rest.empty() ? 0 : 1), '&')) {
    const std::string_view raw = take_until(parameter, "=");
    if (auto problem = password_keyword_problem(decode(raw).value_or(std::string(raw)))) {
      return problem;
    }
  }
  return {};
}

// Reads a URL as conninfo_uri_parse_options of libpq does (fe-connect.c), but rejects more.
class Reader {
 public:
  // `rest` follows the scheme and has passed the checks above.
  Problem read(std::string_view rest) {
    std::string_view user;
    if (const std::size_t at = rest.find('@'); at != std::string_view::npos) {
      user = rest.substr(0, at);
      rest.remove_prefix(at + 1);
    }
    if (auto problem = store_part("user", user)) return problem;
    if (auto problem = read_hosts(take_until(rest, "/?"))) return problem;
    const std::string_view path = take_until(rest, "?");
    if (auto problem = store_part("dbname", path.substr(path.empty() ? 0 : 1))) return problem;
    if (rest.size() <= 1) return {};
    for (const std::string_view parameter : split(rest.substr(1), '&')) {
      if (auto problem = read_parameter(parameter)) return problem;
    }
    return {};
  }

  StateUrl take() { return std::move(url_); }

 private:
  Problem read_hosts(std::string_view text) {
    std::string hosts;
    std::string ports;
    for (std::string_view part : split(text, ',')) {
      const bool in_brackets = part.starts_with('[');
      std::string_view host = take_until(part, in_brackets ? "]" : ":");
      if (in_brackets) {
        if (host.size() < 2 || part.empty()) return kBrackets;
        host.remove_prefix(1);
        part.remove_prefix(1);
        if (!part.empty() && part.front() != ':') return kBrackets;
      }
      if (part == ":") return "has a colon without a port; write the port, or remove the colon";
      hosts.append(host) += ',';
      ports.append(part.substr(part.empty() ? 0 : 1)) += ',';
    }
    hosts.pop_back();
    ports.pop_back();
    if (ports.find_first_not_of(',') == std::string::npos) ports.clear();
    if (auto problem = store_part("host", hosts)) return problem;
    return store_part("port", ports);
  }

  Problem read_parameter(std::string_view text) {
    const std::string_view raw = take_until(text, "=");
    if (text.empty()) return "has a parameter without a value; write NAME=VALUE, separated by &";
    const auto keyword = decode(raw);
    if (!keyword) return kBadCode;
    if (auto problem = state_keyword_problem(*keyword)) return problem;
    text.remove_prefix(1);
    if (text.empty()) return "has no value for `" + *keyword + "`; set one, or remove it";
    if (text.find('=') != std::string_view::npos) {
      return "has a second = in the value of `" + *keyword + "`; write it as %3D";
    }
    return store(*keyword, text);
  }

  // A part before the question mark may be absent.
  Problem store_part(std::string_view keyword, std::string_view raw) {
    return raw.empty() ? std::nullopt : store(keyword, raw);
  }

  Problem store(std::string_view keyword, std::string_view raw) {
    if (!url_.value(keyword).empty()) {
      return "sets `" + std::string(keyword) + "` twice; keep one";
    }
    auto value = decode(raw);
    if (!value) return kBadCode;
    url_.parameters.emplace_back(keyword, *std::move(value));
    return {};
  }

  StateUrl url_;
};

// Checks the decoded values.
Problem names_problem(const StateUrl& url) {
  // u%3Apassword@host: a role's name with a colon is less likely.
  if (url.value("user").find(':') != std::string_view::npos) return kPasswordInUrl;
  const std::string_view database = url.value("dbname");
  const bool is_plain = database.find('=') == std::string_view::npos &&
                        database.find("://") == std::string_view::npos;
  return is_plain ? Problem() : kBadDatabase;
}

Problem hosts_problem(const StateUrl& url) {
  const std::size_t hosts = split(url.value("host"), ',').size();
  const std::size_t addresses = split(url.value("hostaddr"), ',').size();
  if (!url.value("host").empty() && !url.value("hostaddr").empty() && hosts != addresses) {
    return "must have one `hostaddr` per host, or none at all";
  }
  const auto ports = split(url.value("port"), ',');
  if (ports.size() != 1 && ports.size() != std::max(hosts, addresses)) {
    return "must have one port for all hosts, or one per host";
  }
  for (const std::string_view port : ports) {
    if (!port.empty() && !is_port(port)) {
      return "has no valid port; it is a number from 1 to 65535. An IPv6 address needs brackets";
    }
  }
  return {};
}

Problem tls_problem(const StateUrl& url) {
  const std::string_view mode = url.value("sslmode");
  if (!mode.empty() && std::find(kSslModes.begin(), kSslModes.end(), mode) == kSslModes.end()) {
    return "has no valid `sslmode`; it is " + any_of({kSslModes.begin(), kSslModes.end()});
  }
  if (mode == "verify-full" || !url.is_remote()) return {};
  return "connects to another host without verifying it (sslmode is " +
         std::string(mode.empty() ? "prefer by default" : mode) +
         "); add sslmode=verify-full&sslrootcert=FILE, the CA certificate of the server in PEM "
         "format";
}

}  // namespace

std::string_view StateUrl::value(std::string_view keyword) const {
  for (const auto& [name, value] : parameters) {
    if (name == keyword) return value;
  }
  return {};
}

bool StateUrl::is_remote() const {
  const auto hosts = split(value("host"), ',');
  const auto addresses = split(value("hostaddr"), ',');
  for (std::size_t i = 0; i < std::max(hosts.size(), addresses.size()); ++i) {
    std::string_view target = i < addresses.size() ? addresses[i] : "";
    if (target.empty() && i < hosts.size()) target = hosts[i];
    if (!is_local(target)) return true;
  }
  return false;
}

std::string StateUrl::shown() const {
  std::string text = "postgresql://";
  if (const auto user = value("user"); !user.empty()) text += encode(user) + '@';
  const auto ports = split(value("port"), ',');
  const auto hosts = split(value(value("host").empty() ? "hostaddr" : "host"), ',');
  for (std::size_t i = 0; i < hosts.size(); ++i) {
    const bool is_ipv6 = hosts[i].find_first_not_of("0123456789abcdefABCDEF:.") == hosts[i].npos &&
                         hosts[i].find(':') != hosts[i].npos;
    const std::string_view port = ports[ports.size() == 1 ? 0 : i];
    text += i == 0 ? "" : ",";
    text += is_ipv6 ? '[' + std::string(hosts[i]) + ']' : encode(hosts[i]);
    if (!port.empty()) text += ':' + std::string(port);
  }
  if (const auto database = value("dbname"); !database.empty()) text += '/' + encode(database);
  return text;
}

std::variant<StateUrl, std::string> parse_state_url(std::string_view url) {
  std::string_view rest = url;
  for (const std::string_view scheme : {"postgresql://", "postgres://"}) {
    if (rest.size() == url.size() && url.starts_with(scheme)) rest.remove_prefix(scheme.size());
  }
  if (rest.size() == url.size()) return "must begin with postgresql:// or postgres://";
  if (auto problem = user_problem(rest)) return *problem;
  if (auto problem = password_problem(rest)) return *problem;
  if (url.size() > kMaxUrlBytes) {
    return "is longer than " + std::to_string(kMaxUrlBytes) + " bytes; shorten it";
  }
  if (!std::all_of(rest.begin(), rest.end(), [](char c) { return c > ' ' && c < 0x7F; })) {
    return "contains a space, a control character or one outside ASCII; write it percent-encoded, "
           "such as %20";
  }
  Reader reader;
  if (auto problem = reader.read(rest)) return *problem;
  StateUrl read = reader.take();
  if (auto problem = names_problem(read)) return *problem;
  if (auto problem = hosts_problem(read)) return *problem;
  if (auto problem = tls_problem(read)) return *problem;
  return read;
}

bool is_schema_name(std::string_view text) {
  return !text.empty() && text.size() <= kMaxSchemaBytes && !text.starts_with("pg_") &&
         (text.front() < '0' || text.front() > '9') &&
         text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == std::string_view::npos;
}

}  // namespace taskwatchd
