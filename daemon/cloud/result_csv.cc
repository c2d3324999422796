#include "cloud/result_csv.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <functional>
#include <string>

#include "core/types/ascii.h"

namespace taskwatchd {
namespace {

constexpr std::string_view kSeparators = ",;\t|";
constexpr std::size_t kHeaderBytes = 64U << 10U;  // a longer start of the text contains no header

// Reads records one by one into rows. A field is a view, except if it contains escaped quotes.
class CsvReader {
 public:
  CsvReader(std::string_view text, char separator, ResultRows& rows)
      : text_(text), separator_(separator), rows_(rows) {}

  bool at_end() const { return at_ >= text_.size(); }
  // Returns false if reading must end, because of a failure (rows.failed()) or not.
  bool next() {
    rows_.begin(++line_);
    made_.clear();
    for (;;) {
      if (!read_field()) return false;
      if (at_end()) break;
      const char c = text_[at_++];
      if (c == separator_) continue;
      if (c == '\r' && !at_end() && text_[at_] == '\n') ++at_;
      break;
    }
    return rows_.end();
  }
  std::size_t line() const { return line_; }
  // Skips the first `bytes`, which are not a record but count as one line.
  void skip(std::size_t bytes) {
    at_ = bytes;
    ++line_;
  }

 private:
  bool is_stop(char c) const { return c == separator_ || c == '\n' || c == '\r'; }
  void skip_edges() {
    while (!at_end() && !is_stop(text_[at_])) {
      const std::size_t size = edge_at(text_, at_);
      if (size == 0) return;
      at_ += size;
    }
  }

  bool read_field() {
    const std::size_t from = at_;
    skip_edges();
    if (!at_end() && text_[at_] == '"') return read_quoted();
    while (!at_end() && !is_stop(text_[at_])) ++at_;
    return add(text_.substr(from, at_ - from));
  }

  bool read_quoted() {
    const std::size_t from = ++at_;
    bool has_pairs = false;
    for (;; ++at_) {
      at_ = std::min(text_.find('"', at_), text_.size());
      if (at_ + 1 >= text_.size() || text_[at_ + 1] != '"') break;
      has_pairs = true;
      ++at_;
    }
    const std::string_view inner = text_.substr(from, at_ - from);
    const bool is_closed = !at_end();
    if (is_closed) ++at_;
    skip_edges();
    if (!is_closed || (!at_end() && !is_stop(text_[at_]))) {
      rows_.fail("has an invalid quote");  // or the closing quote is missing: the file is truncated
      return false;
    }
    if (!has_pairs) return add(inner);
    if (!rows_.may_take(inner.size())) return false;
    std::string& plain = made_.emplace_back();
    for (std::size_t i = 0; i < inner.size(); ++i) {
      plain += inner[i];
      if (inner[i] == '"') ++i;
    }
    return add(plain);
  }

  bool add(std::string_view field) {
    if (!rows_.may_take(field.size())) return false;
    const std::string_view inner = trimmed_edges(field);
    const bool is_text = std::none_of(inner.begin(), inner.end(), [](char c) {
      return (static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\n' && c != '\r') ||
             c == 0x7f;
    });
    if (!is_text) {
      rows_.fail("has a control character inside a field");
      return false;
    }
    return rows_.add(field);
  }

  std::string_view text_;
  char separator_;
  ResultRows& rows_;
  std::size_t at_ = 0;
  std::size_t line_ = 0;
  std::deque<std::string> made_;  // fields of this record whose text differs from the file's
};

// Excel's own first line: sep=; sets the separator.
struct SepLine {
  char separator = 0;     // 0: there is none
  std::size_t bytes = 0;  // includes the line end
};
SepLine sep_line(std::string_view text) {
  const std::size_t end = std::min(text.find_first_of("\r\n"), text.size());
  std::string_view line = text.substr(0, end);
  while (const std::size_t size = edge_at(line, 0)) line.remove_prefix(size);
  const bool is_quoted = line.starts_with('"');
  if (is_quoted) line.remove_prefix(1);
  if (line.size() < 5 || !is_word(line.substr(0, 4), "sep=")) return {};
  const std::string_view rest = line.substr(5);
  if (!trimmed_edges(is_quoted && rest.starts_with('"') ? rest.substr(1) : rest).empty()) return {};
  const std::string_view after = text.substr(end);
  return {line[4], end + (after.starts_with("\r\n") ? 2U : after.empty() ? 0U : 1U)};
}

// Returns the number of records up to and including the header, for this separator; 0 if there is
// no header.
std::size_t header_line(std::string_view text, char separator, const ResultLimits& limits) {
  ResultTally none(limits);
  ResultRows rows(none);
  CsvReader reader(text.substr(0, kHeaderBytes), separator, rows);
  while (!reader.at_end() && reader.next() && !rows.has_header()) {
  }
  return rows.has_header() ? reader.line() : 0;
}

// Returns the separator that finds the header first; 0 if none does or two tie.
char separator_of(std::string_view text, const ResultLimits& limits) {
  char found = 0;
  std::size_t soonest = 0;
  for (const char separator : kSeparators) {
    const std::size_t line = header_line(text, separator, limits);
    if (line == 0 || (soonest != 0 && line > soonest)) continue;
    found = line == soonest ? '\0' : separator;
    soonest = line;
  }
  return found;
}

// Describes why that separator gives no header.
std::string describe_start(std::string_view text, char separator, const ResultLimits& limits) {
  ResultTally none(limits);
  ResultRows rows(none);
  CsvReader reader(text.substr(0, kHeaderBytes), separator, rows);
  while (!reader.at_end() && rows.seen().empty() && reader.next()) {
  }
  if (!rows.seen().empty()) return "the first is " + rows.seen();
  return std::move(none).take(ResultFormat::kUnknown).problem;
}

}  // namespace

ResultFormat read_result_csv(std::string_view text, ResultTally& tally) {
  const SepLine named = sep_line(text);
  const char separator =
      named.separator != 0 ? named.separator : separator_of(text, tally.limits());
  ResultRows rows(tally);
  CsvReader reader(text, separator, rows);
  if (named.bytes > 0) reader.skip(named.bytes);
  while (separator != 0 && !reader.at_end() && reader.next()) {
  }
  if (rows.has_header() || tally.failed()) return ResultFormat::kCsv;
  tally.fail("no line has a device and a code with one separator; " +
             describe_start(text.substr(named.bytes), named.separator != 0 ? named.separator : ',',
                            tally.limits()));
  return ResultFormat::kUnknown;
}

}  // namespace taskwatchd
