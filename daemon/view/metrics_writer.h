// Writes metrics in Prometheus' text format 0.0.4, byte for byte as prometheus-cpp's TextSerializer
// does, or in OpenMetrics 1.0 (https://prometheus.io/docs/specs/om/open_metrics_spec/). The lines
// are passed on in parts, so that output of hundreds of megabytes is never in memory at once. Any
// valid UTF-8 is safe in labels. No I/O.
#pragma once

#include <prometheus/metric_family.h>

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "view/families.h"

namespace taskwatchd {

enum class MetricsFormat : std::uint8_t { kText, kOpenMetrics };

using Label = std::pair<std::string_view, std::string_view>;
using Labels = std::span<const Label>;
// Receives one part of complete lines; the bytes are invalid after the call.
using TakePart = std::function<void(std::string_view part)>;

class MetricsWriter {
 public:
  static constexpr std::size_t kPartBytes = std::size_t{128} * 1024;

  MetricsWriter(MetricsFormat format, TakePart take, std::size_t part_bytes = kPartBytes)
      : format_(format), take_(std::move(take)), part_bytes_(part_bytes) {}

  // The samples that follow belong to this family. Its # HELP and # TYPE lines are written with the
  // first of them; a family without samples is not written.
  void begin(const Family& family);
  // Writes name{labels} value.
  void sample(Labels labels, double value);
  // Writes a sample for each of `states`, with the state as an additional label: 1 for `now`, 0 for
  // the others. REQUIRES: `states` is not empty.
  void states(Labels labels, std::string_view label, std::span<const std::string_view> states,
              std::string_view now);
  // `edges`: upper edges of the buckets, ascending; `counts`: number of values in each bucket and,
  // last, above all edges; `sum`: of all values.
  void histogram(Labels labels, std::span<const double> edges,
                 std::span<const std::uint64_t> counts, double sum);
  // Writes whole families of a prometheus-cpp registry: gauges, counters and histograms that are
  // declared in families.h.
  void add(const std::vector<prometheus::MetricFamily>& families);
  // Appends complete lines of the family, written in advance by append_labels and append_value.
  void lines(std::string_view text);
  // Writes the end marker of the format and passes on the rest. Nothing may follow.
  void end();
  // Passes on what has been written so far.
  void flush();

 private:
  void head();
  void line(std::string_view suffix, Labels labels, double value);
  void line_ended();
  void bucket(Labels labels, double edge, std::uint64_t count);

  MetricsFormat format_;
  TakePart take_;
  std::size_t part_bytes_;
  std::string text_;
  const Family* family_ = nullptr;
  bool begun_ = false;  // the family's first lines are written
};

// Appends the family's # HELP and # TYPE lines.
void append_head(std::string& text, const Family& family, MetricsFormat format);
// Appends label="value",... without braces, escaped.
void append_labels(std::string& text, Labels labels);
void append_value(std::string& text, double value);

}  // namespace taskwatchd
