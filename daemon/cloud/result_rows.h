// The row model under all formats: a record is a list of cells, each a view; a table is records
// under a header. Here blank records are skipped, the header is found, and the limits hold while a
// record is filled: a reader hands over each text before it is copied anywhere. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cloud/result_tally.h"

namespace taskwatchd {

class ResultRows {
 public:
  explicit ResultRows(ResultTally& tally) : tally_(tally) {}

  // Another table, whose header must be that of the tables before. Found among its first five
  // records: the first that has a device and a code.
  void begin_table();
  // A record. `line`: where it stands, for people.
  void begin(std::size_t line);
  // Its next cell. The text stays where it is until end(). False: the reading must end.
  bool add(std::string_view text);
  // Its cell in that column, those before it empty. REQUIRES: no lower one than before.
  bool add_at(std::size_t column, std::string_view text);
  // A cell that brings its own column's role; then no header is looked for.
  bool add_named(ResultRole role, std::string_view text);
  // False: the reading of this table must end. Not a failure if it has no header.
  bool end();

  // Whether a text of this size may be added, before it is copied. False: the reading must end.
  bool may_take(std::size_t bytes);
  void fail(const std::string& what);  // "row 7 " and what is wrong with it

  bool has_header() const { return has_header_; }      // of this table
  bool found_header() const { return found_header_; }  // of any
  // The first record in which a header was looked for, escaped.
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
  std::size_t fields_ = 0;  // of the record, those beyond the header too
  std::size_t looked_ = 0;  // records in which the header was looked for
  std::size_t records_ = 0;
  std::size_t text_bytes_ = 0;
  bool has_header_ = false;
  bool found_header_ = false;
  bool is_named_ = false;
};

inline constexpr std::size_t kHeaderRecords = 5;

}  // namespace taskwatchd
