#include "io/postgres/postgres_prune.h"

#include "core/events/json.h"
#include "core/types/stored_times.h"
#include "io/postgres/postgres_schema.h"
#include "io/postgres/postgres_text.h"

namespace taskwatchd::postgres {
namespace {

struct Columns {
  const char* table;
  const char* id;
  const char* job;
};

Columns columns_of(PrunableTables::Table table) {
  switch (table) {
    case PrunableTables::Table::kTasks:
      return {"tasks", "task_id", "job_id"};
    case PrunableTables::Table::kJobs:
      return {"jobs", "job_id", "job_id"};
    case PrunableTables::Table::kDistributions:
      return {"distributions", "distribution_id", "''"};
    case PrunableTables::Table::kCounters:
      break;
  }
  return {"counters", "job_id", "job_id"};
}

}  // namespace

std::string PruneTables::table(std::string_view name) const {
  return postgres::table(session_.target().schema, name);
}

// Accounts that nobody holds and no configuration lists. A replica that gets one in its
// configuration announces that before it claims the lease.
std::string PruneTables::orphans() const {
  return "SELECT account FROM " + table("leases") +
         " l WHERE holder IS NULL AND NOT EXISTS (SELECT 1 FROM " + table("replicas") +
         " r WHERE l.account=ANY(string_to_array(r.accounts,E'\\n')))";
}

// Leases of these rows' accounts are held by this process, or the accounts are orphans; they are
// locked against a claim until the statement ends.
std::string PruneTables::held() const {
  return "WITH held AS (SELECT account FROM " + table("leases") +
         " WHERE holder=$1::uuid OR account IN (" + orphans() + ") ORDER BY account FOR SHARE)";
}

int PruneTables::page(Table table, const Place& after, std::int64_t limit, std::vector<Row>& rows) {
  const Columns columns = columns_of(table);
  const bool counters = table == Table::kCounters;
  const std::string id = columns.id;
  const Rows found = session_.run("SELECT account," + id + "," + columns.job +
                                      (counters ? ",min(created_ms)" : ",last_seen_ms") + " FROM " +
                                      this->table(columns.table) + " WHERE (account," + id +
                                      ")>($1 COLLATE \"C\",$2 COLLATE \"C\")" +
                                      (counters ? " GROUP BY account,job_id" : "") +
                                      " ORDER BY account," + id + " LIMIT $3::bigint",
                                  {escaped(after.first), escaped(after.second), param(limit)});
  for (int i = 0; i < found.size(); ++i) {
    const postgres::Row row(found, i);
    rows.push_back({{row.text(0), row.text(1)}, row.text(2), row.wall(3)});
  }
  return 0;
}

int PruneTables::drop(Table table, const std::vector<Place>& places) {
  const Columns columns = columns_of(table);
  std::vector<std::string> keys;
  for (const auto& [account, id] : places) {
    JsonObject key;
    key.add("account", escaped(account)).add("id", escaped(id));
    keys.push_back(key.text());
  }
  std::string sql = held() + " DELETE FROM " + this->table(columns.table) +
                    " r USING held, json_to_recordset($2::json) AS k(account text, id text)"
                    " WHERE r.account=held.account AND r.account=k.account COLLATE \"C\" AND r." +
                    columns.id + "=k.id COLLATE \"C\"";
  if (table == Table::kCounters) {
    sql += " AND NOT EXISTS (SELECT 1 FROM " + this->table("jobs") +
           " j WHERE j.account=r.account AND j.job_id=r.job_id)"
           " AND NOT EXISTS (SELECT 1 FROM " +
           this->table("tasks") + " t WHERE t.account=r.account AND t.job_id=r.job_id)";
  }
  // First: if the other statement fails, both are repeated.
  if (table == Table::kJobs) drop_times_of_jobs(places);
  session_.run(sql, {holder_, json_list(keys)});
  return 0;
}

void PruneTables::drop_times_of_jobs(const std::vector<Place>& jobs) {
  std::vector<std::string> keys;
  for (const auto& [account, id] : jobs) {
    for (const std::string_view key : kJobTimeKeys) {
      JsonObject one;
      one.add("account", escaped(account)).add("key", escaped(std::string(key) + id));
      keys.push_back(one.text());
    }
  }
  session_.run(held() + " DELETE FROM " + table("marks") +
                   " r USING held, json_to_recordset($2::json) AS k(account text, key text)"
                   " WHERE r.account=held.account AND r.account=k.account COLLATE \"C\""
                   " AND r.key=k.key COLLATE \"C\"",
               {holder_, json_list(keys)});
}

int PruneTables::drop_events(Wall before, std::int64_t after, std::int64_t limit,
                             std::int64_t& last) {
  // Events of orphans are delivered by nobody, so their cursors stand still.
  const std::string orphaned = "split_part(sink,'/',2) IN (" + orphans() + ")";
  if (after == 0) {
    session_.run("DELETE FROM " + table("sinks") + " WHERE at_ms<$1::bigint", {param(before)});
    session_.run("DELETE FROM " + table("mutes") + " WHERE until_ms<$1::bigint", {param(before)});
    session_.run("DELETE FROM " + table("cursors") + " c WHERE " + orphaned +
                 " AND NOT EXISTS (SELECT 1 FROM " + table("events") +
                 " e WHERE e.account=split_part(c.sink,'/',2))");
  }
  const Rows range =
      session_.run("SELECT (SELECT coalesce(min(event_id),0) FROM " + table("cursors") +
                       " WHERE NOT " + orphaned + "), (SELECT coalesce(min(id),0) FROM " +
                       table("events") + " WHERE id>$1::bigint)",
                   {param(after)});
  const std::int64_t end = range.number(0, 0);
  const std::int64_t first = range.number(0, 1);
  last = 0;
  if (first == 0 || first > end) return 0;
  last = std::min(end, first + limit - 1);
  session_.run(held() + " DELETE FROM " + table("events") +
                   " e USING held WHERE e.account=held.account AND e.id BETWEEN $2::bigint AND"
                   " $3::bigint AND e.ts_ms<$4::bigint AND NOT EXISTS (SELECT 1 FROM " +
                   table("tasks") + " t WHERE t.account=e.account AND t.task_id=e.task_id)",
               {holder_, param(first), param(last), param(before.time_since_epoch().count())});
  return 0;
}

}  // namespace taskwatchd::postgres
