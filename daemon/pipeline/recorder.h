// Stores what replies changed before anyone is told (invariant 2). Groups: all that comes in while
// one commit runs goes into the next. Tells the observer and wakes the outboxes after the commit.
// Loop's thread. When the store fails it keeps the changes, in order, and tries again; when too
// many wait, full() asks the pollers to pause, so that nothing is dropped.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "core/types/change.h"
#include "ports.h"

namespace taskwatchd {

class Recorder {
 public:
  explicit Recorder(Ports ports);

  // Joins the group that is stored next.
  void add(Commit part, std::vector<TaskChange> changes);
  // Joins the next group too, but does not ask for one of its own for up to 5 s: instants, cursors
  // and records whose status did not change.
  void add_lazily(Commit part);

  // Called after each commit that held events, with the id of the last.
  void on_events(std::function<void(std::uint64_t last_id)> told) { on_events_ = std::move(told); }

  // True while so much waits to be told that no more should be asked.
  bool full() const;
  // The task's newest record that is not stored yet, which a load may therefore miss; or null.
  // Points into this until the next call that waits.
  const TaskRecord* unstored(const TaskKey& key) const;
  // The same for all tasks of a job.
  std::vector<TaskRecord> unstored_of(const JobKey& job) const;
  std::vector<DistributionRecord> unstored_distributions(const std::string& account) const;
  // Nothing waits that someone is to be told.
  bool idle() const { return !pending_.urgent && storing_.to_tell() == 0; }
  bool store_up() const { return up_; }

  // Stores until stop() was called and nothing waits. Returns an error when the store is broken, or
  // when it could not take the last group after stop(): that group was told to nobody.
  Awaitable<std::optional<StoreError>> run();
  void stop();

 private:
  // One record a task or job, one mark a key, one cursor a sink: so an outage of the store, however
  // long, piles up only what is to be told.
  struct Group {
    Commit commit;
    std::map<TaskKey, std::size_t> places;     // of the records in `commit`
    std::map<JobKey, std::size_t> job_places;  // of the jobs in it
    std::map<DistributionKey, std::size_t> distribution_places;
    std::vector<TaskChange> changes;
    bool urgent = false;

    void join(Commit&& part);
    std::size_t to_tell() const { return changes.size() + commit.events.size(); }
  };

  Awaitable<std::optional<StoreError>> store();
  void stored(const Committed& committed, Duration took);
  void store_changed(bool up, const std::string& why);

  Ports ports_;
  std::unique_ptr<Alarm> alarm_;
  std::function<void(std::uint64_t)> on_events_;
  Group pending_;
  Group storing_;
  Mono flush_at_ = Mono::max();
  bool up_ = true;
  bool stopping_ = false;
};

}  // namespace taskwatchd
