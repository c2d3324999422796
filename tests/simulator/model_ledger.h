// The lists and counts of a set of tasks at any instant, in any of the orders a cloud might list
// them. Everything that will happen lies in one row of events sorted by time; moving the instant
// forwards or backwards costs only the events between, so that pages and counts of 100,000 tasks
// are cheap, also when some calls look a few seconds back. One thread. References to the tasks must
// stay valid; a life that is changed needs a new ledger.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "simulator/model_bits.h"
#include "simulator/model_job.h"

namespace iotsim {

class World;

enum class ListOrder : std::uint8_t { kId, kNewest, kOldest };

// Where a row stands in each of the orders: UtcModified and TaskId.
struct ListKey {
  std::int64_t modified_ms = 0;
  std::string task_id;
};

class TaskLedger {
 public:
  static constexpr std::size_t kEnd = Bits::kNone;

  // `progress_bumps`: a progress report moves a task in the lists by UtcModified.
  TaskLedger(World& world, const std::vector<Task*>& tasks, bool progress_bumps);

  // All below is told as of `t`.
  void move_to(std::int64_t t);

  bool progress_bumps() const { return progress_bumps_; }
  std::size_t count(Status status) const { return lists_.at(index(status)).by_id.count(); }
  std::size_t total() const { return lists_.at(kAll).by_id.count(); }
  // Tasks that have not ended, those included that do not exist yet.
  std::size_t unfinished() const;
  // When something happened last; 0 if nothing has.
  std::int64_t last_change_ms() const { return cursor_ == 0 ? 0 : events_[cursor_ - 1].at_ms; }

  // Places in the list of all tasks, or of those in `status`. They hold until move_to.
  using Filter = std::optional<Status>;
  // The first row after a key, whether or not a row with this key is still there.
  std::size_t after(Filter status, ListOrder order, const ListKey& key) const;
  // The row with that many before it.
  std::size_t at(Filter status, ListOrder order, std::size_t offset) const;
  std::size_t next(Filter status, ListOrder order, std::size_t place) const;
  // REQUIRES: not kEnd.
  const Task& task(ListOrder order, std::size_t place) const;

 private:
  static constexpr std::size_t kAll = 9;
  static constexpr std::uint8_t kGone = 10;  // as a status: the task was removed
  static constexpr std::uint32_t kNoEvent = UINT32_MAX;
  struct Event {
    std::int64_t at_ms;
    std::uint32_t rank;      // of the task, by its id
    std::uint32_t previous;  // the task's last event before this one
    std::uint8_t status;
  };
  struct List {
    Bits by_id;    // by rank
    Bits by_time;  // by event: the task's last one so far
  };
  static std::size_t index(Status status) { return static_cast<std::size_t>(status); }
  const List& list(Filter status) const { return lists_.at(status ? index(*status) : kAll); }
  void add_events(World& world, std::uint32_t rank);
  void enter(std::uint32_t event);
  void leave(std::uint32_t event);

  bool progress_bumps_;
  std::vector<const Task*> by_id_;
  std::vector<Event> events_;
  std::size_t cursor_ = 0;  // events before it have happened
  std::size_t gone_ = 0;
  std::array<List, kAll + 1> lists_;
};

}  // namespace iotsim
