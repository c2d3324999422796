#include "cloud/result_xlsx.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <functional>
#include <optional>

#include "cloud/result_xml.h"

namespace taskwatchd {
namespace {

constexpr std::string_view kWorkbook = "xl/workbook.xml";
constexpr std::string_view kSheets = "xl/worksheets/";
constexpr const char* kTexts = "xl/sharedStrings.xml";

std::string_view attribute(const char** attributes, std::string_view name) {
  for (; *attributes != nullptr; attributes += 2) {
    if (name == *attributes) return attributes[1];
  }
  return {};
}

// The table of texts that cells point into.
class SharedTexts : public XmlHandler {
 public:
  explicit SharedTexts(const ResultLimits& limits) : limits_(limits) {}
  std::vector<std::string> take() { return std::move(texts_); }
  bool is_done() const override { return is_over_; }
  void open(std::string_view element, const char**) override {
    if (element == "si") texts_.emplace_back();
    if (element == "rPh") ++phonetic_;  // how it is read aloud
    in_text_ = element == "t" && phonetic_ == 0 && !texts_.empty();
    is_over_ = is_over_ || texts_.size() > limits_.shared_texts;
  }
  void close(std::string_view element) override {
    if (element == "rPh" && phonetic_ > 0) --phonetic_;
    in_text_ = false;
  }
  void text(std::string_view part) override {
    if (in_text_) texts_.back() += part;
  }

 private:
  const ResultLimits& limits_;
  std::vector<std::string> texts_;
  int phonetic_ = 0;
  bool in_text_ = false;
  bool is_over_ = false;
};

// A cell's column from its place: "AB12" is 27. Nothing for no place or one far out.
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

// Calls `on_row` for each row that has a cell, empty ones in between filled up.
class SheetRows : public XmlHandler {
 public:
  using OnRow = std::function<bool(std::vector<std::string>& cells, std::size_t line)>;
  SheetRows(const std::vector<std::string>& texts, const ResultLimits& limits, OnRow on_row)
      : texts_(texts), limits_(limits), on_row_(std::move(on_row)) {}

  const std::string& problem() const { return problem_; }
  bool is_done() const override { return is_done_ || !problem_.empty(); }

  void open(std::string_view element, const char** attributes) override {
    if (element == "row") {
      cells_.clear();
      ++line_;
    } else if (element == "c") {
      open_cell(attribute(attributes, "r"), attribute(attributes, "t"));
    } else if (element == "rPh") {
      ++phonetic_;
    }
    in_value_ = in_cell_ && phonetic_ == 0 && (element == "v" || (is_inline_ && element == "t"));
  }
  void close(std::string_view element) override {
    in_value_ = false;
    if (element == "rPh" && phonetic_ > 0) --phonetic_;
    if (element == "c" && in_cell_) close_cell();
    if (element == "row" && std::any_of(cells_.begin(), cells_.end(),
                                        [](const std::string& c) { return !c.empty(); })) {
      is_done_ = !on_row_(cells_, line_);
    }
  }
  void text(std::string_view part) override {
    if (!in_value_) return;
    value_ += part;
    if (value_.size() > limits_.field_bytes) {
      problem_ =
          fmt::format("row {} has a field of more than {} bytes", line_, limits_.field_bytes);
    }
  }

 private:
  void open_cell(std::string_view place, std::string_view type) {
    in_cell_ = true;
    is_shared_ = type == "s";
    is_inline_ = type == "inlineStr";
    value_.clear();
    column_ = column_of(place).value_or(place.empty() ? cells_.size() : limits_.columns);
    // Cells stand in the order of their columns: a place taken twice is no table.
    if (column_ < cells_.size()) problem_ = fmt::format("row {} is out of order", line_);
    if (column_ >= limits_.columns) {
      problem_ = fmt::format("row {} has more than {} columns", line_, limits_.columns);
    }
  }
  void close_cell() {
    in_cell_ = false;
    if (is_done()) return;
    cells_.resize(column_ + 1);
    if (!is_shared_ || value_.empty()) {
      cells_[column_] = value_;
      return;
    }
    std::size_t number = 0;
    const char* const end = value_.data() + value_.size();
    const auto [rest, error] = std::from_chars(value_.data(), end, number);
    if (error != std::errc() || rest != end || number >= texts_.size()) {
      problem_ = fmt::format("row {} points to a text that is not there", line_);
      return;
    }
    cells_[column_] = texts_[number];
  }

