#include "io/http/http_response.h"

#include <algorithm>
#include <utility>

#include "core/types/ascii.h"
#include "io/http/http_endpoint.h"

namespace taskwatchd {
namespace {

// Reason phrases of RFC 9110 15 for the status codes that are sent.
constexpr std::pair<int, std::string_view> kReasons[] = {{200, "OK"},
                                                         {304, "Not Modified"},
                                                         {308, "Permanent Redirect"},
                                                         {400, "Bad Request"},
                                                         {401, "Unauthorized"},
                                                         {403, "Forbidden"},
                                                         {404, "Not Found"},
                                                         {405, "Method Not Allowed"},
                                                         {410, "Gone"},
                                                         {421, "Misdirected Request"},
                                                         {429, "Too Many Requests"},
                                                         {431, "Request Header Fields Too Large"},
                                                         {500, "Internal Server Error"},
                                                         {503, "Service Unavailable"}};

std::string_view reason_of(int status) {
  for (const auto& [code, reason] : kReasons) {
    if (code == status) return reason;
  }
  return {};
}

// Returns true if no text in the response's headers could start another header.
bool has_sound_headers(const WebResponse& response) {
  return is_one_line(response.content_type) &&
         std::all_of(response.headers.begin(), response.headers.end(), [](const auto& header) {
           return is_one_line(header.first) && is_one_line(header.second);
         });
}

bool is_named(std::string_view name, std::string_view other) {
  return ascii_lower(name) == ascii_lower(other);
}

bool has_header(const WebResponse& response, std::string_view name) {
  return std::any_of(response.headers.begin(), response.headers.end(),
                     [&](const auto& header) { return is_named(header.first, name); });
}

void add(std::string& head, std::string_view name, std::string_view value) {
  head.append(name).append(": ").append(value).append("\r\n");
}

}  // namespace

std::string head_of(WebResponse& response, const WebDoor& door, int minor, bool keep) {
  if (!has_sound_headers(response)) response = plain_text(500, "bad header\n");
  std::string head = "HTTP/1." + std::to_string(minor) + ' ' + std::to_string(response.status) +
                     ' ' + std::string(reason_of(response.status)) + "\r\n";
  add(head, "Server", "taskwatchd");
  add(head, "Date", http_date());
  add(head, "Content-Type", response.content_type);
  for (const auto& [name, value] : response.headers) add(head, name, value);
  for (const auto& [name, value] : door.headers) {
    const bool beside = is_named(name, "Content-Security-Policy");
    if (beside || !has_header(response, name)) add(head, name, value);
  }
  if (response.stream) {
    // Before HTTP/1.1, the end of the connection ends the body.
    if (minor >= 1) add(head, "Transfer-Encoding", "chunked");
  } else if (response.status != 304) {
    // RFC 9110 8.6: the length of the whole response, or no field.
    const std::size_t bytes = response.parts ? response.parts->bytes() : response.body.size();
    add(head, "Content-Length", std::to_string(bytes));
  }
  if (!keep) {
    add(head, "Connection", "close");
  } else if (minor == 0) {
    add(head, "Connection", "keep-alive");
  }
  return head += "\r\n";
}

}  // namespace taskwatchd
