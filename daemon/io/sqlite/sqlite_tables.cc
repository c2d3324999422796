#include "io/sqlite/sqlite_tables.h"

#include <algorithm>
#include <memory>
#include <ranges>

#include "core/events/event_fields.h"
#include "core/types/distribution_json.h"
#include "core/types/names.h"
#include "io/stored_rows.h"

namespace taskwatchd::sqlite {
namespace {

std::int64_t number(std::uint64_t value) {
  return static_cast<std::int64_t>(value);
}
std::int64_t number(bool value) {
  return value ? 1 : 0;
}

std::string select(std::string_view columns, std::string_view rest) {
  return "SELECT " + std::string(columns) + " FROM " + std::string(rest);
}

// Inserts a row, or writes these columns of the row with the same key.
std::string upsert(std::string_view table, std::string_view columns) {
  std::string places;
  std::string values;
  for (const auto column : std::views::split(columns, ',')) {
    places += places.empty() ? "?" : ",?";
    values += values.empty() ? "excluded." : ",excluded.";
    values.append(column.begin(), column.end());
  }
  const std::string list = "(" + std::string(columns) + ")";
  return "INSERT INTO " + std::string(table) + list + " VALUES(" + places +
         ") ON CONFLICT DO UPDATE SET " + list + "=(" + values + ")";
}

}  // namespace

Tables::Tables(sqlite3* db)
    : db_(db),
      begin_(db, "BEGIN IMMEDIATE"),
      commit_(db, "COMMIT"),
      rollback_(db, "ROLLBACK"),
      put_record_(db, upsert("tasks", kTaskColumns)),
      put_job_(db, upsert("jobs", kJobColumns)),
      put_distribution_(db, upsert("distributions", kDistributionColumns)),
      put_event_(db,
                 "INSERT INTO events(ts_ms,name,level,account,job_id,task_id,body)"
                 " VALUES(?,?,?,?,?,?,?)"),
      // Counters added later to a job share the creation time of the first one.
      count_(db,
             "INSERT INTO counters(account,job_id,counter,status,value,created_ms)"
             " VALUES(?1,?2,?3,?4,?5,coalesce((SELECT min(created_ms) FROM "
             "counters WHERE account=?1 AND job_id=?2),?6))"
             " ON CONFLICT DO UPDATE SET value=value+excluded.value"),
      set_stored_time_(db, upsert("marks", "account,key,at_ms")),
      // Delivered events stay delivered: a late or repeated commit never moves a cursor back.
      move_cursor_(db,
                   "INSERT INTO cursors(sink,event_id) VALUES(?,?) ON CONFLICT DO UPDATE SET"
                   " event_id=max(event_id,excluded.event_id)"),
      put_sink_(db,
                "INSERT INTO sinks(sink,event_id,memory,at_ms,success_ms) VALUES(?,?,?,?,?)"
                " ON CONFLICT DO UPDATE SET (event_id,memory,at_ms,success_ms)=(excluded.event_id,"
                "excluded.memory,excluded.at_ms,excluded.success_ms)"
                " WHERE excluded.event_id>=event_id"),
      put_mute_(db, upsert("mutes", kMuteColumns)),
      count_commit_(db, "UPDATE meta SET value=value+1 WHERE key='commits'"),
      get_commits_(db, "SELECT value FROM meta WHERE key='commits'"),
      get_record_(db, select(kTaskColumns, "tasks WHERE account=? AND task_id=?")),
      get_counters_(db,
                    "SELECT counter,status,value,created_ms FROM counters"
                    " WHERE account=? AND job_id=?"),
      get_stored_times_(db, "SELECT key,at_ms FROM marks WHERE account=?"),
      get_jobs_(db, select(kJobColumns, "jobs WHERE account=?")),
      get_distributions_(db, select(kDistributionColumns, "distributions WHERE account=?")),
      get_events_(db,
                  "SELECT id,ts_ms,name,account,job_id,task_id,body,level FROM events"
                  " WHERE id>? ORDER BY id LIMIT ?"),
      get_events_of_account_(db,
                             "SELECT id,ts_ms,name,account,job_id,task_id,body,level FROM events"
                             " WHERE id>?1 AND account=?3 ORDER BY id LIMIT ?2"),
      get_cursor_(db, "SELECT event_id FROM cursors WHERE sink=?"),
      get_sink_(db, select(kSinkColumns, "sinks WHERE sink=?")),
      get_mutes_(db, select(kMuteColumns, "mutes ORDER BY created_ms,id")),
      get_last_event_(db, "SELECT coalesce(max(id),0) FROM events"),
      // The index is named: without statistics a plan by the primary key would read the whole
      // account.
      get_tasks_of_job_(
          db, select(kTaskColumns,
                     "tasks INDEXED BY tasks_by_job"
                     " WHERE account=? AND job_id=? AND task_id>? ORDER BY task_id LIMIT ?")),
      get_events_of_task_(db,
                          "SELECT * FROM (SELECT id,ts_ms,name,account,job_id,task_id,body,level"
                          " FROM events WHERE account=? AND task_id=? ORDER BY id DESC LIMIT ?)"
                          " ORDER BY id") {}

void Tables::roll_back() {
  if (sqlite3_get_autocommit(db_) == 0) rollback_.run();
}

int Tables::write_record(const TaskRecord& r) {
  const TaskReply& t = r.last;
  return put_record_.run(r.key.account, r.key.task_id, r.instance, t.job_id, t.job_name,
                         t.product_key, t.device_name, name(t.status), t.status_text, t.progress,
                         t.message, t.status_detail, t.modified, t.queued, std::int64_t{r.attempt},
                         r.first_seen, r.last_seen, r.started, number(r.superseded),
                         number(r.gone));
}

int Tables::write_job(const JobRecord& r) {
  const JobReply& j = r.last;
  return put_job_.run(r.key.account, r.key.job_id, r.instance, j.job_name, j.type, name(j.status),
                      j.status_text, j.timeout, j.rollout_per_minute, j.scheduled, j.created,
                      j.modified, r.first_seen, r.last_seen, number(r.baselined), r.ended);
}

int Tables::write_distribution(const DistributionRecord& r) {
  const DistributionReply& d = r.last;
  std::optional<std::int64_t> status;
  if (!d.distribution_id.empty()) status = static_cast<std::int64_t>(d.status);
  std::optional<std::int64_t> total;
  if (d.total) total = std::int64_t{*d.total};
  std::string result;
  if (r.result) result = to_json(*r.result);
  return put_distribution_.run(r.key.account, r.key.distribution_id, status, d.status_text,
                               d.product_key, d.source_instance, joined_ids(d.target_instances),
                               total, d.created, r.first_seen, r.last_seen, r.ended, r.result_read,
                               r.result ? std::optional<std::string_view>(result) : std::nullopt,
                               r.fetch_begun, std::int64_t{r.refusals});
}

int Tables::write_event(const Event& event, std::uint64_t& id) {
  const int code =
      put_event_.run(event.ts, event.name, name(event.level), text_field(event, "account"),
                     text_field(event, "job_id"), text_field(event, "task_id"), event_body(event));
  if (code == SQLITE_OK) id = static_cast<std::uint64_t>(sqlite3_last_insert_rowid(db_));
  return code;
}

int Tables::write(const Commit& commit, std::vector<std::uint64_t>& ids) {
  int code = SQLITE_OK;
  for (const TaskRecord& record : commit.records) {
    if ((code = write_record(record)) != SQLITE_OK) return code;
  }
  for (const JobRecord& job : commit.jobs) {
    if ((code = write_job(job)) != SQLITE_OK) return code;
  }
  for (const DistributionRecord& one : commit.distributions) {
    if ((code = write_distribution(one)) != SQLITE_OK) return code;
  }
  for (const Event& event : commit.events) {
    std::uint64_t id = 0;
    if ((code = write_event(event, id)) != SQLITE_OK) return code;
    ids.push_back(id);
  }
  const Wall now = instant_of(commit).value_or(
      std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now()));
  for (const auto& [key, add] : commit.counters) {
    code = count_.run(key.account, key.job_id, name_in(kCounterNames, key.counter),
                      name(key.status), number(add), now);
    if (code != SQLITE_OK) return code;
  }
  for (const StoredTime& stored_time : commit.stored_times) {
    if ((code = set_stored_time_.run(stored_time.account, stored_time.key, stored_time.at)) !=
        SQLITE_OK)
      return code;
  }
  for (const auto& [sink, id] : commit.cursors) {
    if ((code = move_cursor_.run(sink, number(id))) != SQLITE_OK) return code;
  }
  for (const SinkState& sink : commit.sinks) {
    code = put_sink_.run(sink.sink, number(sink.event_id), sink.memory, sink.at, sink.last_success);
    if (code != SQLITE_OK) return code;
  }
  for (const Mute& one : commit.mutes) {
    code = put_mute_.run(one.id, one.sink, one.account, one.job, one.comment, one.created_by,
                         one.created, one.until);
    if (code != SQLITE_OK) return code;
  }
  return count_commit_.run();
}

