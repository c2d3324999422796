#include "cloud/result_xlsx.h"

#include <fmt/format.h>

#include <charconv>
#include <deque>
#include <optional>

#include "cloud/result_parts.h"
#include "cloud/xml_reader.h"

namespace taskwatchd {
namespace {

// The shared string table: all texts in one string, so that millions of empty ones are cheap. Cells
// refer to them and copy nothing.
class SharedTexts : public XmlHandler {
 public:
  explicit SharedTexts(const ResultLimits& limits) : limits_(limits) {}

  std::optional<std::string_view> at(std::size_t number) const {
    if (number >= ends_.size()) return std::nullopt;
    const std::size_t from = number == 0 ? 0 : ends_[number - 1];
    return std::string_view(texts_).substr(from, ends_[number] - from);
  }
  const std::string& problem() const { return problem_; }

  bool is_done() const override { return !problem_.empty(); }
  void open(std::string_view element, const char**) override {
    if (element == "si") {
      ends_.push_back(texts_.size());
      if (ends_.size() > limits_.shared_texts) problem_ = "the spreadsheet has too many texts";
    }
    if (element == "rPh") ++phonetic_;  // a phonetic run: the pronunciation
    in_text_ = element == "t" && phonetic_ == 0 && !ends_.empty();
  }
  void close(std::string_view element) override {
    if (element == "rPh" && phonetic_ > 0) --phonetic_;
    in_text_ = false;
  }
  void text(std::string_view part) override {
    if (!in_text_ || is_done()) return;
    const std::size_t from = ends_.size() < 2 ? 0 : ends_[ends_.size() - 2];
    if (texts_.size() - from + part.size() > limits_.field_bytes) {
      problem_ =
          fmt::format("the spreadsheet has a text of more than {} bytes", limits_.field_bytes);
      return;
    }
    texts_ += part;
    ends_.back() = texts_.size();
  }

 private:
  const ResultLimits& limits_;
  std::string texts_;
  std::vector<std::size_t> ends_;
  std::string problem_;
  int phonetic_ = 0;
  bool in_text_ = false;
};

// Converts a cell reference to its column: "AB12" is 27. Returns nullopt if the reference is
// invalid or its column too large.
std::optional<std::size_t> column_of(std::string_view place) {
  std::size_t column = 0;
  std::size_t letters = 0;
  for (; letters < place.size() && place[letters] >= 'A' && place[letters] <= 'Z'; ++letters) {
    if (letters == 3) return std::nullopt;
    column = column * 26 + static_cast<std::size_t>(place[letters] - 'A' + 1);
  }
  if (letters == 0) return std::nullopt;
  return column - 1;
}

// Reads the rows of a sheet. A cell without a value is ignored, whatever its style.
class SheetRows : public XmlHandler {
 public:
  SheetRows(const SharedTexts& texts, ResultRows& rows) : texts_(texts), rows_(rows) {}

  bool is_done() const override { return is_done_ || rows_.failed(); }

  void open(std::string_view element, const char** attributes) override {
    if (element == "row") {
      rows_.begin(++line_);
      made_.clear();
      next_column_ = 0;
      in_row_ = true;
    } else if (element == "c" && in_row_) {
      open_cell(xml_attribute(attributes, "r"), xml_attribute(attributes, "t"));
    } else if (element == "rPh") {
      ++phonetic_;
    }
    in_value_ = in_cell_ && phonetic_ == 0 && (element == "v" || (is_inline_ && element == "t"));
  }
  void close(std::string_view element) override {
    in_value_ = false;
    if (element == "rPh" && phonetic_ > 0) --phonetic_;
    if (element == "c" && in_cell_) close_cell();
    if (element == "row" && in_row_) {
      in_row_ = false;
      is_done_ = !rows_.row().empty() && !rows_.end();
    }
  }
  void text(std::string_view part) override {
    if (in_value_ && rows_.may_take(value_.size() + part.size())) value_ += part;
  }

 private:
  void open_cell(std::string_view place, std::string_view type) {
    in_cell_ = true;
    is_shared_ = type == "s";
    is_inline_ = type == "inlineStr";
    is_number_ = type.empty() || type == "n";
    value_.clear();
    // A column beyond the limit is rejected only once the cell has a value.
    column_ = column_of(place).value_or(place.empty() ? next_column_ : rows_.limits().columns);
    // Cells are in the order of their columns: a repeated reference is an error.
    if (column_ < next_column_) rows_.fail("is out of order");
    next_column_ = column_ + 1;
  }
  void close_cell() {
    in_cell_ = false;
    if (value_.empty() || is_done()) return;
    if (!is_shared_) {
      rows_.add_at(column_, made_.emplace_back(is_number_ ? plain_number(value_) : value_));
      return;
    }
    std::size_t number = 0;
    const char* const end = value_.data() + value_.size();
    const auto [rest, error] = std::from_chars(value_.data(), end, number);
    const auto text =
        error == std::errc() && rest == end ? texts_.at(number) : std::optional<std::string_view>();
    if (!text) return rows_.fail("refers to a text that does not exist");
    if (!text->empty()) rows_.add_at(column_, *text);
  }

  const SharedTexts& texts_;
  ResultRows& rows_;
  // texts of this row that are not shared; a deque, so that views stay valid
  std::deque<std::string> made_;
  std::string value_;
  std::size_t line_ = 0;
  std::size_t column_ = 0, next_column_ = 0;
  int phonetic_ = 0;
  bool is_done_ = false;
  bool in_row_ = false, in_cell_ = false, in_value_ = false;
  bool is_shared_ = false, is_inline_ = false, is_number_ = false;
};

// Returns false if reading must end; the tally has the reason.
bool read_part(ZipArchive& archive, std::size_t entry, std::size_t& budget, XmlHandler& handler,
               const char* broken, ResultTally& tally) {
  XmlReader reader(handler);
  const TakePart take = [&reader](std::string_view bytes) { return reader.feed(bytes); };
  if (auto problem = archive.read(entry, budget, take)) {
    tally.fail(problem->words);
  } else if (!reader.end()) {
    tally.fail(broken);
  }
  return !tally.failed();
}

}  // namespace

void read_result_xlsx(ZipArchive& archive, std::size_t& budget, ResultTally& tally) {
  auto found = find_parts(archive, budget);
  if (auto* const problem = std::get_if<UnpackProblem>(&found)) return tally.fail(problem->words);
  const auto& parts = std::get<SpreadsheetParts>(found);
  SharedTexts texts(tally.limits());
  if (parts.texts) {
    if (!read_part(archive, *parts.texts, budget, texts,
                   "the spreadsheet's texts are not valid XML", tally)) {
      return;
    }
    if (!texts.problem().empty()) return tally.fail(texts.problem());
  }
  ResultRows rows(tally);
  for (const std::size_t sheet : parts.sheets) {
    rows.begin_table();
    SheetRows reader(texts, rows);
    if (!read_part(archive, sheet, budget, reader, "a sheet is not valid XML", tally)) return;
  }
  if (!rows.found_header()) {
    tally.fail("no sheet has a device and a code in its first rows, only " + rows.seen());
  }
}

}  // namespace taskwatchd
