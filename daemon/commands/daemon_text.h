// Formats the JSON responses of a running daemon as human-readable text. No I/O. Control characters
// are escaped.
#pragma once

#include <simdjson.h>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace taskwatchd {

struct DaemonText {
  int exit_code = 0;
  std::string text;
  bool is_error = false;  // then the text is for stderr: one line, no line end
  // Another replica holds the account or sink (HTTP 421): its name and URL, not checked and not
  // escaped.
  std::string holder = {};
  std::string holder_url = {};
};

// Formats the member `data` of a successful response.
using RenderData = std::function<DaemonText(const simdjson::dom::element& data)>;

// `http_status` and `body` are those of the response. Exit codes of errors: 1 the daemon rejects
// the request; 69 it is not ready, or the server is not taskwatchd.
DaemonText daemon_text(int http_status, std::string_view body, const RenderData& render);

// A member as text, numbers as they are written; empty if it is absent.
std::string text_of(const simdjson::dom::element& object, std::string_view key);
bool is_true(const simdjson::dom::element& object, std::string_view key);
// Empty if the member is absent.
std::vector<simdjson::dom::element> list_of(const simdjson::dom::element& object,
                                            std::string_view key);

}  // namespace taskwatchd
