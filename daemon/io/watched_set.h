// What is watched, as sets for a prune: 500,000 tasks are not put into them at once, because the
// prune runs in short parts. Threads: one at a time.
#pragma once

#include <boost/unordered/unordered_flat_set.hpp>
#include <chrono>
#include <string_view>
#include <utility>

#include "ports.h"

namespace taskwatchd {

class WatchedSet {
 public:
  using Name = std::pair<std::string_view, std::string_view>;  // account and id

  explicit WatchedSet(Watched watched);
  WatchedSet(const WatchedSet&) = delete;  // the sets point into the watched tasks
  WatchedSet& operator=(const WatchedSet&) = delete;

  // Adds to the sets until `until`. Returns true once they are complete.
  bool fill(std::chrono::steady_clock::time_point until);

  bool has_task(const Name& name) const { return tasks_.contains(name); }
  bool has_job(const Name& name) const { return jobs_.contains(name); }
  bool has_distribution(const Name& name) const { return distributions_.contains(name); }

 private:
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

  Watched watched_;
  Keys<TaskKey> tasks_;
  Keys<JobKey> jobs_;
  Keys<DistributionKey> distributions_;
  std::size_t taken_ = 0;  // number of watched tasks put into the set
};

}  // namespace taskwatchd
