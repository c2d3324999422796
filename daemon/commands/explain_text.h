// The answer of `GET /api/v1/tasks/ID` as text for people. Pure. What devices said is shown with
// its control characters escaped.
#pragma once

#include <string>
#include <string_view>

namespace taskwatchd {

struct ExplainText {
  int exit_code = 0;
  std::string text;  // for stdout if exit_code is 0, else for stderr: one line without its end
};

// `http_status` and `body` are the reply's. See explain.h for the exit codes.
ExplainText explain_text(int http_status, std::string_view body);

}  // namespace taskwatchd
