#include "io/http/http_request.h"

#include <algorithm>

#include "config/url.h"
#include "core/types/ascii.h"

namespace taskwatchd {
namespace {

// RFC 9112 6.3: a request has a body if it has one of the two fields. Any `Transfer-Encoding`
// counts, also encodings that Beast does not know: their bytes would be read as the next request. A
// single `chunked` is the exception: the session reads such a body, which must be empty.
bool has_body(const WebRequest& request) {
  std::size_t lengths = 0, codings = 0;
  bool is_known = true;
  for (const auto& [name, value] : request.headers) {
    if (name == "content-length") {
      ++lengths;
      if (value != "0") return true;
    } else if (name == "transfer-encoding") {
      ++codings;
      is_known = is_word(value, "chunked");
    }
  }
  return codings > 1 || !is_known || (codings == 1 && lengths > 0);
}

bool has_only(std::string_view text, std::string_view characters) {
  return text.find_first_not_of(characters) == std::string_view::npos;
}

// Accepts name[:port] or [v6][:port]. No browser and no scraper sends the other forms of RFC 3986.
bool is_host(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789";
  constexpr std::string_view kName =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._";
  constexpr std::size_t kPortDigits = 5;
  const bool v6 = text.starts_with('[');
  const std::size_t end = v6 ? text.find(']') : text.find(':');
  if (v6 && end == std::string_view::npos) return false;
  const std::string_view host = v6 ? text.substr(1, end - 1) : text.substr(0, end);
  std::string_view port = text.substr(std::min(text.size(), v6 ? end + 1 : end));
  if (host.empty() || !has_only(host, v6 ? "0123456789abcdefABCDEF:." : kName)) return false;
  if (port.empty()) return true;
  if (!port.starts_with(':')) return false;
  port.remove_prefix(1);
  return !port.empty() && port.size() <= kPortDigits && has_only(port, kDigits);
}

// With two Host fields, a proxy may have routed by the first one while our check sees the second.
bool has_one_host(const WebRequest& request) {
  const auto count = std::count_if(request.headers.begin(), request.headers.end(),
                                   [](const auto& header) { return header.first == "host"; });
  return count == 0 || (count == 1 && is_host(*request.header("host")));
}

}  // namespace

const char* request_problem(const WebRequest& request) {
  if (has_body(request)) return "a request body is not accepted\n";
  if (!has_one_host(request)) return "Host must be name:port or [address]:port, and occur once\n";
  return nullptr;
}

void take_absolute_form(WebRequest& request) {
  if (request.target.starts_with('/')) return;
  const auto url = parse_url(request.target);
  if (!url || url->authority.has_user || url->has_fragment) return;
  request.target = (url->path.empty() ? "/" : url->path) + url->query;
  std::erase_if(request.headers, [](const auto& header) { return header.first == "host"; });
  const std::string port = url->authority.port.empty() ? "" : ':' + url->authority.port;
  request.headers.emplace_back("host", url->authority.host + port);
}

}  // namespace taskwatchd
