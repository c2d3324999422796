// Formats the response of `GET /api/v1/tasks/ID` as human-readable text. No I/O. Control characters
// in device messages are escaped.
#pragma once

#include <string>
#include <string_view>

namespace taskwatchd {

struct ExplainText {
  int exit_code = 0;
  std::string text;  // for stdout if exit_code is 0, else for stderr: one line, no line end
  // Another replica holds the account (HTTP 421): its name and URL, not checked and not escaped.
  std::string holder = {};
  std::string holder_url = {};
};

// `http_status` and `body` are those of the response. See explain.h for the exit codes.
ExplainText explain_text(int http_status, std::string_view body);

}  // namespace taskwatchd
