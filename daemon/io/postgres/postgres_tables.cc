#include "io/postgres/postgres_tables.h"

#include <algorithm>
#include <map>
#include <ranges>

#include "core/events/event_fields.h"
#include "core/events/event_text.h"
#include "core/events/json.h"
#include "io/postgres/postgres_schema.h"
#include "io/postgres/postgres_text.h"
#include "io/stored_rows.h"

namespace taskwatchd::postgres {
namespace {

constexpr std::uint64_t kSkippedIds = 1'000'000;

std::int64_t number(std::uint64_t value) {
  return static_cast<std::int64_t>(std::min<std::uint64_t>(value, INT64_MAX));
}

// One row as a JSON object; absent members are NULL.
class JsonRow {
 public:
  JsonRow& add(std::string_view column, std::string_view text) {
    object_.add(column, escaped(text));
    return *this;
  }
  JsonRow& add(std::string_view column, std::int64_t value) {
    object_.add(column, value);
    return *this;
  }
  JsonRow& add(std::string_view column, double value) {
    object_.add(column, value);
    return *this;
  }
  JsonRow& add(std::string_view column, Wall value) {
    return add(column, std::int64_t{value.time_since_epoch().count()});
  }
  template <typename Value>
  JsonRow& add(std::string_view column, const std::optional<Value>& value) {
    return value ? add(column, *value) : *this;
  }
  std::string text() const { return object_.text(); }

