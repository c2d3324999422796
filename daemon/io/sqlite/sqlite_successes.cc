#include "io/sqlite/sqlite_successes.h"

#include <unistd.h>
#include <cerrno>

#include "io/sqlite/sqlite_statement.h"

namespace taskwatchd::sqlite {

std::optional<std::map<std::string, Wall>> sink_successes(const std::string& path) {
  std::map<std::string, Wall> successes;
  if (access(path.c_str(), F_OK) != 0) {
    return errno == ENOENT ? std::optional(successes) : std::nullopt;
  }
  sqlite3* raw = nullptr;
  const int opened =
      sqlite3_open_v2(path.c_str(), &raw, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, nullptr);
  const Database db(raw);
  if (opened != SQLITE_OK) return std::nullopt;
  sqlite3_busy_timeout(db.get(), 1000);  // ms
  Statement table(db.get(), "SELECT count(*) FROM sqlite_schema WHERE name='sinks'");
  std::int64_t tables = 0;
  int code = each(table, table.start(), [&](const Statement& row) { tables = row.number(0); });
  if (code != SQLITE_OK) return std::nullopt;
  if (tables == 0) return successes;
  Statement sinks(db.get(), "SELECT sink,success_ms FROM sinks WHERE success_ms IS NOT NULL");
  code = each(sinks, sinks.start(),
              [&](const Statement& row) { successes.emplace(row.text(0), row.wall(1)); });
  if (code != SQLITE_OK) return std::nullopt;
  return successes;
}

}  // namespace taskwatchd::sqlite
