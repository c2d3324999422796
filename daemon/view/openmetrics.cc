#include "view/openmetrics.h"

#include <algorithm>

namespace taskwatchd {
namespace {

constexpr std::string_view kHelp = "# HELP ";
constexpr std::string_view kType = "# TYPE ";
constexpr std::string_view kTotal = "_total";
constexpr std::string_view kLe = "le=\"";

// The family name of a counter lacks the suffix of its samples.
std::string_view family(std::string_view name, bool counter) {
  if (counter && name.ends_with(kTotal)) name.remove_suffix(kTotal.size());
  return name;
}

bool is_counter(std::string_view type_line) {
  return type_line.starts_with(kType) && type_line.ends_with(" counter");
}

void add_type(std::string& out, std::string_view line, bool counter) {
  line.remove_prefix(kType.size());
  const std::string_view name = line.substr(0, line.find(' '));
  const std::string_view type = line.substr(name.size());
  out += kType;
  out += family(name, counter);
  out += type == " untyped" ? " unknown" : type;
}

// The bound of a bucket is a float even if it is an integer: le="1.0".
void add_bucket(std::string& out, std::string_view line, std::size_t le) {
  const std::size_t from = le + kLe.size();
  const std::size_t end = line.find('"', from);
  const std::string_view bound = line.substr(from, end - from);
  out += line.substr(0, end);
  if (std::all_of(bound.begin(), bound.end(), [](char c) { return c >= '0' && c <= '9'; })) {
    out += ".0";
  }
  out += line.substr(end);
}

}  // namespace

// "# HELP name text": OpenMetrics escapes quotes in the text too.
void OpenMetrics::add_help(bool counter, std::string& out) {
  if (help_.empty()) return;
  std::string_view line = help_;
  line.remove_prefix(kHelp.size());
  const std::string_view name = line.substr(0, line.find(' '));
  out += kHelp;
  out += family(name, counter);
  for (const char c : line.substr(name.size())) {
    if (c == '"') out += '\\';
    out += c;
  }
  out += '\n';
  help_.clear();
}

void OpenMetrics::add_line(std::string_view line, std::string& out) {
  if (line.empty()) return;
  if (line.starts_with(kHelp)) {
    add_help(false, out);
    help_ = line;
    return;
  }
  add_help(is_counter(line), out);
  if (line.starts_with(kType)) {
    histogram_ = line.ends_with(" histogram");
    add_type(out, line, is_counter(line));
  } else if (line.front() == '#') {
    return;  // OpenMetrics allows no other comments
  } else if (const std::size_t le = histogram_ ? line.rfind(kLe) : line.npos; le != line.npos) {
    add_bucket(out, line, le);
  } else {
    out += line;
  }
  out += '\n';
}

void OpenMetrics::add(std::string_view lines, std::string& out) {
  while (!lines.empty()) {
    const std::string_view line = lines.substr(0, lines.find('\n'));
    lines.remove_prefix(std::min(lines.size(), line.size() + 1));
    add_line(line, out);
  }
}

void OpenMetrics::end(std::string& out) {
  add_help(false, out);
  out += "# EOF\n";
}

}  // namespace taskwatchd
