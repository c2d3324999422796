// One line of the page in two forms: ready text, and a value of prometheus-cpp. Both are written
// from the same labels and number, and the text is byte for byte what prometheus' TextSerializer
// writes. Pure; any label bytes that are valid UTF-8 are safe.
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
// Appends name{labels} value and a line end.
void append_sample(std::string& page, const Family& family, Labels labels, double value);
// Appends a sample for each of `states`, with the state as one label more: 1 for `now`, 0 for the
// others. The same bytes as append_sample's in less time, for the lines differ in their ends only.
// REQUIRES: there is a state.
void append_states(std::string& page, const Family& family, Labels labels, std::string_view label,
                   std::span<const std::string_view> states, std::string_view now);

// A family without samples, and one more sample for it. REQUIRES: not a histogram.
prometheus::MetricFamily empty_family(const Family& family);
void add_sample(prometheus::MetricFamily& to, Labels labels, double value);

// Text of any origin as a label's value: valid UTF-8 without controls and marks that turn the
// direction of writing, each replaced by U+FFFD; at most kLabelBytes, cut at a character's edge.
inline constexpr std::size_t kLabelBytes = 128;
std::string label_text(std::string_view bytes);

}  // namespace taskwatchd
