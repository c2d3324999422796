#include "io/sqlite/sqlite_rows.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <ranges>

#include "io/sqlite/sqlite_file.h"
#include "io/sqlite/sqlite_schema.h"

namespace taskwatchd::sqlite {
namespace {

constexpr std::chrono::milliseconds kBusy{5000};  // maximum wait for another program's lock

std::string first_columns(const StateTable& table, std::size_t count, std::string_view before,
                          std::string_view after, std::string_view between) {
  std::string text;
  for (const auto column : std::views::split(table.columns, ',')) {
    if (count-- == 0) break;
    text += text.empty() ? "" : between;
    text.append(before).append(column.begin(), column.end()).append(after);
  }
  return text;
}

class FileRows : public StateRows {
 public:
  FileRows(std::string path, std::unique_ptr<Lock> lock, Database db)
      : path_(std::move(path)), lock_(std::move(lock)), db_(std::move(db)) {
    // A large transaction would otherwise write each page to the WAL many times.
    run("PRAGMA cache_size=-65536");
    run("BEGIN IMMEDIATE");
  }

  bool is_of_newer_version() override { return number("PRAGMA user_version") > kSchemaVersion; }

  void open(const StateTable& table) override {
    table_ = &table;
    reading_ = prepare("SELECT " + std::string(table.columns) + " FROM " + std::string(table.name) +
                       " ORDER BY " + first_columns(table, table.keys, "", "", ","));
  }

  std::vector<CellRow> next_page() override {
    std::vector<CellRow> rows;
    while (reading_ && static_cast<int>(rows.size()) < table_->page) {
      if (!step(reading_)) {
        reading_.reset();
        break;
      }
      rows.push_back(row(reading_.get()));
    }
    return rows;
  }

  void insert(const StateTable& table, const std::vector<CellRow>& rows) override {
    const auto columns = static_cast<std::size_t>(std::ranges::count(table.columns, ',')) + 1;
    std::string places = "?";
    for (std::size_t i = 1; i < columns; ++i) places += ",?";
    const Handle statement = prepare("INSERT INTO " + std::string(table.name) + "(" +
                                     std::string(table.columns) + ") VALUES(" + places + ")");
    for (const CellRow& one : rows) {
      bind(statement.get(), one, columns);
      step(statement);
      sqlite3_reset(statement.get());
    }
  }

  std::vector<CellRow> find(const StateTable& table, const std::vector<CellRow>& rows) override {
    const Handle statement =
        prepare("SELECT " + std::string(table.columns) + " FROM " + std::string(table.name) +
                " WHERE " + first_columns(table, table.keys, "", "=?", " AND "));
    std::vector<CellRow> found;
    for (const CellRow& one : rows) {
      bind(statement.get(), one, table.keys);
      if (step(statement)) found.push_back(row(statement.get()));
      sqlite3_reset(statement.get());
    }
    return found;
  }

  std::int64_t count(const StateTable& table) override {
    return number("SELECT count(*) FROM " + std::string(table.name));
  }

  std::int64_t last_event_id() override {
    return std::max(number("SELECT coalesce(max(seq),0) FROM sqlite_sequence WHERE name='events'"),
                    number("SELECT coalesce(max(id),0) FROM events"));
  }

  void set_last_event_id(std::int64_t id) override {
    run("DELETE FROM sqlite_sequence WHERE name='events'");
    const Handle statement = prepare("INSERT INTO sqlite_sequence(name,seq) VALUES('events',?)");
    bind(statement.get(), {id}, 1);
    step(statement);
  }

  void commit() override {
    reading_.reset();
    run("COMMIT");
  }

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };
  using Handle = std::unique_ptr<sqlite3_stmt, Finalize>;

