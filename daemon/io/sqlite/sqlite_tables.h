// Reads and writes the tables, one function per table and direction: values in and out, no
// transactions and no interpretation of errors. Statements are prepared once. Threads: one at a
// time. Failure: SQLite's result code, SQLITE_OK on success.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "io/sqlite/sqlite_statement.h"
#include "ports.h"

namespace taskwatchd::sqlite {

class Tables {
 public:
  // The database must outlive this object.
  explicit Tables(sqlite3* db);

  int begin() { return begin_.run(); }
  int commit() { return commit_.run(); }
  // Does nothing if no transaction is open.
  void roll_back();

  // Writes all of `commit` inside the caller's transaction; appends the ids of its events to `ids`.
  int write(const Commit& commit, std::vector<std::uint64_t>& ids);
  // Sets `count` to the number of commits in the file.
  int commits(std::int64_t& count);

  int load(const std::string& account, Stored& stored);
  int tasks(const std::string& account, const std::vector<std::string>& ids,
            std::vector<TaskRecord>& records);
  int counters(const std::string& account, const std::vector<std::string>& job_ids,
               std::vector<CounterValue>& values);
  int tasks_of_job(const JobKey& job, const std::string& after, std::size_t limit,
                   std::vector<TaskRecord>& records);
  int events_of_task(const TaskKey& task, std::size_t limit, std::vector<Event>& events);
  int events_after(std::uint64_t id, std::size_t limit, const std::string& account,
                   std::vector<Event>& events);
  int cursor(const std::string& sink, std::uint64_t& id);
  int sink(const std::string& name, std::optional<SinkState>& state);
  int mutes(std::vector<Mute>& all);
  int last_event(std::uint64_t& id);

  sqlite3* database() const { return db_; }

 private:
  int write_record(const TaskRecord& record);
  int write_job(const JobRecord& job);
  int write_distribution(const DistributionRecord& record);
  int write_event(const Event& event, std::uint64_t& id);

  sqlite3* db_;
  Statement begin_, commit_, rollback_;
  Statement put_record_, put_job_, put_distribution_, put_event_, count_, set_stored_time_,
      move_cursor_, put_sink_, put_mute_;
  Statement count_commit_;
  Statement get_commits_, get_record_, get_counters_, get_stored_times_, get_jobs_;
  Statement get_distributions_, get_events_, get_events_of_account_;
  Statement get_cursor_, get_sink_, get_mutes_, get_last_event_, get_tasks_of_job_,
      get_events_of_task_;
};

}  // namespace taskwatchd::sqlite
