#include "config/web_config.h"

#include <algorithm>
#include <array>

#include "config/bcrypt.h"
#include "config/duration.h"
#include "config/section.h"
#include "config/web_tls.h"
#include "config/yaml_node.h"

namespace taskwatchd {
namespace {

constexpr std::size_t kMaxHeaderBytes = 4096;
constexpr std::size_t kMaxBurst = 1'000'000'000;

bool has_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) < ' ' && c != '\t') || c == '\x7f';
  });
}

// Joins a header value into one line, as Go sends it: long policies are often written with YAML's
// `|`.
std::string header_line(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c == '\r' || c == '\n'; }, ' ');
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") + 1 - first);
}

// The headers that the exporter-toolkit allows; some have a fixed set of values.
struct KnownHeader {
  std::string_view name;
  std::vector<std::string_view> values;  // empty: any value
};
const std::vector<KnownHeader>& known_headers() {
  static const std::vector<KnownHeader> known = {{"Content-Security-Policy", {}},
                                                 {"X-Frame-Options", {"deny", "sameorigin"}},
                                                 {"X-Content-Type-Options", {"nosniff"}},
                                                 {"X-XSS-Protection", {}},
                                                 {"Strict-Transport-Security", {}}};
  return known;
}

void read_headers(Section& http, WebConfig& config) {
  auto headers = http.section("`headers`", "headers");
  if (!headers) return;
  for (const KnownHeader& known : known_headers()) {
    std::optional<std::string> value;
    if (known.values.empty()) {
      value = headers->text(known.name);
    } else if (const auto index = headers->choice(known.name, known.values)) {
      value = known.values[*index];
    }
    if (!value) continue;
    value = header_line(*std::move(value));
    if (has_control(*value) || value->size() > kMaxHeaderBytes) {
      headers->refuse(known.name, "`" + std::string(known.name) +
                                      "` must be text without control characters, of at most " +
                                      std::to_string(kMaxHeaderBytes) + " bytes");
      continue;
    }
    config.headers.emplace_back(known.name, *std::move(value));
  }
  headers->finish();
}

// Returns whether HTTP/2 is requested. This server speaks only HTTP/1.1, which every client
// supports.
bool read_http(Section& root, WebConfig& config) {
  auto http = root.section("`http_server_config`", "http_server_config");
  if (!http) return true;
  const bool http2 = http->boolean("http2").value_or(true);
  read_headers(*http, config);
  http->finish();
  return http2;
}

// Returns a warning about a user that the exporter-toolkit accepts too; empty: none.
std::string user_warning(const std::string& name, const std::string& hash) {
  if (name.find(':') != std::string::npos) {
    return "user " + shown(name) + " cannot log in: a name with a colon cannot be sent; rename it";
  }
  const int cost = bcrypt_cost(hash);
  if (!has_bcrypt_text(hash)) {
    return "user " + shown(name) +
           " cannot log in: behind the cost, a bcrypt hash has 53 letters, digits, points and "
           "slashes; make one with `htpasswd -nBC 10 NAME`";
  }
  if (cost <= kMaxQuickBcryptCost) return {};
  return "the password of user " + shown(name) + " has a cost of " + std::to_string(cost) +
         ": each check takes about " + std::to_string(1 << (cost - kMaxQuickBcryptCost)) +
         " s of a core, and other logins wait for it; use a cost of " +
         std::to_string(kMaxQuickBcryptCost) + " or less";
}

void read_users(Section& root, WebConfig& config, Problems& warnings) {
  constexpr const char* kKey = "basic_auth_users";
  auto users = root.section("`basic_auth_users`", kKey);
  if (users ? users->empty() : root.has(kKey) && !root.has_value(kKey)) {
    warnings.add(root.place_of(kKey),
                 "`basic_auth_users` lists nobody: every client is let in; list a user or remove "
                 "the key");
  }
  if (!users) return;
  for (const auto& [entry, hash] : users->free_texts()) {
    if (const std::string problem = bcrypt_problem(hash); !problem.empty()) {
      users->problems().add(entry->value.place,
                            "the password of user " + shown(entry->key) + " " + problem);
      continue;
    }
    if (std::string warning = user_warning(entry->key, hash); !warning.empty()) {
      warnings.add(entry->value.place, std::move(warning));
    }
    config.users.emplace(entry->key, Secret(bcrypt_for_crypt(hash)));
  }
}

