// The lists and counts of a set of tasks at any instant, in any order in which a platform might
// list them. All events of the future are in one array, sorted by time. Moving the instant forwards
// or backwards costs only the events in between, so list pages and counts of 100,000 tasks are
// cheap, even if some calls look a few seconds back. One thread. References to the tasks must stay
// valid; a changed life needs a new ledger.
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

// The position of a row in each of the orders: UtcModified and TaskId.
struct ListKey {
  std::int64_t modified_ms = 0;
  std::string task_id;
};

class TaskLedger {
 public:
  static constexpr std::size_t kEnd = Bits::kNone;

  // `progress_bumps`: whether a progress report changes the UtcModified by which lists are sorted.
  TaskLedger(World& world, const std::vector<Task*>& tasks, bool progress_bumps);

  // Moves to the instant `t`. All functions below refer to it.
  void move_to(std::int64_t t);

  bool progress_bumps() const { return progress_bumps_; }
  std::size_t count(Status status) const { return lists_.at(index(status)).by_id.count(); }
  std::size_t total() const { return lists_.at(kAll).by_id.count(); }
  // Returns the number of unfinished tasks, including those that do not exist yet.
  std::size_t unfinished() const;
  // Returns when the last event happened; 0 if there was none.
  std::int64_t last_change_ms() const { return cursor_ == 0 ? 0 : events_[cursor_ - 1].at_ms; }

  // Positions in the list of all tasks, or of those in `status`. They are valid until move_to.
  using Filter = std::optional<Status>;
  // Returns the first row after a key, whether or not a row with this key still exists.
  std::size_t after(Filter status, ListOrder order, const ListKey& key) const;
  // Returns the row that has `offset` rows before it.
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
    Bits by_time;  // by event: the task's latest one so far
  };
  static std::size_t index(Status status) { return static_cast<std::size_t>(status); }
  const List& list(Filter status) const { return lists_.at(status ? index(*status) : kAll); }
  void add_events(World& world, std::uint32_t rank);
  void enter(std::uint32_t event);
  void leave(std::uint32_t event);

  bool progress_bumps_;
  std::vector<const Task*> by_id_;
  std::vector<Event> events_;
  std::size_t cursor_ = 0;  // events before this index have happened
  std::size_t gone_ = 0;
  std::array<List, kAll + 1> lists_;
};

}  // namespace iotsim
