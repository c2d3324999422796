// Commits status changes to the store and publishes them only afterwards (invariant 2). Group
// commit: changes that arrive during a commit form the next one. After each commit it notifies the
// observer and wakes the outboxes. If the store fails, changes are kept in order and retried; when
// the backlog reaches its limit, full() makes the pollers pause, so no change is dropped.
// Event-loop thread only.
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

  // Adds to the group that is stored next.
  void add(Commit part, std::vector<TaskChange> changes);
  // Adds to the next group too, but may wait up to 5 s for a commit: for times, cursors and records
  // whose status did not change.
  void add_lazily(Commit part);

  // Sets the function called after each commit that contained events, with the id of the last one.
  void on_events(std::function<void(std::uint64_t last_id)> notify) {
    on_events_ = std::move(notify);
  }

  // Sets the function called with store_down and store_up, which are not stored.
  void on_store_change(std::function<void(const Event& event)> notify) {
    on_store_change_ = std::move(notify);
  }

  // Sets the function called when a commit was refused because the leases of these accounts are
  // held by another replica. It calls drop() for each.
  void on_fenced(std::function<void(const std::vector<std::string>& accounts)> notify) {
    on_fenced_ = std::move(notify);
  }
  // Forgets everything of the account that is not stored yet: it is neither stored nor published.
  void drop(const std::string& account);
  // True if something of the account waits to be stored.
  bool has_unstored(const std::string& account) const;
  // Stores now what was added lazily.
  void flush();

  // True while so many changes are unpublished that polling must pause.
  bool full() const;
  // The task's newest record that is not stored yet, which a load may therefore miss; or null.
  // Points into this object until the next suspension.
  const TaskRecord* unstored(const TaskKey& key) const;
  // The same for all tasks of a job.
  std::vector<TaskRecord> unstored_of(const JobKey& job) const;
  std::vector<DistributionRecord> unstored_distributions(const std::string& account) const;
  // The state of a sink that is not stored yet; or null, as above.
  const SinkState* unstored_sink(const std::string& name) const;
  // True if no change waits to be published.
  bool idle() const { return !pending_.urgent && storing_.to_notify() == 0; }
  bool store_up() const { return up_; }

  // Stores until stop() was called and nothing waits. Returns an error if the store is broken, or
  // if it could not store the last group after stop(): that group was not published.
  Awaitable<std::optional<StoreError>> run();
  void stop();

 private:
  // One record per task or job, one stored time per key, one cursor per sink: so during an outage
  // of the store, however long, only changes to be published accumulate.
  struct Group {
    Commit commit;
    std::map<TaskKey, std::size_t> places;     // of the records in `commit`
    std::map<JobKey, std::size_t> job_places;  // of the jobs in it
    std::map<DistributionKey, std::size_t> distribution_places;
    std::vector<TaskChange> changes;
    bool urgent = false;

    void join(Commit&& part);
    void drop(const std::string& account);
    bool has(const std::string& account) const;
    std::size_t to_notify() const { return changes.size() + commit.events.size(); }
  };

  Awaitable<std::optional<StoreError>> store();
  void stored(const Committed& committed, Duration took);
  void store_changed(bool up, const std::string& why);

  Ports ports_;
  std::unique_ptr<Alarm> alarm_;
  std::function<void(std::uint64_t)> on_events_;
  std::function<void(const std::vector<std::string>&)> on_fenced_;
  std::function<void(const Event&)> on_store_change_;
  Group pending_;
  Group storing_;
  Mono flush_at_ = Mono::max();
  bool up_ = true;
  bool stopping_ = false;
};

}  // namespace taskwatchd
