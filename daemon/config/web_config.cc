#include "config/web_config.h"

#include <algorithm>

#include "config/bcrypt.h"
#include "config/duration.h"
#include "config/section.h"
#include "config/web_tls.h"
#include "config/yaml_node.h"

namespace taskwatchd {
namespace {

constexpr std::size_t kMaxHeaderBytes = 4096;
constexpr std::size_t kMaxBurst = 1'000'000;

bool is_printable(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

// The headers that the toolkit lets be set; some have few values.
struct KnownHeader {
  std::string_view name;
  std::vector<std::string_view> values;  // none: any
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
    if (!is_printable(*value) || value->size() > kMaxHeaderBytes) {
      headers->refuse(known.name, "`" + std::string(known.name) +
                                      "` must be printable ASCII on one line, of at most " +
                                      std::to_string(kMaxHeaderBytes) + " bytes");
      continue;
    }
    config.headers.emplace_back(known.name, *std::move(value));
  }
  headers->finish();
}

void read_http(Section& root, WebConfig& config) {
  auto http = root.section("`http_server_config`", "http_server_config");
  if (!http) return;
  http->boolean("http2");  // HTTP/1.1 is all that is spoken here, and every client speaks it
  read_headers(*http, config);
  http->finish();
}

void read_users(Section& root, WebConfig& config) {
  auto users = root.section("`basic_auth_users`", "basic_auth_users");
  if (!users) return;
  for (auto& [entry, hash] : users->free_texts()) {
    const auto refuse = [&, place = entry->place](const std::string& why) {
      users->problems().add(place, why);
    };
    if (entry->key.empty() || !is_printable(entry->key) ||
        entry->key.find(':') != std::string::npos) {
      refuse("a user's name must be printable ASCII without a colon; rename the user");
    } else if (const std::string problem = bcrypt_problem(hash); !problem.empty()) {
      users->problems().add(entry->value.place,
                            "the password of user " + shown(entry->key) + " " + problem);
    } else if (config.users.size() == kMaxWebUsers) {
      refuse("more than " + std::to_string(kMaxWebUsers) + " users; remove some");
      return;
    } else {
      config.users.emplace(entry->key, Secret(std::move(hash)));
    }
  }
  // Who writes the key wants nobody else to ask.
  if (users->empty()) {
    root.refuse("basic_auth_users", "`basic_auth_users` is empty; add a user or remove the key");
  }
}

void read_rate_limit(Section& root, WebConfig& config) {
  auto limit = root.section("`rate_limit`", "rate_limit");
  if (!limit) return;
  config.rate_limit.interval = limit->duration("interval").value_or(Duration::zero());
  const auto burst = limit->count("burst", kMaxBurst);
  config.rate_limit.burst = burst.value_or(0);
  limit->require(
      "interval",
      "`interval` is missing in `rate_limit`; set it, such as 100ms for 10 requests per second");
  if (config.rate_limit.interval > Duration::zero() && (burst == 0U || !limit->has("burst"))) {
    limit->refuse("burst", "`burst` must be 1 or more: with 0 every request would be rejected");
  }
  limit->finish();
}

std::string join(const std::vector<std::string>& parts) {
  std::string all;
  for (const std::string& part : parts) all += (all.empty() ? "" : ", ") + part;
  return all;
}

}  // namespace

std::variant<WebConfig, std::vector<ConfigError>> parse_web_config(std::string_view yaml,
                                                                   const ParseContext& context) {
  Problems problems(context.file);
  WebConfig config;
  const auto root = read_yaml(yaml, problems);
  const bool empty = !root || root->kind == YamlNode::Kind::kNull;
  if (!empty && root->kind == YamlNode::Kind::kMap) {
    Section section("the file", *root, problems);
    config.tls = read_web_tls(section, context);
    read_http(section, config);
    read_users(section, config);
    read_rate_limit(section, config);
    section.finish();
  } else if (!empty && root->kind != YamlNode::Kind::kRefused) {
    problems.add(root->place,
                 "the file must contain KEY: VALUE lines, such as `tls_server_config:`");
  }
  if (!problems.empty()) return problems.take();
  return config;
}

std::string summary(const WebConfig& config) {
  std::vector<std::string> parts;
  if (!config.tls) {
    parts.push_back("no TLS");
  } else {
    const bool only13 = config.tls->min_version == TlsVersion::kTls13;
    parts.push_back(only13 ? "TLS 1.3" : "TLS 1.2 or later");
    if (!config.tls->client_ca_file.path.empty()) parts.push_back("client certificates required");
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
