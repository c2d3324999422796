// Pruning of old records and events: the only deletes. Part of sqlite_tables.
#include <algorithm>

#include "io/sqlite_tables.h"

namespace taskwatchd::sqlite {
namespace {

// Rows looked at in one transaction: bounds the write-ahead log and how long others wait.
constexpr std::int64_t kPruneRows = 10'000;

int inside_transaction(Tables& tables, const auto& action) {
  int code = tables.begin();
  if (code == SQLITE_OK) code = action();
  if (code == SQLITE_OK) code = tables.commit();
  if (code != SQLITE_OK) tables.roll_back();
  return code;
}

int first_number(sqlite3* db, std::string_view sql, std::int64_t& value) {
  Statement statement(db, sql);
  int code = statement.start();
  if (code == SQLITE_OK) code = statement.next();
  if (code == SQLITE_ROW) value = statement.number(0);
  statement.finish();
  return code == SQLITE_ROW || code == SQLITE_DONE ? SQLITE_OK : code;
}

}  // namespace

int Tables::keep_watched(const Watched& watched) {
  int code = sqlite3_exec(db_,
                          "CREATE TEMP TABLE IF NOT EXISTS watched(account TEXT, task_id TEXT,"
                          " PRIMARY KEY(account, task_id)) WITHOUT ROWID;"
                          "DELETE FROM temp.watched;"
                          "CREATE TEMP TABLE IF NOT EXISTS watched_jobs(account TEXT, job_id TEXT,"
                          " PRIMARY KEY(account, job_id)) WITHOUT ROWID;"
                          "DELETE FROM temp.watched_jobs;"
                          "CREATE TEMP TABLE IF NOT EXISTS watched_distributions(account TEXT,"
                          " distribution_id TEXT, PRIMARY KEY(account, distribution_id))"
                          " WITHOUT ROWID;"
                          "DELETE FROM temp.watched_distributions;",
                          nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return code;
  Statement add_task(db_, "INSERT OR IGNORE INTO temp.watched VALUES(?,?)");
  Statement add_job(db_, "INSERT OR IGNORE INTO temp.watched_jobs VALUES(?,?)");
  Statement add_distribution(db_, "INSERT OR IGNORE INTO temp.watched_distributions VALUES(?,?)");
  const auto add_all = [&] {
    int added = SQLITE_OK;
    for (const TaskKey& key : watched.tasks) {
      if ((added = add_task.run(key.account, key.task_id)) != SQLITE_OK) return added;
    }
    for (const JobKey& key : watched.jobs) {
      if ((added = add_job.run(key.account, key.job_id)) != SQLITE_OK) return added;
    }
    for (const DistributionKey& key : watched.distributions) {
      added = add_distribution.run(key.account, key.distribution_id);
      if (added != SQLITE_OK) return added;
    }
    return added;
  };
  return inside_transaction(*this, add_all);
}

int Tables::prune_records(Wall before) {
  Statement drop(db_,
                 "DELETE FROM tasks WHERE (account,task_id) IN (SELECT account,task_id FROM tasks t"
                 " WHERE last_seen_ms<?1 AND NOT EXISTS (SELECT 1 FROM temp.watched w WHERE"
                 " w.account=t.account AND w.task_id=t.task_id)"
                 " AND NOT EXISTS (SELECT 1 FROM temp.watched_jobs j WHERE"
                 " j.account=t.account AND j.job_id=t.job_id) LIMIT ?2)");
  for (;;) {
    const auto drop_some = [&] { return drop.run(before, kPruneRows); };
    const int code = inside_transaction(*this, drop_some);
    if (code != SQLITE_OK || sqlite3_changes(db_) < kPruneRows) return code;
  }
}

// In one transaction: an account has some thousand jobs in a month, not more.
int Tables::prune_jobs(Wall before) {
  Statement drop(db_,
                 "DELETE FROM jobs WHERE last_seen_ms<?1 AND NOT EXISTS (SELECT 1 FROM"
                 " temp.watched_jobs w WHERE w.account=jobs.account AND w.job_id=jobs.job_id)");
  const auto drop_all = [&] { return drop.run(before); };
  return inside_transaction(*this, drop_all);
}

int Tables::prune_distributions(Wall before) {
  Statement drop(db_,
                 "DELETE FROM distributions WHERE last_seen_ms<?1 AND NOT EXISTS (SELECT 1 FROM"
                 " temp.watched_distributions w WHERE w.account=distributions.account"
                 " AND w.distribution_id=distributions.distribution_id)");
  const auto drop_all = [&] { return drop.run(before); };
  return inside_transaction(*this, drop_all);
}

int Tables::prune_events(Wall before) {
  std::int64_t first = 0, last = 0;
  int code = first_number(db_, "SELECT coalesce(min(id),0) FROM events", first);
  // What a sink has not got yet stays; while no sink is known, everything stays.
  if (code == SQLITE_OK) {
    code = first_number(db_, "SELECT coalesce(min(event_id),0) FROM cursors", last);
  }
  if (code != SQLITE_OK) return code;
  Statement drop(db_,
                 "DELETE FROM events WHERE id BETWEEN ?1 AND ?2 AND ts_ms<?3 AND NOT EXISTS "
                 "(SELECT 1 FROM tasks t WHERE t.account=events.account"
                 " AND t.task_id=events.task_id)");
  for (; first <= last; first += kPruneRows) {
    const std::int64_t end = std::min(last, first + kPruneRows - 1);
    const auto drop_some = [&] { return drop.run(first, end, before); };
    if ((code = inside_transaction(*this, drop_some)) != SQLITE_OK) return code;
  }
  return SQLITE_OK;
}

int Tables::prune(Wall before, const Watched& watched) {
  int code = keep_watched(watched);
  if (code == SQLITE_OK) code = prune_records(before);
  if (code == SQLITE_OK) code = prune_jobs(before);
  if (code == SQLITE_OK) code = prune_distributions(before);
  if (code == SQLITE_OK) code = prune_events(before);
  // The watched list is as large as the fleet: give its memory back.
  sqlite3_exec(db_,
               "DROP TABLE IF EXISTS temp.watched; DROP TABLE IF EXISTS temp.watched_jobs;"
               "DROP TABLE IF EXISTS temp.watched_distributions;",
               nullptr, nullptr, nullptr);
  return code;
}

}  // namespace taskwatchd::sqlite
