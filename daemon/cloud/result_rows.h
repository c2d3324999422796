// The row model of all formats: a record is a list of cells, each a view; a table is a header
// followed by records. This class skips blank records, finds the header and enforces the limits
// while a record is filled: a reader passes each text before it is copied anywhere. No I/O.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cloud/result_tally.h"

namespace taskwatchd {

class ResultRows {
 public:
  explicit ResultRows(ResultTally& tally) : tally_(tally) {}

  // Begins another table, whose header must equal that of the previous ones. The header is the
  // first of the first five records that has a device and a code.
  void begin_table();
  // Begins a record. `line`: its line number, for messages.
  void begin(std::size_t line);
  // Adds the next cell. The text must stay valid until end(). Returns false if reading must end.
  bool add(std::string_view text);
  // Adds a cell in that column; skipped columns are empty. REQUIRES: columns do not decrease.
  bool add_at(std::size_t column, std::string_view text);
  // Adds a cell that states its column's role; no header is searched for then.
  bool add_named(ResultRole role, std::string_view text);
  // Ends the record. Returns false if reading of this table must end. A missing header is not a
  // failure.
  bool end();

  // Returns whether a text of this size may be added, before it is copied. False: reading must end.
  bool may_take(std::size_t bytes);
  // `what` is wrong with the current row; "row 7 " is put before it
  void fail(const std::string& what);

  bool has_header() const { return has_header_; }      // of the current table
  bool found_header() const { return found_header_; }  // of any table
  // The first record that was examined as a possible header, escaped.
  const std::string& seen() const { return seen_; }
  std::size_t width() const { return roles_.size(); }
  const std::vector<ResultCell>& row() const { return row_; }
  bool failed() const { return tally_.failed(); }
  const ResultLimits& limits() const { return tally_.limits(); }

 private:
  bool put(ResultRole role, std::string_view text);
  bool look_for_header();

  ResultTally& tally_;
  std::vector<ResultCell> row_;
  std::vector<ResultRole> roles_;    // of the header's columns
  std::vector<std::string> header_;  // of the first table
  std::string seen_;
  std::size_t line_ = 0;
  std::size_t fields_ = 0;  // of the record, including those beyond the header
  std::size_t looked_ = 0;  // records examined as a possible header
  std::size_t records_ = 0;
  std::size_t text_bytes_ = 0;
  bool has_header_ = false;
  bool found_header_ = false;
  bool is_named_ = false;
};

inline constexpr std::size_t kHeaderRecords = 5;

}  // namespace taskwatchd
