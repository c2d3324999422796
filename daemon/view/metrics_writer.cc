#include "view/metrics_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <iterator>
#include <limits>

namespace taskwatchd {
namespace {

constexpr std::string_view kTotal = "_total";
constexpr std::string_view kEnd = "# EOF\n";

void append_escaped(std::string& text, std::string_view value) {
  const auto odd = [](char c) { return c == '\n' || c == '\\' || c == '"'; };
  if (std::none_of(value.begin(), value.end(), odd)) {
    text += value;
    return;
  }
  for (const char c : value) {
    if (c == '\n') {
      text += "\\n";
    } else {
      if (c == '\\' || c == '"') text += '\\';
      text += c;
    }
  }
}

void append_integer(std::string& text, std::int64_t value) {
  const fmt::format_int digits(value);
  text.append(digits.data(), digits.size());
}

// Instants from 2001 to 2286 have ten digits and milliseconds, which sixteen digits show exactly.
bool append_instant(std::string& text, double value) {
  if (!(value >= 1e9 && value < 1e10)) return false;
  const auto all = static_cast<std::int64_t>(value * 1000 + 0.5);
  if (static_cast<double>(all) / 1000 != value) return false;
  append_integer(text, all / 1000);
  const auto rest = static_cast<int>(all % 1000);
  const char digits[] = {'.', static_cast<char>('0' + rest / 100),
                         static_cast<char>('0' + rest / 10 % 10),
                         static_cast<char>('0' + rest % 10)};
  std::size_t size = sizeof digits;
  while (digits[size - 1] == '0') --size;
  text.append(digits, size);
  return true;
}

// Progress is reported in whole percent; sixteen digits of 0.07 are 0.07000000000000001.
const std::string* hundredths(double value) {
  static const std::array<std::string, 101> texts = [] {
    std::array<std::string, 101> made;
    for (std::size_t i = 0; i < made.size(); ++i) {
      made[i] = fmt::format("{:.16g}", static_cast<double>(i) / 100);
    }
    return made;
  }();
  if (!(value > 0 && value <= 1)) return nullptr;
  const auto i = static_cast<std::size_t>(value * 100 + 0.5);
  return static_cast<double>(i) / 100 == value ? &texts[i] : nullptr;
}

std::string_view family_name(const Family& family, MetricsFormat format) {
  std::string_view name = family.name;
  const bool short_name = format == MetricsFormat::kOpenMetrics &&
                          family.kind == MetricKind::kCounter && name.ends_with(kTotal);
  if (short_name) name.remove_suffix(kTotal.size());
  return name;
}

// Returns the family of that name; the registry has declared families only.
const Family& family_named(std::string_view name) {
  const auto all = all_families();
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const Family& one) { return one.name == name; });
  assert(found != all.end());
  return *found;
}

}  // namespace

void append_head(std::string& text, const Family& family, MetricsFormat format) {
  const std::string_view name = family_name(family, format);
  text += fmt::format("# HELP {} ", name);
  if (format == MetricsFormat::kOpenMetrics) {
    append_escaped(text, family.help);
  } else {
    text += family.help;
  }
  text += fmt::format("\n# TYPE {} {}\n", name, taskwatchd::name(family.kind));
}

void append_labels(std::string& text, Labels labels) {
  bool first = true;
  for (const auto& [label, value] : labels) {
    if (!first) text += ',';
    first = false;
    text += label;
    text += "=\"";
    append_escaped(text, value);
    text += '"';
  }
}

// Writes the same bytes as TextSerializer: sixteen digits, and special words for infinity and NaN.
// Most values are 0, 1, a count or an instant; the general format takes ten times as long.
void append_value(std::string& text, double value) {
  constexpr double kExact = 1e15;
  const bool small = value >= 0 && value < kExact && !std::signbit(value);
  if (small && value == static_cast<double>(static_cast<std::int64_t>(value))) {
    append_integer(text, static_cast<std::int64_t>(value));
  } else if (std::isnan(value)) {
    text += "Nan";
  } else if (std::isinf(value)) {
    text += value < 0 ? "-Inf" : "+Inf";
  } else if (append_instant(text, value)) {
    return;
  } else if (const std::string* const ready = hundredths(value)) {
    text += *ready;
  } else {
    fmt::format_to(std::back_inserter(text), "{:.16g}", value);
  }
}

