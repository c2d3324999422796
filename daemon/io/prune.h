// A prune in progress: which rows of a state database are old and unwatched, for every database. It
// runs in parts of about 5 ms, each in its own transaction, so that commits and the watchdog's
// ping run in between however long the history is. Threads: made on one, used on one other.
// Failure: the database's result code, 0 on success; nothing of a failed part was done, and it may
// be retried.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "io/watched_set.h"

namespace taskwatchd {

// What a database does for a prune. The only functions that delete rows.
class PrunableTables {
 public:
  enum class Table { kTasks, kJobs, kDistributions, kCounters };
  using Place = std::pair<std::string, std::string>;  // account and id
  struct Row {
    Place place;
    std::string job_id;  // "" for a distribution
    Wall last_seen;      // of counters: when the first one of the job was created
  };
  virtual ~PrunableTables() = default;
  // Appends at most `limit` rows after `after`, in the order of their places.
  virtual int page(Table table, const Place& after, std::int64_t limit, std::vector<Row>& rows) = 0;
  // Deletes rows in one transaction. Counters stay while a record of their job or of one of its
  // tasks is left: they have no time of their last change and go with the rest of the job.
  virtual int drop(Table table, const std::vector<Place>& places) = 0;
  // Deletes, among the next `limit` ids after `after` that every sink has received, events older
  // than `before` whose task has no record. While no sink is known, all are kept. Sets `last` to
  // the last id examined; 0 if there is none.
  virtual int drop_events(Wall before, std::int64_t after, std::int64_t limit,
                          std::int64_t& last) = 0;
};

class Prune {
 public:
  Prune(Wall before, Watched watched);

  // Runs the next part.
  int step(PrunableTables& tables);
  bool done() const { return phase_ == Phase::kDone; }

 private:
  using Place = PrunableTables::Place;
  using Table = PrunableTables::Table;
  enum class Phase { kWatched, kTasks, kJobs, kDistributions, kCounters, kEvents, kDone };

  static Table table_of(Phase phase);
  int prune_table(PrunableTables& tables);
  int prune_events(PrunableTables& tables);
  bool stays(const PrunableTables::Row& row) const;
  void next_phase();

  Wall before_;
  WatchedSet watched_;
  Phase phase_ = Phase::kWatched;
  Place place_;             // the last row examined
  std::int64_t event_ = 0;  // the last event examined
  std::int64_t rows_;       // number of rows to examine in one part
};

}  // namespace taskwatchd