  [[noreturn]] void fail(int code) {
    OpenError error{OpenError::Kind::kUnusable, "state database " + path_ + ": "};
    if (is_full(db_.get(), code)) {
      error.kind = OpenError::Kind::kFull;
      error.message += std::string(kFull) + "; free some space there";
    } else if ((code & 0xff) == SQLITE_BUSY) {
      error.kind = OpenError::Kind::kLocked;
      error.message += "another program has it locked (a backup?): wait for it or stop it";
    } else {
      error.message += std::string(sqlite3_errmsg(db_.get())) + " (code " + std::to_string(code) +
                       "); check the disk";
    }
    throw StateFault(error);
  }

  void run(const char* sql) {
    const int code = sqlite3_exec(db_.get(), sql, nullptr, nullptr, nullptr);
    if (code != SQLITE_OK) fail(code);
  }

  Handle prepare(const std::string& sql) {
    sqlite3_stmt* raw = nullptr;
    const int code = sqlite3_prepare_v2(db_.get(), sql.c_str(), -1, &raw, nullptr);
    Handle statement(raw);
    if (code != SQLITE_OK) fail(code);
    return statement;
  }

  // Returns true if there is a row.
  bool step(const Handle& statement) {
    const int code = sqlite3_step(statement.get());
    if (code != SQLITE_ROW && code != SQLITE_DONE) fail(code);
    return code == SQLITE_ROW;
  }

  std::int64_t number(const std::string& sql) {
    const Handle statement = prepare(sql);
    return step(statement) ? sqlite3_column_int64(statement.get(), 0) : 0;
  }

  // Binds the first `count` cells, which must live until the statement was stepped.
  void bind(sqlite3_stmt* statement, const CellRow& cells, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      const int place = static_cast<int>(i) + 1;
      int code = SQLITE_OK;
      if (const auto* const whole = std::get_if<std::int64_t>(&cells[i])) {
        code = sqlite3_bind_int64(statement, place, *whole);
      } else if (const auto* const real = std::get_if<double>(&cells[i])) {
        code = sqlite3_bind_double(statement, place, *real);
      } else if (const auto* const text = std::get_if<std::string>(&cells[i])) {
        code = sqlite3_bind_text64(statement, place, text->data(), text->size(), SQLITE_STATIC,
                                   SQLITE_UTF8);
      } else {
        code = sqlite3_bind_null(statement, place);
      }
      if (code != SQLITE_OK) fail(code);
    }
  }

  static CellRow row(sqlite3_stmt* statement) {
    CellRow cells;
    for (int i = 0; i < sqlite3_column_count(statement); ++i) {
      switch (sqlite3_column_type(statement, i)) {
        case SQLITE_NULL:
          cells.emplace_back();
          break;
        case SQLITE_INTEGER:
          cells.emplace_back(std::int64_t{sqlite3_column_int64(statement, i)});
          break;
        case SQLITE_FLOAT:
          cells.emplace_back(sqlite3_column_double(statement, i));
          break;
        default: {
          const auto* const data = reinterpret_cast<const char*>(sqlite3_column_text(statement, i));
          const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement, i));
          cells.emplace_back(data == nullptr ? std::string() : std::string(data, size));
        }
      }
    }
    return cells;
  }

  const std::string path_;
  std::unique_ptr<Lock> lock_;
  Database db_;
  const StateTable* table_ = nullptr;
  Handle reading_;  // after db_: destroyed before it
};

template <typename Value>
Value value_of(std::variant<Value, OpenError> result) {
  if (const auto* const error = std::get_if<OpenError>(&result)) throw StateFault(*error);
  return std::get<Value>(std::move(result));
}

}  // namespace

std::unique_ptr<StateRows> open_rows(const std::string& path, bool create) {
  struct stat info {};
  if (!create && ::stat(path.c_str(), &info) != 0) throw StateFault(unusable(path, errno));
  auto lock = value_of(Lock::take(path));
  std::string real = value_of(prepare_file(path));
  Database db = value_of(open_database(real, kBusy, 0));
  return std::make_unique<FileRows>(std::move(real), std::move(lock), std::move(db));
}

}  // namespace taskwatchd::sqlite
