// The metrics page in the OpenMetrics 1.0 text format, from the older format 0.0.4, part by part.
// Pure.
#pragma once

#include <string>
#include <string_view>

namespace taskwatchd {

// REQUIRES: the page of Metrics::render, in parts of whole lines: each family's HELP and TYPE lead
// it, no timestamps.
class OpenMetrics {
 public:
  // Appends what `lines` are in the other format, as far as can be said before the next part.
  void add(std::string_view lines, std::string& out);
  // Appends the end of the page.
  void end(std::string& out);

 private:
  void add_line(std::string_view line, std::string& out);
  void add_help(bool counter, std::string& out);

  std::string help_;  // that waits for its TYPE, which decides the family's name
  bool histogram_ = false;
};

}  // namespace taskwatchd
