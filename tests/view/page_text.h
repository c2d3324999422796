// A strict reader of the text format for tests. It reports what Prometheus would reject or read
// twice, such as a family that appears again, a sample outside its family or two equal series.
#pragma once

#include <charconv>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace taskwatchd {

struct PageText {
  std::map<std::string, std::string> kinds;  // family name to type
  std::map<std::string, double> series;      // as written: name{labels}
  std::vector<std::string> problems;

  // Returns the value of the series; nullopt if the metrics output does not contain it.
  std::optional<double> at(const std::string& name) const {
    const auto found = series.find(name);
    if (found == series.end()) return std::nullopt;
    return found->second;
  }
  // Returns how many series begin with `prefix`.
  std::size_t count(std::string_view prefix) const {
    std::size_t n = 0;
    for (auto it = series.lower_bound(std::string(prefix));
         it != series.end() && it->first.starts_with(prefix); ++it) {
      ++n;
    }
    return n;
  }
};

inline bool belongs(std::string_view sample, std::string_view family, const std::string& kind) {
  if (!sample.starts_with(family)) return false;
  const std::string_view rest = sample.substr(family.size());
  if (kind != "histogram") return rest.empty();
  return rest == "_bucket" || rest == "_sum" || rest == "_count";
}

// Returns where the series ends: at the first space that is not inside quotes.
inline std::size_t series_end(std::string_view line) {
  bool quoted = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (quoted && line[i] == '\\') {
      ++i;
    } else if (line[i] == '"') {
      quoted = !quoted;
    } else if (line[i] == ' ' && !quoted) {
      return i;
    }
  }
  return line.size();
}

// Returns the names of the series' labels.
inline std::set<std::string> label_names(std::string_view series) {
  std::set<std::string> names;
  std::size_t at = series.find('{');
  while (at != std::string_view::npos && series[at] != '}') {
    const std::size_t equals = series.find('=', at);
    names.emplace(series.substr(at + 1, equals - at - 1));
    at = equals + 2;
    while (series[at] != '"') at += series[at] == '\\' ? 2 : 1;
    ++at;
  }
  return names;
}

inline PageText read_page(std::string_view page) {
  PageText read;
  std::string family;
  std::string helped;
  std::size_t at = 0;
  while (at < page.size()) {
    const std::size_t end = page.find('\n', at);
    if (end == std::string_view::npos) {
      read.problems.push_back("last line has no end");
      break;
    }
    const std::string line(page.substr(at, end - at));
    at = end + 1;
    if (line.starts_with("# HELP ")) {
      helped = line.substr(7, line.find(' ', 7) - 7);
    } else if (line.starts_with("# TYPE ")) {
      const std::size_t space = line.find(' ', 7);
      family = line.substr(7, space - 7);
      if (helped != family) read.problems.push_back("no HELP before " + line);
      if (!read.kinds.emplace(family, line.substr(space + 1)).second) {
        read.problems.push_back("family begins again: " + family);
      }
    } else {
      const std::size_t stop = series_end(line);
      const std::string series = line.substr(0, stop);
      const std::string sample = series.substr(0, series.find('{'));
      if (family.empty() || !belongs(sample, family, read.kinds[family])) {
        read.problems.push_back("not in its family: " + line);
      }
      double value = 0;
      const std::string_view number =
          std::string_view(line).substr(std::min(stop + 1, line.size()));
      const auto [rest, error] =
          std::from_chars(number.data(), number.data() + number.size(), value);
      if (number != "+Inf" && (error != std::errc() || rest != number.data() + number.size())) {
        read.problems.push_back("no number: " + line);
      }
      if (!read.series.emplace(series, value).second) {
        read.problems.push_back("series twice: " + series);
      }
    }
  }
  return read;
}

}  // namespace taskwatchd