void MetricsWriter::begin(const Family& family) {
  family_ = &family;
  begun_ = false;
}

void MetricsWriter::head() {
  if (!begun_) append_head(text_, *family_, format_);
  begun_ = true;
}

void MetricsWriter::line_ended() {
  if (text_.size() >= part_bytes_) flush();
}

void MetricsWriter::flush() {
  if (!text_.empty()) take_(text_);
  text_.clear();
}

void MetricsWriter::line(std::string_view suffix, Labels labels, double value) {
  text_ += family_->name;
  text_ += suffix;
  if (!labels.empty()) {
    text_ += '{';
    append_labels(text_, labels);
    text_ += '}';
  }
  text_ += ' ';
  append_value(text_, value);
  text_ += '\n';
}

void MetricsWriter::sample(Labels labels, double value) {
  head();
  line("", labels, value);
  line_ended();
}

void MetricsWriter::states(Labels labels, std::string_view label,
                           std::span<const std::string_view> states, std::string_view now) {
  head();
  const std::size_t begin = text_.size();
  text_ += family_->name;
  text_ += '{';
  append_labels(text_, labels);
  if (!labels.empty()) text_ += ',';
  text_ += label;
  text_ += "=\"";
  const std::size_t same = text_.size() - begin;  // the lines differ at the end only
  for (std::size_t i = 0; i < states.size(); ++i) {
    if (i > 0) text_.append(text_, begin, same);
    append_escaped(text_, states[i]);
    text_ += states[i] == now ? "\"} 1\n" : "\"} 0\n";
  }
  line_ended();
}

void MetricsWriter::bucket(Labels labels, double edge, std::uint64_t count) {
  text_ += family_->name;
  text_ += "_bucket{";
  append_labels(text_, labels);
  if (!labels.empty()) text_ += ',';
  text_ += "le=\"";
  const std::size_t begin = text_.size();
  append_value(text_, edge);
  // In OpenMetrics, an edge is a float even if it is an integer.
  if (format_ == MetricsFormat::kOpenMetrics &&
      std::all_of(text_.begin() + static_cast<std::ptrdiff_t>(begin), text_.end(),
                  [](char c) { return c >= '0' && c <= '9'; })) {
    text_ += ".0";
  }
  text_ += "\"} ";
  append_integer(text_, static_cast<std::int64_t>(count));
  text_ += '\n';
}

void MetricsWriter::histogram(Labels labels, std::span<const double> edges,
                              std::span<const std::uint64_t> counts, double sum) {
  head();
  std::uint64_t all = 0;
  for (const std::uint64_t count : counts) all += count;
  line("_count", labels, static_cast<double>(all));
  line("_sum", labels, sum);
  std::uint64_t up_to = 0;
  for (std::size_t i = 0; i < edges.size(); ++i) bucket(labels, edges[i], up_to += counts[i]);
  bucket(labels, std::numeric_limits<double>::infinity(), all);
  line_ended();
}

void MetricsWriter::add(const std::vector<prometheus::MetricFamily>& families) {
  for (const prometheus::MetricFamily& family : families) {
    begin(family_named(family.name));
    for (const prometheus::ClientMetric& metric : family.metric) {
      std::vector<Label> labels;
      for (const auto& label : metric.label) labels.emplace_back(label.name, label.value);
      if (family.type == prometheus::MetricType::Counter) {
        sample(labels, metric.counter.value);
      } else if (family.type == prometheus::MetricType::Gauge) {
        sample(labels, metric.gauge.value);
      } else {
        assert(family.type == prometheus::MetricType::Histogram);
        std::vector<double> edges;
        std::vector<std::uint64_t> counts;
        std::uint64_t before = 0;
        for (const auto& bucket : metric.histogram.bucket) {
          if (!std::isinf(bucket.upper_bound)) edges.push_back(bucket.upper_bound);
          counts.push_back(bucket.cumulative_count - before);
          before = bucket.cumulative_count;
        }
        histogram(labels, edges, counts, metric.histogram.sample_sum);
      }
    }
  }
}

void MetricsWriter::lines(std::string_view text) {
  if (text.empty()) return;
  head();
  text_ += text;
  line_ended();
}

void MetricsWriter::end() {
  if (format_ == MetricsFormat::kOpenMetrics) text_ += kEnd;
  flush();
}

}  // namespace taskwatchd
