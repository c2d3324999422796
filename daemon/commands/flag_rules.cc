#include "commands/flag_rules.h"

#include <charconv>
#include <string_view>

#include "config/duration.h"
#include "config/url.h"

namespace taskwatchd {
namespace {

constexpr int kMaxPort = 65535;
constexpr double kMaxRate = 1000;

bool is_number_up_to(std::string_view text, int max) {
  int value = -1;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
  return result.ec == std::errc() && result.ptr == text.data() + text.size() && value >= 0 &&
         value <= max;
}

bool is_printable(std::string_view text) {
  for (const char c : text) {
    if (c <= ' ' || c >= 0x7F) return false;
  }
  return true;
}

bool is_path(std::string_view text) {
  return text.starts_with('/') && is_printable(text) &&
         text.find_first_of("?#") == std::string_view::npos;
}

// No sign, exponent, inf or nan: from_chars alone would accept them.
std::optional<double> decimal(std::string_view digits) {
  if (digits.find_first_not_of("0123456789.") != std::string_view::npos) return std::nullopt;
  double number = 0;
  const char* const end = digits.data() + digits.size();
  const auto result = std::from_chars(digits.data(), end, number);
  if (result.ec != std::errc() || result.ptr != end) return std::nullopt;
  return number;
}

}  // namespace

FlagProblem listen_address_problem(const std::string& value) {
  const std::string remedy = "must be HOST:PORT, [IPV6]:PORT or :PORT, such as 127.0.0.1:10120";
  const std::size_t colon = value.rfind(':');
  if (colon == std::string::npos || !is_printable(value)) return remedy;
  const std::string_view host = std::string_view(value).substr(0, colon);
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (!bracketed && host.find_first_of(":[]/") != std::string_view::npos) return remedy;
  const std::string_view port = std::string_view(value).substr(colon + 1);
  if (!is_number_up_to(port, kMaxPort)) return remedy + "; the port is 0 to 65535";
  return std::nullopt;
}

FlagProblem telemetry_path_problem(const std::string& value) {
  if (!is_path(value) || value == "/") return "must be a path such as /metrics";
  if (value.starts_with("/-/") || value.starts_with("/api/")) {
    return "must not be a path that taskwatchd serves already; use one such as /metrics";
  }
  return std::nullopt;
}

FlagProblem external_url_problem(const std::string& value) {
  const auto url = parse_url(value);
  if (!url || url->authority.has_user || !url->query.empty() || url->has_fragment) {
    return "must be the URL that users type, such as https://tasks.example.com/iot";
  }
  return std::nullopt;
}

FlagProblem route_prefix_problem(const std::string& value) {
  if (!is_path(value)) return "must be a path such as /iot, or / for none";
  return std::nullopt;
}

FlagProblem allowed_host_problem(const std::string& value) {
  if (!is_printable(value) || value.find_first_of("/*@") != std::string::npos) {
    return "must be a host name such as tasks.example.com";
  }
  return std::nullopt;
}

FlagProblem max_requests_problem(const std::string& value) {
  if (!is_number_up_to(value, 1'000'000)) {
    return "must be a whole number, 0 (no limit) to 1000000";
  }
  return std::nullopt;
}

FlagProblem daemon_url_problem(const std::string& value) {
  const auto url = parse_url(value);
  if (!url || url->authority.has_user) return endpoint_problem(value);
  if (!url->query.empty() || url->has_fragment) {
    return "must not have a query; write SCHEME://HOST[:PORT][/PREFIX]";
  }
  return endpoint_problem(url->origin());
}

FlagProblem timeout_problem(const std::string& value) {
  const auto timeout = parse_duration(value);
  if (!timeout || *timeout <= Duration::zero()) {
    return "must be a duration such as 30s, 10m or 1h30m";
  }
  return std::nullopt;
}

FlagProblem span_problem(const std::string& value) {
  if (!parse_duration(value)) return "must be a duration such as 10ms, 5s or 0s";
  return std::nullopt;
}

std::optional<double> parse_share(const std::string& value) {
  const bool percent = value.ends_with('%');
  const auto number = decimal(std::string_view(value).substr(0, value.size() - (percent ? 1 : 0)));
  if (!number) return std::nullopt;
  if (percent) return *number <= 100 ? std::optional(*number / 100) : std::nullopt;
  return *number < 1 ? number : std::nullopt;
}

FlagProblem share_problem(const std::string& value) {
  if (!parse_share(value)) return "must be a share such as 2% or 0.02, 0% to 100%";
  return std::nullopt;
}

std::optional<double> parse_rate(const std::string& value) {
  const auto rate = decimal(value);
  return rate && *rate <= kMaxRate ? rate : std::nullopt;
}

FlagProblem rate_problem(const std::string& value) {
  if (!parse_rate(value)) return "must be calls per second, 0 to 1000, such as 3 or 0.5";
  return std::nullopt;
}

}  // namespace taskwatchd
