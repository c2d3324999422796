#include "view/openmetrics.h"

#include <algorithm>

namespace taskwatchd {
namespace {

constexpr std::string_view kHelp = "# HELP ";
constexpr std::string_view kType = "# TYPE ";
constexpr std::string_view kTotal = "_total";
constexpr std::string_view kLe = "le=\"";

std::string_view line_at(std::string_view page, std::size_t at) {
  return page.substr(at, page.find('\n', at) - at);
}

// A counter's family lacks the suffix that its samples have.
std::string_view family(std::string_view name, bool counter) {
  if (counter && name.ends_with(kTotal)) name.remove_suffix(kTotal.size());
  return name;
}

bool is_counter(std::string_view type_line) {
  return type_line.starts_with(kType) && type_line.ends_with(" counter");
}

// "# HELP name text": quotes in the text are escaped here too.
void add_help(std::string& out, std::string_view line, bool counter) {
  line.remove_prefix(kHelp.size());
  const std::string_view name = line.substr(0, line.find(' '));
  out += kHelp;
  out += family(name, counter);
  for (const char c : line.substr(name.size())) {
    if (c == '"') out += '\\';
    out += c;
  }
}

void add_type(std::string& out, std::string_view line, bool counter) {
  line.remove_prefix(kType.size());
  const std::string_view name = line.substr(0, line.find(' '));
  const std::string_view type = line.substr(name.size());
  out += kType;
  out += family(name, counter);
  out += type == " untyped" ? " unknown" : type;
}

// A bucket's bound is a float even if it is whole: le="1.0".
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

std::string to_openmetrics(std::string_view page) {
  std::string out;
  out.reserve(page.size() + page.size() / 64 + 64);
  bool counter = false;
  bool histogram = false;
  for (std::size_t at = 0; at < page.size();) {
    const std::string_view line = line_at(page, at);
    const std::size_t next = at + line.size() + 1;
    at = next;
    if (line.empty()) continue;
    if (line.starts_with(kHelp)) {
      counter = is_counter(line_at(page, std::min(next, page.size())));
      add_help(out, line, counter);
    } else if (line.starts_with(kType)) {
      counter = is_counter(line);
      histogram = line.ends_with(" histogram");
      add_type(out, line, counter);
    } else if (line.front() == '#') {
      continue;  // OpenMetrics knows no other comments
    } else if (const std::size_t le = histogram ? line.rfind(kLe) : line.npos; le != line.npos) {
      add_bucket(out, line, le);
    } else {
      out += line;
    }
    out += '\n';
  }
  return out + "# EOF\n";
}

}  // namespace taskwatchd
