#include "io/http/http_request.h"

#include <algorithm>

#include "io/http/http_endpoint.h"

namespace taskwatchd {
namespace {

// RFC 9112 6.3: a request has a body if it has one of the two fields. Any `Transfer-Encoding`
// counts, also those that Beast does not know: what follows would be read as the next request.
bool has_body(const WebRequest& request) {
  return std::any_of(request.headers.begin(), request.headers.end(), [](const auto& header) {
    const auto& [name, value] = header;
    return name == "transfer-encoding" || (name == "content-length" && value != "0");
  });
}

bool has_only(std::string_view text, std::string_view characters) {
  return text.find_first_not_of(characters) == std::string_view::npos;
}

// name[:port] or [v6][:port]. What else RFC 3986 allows no browser and no scraper sends.
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

// A proxy may have chosen us by the one, and our check would see the other.
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

bool has_sound_headers(const WebResponse& response) {
  return is_one_line(response.content_type) &&
         std::all_of(response.headers.begin(), response.headers.end(), [](const auto& header) {
           return is_one_line(header.first) && is_one_line(header.second);
         });
}

}  // namespace taskwatchd