 private:
  JsonObject object_;
};

std::string row_of(const TaskRecord& r) {
  const TaskReply& t = r.last;
  return JsonRow()
      .add("account", r.key.account)
      .add("task_id", r.key.task_id)
      .add("instance", r.instance)
      .add("job_id", t.job_id)
      .add("job_name", t.job_name)
      .add("product_key", t.product_key)
      .add("device_name", t.device_name)
      .add("status", name(t.status))
      .add("status_text", t.status_text)
      .add("progress", t.progress)
      .add("message", t.message)
      .add("status_detail", t.status_detail)
      .add("modified_ms", t.modified)
      .add("queued_ms", t.queued)
      .add("attempt", std::int64_t{r.attempt})
      .add("first_seen_ms", r.first_seen)
      .add("last_seen_ms", r.last_seen)
      .add("started_ms", r.started)
      .add("superseded", std::int64_t{r.superseded})
      .add("gone", std::int64_t{r.gone})
      .text();
}

std::string row_of(const JobRecord& r) {
  const JobReply& j = r.last;
  JsonRow row;
  row.add("account", r.key.account)
      .add("job_id", r.key.job_id)
      .add("instance", r.instance)
      .add("job_name", j.job_name)
      .add("type", j.type)
      .add("status", name(j.status))
      .add("status_text", j.status_text)
      .add("rollout_per_minute", j.rollout_per_minute)
      .add("scheduled_ms", j.scheduled)
      .add("created_ms", j.created)
      .add("modified_ms", j.modified)
      .add("first_seen_ms", r.first_seen)
      .add("last_seen_ms", r.last_seen)
      .add("baselined", std::int64_t{r.baselined})
      .add("ended_ms", r.ended);
  if (j.timeout) row.add("timeout_us", std::int64_t{j.timeout->count()});
  return row.text();
}

std::string row_of(const DistributionRecord& r) {
  const DistributionReply& d = r.last;
  JsonRow row;
  row.add("account", r.key.account)
      .add("distribution_id", r.key.distribution_id)
      .add("status_text", d.status_text)
      .add("product_key", d.product_key)
      .add("source_instance", d.source_instance)
      .add("target_instances", joined_ids(d.target_instances))
      .add("created_ms", d.created)
      .add("first_seen_ms", r.first_seen)
      .add("last_seen_ms", r.last_seen)
      .add("ended_ms", r.ended)
      .add("result_read_ms", r.result_read)
      .add("fetch_begun_ms", r.fetch_begun)
      .add("refusals", std::int64_t{r.refusals});
  // Its status was never read: NULL.
  if (!d.distribution_id.empty()) row.add("status", static_cast<std::int64_t>(d.status));
  if (d.total) row.add("total", std::int64_t{*d.total});
  if (r.result) row.add("result", to_json(*r.result));
  return row.text();
}

// A statement writes a key once: of two records of one thing the later one applies.
template <typename Record>
std::string rows_of(const std::vector<Record>& records) {
  std::map<decltype(Record::key), const Record*> latest;
  for (const Record& record : records) latest[record.key] = &record;
  std::vector<std::string> rows;
  for (const auto& [key, record] : latest) rows.push_back(row_of(*record));
  return json_list(rows);
}

std::string list_of(const std::vector<std::string>& texts) {
  std::vector<std::string> items;
  for (const std::string& text : texts) append_quoted(items.emplace_back(), escaped(text));
  return json_list(items);
}

template <typename Take>
void each(const Rows& rows, const Take& take) {
  for (int i = 0; i < rows.size(); ++i) take(Row(rows, i));
}

}  // namespace

Tables::Tables(Session& session) : session_(session) {}

std::string Tables::table(std::string_view name) const {
  return postgres::table(session_.target().schema, name);
}

// Inserts the rows of the JSON list $1, or writes these columns of the rows with the same key.
std::string Tables::upsert(std::string_view name, std::string_view columns,
                           std::string_view key) const {
  std::string values;
  for (const auto column : std::views::split(columns, ',')) {
    values += values.empty() ? "excluded." : ",excluded.";
    values.append(column.begin(), column.end());
  }
  const std::string list(columns);
  return "INSERT INTO " + table(name) + "(" + list + ") SELECT " + list +
         " FROM json_populate_recordset(NULL::" + table(name) + ",$1::json) ON CONFLICT (" +
         std::string(key) + ") DO UPDATE SET (" + list + ")=ROW(" + values + ")";
}

// Counters added later to a job share the creation time of the first one.
void Tables::write_counters(const Commit& commit) {
  std::map<CounterKey, std::uint64_t> sums;
  for (const auto& [key, add] : commit.counters) sums[key] += add;
  std::vector<std::string> rows;
  for (const auto& [key, add] : sums) {
    rows.push_back(JsonRow()
                       .add("account", key.account)
                       .add("job_id", key.job_id)
                       .add("counter", name_in(kCounterNames, key.counter))
                       .add("status", name(key.status))
                       .add("value", number(add))
                       .text());
  }
  const Wall now = instant_of(commit).value_or(
      std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now()));
  const std::string counters = table("counters");
  session_.run("INSERT INTO " + counters +
                   " AS c(account,job_id,counter,status,value,created_ms)"
                   " SELECT account,job_id,counter,status,value,coalesce((SELECT min(created_ms)"
                   " FROM " +
                   counters +
                   " o WHERE o.account=n.account AND o.job_id=n.job_id),$2::bigint)"
                   " FROM json_populate_recordset(NULL::" +
                   counters +
                   ",$1::json) n ON CONFLICT (account,job_id,counter,status)"
                   " DO UPDATE SET value=c.value+excluded.value",
               {json_list(rows), param(now.time_since_epoch().count())});
}

std::vector<std::uint64_t> Tables::write_events(const std::vector<Event>& events) {
  const auto count = static_cast<std::int64_t>(events.size());
  const Rows last = session_.run("UPDATE " + table("meta") +
                                     " SET value=value+$1::bigint WHERE key='last_event_id'"
                                     " RETURNING value",
                                 {param(count)});
  if (last.size() == 0) {
    throw DatabaseError(DatabaseError::Kind::kStatement, "",
                        "the row last_event_id of its table meta is missing: restore a backup");
  }
  std::int64_t id = last.number(0, 0) - count;
  std::vector<std::uint64_t> ids;
  std::vector<std::string> rows;
  for (const Event& event : events) {
    ids.push_back(static_cast<std::uint64_t>(++id));
    rows.push_back(JsonRow()
                       .add("id", id)
                       .add("ts_ms", event.ts)
                       .add("name", event.name)
                       .add("level", name(event.level))
                       .add("account", text_field(event, "account"))
                       .add("job_id", text_field(event, "job_id"))
                       .add("task_id", text_field(event, "task_id"))
                       .add("body", event_body(event))
                       .text());
  }
  const std::string columns(kEventColumns);
  session_.run("INSERT INTO " + table("events") + "(" + columns + ") SELECT " + columns +
                   " FROM json_populate_recordset(NULL::" + table("events") + ",$1::json)",
               {json_list(rows)});
  return ids;
}

