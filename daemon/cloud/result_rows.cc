#include "cloud/result_rows.h"

#include <fmt/format.h>

#include <algorithm>

namespace taskwatchd {

void ResultRows::begin_table() {
  has_header_ = false;
  looked_ = 0;
  roles_.clear();
}

void ResultRows::begin(std::size_t line) {
  line_ = line;
  fields_ = 0;
  is_named_ = false;
  row_.clear();
}

void ResultRows::fail(const std::string& what) {
  tally_.fail(fmt::format("row {} {}", line_, what));
}

bool ResultRows::may_take(std::size_t bytes) {
  if (bytes > limits().field_bytes) {
    fail(fmt::format("has a field of more than {} bytes", limits().field_bytes));
  }
  return !failed();
}

bool ResultRows::put(ResultRole role, std::string_view text) {
  if (++fields_ > limits().columns) {
    fail(fmt::format("has more than {} columns", limits().columns));
    return false;
  }
  if (!may_take(text.size())) return false;
  text_bytes_ += text.size();
  if (text_bytes_ > limits().expanded_bytes) {
    tally_.fail(fmt::format("the file's rows have more than {} bytes", limits().expanded_bytes));
    return false;
  }
  text = trimmed_edges(text);
  if (has_header_ && row_.size() >= roles_.size() && !is_named_) {
    if (text.empty()) return true;
    fail(fmt::format("has text beyond the header's {} columns", roles_.size()));
    return false;
  }
  row_.push_back({role, text});
  return true;
}

bool ResultRows::add(std::string_view text) {
  return put(row_.size() < roles_.size() ? roles_[row_.size()] : ResultRole::kOther, text);
}

bool ResultRows::add_at(std::size_t column, std::string_view text) {
  while (fields_ < column) {
    if (!add({})) return false;
  }
  return add(text);
}

bool ResultRows::add_named(ResultRole role, std::string_view text) {
  is_named_ = true;
  return put(role, text);
}

bool ResultRows::end() {
  if (failed()) return false;
  if (++records_ > limits().records) {
    tally_.fail(
        fmt::format("the file has more than {} rows, including blank ones", limits().records));
    return false;
  }
  if (std::all_of(row_.begin(), row_.end(), [](const ResultCell& c) { return c.text.empty(); })) {
    return true;
  }
  if (!is_named_ && !has_header_) return look_for_header();
  if (tally_.rows() >= limits().rows) {
    tally_.fail(fmt::format("the file has more than {} rows", limits().rows));
    return false;
  }
  return tally_.add(row_, line_);
}

bool ResultRows::look_for_header() {
  if (!is_result_header(row_)) {
    if (seen_.empty()) seen_ = list_columns(row_);
    return ++looked_ < kHeaderRecords;
  }
  std::vector<std::string> names;
  for (const ResultCell& cell : row_) {
    names.emplace_back(cell.text);
    roles_.push_back(result_role(cell.text));
  }
  while (names.back().empty()) names.pop_back();
  if (found_header_ && names != header_) {
    tally_.fail("two sheets of the spreadsheet list devices and codes under different headers");
    return false;
  }
  header_ = std::move(names);
  has_header_ = found_header_ = true;
  return true;
}

}  // namespace taskwatchd