int Tables::commits(std::int64_t& count) {
  return each(get_commits_, get_commits_.start(),
              [&count](const Statement& row) { count = row.number(0); });
}

int Tables::tasks(const std::string& account, const std::vector<std::string>& ids,
                  std::vector<TaskRecord>& records) {
  int code = SQLITE_OK;
  for (const std::string& id : ids) {
    code = each(get_record_, get_record_.start(account, id),
                [&](const Statement& row) { records.push_back(read_task_row(row)); });
    if (code != SQLITE_OK) break;
  }
  return code;
}

int Tables::counters(const std::string& account, const std::vector<std::string>& job_ids,
                     std::vector<CounterValue>& values) {
  int code = SQLITE_OK;
  for (const std::string& job_id : job_ids) {
    code = each(get_counters_, get_counters_.start(account, job_id), [&](const Statement& row) {
      const auto counter = find_in<Counter>(kCounterNames, row.text(0));
      if (!counter) return;
      CounterValue value;
      value.key = {account, job_id, *counter, parse_task_status(row.text(1))};
      value.value = static_cast<std::uint64_t>(row.number(2));
      value.created = row.wall(3);
      values.push_back(std::move(value));
    });
    if (code != SQLITE_OK) break;
  }
  return code;
}

int Tables::load(const std::string& account, Stored& stored) {
  int code = each(get_stored_times_, get_stored_times_.start(account), [&](const Statement& row) {
    stored.stored_times.push_back({account, row.text(0), row.wall(1)});
  });
  if (code != SQLITE_OK) return code;
  code = each(get_jobs_, get_jobs_.start(account),
              [&](const Statement& row) { stored.jobs.push_back(read_job_row(row)); });
  if (code != SQLITE_OK) return code;
  return each(get_distributions_, get_distributions_.start(account), [&](const Statement& row) {
    stored.distributions.push_back(read_distribution_row(row));
  });
}