void read_rate_limit(Section& root, WebConfig& config, Problems& warnings) {
  auto limit = root.section("`rate_limit`", "rate_limit");
  if (!limit) return;
  // A zero or negative interval means no limit.
  const Duration interval = limit->go_duration("interval").value_or(Duration::zero());
  config.rate_limit = {std::max(interval, Duration::zero()),
                       limit->count("burst", kMaxBurst).value_or(0)};
  if (config.rate_limit.interval > Duration::zero() && config.rate_limit.burst == 0) {
    warnings.add(limit->place_of("burst"),
                 "with a `burst` of 0 every request gets 429; set it to 1 or more");
  } else if (config.rate_limit.interval == Duration::zero() && config.rate_limit.burst > 0) {
    warnings.add(limit->place_of("interval"),
                 "`rate_limit` limits nothing without `interval`; set it, such as 100ms for 10 "
                 "requests per second");
  }
  limit->finish();
}

std::string join(const std::vector<std::string>& parts) {
  std::string all;
  for (const std::string& part : parts) all += (all.empty() ? "" : ", ") + part;
  return all;
}

const char* auth_summary(ClientAuth auth) {
  switch (auth) {
    case ClientAuth::kNone:
      return "";
    case ClientAuth::kRequest:
      return "client certificates asked for, not verified";
    case ClientAuth::kRequireAny:
      return "client certificates required, not verified";
    case ClientAuth::kVerifyIfGiven:
      return "client certificates verified if given";
    case ClientAuth::kRequireAndVerify:
      return "client certificates required";
  }
  return "";
}

}  // namespace

std::string pem_name(std::string_view file_key, const WebPath& given) {
  if (!given.path.empty()) return "`" + std::string(file_key) + "` " + given.path;
  return "`" + std::string(file_key.substr(0, file_key.rfind('_'))) + "`";
}

bool verifies_clients(const WebConfig& config) {
  return config.tls && config.tls->client_auth == ClientAuth::kRequireAndVerify;
}

std::variant<WebConfig, std::vector<ConfigError>> parse_web_config(std::string_view yaml,
                                                                   const ParseContext& context) {
  Problems problems(context.file);
  Problems warnings(context.file);
  WebConfig config;
  const auto root = read_yaml(yaml, problems, YamlAliases::kCopied);
  const bool empty = !root || root->kind == YamlNode::Kind::kNull;
  if (!empty && root->kind == YamlNode::Kind::kMap) {
    Section section("the file", *root, problems, YamlDialect::kToolkit);
    const bool http2 = read_http(section, config);
    config.tls = read_web_tls(section, context, http2, warnings);
    read_users(section, config, warnings);
    read_rate_limit(section, config, warnings);
    section.finish();
  } else if (!empty && root->kind != YamlNode::Kind::kRefused) {
    problems.add(root->place,
                 "the file must contain KEY: VALUE lines, such as `tls_server_config:`");
  }
  if (!problems.empty()) return problems.take();
  config.warnings = warnings.take();
  return config;
}

std::string summary(const WebConfig& config) {
  std::vector<std::string> parts;
  if (!config.tls) {
    parts.push_back("no TLS");
  } else {
    // In the order of TlsVersion.
    static constexpr std::array<const char*, 4> kLowest = {"TLS 1.0 or later", "TLS 1.1 or later",
                                                           "TLS 1.2 or later", "TLS 1.3"};
    parts.emplace_back(kLowest[static_cast<std::size_t>(config.tls->min_version)]);
    const char* const auth = auth_summary(config.tls->client_auth);
    if (*auth != '\0') parts.emplace_back(auth);
  }
  const std::size_t users = config.users.size();
  parts.push_back(users == 0   ? "no users"
                  : users == 1 ? "1 user"
                               : std::to_string(users) + " users");
  if (!config.headers.empty()) {
    parts.push_back(std::to_string(config.headers.size()) + " headers");
  }
  if (config.rate_limit.interval > Duration::zero()) {
    parts.push_back("one request each " + format_duration(config.rate_limit.interval) +
                    " after the first " + std::to_string(config.rate_limit.burst));
  }
  return "web: " + join(parts) + "\n";
}

}  // namespace taskwatchd