std::vector<std::uint64_t> Tables::write(const Commit& commit) {
  if (!commit.records.empty()) {
    session_.run(upsert("tasks", kTaskColumns, "account,task_id"), {rows_of(commit.records)});
  }
  if (!commit.jobs.empty()) {
    session_.run(upsert("jobs", kJobColumns, "account,job_id"), {rows_of(commit.jobs)});
  }
  if (!commit.distributions.empty()) {
    session_.run(upsert("distributions", kDistributionColumns, "account,distribution_id"),
                 {rows_of(commit.distributions)});
  }
  if (!commit.counters.empty()) write_counters(commit);
  if (!commit.stored_times.empty()) {
    std::map<std::pair<std::string, std::string>, std::string> latest;
    for (const auto& [account, key, at] : commit.stored_times) {
      latest[{account, key}] =
          JsonRow().add("account", account).add("key", key).add("at_ms", at).text();
    }
    std::vector<std::string> rows;
    for (const auto& [key, row] : latest) rows.push_back(row);
    session_.run(upsert("marks", "account,key,at_ms", "account,key"), {json_list(rows)});
  }
  // Delivered events stay delivered: a late or repeated commit never moves a cursor back.
  for (const auto& [sink, id] : commit.cursors) {
    session_.run("INSERT INTO " + table("cursors") +
                     " AS c(sink,event_id) VALUES($1,$2::bigint) ON CONFLICT (sink) DO UPDATE SET"
                     " event_id=greatest(c.event_id,excluded.event_id)",
                 {escaped(sink), param(number(id))});
  }
  for (const SinkState& sink : commit.sinks) {
    session_.run("INSERT INTO " + table("sinks") +
                     " AS s(sink,event_id,memory,at_ms,success_ms)"
                     " VALUES($1,$2::bigint,$3,$4::bigint,$5::bigint)"
                     " ON CONFLICT (sink) DO UPDATE SET (event_id,memory,at_ms,success_ms)="
                     "ROW(excluded.event_id,excluded.memory,excluded.at_ms,excluded.success_ms)"
                     " WHERE excluded.event_id>=s.event_id",
                 {escaped(sink.sink), param(number(sink.event_id)), escaped(sink.memory),
                  param(sink.at), sink.last_success ? param(*sink.last_success) : Param()});
  }
  for (const Mute& one : commit.mutes) {
    session_.run(
        "INSERT INTO " + table("mutes") + "(" + std::string(kMuteColumns) +
            ") VALUES($1,$2,$3,$4,$5,$6,$7::bigint,$8::bigint)"
            " ON CONFLICT (id) DO UPDATE SET until_ms=excluded.until_ms",
        {one.id, escaped(one.sink), escaped(one.account), escaped(one.job), escaped(one.comment),
         escaped(one.created_by), param(one.created), param(one.until)});
  }
  if (commit.events.empty()) return {};
  return write_events(commit.events);
}

void Tables::skip_event_ids() {
  session_.run("UPDATE " + table("meta") + " SET value=value+$1::bigint WHERE key='last_event_id'",
               {param(number(kSkippedIds))});
}

void Tables::load(const std::string& account, Stored& stored) {
  each(session_.run("SELECT key,at_ms FROM " + table("marks") + " WHERE account=$1",
                    {escaped(account)}),
       [&](const Row& row) {
         stored.stored_times.push_back({account, row.text(0), row.wall(1)});
       });
  each(session_.run(
           "SELECT " + std::string(kJobColumns) + " FROM " + table("jobs") + " WHERE account=$1",
           {escaped(account)}),
       [&](const Row& row) { stored.jobs.push_back(read_job_row(row)); });
  each(session_.run("SELECT " + std::string(kDistributionColumns) + " FROM " +
                        table("distributions") + " WHERE account=$1",
                    {escaped(account)}),
       [&](const Row& row) { stored.distributions.push_back(read_distribution_row(row)); });
}

