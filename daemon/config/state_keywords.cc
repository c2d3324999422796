#include "config/state_keywords.h"

#include <algorithm>
#include <array>
#include <vector>

#include "config/problems.h"
#include "config/spelling.h"

namespace taskwatchd {
namespace {

constexpr std::size_t kMaxShownKeyword = 64;  // longer than any keyword
constexpr std::string_view kWordCharacters =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";

constexpr char kKeyPassword[] =
    "must not contain `sslpassword`; use a client key without a password (mode 0400). The password "
    "of the role belongs into `state.password_file` or PGPASSFILE";

// The connection keywords of libpq 15 (PQconndefaults), and of 16: require_auth, sslcertmode,
// load_balance_hosts. Source: https://www.postgresql.org/docs/16/libpq-connect.html, "Parameter Key
// Words". Without those of kRejected.
constexpr std::array<std::string_view, 32> kKeywords = {
    "host",
    "hostaddr",
    "port",
    "dbname",
    "user",
    "passfile",
    "require_auth",
    "channel_binding",
    "connect_timeout",
    "application_name",
    "fallback_application_name",
    "keepalives",
    "keepalives_idle",
    "keepalives_interval",
    "keepalives_count",
    "tcp_user_timeout",
    "gssencmode",
    "sslmode",
    "sslcert",
    "sslkey",
    "sslcertmode",
    "sslrootcert",
    "sslcrl",
    "sslcrldir",
    "sslsni",
    "requirepeer",
    "ssl_min_protocol_version",
    "ssl_max_protocol_version",
    "krbsrvname",
    "gsslib",
    "target_session_attrs",
    "load_balance_hosts",
};

// Keywords that libpq knows, now or formerly, and that a state database must not have.
struct Rejected {
  std::string_view keyword;
  std::string_view reason;
};
constexpr Rejected kRejected[] = {
    {"password", kPasswordInUrl},
    {"sslpassword", kKeyPassword},
    {"options",
     "must not contain `options`: settings of a session do not work behind PgBouncer; remove it, "
     "and set them with ALTER ROLE"},
    {"replication",
     "must not contain `replication`: taskwatchd needs an ordinary connection; remove it"},
    {"service",
     "must not contain `service`: taskwatchd does not check service files; write the parameters of "
     "the service into the URL"},
    {"client_encoding", "must not contain `client_encoding`: taskwatchd sets UTF8; remove it"},
    {"requiressl", "must not contain `requiressl`, which is deprecated; write sslmode=verify-full"},
    {"sslcompression", "must not contain `sslcompression`, which is deprecated; remove it"},
    {"ssl",
     "must not contain `ssl`: it means sslmode=require, which does not verify the server; write "
     "sslmode=verify-full"},
};

const Rejected* find_rejected(std::string_view keyword) {
  const auto* const at =
      std::find_if(std::begin(kRejected), std::end(kRejected),
                   [&](const Rejected& rejected) { return rejected.keyword == keyword; });
  return at == std::end(kRejected) ? nullptr : at;
}

// Returns the keyword that was probably meant, also a rejected one; empty if none is near.
std::string_view nearest_keyword(std::string_view keyword) {
  std::vector<std::string_view> all(kKeywords.begin(), kKeywords.end());
  for (const Rejected& rejected : kRejected) all.push_back(rejected.keyword);
  return nearest(keyword, all);
}

}  // namespace

std::optional<std::string> state_keyword_problem(std::string_view keyword) {
  if (const Rejected* const rejected = find_rejected(keyword)) return std::string(rejected->reason);
  if (std::find(kKeywords.begin(), kKeywords.end(), keyword) != kKeywords.end()) return {};
  const bool is_word = !keyword.empty() && keyword.size() <= kMaxShownKeyword &&
                       keyword.find_first_not_of(kWordCharacters) == std::string_view::npos;
  const std::string_view meant = nearest_keyword(keyword);
  if (const Rejected* const rejected = find_rejected(meant)) return std::string(rejected->reason);
  return "has an unknown parameter" + (is_word ? " " + shown(keyword) : std::string()) +
         (meant.empty() ? "; the parameters are those of libpq: correct or remove it"
                        : "; did you mean `" + std::string(meant) + "`?");
}

std::optional<std::string> password_keyword_problem(std::string_view keyword) {
  const std::string_view meant = nearest_keyword(keyword);
  const bool is_password = meant == "password" || meant == "sslpassword";
  return is_password ? state_keyword_problem(meant) : std::nullopt;
}

}  // namespace taskwatchd
