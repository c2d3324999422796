#include "io/sqlite/sqlite_prune.h"

#include <algorithm>

#include "core/types/stored_times.h"

namespace taskwatchd::sqlite {
namespace {

// `page` gives account, id, job and age of the rows after a place; `drop` deletes one.
struct Sql {
  const char* page;
  const char* drop;
};

const Sql& sql_of(PrunableTables::Table table) {
  static constexpr Sql kTasks = {
      "SELECT account,task_id,job_id,last_seen_ms FROM tasks WHERE (account,task_id)>(?,?)"
      " ORDER BY account,task_id LIMIT ?",
      "DELETE FROM tasks WHERE account=? AND task_id=?"};
  static constexpr Sql kJobs = {
      "SELECT account,job_id,job_id,last_seen_ms FROM jobs WHERE (account,job_id)>(?,?)"
      " ORDER BY account,job_id LIMIT ?",
      "DELETE FROM jobs WHERE account=? AND job_id=?"};
  static constexpr Sql kDistributions = {
      "SELECT account,distribution_id,'',last_seen_ms FROM distributions"
      " WHERE (account,distribution_id)>(?,?) ORDER BY account,distribution_id LIMIT ?",
      "DELETE FROM distributions WHERE account=? AND distribution_id=?"};
  static constexpr Sql kCounters = {
      "SELECT account,job_id,job_id,min(created_ms) FROM counters WHERE (account,job_id)>(?,?)"
      " GROUP BY account,job_id ORDER BY account,job_id LIMIT ?",
      "DELETE FROM counters WHERE account=?1 AND job_id=?2"
      " AND NOT EXISTS (SELECT 1 FROM jobs j WHERE j.account=?1 AND j.job_id=?2)"
      " AND NOT EXISTS (SELECT 1 FROM tasks t INDEXED BY tasks_by_job"
      " WHERE t.account=?1 AND t.job_id=?2)"};
  switch (table) {
    case PrunableTables::Table::kTasks:
      return kTasks;
    case PrunableTables::Table::kJobs:
      return kJobs;
    case PrunableTables::Table::kDistributions:
      return kDistributions;
    case PrunableTables::Table::kCounters:
      break;
  }
  return kCounters;
}

int inside_transaction(Tables& tables, const auto& action) {
  int code = tables.begin();
  if (code == SQLITE_OK) code = action();
  if (code == SQLITE_OK) code = tables.commit();
  if (code != SQLITE_OK) tables.roll_back();
  return code;
}

int first_number(Statement& statement, int started, std::int64_t& value) {
  int code = started;
  if (code == SQLITE_OK) code = statement.next();
  if (code == SQLITE_ROW) value = statement.number(0);
  statement.finish();
  return code == SQLITE_ROW || code == SQLITE_DONE ? SQLITE_OK : code;
}

}  // namespace

int PruneTables::page(Table table, const Place& after, std::int64_t limit, std::vector<Row>& rows) {
  Statement page(tables_.database(), sql_of(table).page);
  int code = page.start(after.first, after.second, limit);
  while (code == SQLITE_OK && (code = page.next()) == SQLITE_ROW) {
    rows.push_back({{page.text(0), page.text(1)}, page.text(2), page.wall(3)});
    code = SQLITE_OK;
  }
  page.finish();
  return code == SQLITE_DONE ? SQLITE_OK : code;
}

int PruneTables::drop(Table table, const std::vector<Place>& places) {
  Statement drop(tables_.database(), sql_of(table).drop);
  Statement drop_time(tables_.database(), "DELETE FROM marks WHERE account=? AND key=?");
  const auto drop_all = [&] {
    int code = SQLITE_OK;
    for (const auto& [account, id] : places) {
      if ((code = drop.run(account, id)) != SQLITE_OK) break;
      if (table != Table::kJobs) continue;
      for (const std::string_view key : kJobTimeKeys) {
        if ((code = drop_time.run(account, std::string(key) + id)) != SQLITE_OK) return code;
      }
    }
    return code;
  };
  return inside_transaction(tables_, drop_all);
}

int PruneTables::drop_events(Wall before, std::int64_t after, std::int64_t limit,
                             std::int64_t& last) {
  sqlite3* const db = tables_.database();
  if (after == 0) {
    Statement away(db, "DELETE FROM sinks WHERE at_ms<?");
    Statement ended(db, "DELETE FROM mutes WHERE until_ms<?");
    const auto drop_sinks = [&] {
      const int code = away.run(before);
      return code == SQLITE_OK ? ended.run(before) : code;
    };
    if (const int code = inside_transaction(tables_, drop_sinks); code != SQLITE_OK) return code;
  }
  Statement delivered(db, "SELECT coalesce(min(event_id),0) FROM cursors");
  std::int64_t end = 0, first = 0;
  last = 0;
  int code = first_number(delivered, delivered.start(), end);
  Statement following(db, "SELECT coalesce(min(id),0) FROM events WHERE id>?");
  if (code == SQLITE_OK) code = first_number(following, following.start(after), first);
  if (code != SQLITE_OK || first == 0 || first > end) return code;
  last = std::min(end, first + limit - 1);
  Statement drop(db,
                 "DELETE FROM events WHERE id BETWEEN ?1 AND ?2 AND ts_ms<?3 AND NOT EXISTS "
                 "(SELECT 1 FROM tasks t WHERE t.account=events.account"
                 " AND t.task_id=events.task_id)");
  const auto drop_some = [&] { return drop.run(first, last, before); };
  return inside_transaction(tables_, drop_some);
}

}  // namespace taskwatchd::sqlite