void Tables::tasks(const std::string& account, const std::vector<std::string>& ids,
                   std::vector<TaskRecord>& records) {
  each(session_.run("SELECT " + std::string(kTaskColumns) + " FROM " + table("tasks") +
                        " WHERE account=$1 AND task_id IN"
                        " (SELECT json_array_elements_text($2::json) COLLATE \"C\")",
                    {escaped(account), list_of(ids)}),
       [&](const Row& row) { records.push_back(read_task_row(row)); });
}

void Tables::counters(const std::string& account, const std::vector<std::string>& job_ids,
                      std::vector<CounterValue>& values) {
  const auto take = [&](const Row& row) {
    const auto counter = find_in<Counter>(kCounterNames, row.text(0));
    if (!counter) return;
    CounterValue value;
    value.key = {account, row.text(4), *counter, parse_task_status(row.text(1))};
    value.value = static_cast<std::uint64_t>(row.number(2));
    value.created = row.wall(3);
    values.push_back(std::move(value));
  };
  each(session_.run("SELECT counter,status,value,created_ms,job_id FROM " + table("counters") +
                        " WHERE account=$1 AND job_id IN"
                        " (SELECT json_array_elements_text($2::json) COLLATE \"C\")",
                    {escaped(account), list_of(job_ids)}),
       take);
}

void Tables::tasks_of_job(const JobKey& job, const std::string& after, std::size_t limit,
                          std::vector<TaskRecord>& records) {
  each(session_.run(
           "SELECT " + std::string(kTaskColumns) + " FROM " + table("tasks") +
               " WHERE account=$1 AND job_id=$2 AND task_id>$3"
               " ORDER BY task_id LIMIT $4::bigint",
           {escaped(job.account), escaped(job.job_id), escaped(after), param(number(limit))}),
       [&](const Row& row) { records.push_back(read_task_row(row)); });
}

void Tables::events_of_task(const TaskKey& task, std::size_t limit, std::vector<Event>& events) {
  const std::string columns(kEventColumns);
  each(session_.run("SELECT " + columns + " FROM (SELECT " + columns + " FROM " + table("events") +
                        " WHERE account=$1 AND task_id=$2 ORDER BY id DESC LIMIT $3::bigint) e"
                        " ORDER BY id",
                    {escaped(task.account), escaped(task.task_id), param(number(limit))}),
       [&](const Row& row) { events.push_back(read_event_row(row)); });
}

void Tables::events_after(std::uint64_t id, std::size_t limit, const std::string& account,
                          std::vector<Event>& events) {
  std::vector<Param> values = {param(number(id)), param(number(limit))};
  if (!account.empty()) values.emplace_back(escaped(account));
  each(session_.run("SELECT " + std::string(kEventColumns) + " FROM " + table("events") +
                        " WHERE id>$1::bigint" + (account.empty() ? "" : " AND account=$3") +
                        " ORDER BY id LIMIT $2::bigint",
                    values),
       [&](const Row& row) { events.push_back(read_event_row(row)); });
}

void Tables::cursor(const std::string& sink, std::uint64_t& id) {
  const Rows found =
      session_.run("SELECT event_id FROM " + table("cursors") + " WHERE sink=$1", {escaped(sink)});
  id = found.size() == 0 ? 0 : static_cast<std::uint64_t>(found.number(0, 0));
}

void Tables::sink(const std::string& name, std::optional<SinkState>& state) {
  each(session_.run(
           "SELECT " + std::string(kSinkColumns) + " FROM " + table("sinks") + " WHERE sink=$1",
           {escaped(name)}),
       [&](const Row& row) { state = read_sink_row(row); });
}

void Tables::mutes(std::vector<Mute>& all) {
  each(session_.run("SELECT " + std::string(kMuteColumns) + " FROM " + table("mutes") +
                    " ORDER BY created_ms,id"),
       [&](const Row& row) { all.push_back(read_mute_row(row)); });
}

void Tables::last_event(std::uint64_t& id) {
  const Rows found = session_.run("SELECT coalesce(max(id),0) FROM " + table("events"));
  id = static_cast<std::uint64_t>(found.number(0, 0));
}

}  // namespace taskwatchd::postgres
