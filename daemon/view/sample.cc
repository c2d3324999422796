#include "view/sample.h"

#include <fmt/format.h>
#include <prometheus/metric_type.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <iterator>

#include "core/types/utf8.h"

namespace taskwatchd {
namespace {

// Writes the same bytes as TextSerializer: sixteen digits, and special words for infinity and NaN.
// Most values are 0, 1 or a count; writing these as integers halves the time of a scrape.
void append_value(std::string& page, double value) {
  constexpr double kExact = 1e15;
  const bool small = value >= 0 && value < kExact && !std::signbit(value);
  if (small && value == static_cast<double>(static_cast<std::int64_t>(value))) {
    const fmt::format_int digits(static_cast<std::int64_t>(value));
    page.append(digits.data(), digits.size());
  } else if (std::isnan(value)) {
    page += "Nan";
  } else if (std::isinf(value)) {
    page += value < 0 ? "-Inf" : "+Inf";
  } else {
    fmt::format_to(std::back_inserter(page), "{:.16g}", value);
  }
}

void append_escaped(std::string& page, std::string_view text) {
  const auto odd = [](char c) { return c == '\n' || c == '\\' || c == '"'; };
  if (std::none_of(text.begin(), text.end(), odd)) {
    page += text;
    return;
  }
  for (const char c : text) {
    if (c == '\n') {
      page += "\\n";
    } else {
      if (c == '\\' || c == '"') page += '\\';
      page += c;
    }
  }
}

// Writes an opening brace before the first label and a comma before each other; no closing brace.
void append_labels(std::string& page, Labels labels) {
  char before = '{';
  for (const auto& [label, text] : labels) {
    page += before;
    page += label;
    page += "=\"";
    append_escaped(page, text);
    page += '"';
    before = ',';
  }
}

prometheus::MetricType type_of(MetricKind kind) {
  switch (kind) {
    case MetricKind::kGauge:
      return prometheus::MetricType::Gauge;
    case MetricKind::kCounter:
      return prometheus::MetricType::Counter;
    case MetricKind::kHistogram:
      return prometheus::MetricType::Histogram;
  }
  return prometheus::MetricType::Untyped;
}

}  // namespace

void append_head(std::string& page, const Family& family) {
  fmt::format_to(std::back_inserter(page), "# HELP {} {}\n# TYPE {} {}\n", family.name, family.help,
                 family.name, name(family.kind));
}

void append_sample(std::string& page, const Family& family, Labels labels, double value) {
  page += family.name;
  append_labels(page, labels);
  if (!labels.empty()) page += '}';
  page += ' ';
  append_value(page, value);
  page += '\n';
}

void append_states(std::string& page, const Family& family, Labels labels, std::string_view label,
                   std::span<const std::string_view> states, std::string_view now) {
  const std::size_t begin = page.size();
  page += family.name;
  append_labels(page, labels);
  page += labels.empty() ? '{' : ',';
  page += label;
  page += "=\"";
  const std::size_t head = page.size() - begin;
  for (std::size_t i = 0; i < states.size(); ++i) {
    if (i > 0) page.append(page, begin, head);
    append_escaped(page, states[i]);
    page += states[i] == now ? "\"} 1\n" : "\"} 0\n";
  }
}

prometheus::MetricFamily empty_family(const Family& family) {
  prometheus::MetricFamily result;
  result.name = family.name;
  result.help = family.help;
  result.type = type_of(family.kind);
  return result;
}

void add_sample(prometheus::MetricFamily& to, Labels labels, double value) {
  prometheus::ClientMetric& metric = to.metric.emplace_back();
  for (const auto& [label, text] : labels) {
    metric.label.push_back({std::string(label), std::string(text)});
  }
  if (to.type == prometheus::MetricType::Counter) {
    metric.counter.value = value;
  } else {
    metric.gauge.value = value;
  }
}

std::string label_text(std::string_view bytes) {
  std::string text;
  for (std::size_t at = 0; at < bytes.size();) {
    const Utf8Char c = utf8_at(bytes, at);
    const std::size_t size = std::max<std::size_t>(c.size, 1);
    const std::string_view shown =
        c.size == 0 || must_escape(c.code) ? "\uFFFD" : bytes.substr(at, size);
    if (text.size() + shown.size() > kLabelBytes) break;
    text += shown;
    at += size;
  }
  return text;
}

}  // namespace taskwatchd
