// Converts the metrics output from text format 0.0.4 to OpenMetrics 1.0, part by part. No I/O.
#pragma once

#include <string>
#include <string_view>

namespace taskwatchd {

// REQUIRES: the output of Metrics::render, in parts of complete lines: HELP and TYPE precede each
// family's samples, and there are no timestamps.
class OpenMetrics {
 public:
  // Appends the converted `lines`, as far as they can be converted before the next part.
  void add(std::string_view lines, std::string& out);
  // Appends the end marker.
  void end(std::string& out);

 private:
  void add_line(std::string_view line, std::string& out);
  void add_help(bool counter, std::string& out);

  std::string help_;  // kept until its TYPE, which determines the family's name
  bool histogram_ = false;
};

}  // namespace taskwatchd
