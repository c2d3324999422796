// SQLite's C handles as C++ values: a connection that closes itself, and a statement that is
// prepared once and run many times. Not an ORM: SQL text, its values in order, its result code.
// Threads: one at a time. Failure: SQLite's extended result codes, never an exception.
#pragma once

#include <sqlite3.h>

#include <cerrno>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/types/time.h"

namespace taskwatchd::sqlite {

struct CloseDatabase {
  void operator()(sqlite3* db) const { sqlite3_close_v2(db); }
};
using Database = std::unique_ptr<sqlite3, CloseDatabase>;

// SQLite reports a full disk or quota by several codes, most of which look like a broken disk. A
// failed fsync is not one of them: what it left on the disk is unknown.
inline bool is_full(sqlite3* db, int code) {
  const int kind = code & 0xff;
  if (kind == SQLITE_FULL || code == SQLITE_IOERR_SHMSIZE) return true;
  if (kind != SQLITE_IOERR && kind != SQLITE_CANTOPEN) return false;
  if (code == SQLITE_IOERR_FSYNC || code == SQLITE_IOERR_DIR_FSYNC || db == nullptr) return false;
  const int cause = sqlite3_system_errno(db);
  return cause == ENOSPC || cause == EDQUOT;
}
inline constexpr char kFull[] = "no space is left on its disk, or its quota is used up";

class Statement {
 public:
  // An error in `sql` is returned by the first run. The database must outlive this object.
  Statement(sqlite3* db, std::string_view sql) {
    sqlite3_stmt* raw = nullptr;
    prepared_ = sqlite3_prepare_v3(db, sql.data(), static_cast<int>(sql.size()),
                                   SQLITE_PREPARE_PERSISTENT, &raw, nullptr);
    statement_.reset(raw);
  }

  // Runs to completion. Returns SQLITE_OK or the error.
  template <typename... Values>
  int run(const Values&... values) {
    int code = start(values...);
    if (code == SQLITE_OK) code = next();
    finish();
    return code == SQLITE_DONE || code == SQLITE_ROW ? SQLITE_OK : code;
  }

  // Binds the values; next() then returns the rows. The values must live until finish(), which must
  // be called after each start().
  template <typename... Values>
  int start(const Values&... values) {
    if (prepared_ != SQLITE_OK) return prepared_;
    int code = SQLITE_OK;
    [[maybe_unused]] int index = 0;
    ((code = code == SQLITE_OK ? bind(++index, values) : code), ...);
    return code;
  }
  // Returns SQLITE_ROW, SQLITE_DONE or the error.
  int next() { return sqlite3_step(statement_.get()); }
  void finish() {
    if (!statement_) return;
    sqlite3_reset(statement_.get());
    sqlite3_clear_bindings(statement_.get());
  }

  // Columns of the current row, from 0.
  std::string text(int column) const {
    const auto* data = sqlite3_column_text(statement_.get(), column);
    const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column));
    return data == nullptr ? std::string() : std::string(reinterpret_cast<const char*>(data), size);
  }
  std::int64_t number(int column) const { return sqlite3_column_int64(statement_.get(), column); }
  double real(int column) const { return sqlite3_column_double(statement_.get(), column); }
  bool null(int column) const {
    return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL;
  }
  Wall wall(int column) const { return Wall(std::chrono::milliseconds(number(column))); }

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };

  int bind(int index, std::string_view value) {
    // A null pointer would bind NULL, but an empty text is not NULL.
    const char* data = value.data() == nullptr ? "" : value.data();
    return sqlite3_bind_text64(statement_.get(), index, data, value.size(), SQLITE_STATIC,
                               SQLITE_UTF8);
  }
  int bind(int index, std::int64_t value) {
    return sqlite3_bind_int64(statement_.get(), index, value);
  }
  int bind(int index, double value) { return sqlite3_bind_double(statement_.get(), index, value); }
  int bind(int index, Wall value) {
    return bind(index, std::int64_t{value.time_since_epoch().count()});
  }
  int bind(int index, Duration value) { return bind(index, std::int64_t{value.count()}); }
  template <typename Value>
  int bind(int index, const std::optional<Value>& value) {
    return value ? bind(index, *value) : sqlite3_bind_null(statement_.get(), index);
  }

  int prepared_ = SQLITE_OK;
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

// Calls `take` for each row. Returns SQLITE_OK after the last one.
template <typename Take>
int each(Statement& rows, int started, const Take& take) {
  // Also if `take` runs out of memory: an open statement would keep its transaction open.
  const auto finish = [](Statement* open) { open->finish(); };
  const std::unique_ptr<Statement, decltype(finish)> finishes(&rows, finish);
  int code = started;
  if (code == SQLITE_OK) {
    while ((code = rows.next()) == SQLITE_ROW) take(rows);
  }
  return code == SQLITE_DONE ? SQLITE_OK : code;
}

}  // namespace taskwatchd::sqlite
