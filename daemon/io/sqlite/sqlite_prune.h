// A prune in progress, the only code that deletes rows. It runs in parts of about 20 ms, each in
// its own transaction, so that commits and the watchdog's ping run in between however long the
// history is. Threads: made on one, used on one other. Failure: SQLite's result code, SQLITE_OK on
// success.
#pragma once

#include <boost/unordered/unordered_flat_set.hpp>
#include <string>
#include <string_view>
#include <utility>

#include "io/sqlite/sqlite_tables.h"

namespace taskwatchd::sqlite {

class Prune {
 public:
  Prune(Wall before, Watched watched);
  Prune(const Prune&) = delete;  // the sets point into the watched tasks
  Prune& operator=(const Prune&) = delete;

  // Runs the next part. After a failure nothing of the part was done, and it may be retried.
  int step(Tables& tables);
  bool done() const { return phase_ == Phase::kDone; }

 private:
  enum class Phase { kWatched, kTasks, kJobs, kDistributions, kCounters, kEvents, kDone };
  using Place = std::pair<std::string, std::string>;  // account and id
  using Name = std::pair<std::string_view, std::string_view>;

  static Name name_of(const TaskKey& key) { return {key.account, key.task_id}; }
  static Name name_of(const JobKey& key) { return {key.account, key.job_id}; }
  static Name name_of(const DistributionKey& key) { return {key.account, key.distribution_id}; }
  static Name name_of(const Name& name) { return name; }
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(const auto& key) const { return hash(name_of(deref(key))); }
    static std::size_t hash(const Name& name);
  };
  struct Equal {
    using is_transparent = void;
    bool operator()(const auto& a, const auto& b) const {
      return name_of(deref(a)) == name_of(deref(b));
    }
  };
  static const Name& deref(const Name& name) { return name; }
  template <typename Key>
  static const Key& deref(const Key* key) {
    return *key;
  }
  template <typename Key>
  using Keys = boost::unordered_flat_set<const Key*, Hash, Equal>;

  struct Table;
  static const Table& table_of(Phase phase);
  void take_watched();
  int prune_table(Tables& tables, const Table& table);
  int prune_events(Tables& tables);
  bool stays(const Name& name, std::string_view job_id) const;
  void next_phase();

  Wall before_;
  Watched watched_;
  Keys<TaskKey> tasks_;
  Keys<JobKey> jobs_;
  Keys<DistributionKey> distributions_;
  std::size_t taken_ = 0;  // number of watched tasks put into the set
  Phase phase_ = Phase::kWatched;
  Place place_;             // the last row examined
  std::int64_t event_ = 0;  // the last event examined
  std::int64_t rows_;       // number of rows to examine in one part
};

}  // namespace taskwatchd::sqlite
