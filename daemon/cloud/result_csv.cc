#include "cloud/result_csv.h"

#include <fmt/format.h>

#include <string>
#include <vector>

namespace taskwatchd {
namespace {

constexpr std::string_view kSeparators = ",;\t";
constexpr std::size_t kHeaderBytes = 64U << 10U;  // a longer first line is no header

// Reads record after record; a field's text is kept without its quotes.
class CsvReader {
 public:
  CsvReader(std::string_view text, char separator) : text_(text), separator_(separator) {}

  bool at_end() const { return at_ >= text_.size(); }
  // False: the quotes are not as they should be.
  bool next(std::vector<std::string>& fields) {
    fields.clear();
    for (;;) {
      std::string& field = fields.emplace_back();
      if (!read_field(field)) return false;
      if (at_end()) return true;
      const char c = text_[at_++];
      if (c == separator_) continue;
      if (c == '\r' && !at_end() && text_[at_] == '\n') ++at_;
      return true;
    }
  }

 private:
  bool is_stop(char c) const { return c == separator_ || c == '\n' || c == '\r'; }

  bool read_field(std::string& field) {
    if (at_end() || text_[at_] != '"') {
      const std::size_t from = at_;
      while (!at_end() && !is_stop(text_[at_])) ++at_;
      field = text_.substr(from, at_ - from);
      return true;
    }
    for (++at_; !at_end(); ++at_) {
      if (text_[at_] != '"') {
        field += text_[at_];
        continue;
      }
      ++at_;
      if (at_end() || is_stop(text_[at_])) return true;
      if (text_[at_] != '"') return false;
      field += '"';
    }
    return false;  // the closing quote is missing: the file is cut
  }

  std::string_view text_;
  char separator_;
  std::size_t at_ = 0;
};

bool is_blank_line(const std::vector<std::string>& fields) {
  return fields.size() == 1 && fields[0].find_first_not_of(" \t") == std::string::npos;
}

// The separator that gives a header that we know; 0 for none or more than one.
char separator_of(std::string_view text) {
  char found = 0;
  std::vector<std::string> names;
  for (const char separator : kSeparators) {
    CsvReader reader(text.substr(0, kHeaderBytes), separator);
    if (!reader.next(names) || !is_result_header(names)) continue;
    if (found != 0) return 0;
    found = separator;
  }
  return found;
}

}  // namespace

bool is_result_csv(std::string_view text) {
  return separator_of(text) != 0;
}

std::string describe_first_line(std::string_view text) {
  std::vector<std::string> names;
  CsvReader(text.substr(0, kHeaderBytes), ',').next(names);
  return list_columns(names);
}

void read_result_csv(std::string_view text, ResultTally& tally) {
  CsvReader reader(text, separator_of(text));
  std::vector<std::string> fields;
  reader.next(fields);
  if (fields.size() > tally.limits().columns) {
    return tally.fail(fmt::format("the header has more than {} columns", tally.limits().columns));
  }
  std::vector<ResultCell> row(fields.size());
  for (std::size_t i = 0; i < fields.size(); ++i) row[i].role = result_role(fields[i]);
  for (std::size_t line = 2; !reader.at_end(); ++line) {
    if (!reader.next(fields)) return tally.fail(fmt::format("row {} has a broken quote", line));
    if (is_blank_line(fields)) continue;
    if (fields.size() != row.size()) {
      return tally.fail(fmt::format("row {} has {} fields where the header has {}", line,
                                    fields.size(), row.size()));
    }
    for (std::size_t i = 0; i < row.size(); ++i) row[i].text = fields[i];
    if (!tally.add(row, line)) return;
  }
}

}  // namespace taskwatchd
