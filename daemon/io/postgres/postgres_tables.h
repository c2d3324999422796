// Reads and writes the tables of a PostgreSQL schema: values in and out, no transactions and no
// interpretation of errors. Many rows travel as one JSON parameter. Throws DatabaseError. Threads:
// one at a time.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "io/postgres/postgres_session.h"
#include "io/prune.h"
#include "ports.h"

namespace taskwatchd::postgres {

class Tables {
 public:
  // The session must outlive this object.
  explicit Tables(Session& session);

  // Writes all of `commit` inside the caller's transaction; returns the ids of its events. From
  // then on other commits wait until the transaction ends.
  std::vector<std::uint64_t> write(const Commit& commit);
  // Ids continue 1,000,000 later: after commits were lost, no id is used for two events.
  void skip_event_ids();

  void load(const std::string& account, Stored& stored);
  void tasks(const std::string& account, const std::vector<std::string>& ids,
             std::vector<TaskRecord>& records);
  void counters(const std::string& account, const std::vector<std::string>& job_ids,
                std::vector<CounterValue>& values);
  void tasks_of_job(const JobKey& job, const std::string& after, std::size_t limit,
                    std::vector<TaskRecord>& records);
  void events_of_task(const TaskKey& task, std::size_t limit, std::vector<Event>& events);
  void events_after(std::uint64_t id, std::size_t limit, const std::string& account,
                    std::vector<Event>& events);
  void cursor(const std::string& sink, std::uint64_t& id);
  void sink(const std::string& name, std::optional<SinkState>& state);
  void mutes(std::vector<Mute>& all);
  void last_event(std::uint64_t& id);

 private:
  std::string table(std::string_view name) const;
  std::string upsert(std::string_view name, std::string_view columns, std::string_view key) const;
  void write_counters(const Commit& commit);
  std::vector<std::uint64_t> write_events(const std::vector<Event>& events);

  Session& session_;
};

}  // namespace taskwatchd::postgres