int Tables::tasks_of_job(const JobKey& job, const std::string& after, std::size_t limit,
                         std::vector<TaskRecord>& records) {
  return each(get_tasks_of_job_,
              get_tasks_of_job_.start(job.account, job.job_id, after, number(std::uint64_t{limit})),
              [&records](const Statement& row) { records.push_back(read_task_row(row)); });
}

int Tables::events_of_task(const TaskKey& task, std::size_t limit, std::vector<Event>& events) {
  return each(get_events_of_task_,
              get_events_of_task_.start(task.account, task.task_id, number(std::uint64_t{limit})),
              [&events](const Statement& row) { events.push_back(read_event_row(row)); });
}

int Tables::events_after(std::uint64_t id, std::size_t limit, const std::string& account,
                         std::vector<Event>& events) {
  const auto take = [&events](const Statement& row) { events.push_back(read_event_row(row)); };
  const std::int64_t most = number(std::uint64_t{limit});
  if (account.empty()) return each(get_events_, get_events_.start(number(id), most), take);
  return each(get_events_of_account_, get_events_of_account_.start(number(id), most, account),
              take);
}

int Tables::cursor(const std::string& sink, std::uint64_t& id) {
  id = 0;
  return each(get_cursor_, get_cursor_.start(sink),
              [&id](const Statement& row) { id = static_cast<std::uint64_t>(row.number(0)); });
}

int Tables::sink(const std::string& name, std::optional<SinkState>& state) {
  return each(get_sink_, get_sink_.start(name),
              [&](const Statement& row) { state = read_sink_row(row); });
}

int Tables::mutes(std::vector<Mute>& all) {
  return each(get_mutes_, get_mutes_.start(),
              [&](const Statement& row) { all.push_back(read_mute_row(row)); });
}

int Tables::last_event(std::uint64_t& id) {
  id = 0;
  return each(get_last_event_, get_last_event_.start(),
              [&id](const Statement& row) { id = static_cast<std::uint64_t>(row.number(0)); });
}

}  // namespace taskwatchd::sqlite
