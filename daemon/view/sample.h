// One sample in two forms: text, and a value of prometheus-cpp. Both are written from the same
// labels and number, and the text is byte for byte that of prometheus' TextSerializer. No I/O; any
// valid UTF-8 is safe in labels.
#pragma once

#include <prometheus/client_metric.h>
#include <prometheus/metric_family.h>

#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "view/families.h"

namespace taskwatchd {

using Label = std::pair<std::string_view, std::string_view>;
using Labels = std::span<const Label>;

// Appends the family's # HELP and # TYPE lines.
void append_head(std::string& page, const Family& family);
// Appends name{labels} value and a newline.
void append_sample(std::string& page, const Family& family, Labels labels, double value);
// Appends a sample for each of `states`, with the state as an additional label: 1 for `now`, 0 for
// the others. Writes the same bytes as append_sample in less time, because the lines differ only at
// the end. REQUIRES: `states` is not empty.
void append_states(std::string& page, const Family& family, Labels labels, std::string_view label,
                   std::span<const std::string_view> states, std::string_view now);

// Creates a family without samples; adds one sample to it. REQUIRES: not a histogram.
prometheus::MetricFamily empty_family(const Family& family);
void add_sample(prometheus::MetricFamily& to, Labels labels, double value);

// Makes any text valid as a label value. Invalid UTF-8, control characters and characters that
// change the writing direction are each replaced by U+FFFD; at most kLabelBytes, truncated between
// characters.
inline constexpr std::size_t kLabelBytes = 128;
std::string label_text(std::string_view bytes);

}  // namespace taskwatchd