  const std::vector<std::string>& texts_;
  const ResultLimits& limits_;
  OnRow on_row_;
  std::string problem_;
  bool is_done_ = false;
  std::vector<std::string> cells_;
  std::size_t line_ = 0;
  std::size_t column_ = 0;
  std::string value_;
  int phonetic_ = 0;
  bool in_cell_ = false, in_value_ = false, is_shared_ = false, is_inline_ = false;
};

// The first row that has a cell.
std::vector<std::string> header_of(const std::string& sheet, const std::vector<std::string>& texts,
                                   const ResultLimits& limits) {
  std::vector<std::string> header;
  SheetRows rows(texts, limits, [&](std::vector<std::string>& cells, std::size_t) {
    header = cells;
    return false;
  });
  read_xml(sheet, rows);
  return header;
}

void read_sheet(const std::string& sheet, const std::vector<std::string>& texts,
                ResultTally& tally) {
  std::vector<ResultCell> row;
  const auto on_row = [&](std::vector<std::string>& cells, std::size_t line) {
    if (row.empty()) {
      row.resize(cells.size());
      for (std::size_t i = 0; i < cells.size(); ++i) row[i].role = result_role(cells[i]);
      return true;
    }
    if (cells.size() > row.size()) {
      tally.fail(fmt::format("row {} has more cells than the header", line));
      return false;
    }
    for (std::size_t i = 0; i < row.size(); ++i) {
      row[i].text = i < cells.size() ? std::string_view(cells[i]) : std::string_view();
    }
    return tally.add(row, line);
  };
  SheetRows rows(texts, tally.limits(), on_row);
  const bool is_whole = read_xml(sheet, rows);
  if (!rows.problem().empty()) return tally.fail(rows.problem());
  if (!is_whole) tally.fail("a sheet is broken XML");
}

bool has(const ZipArchive& archive, std::string_view name) {
  const auto& names = archive.names();
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

bool is_xlsx(const ZipArchive& archive) {
  return has(archive, kWorkbook);
}

void read_result_xlsx(ZipArchive& archive, std::size_t& budget, ResultTally& tally) {
  std::vector<std::string> texts;
  if (has(archive, kTexts)) {
    auto xml = archive.read(kTexts, budget);
    if (const auto* const problem = std::get_if<UnpackProblem>(&xml)) {
      return tally.fail(problem->words);
    }
    SharedTexts shared(tally.limits());
    if (!read_xml(std::get<std::string>(xml), shared) || shared.is_done()) {
      return tally.fail("the spreadsheet's texts are broken XML or too many");
    }
    texts = shared.take();
  }
  std::optional<std::string> found;
  std::vector<std::string> seen;
  for (const std::string& name : archive.names()) {
    if (!name.starts_with(kSheets) || !name.ends_with(".xml")) continue;
    auto sheet = archive.read(name, budget);
    if (const auto* const problem = std::get_if<UnpackProblem>(&sheet)) {
      return tally.fail(problem->words);
    }
    std::vector<std::string> header =
        header_of(std::get<std::string>(sheet), texts, tally.limits());
    if (!is_result_header(header)) {
      if (seen.empty()) seen = std::move(header);
      continue;
    }
    if (found) return tally.fail("two sheets of the spreadsheet list devices and codes");
    found = std::move(std::get<std::string>(sheet));
  }
  if (!found) {
    return tally.fail("no sheet has a device and a code in its first row, only " +
                      list_columns(seen));
  }
  read_sheet(*found, texts, tally);
}

}  // namespace taskwatchd
