// The watched tasks of one account, in compact form: a job has 100,000 of them, and a TaskRecord
// takes 1 kB. What many tasks share (job, product, context) is stored once; what few have (device
// messages, rejected responses) is stored separately. No I/O. Event-loop thread only. Measured in
// tests/bench.
#pragma once

#include <array>
#include <boost/unordered/unordered_flat_set.hpp>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/events/event.h"
#include "core/types/job.h"
#include "core/types/shared_texts.h"
#include "core/types/task.h"
#include "core/types/time.h"

namespace taskwatchd {

// Fields of a task's events besides its own data. Shared by all tasks of an instance.
struct TaskContext {
  std::string instance;  // the label iot_instance
  StringMap labels;      // from the configuration
};
using SharedContext = std::shared_ptr<const TaskContext>;

// Rejected responses, and how many consecutive ones.
struct RejectedResponses {
  TaskStatus status = TaskStatus::kUnknown;
  int count = 0;
  Mono since;
  int not_found = 0;
  Mono not_found_since;
};

// One watched task. Texts that many tasks share are numbers here (shared_texts.h):
// TaskTable::record() converts them back.
struct TaskRow {
  std::string id;
  std::string device;
  SharedContext context;
  struct DeviceMessage {
    std::string message, status_detail, status_text;
  };
  std::unique_ptr<DeviceMessage> device_message;
  std::unique_ptr<RejectedResponses> rejected;
  Wall since;  // when watching began
  Wall modified, queued, first_seen, last_seen;
  Wall started = Wall::min();  // min: that transition was not observed
  double progress = -1;        // below 0: not reported
  SharedTexts::Number job = SharedTexts::kEmpty;
  SharedTexts::Number job_name = SharedTexts::kEmpty;
  SharedTexts::Number product = SharedTexts::kEmpty;
  std::uint32_t attempt = 1;
  TaskStatus status = TaskStatus::kUnknown;
  bool seen = false;  // a response succeeded
  bool explicit_id = false;
  bool superseded = false;
  bool gone = false;  // an unobserved task may be gone too
  // Links of TaskTable's lists: a job's observed tasks by status, and those that are gone. Only
  // assign() may change job, status, gone and seen of an observed row.
  std::uint32_t next = kNoSlot, previous = kNoSlot;
  static constexpr std::uint32_t kNoSlot = UINT32_MAX;
};

class TaskTable {
 public:
  using Slot = std::uint32_t;

  TaskTable()
      : by_id_(0, IdHash{this}, IdEqual{this}),
        by_device_(0, DeviceHash{this}, DeviceEqual{this}) {}
  TaskTable(const TaskTable&) = delete;  // the sets point into this object
  TaskTable& operator=(const TaskTable&) = delete;

  std::optional<Slot> find(std::string_view task_id) const;
  // REQUIRES: no task with that id is here.
  Slot add(const std::string& task_id, SharedContext context, Wall since);
  void remove(Slot slot);
  TaskRow& row(Slot slot) { return rows_[slot]; }
  const TaskRow& row(Slot slot) const { return rows_[slot]; }
  std::size_t size() const { return by_id_.size(); }

  // Returns the context of a watched job; null for another one.
  using ContextOf = std::function<const SharedContext*(const std::string& job_id)>;
  // Sets the contexts of observed rows that are not explicit, by their job.
  void set_job_contexts(const ContextOf& context_of);

  // The row as a record, and the inverse, which updates the counts and sets `seen`.
  TaskRecord record(const std::string& account, Slot slot) const;
  void assign(Slot slot, const TaskRecord& record);

  const std::string& job_id(const TaskRow& row) const { return texts_.text(row.job); }
  // Counts the job's observed tasks that are not gone.
  TaskCounts counts(std::string_view job_id) const;

  // Number of stored job ids, job names and product keys: no more than the rows use.
  std::size_t texts() const { return texts_.size(); }

  // The newest known task with the row's job, product and device; nullopt if the row has no device.
  std::optional<Slot> of_device(Slot slot) const;
  void set_of_device(Slot slot);
  // No entry may refer to an unwatched task or to one of another device.
  void leave_device(Slot slot);

  // The job's observed tasks with that status that are not gone, the last assigned one first. Takes
  // time for them alone. REQUIRES, here and below: `visit` assigns, adds and removes no task.
  template <typename Visit>
  void for_each(std::string_view job_id, TaskStatus status, Visit visit) const {
    if (const JobRows* job = rows_of(job_id)) visit_list(job->first[list_of(status)], visit);
  }
  // All observed tasks of the job, including those that are gone.
  template <typename Visit>
  void for_each(std::string_view job_id, Visit visit) const {
    const JobRows* const job = rows_of(job_id);
    if (job == nullptr) return;
    for (const Slot first : job->first) visit_list(first, visit);
  }
  // All tasks in a part of the slots, all of which are below end_slot().
  template <typename Visit>
  void for_each(Slot from, Slot to, Visit visit) const {
    for (Slot slot = from; slot < to; ++slot) {
      const TaskRow& row = rows_[slot];
      if (!row.id.empty()) visit(row);  // empty: removed
    }
  }
  Slot end_slot() const { return static_cast<Slot>(rows_.size()); }

 private:
  struct IdHash {
    using is_transparent = void;
    const TaskTable* table;
    std::size_t operator()(std::string_view id) const { return std::hash<std::string_view>()(id); }
    std::size_t operator()(Slot slot) const {
      return (*this)(std::string_view(table->rows_[slot].id));
    }
  };
  struct IdEqual {
    using is_transparent = void;
    const TaskTable* table;
    bool operator()(Slot a, Slot b) const { return a == b; }
    bool operator()(std::string_view id, Slot slot) const { return table->rows_[slot].id == id; }
    bool operator()(Slot slot, std::string_view id) const { return table->rows_[slot].id == id; }
  };
  struct DeviceHash {
    const TaskTable* table;
    std::size_t operator()(Slot slot) const;
  };
  struct DeviceEqual {
    const TaskTable* table;
    bool operator()(Slot a, Slot b) const;
  };

  // The observed tasks of one job: counted by status, and the first of each list.
  struct JobRows {
    static constexpr std::size_t kGone = kTaskStatusCount;  // the list of tasks that are gone
    JobRows() { first.fill(TaskRow::kNoSlot); }
    TaskCounts counts{};
    std::array<Slot, kTaskStatusCount + 1> first;
  };
  static std::size_t list_of(TaskStatus status) { return static_cast<std::size_t>(status); }
  static std::size_t list_of(const TaskRow& row) {
    return row.gone ? JobRows::kGone : list_of(row.status);
  }
  const JobRows* rows_of(std::string_view job_id) const;
  template <typename Visit>
  void visit_list(Slot first, Visit& visit) const {
    for (Slot slot = first; slot != TaskRow::kNoSlot; slot = rows_[slot].next) visit(rows_[slot]);
  }
  void enter_list(Slot slot);
  void leave_list(Slot slot);
  void drop_texts(SharedTexts::Number job, SharedTexts::Number job_name,
                  SharedTexts::Number product);

  std::deque<TaskRow> rows_;
  std::vector<Slot> free_;
  boost::unordered_flat_set<Slot, IdHash, IdEqual> by_id_;
  boost::unordered_flat_set<Slot, DeviceHash, DeviceEqual> by_device_;
  SharedTexts texts_;
  std::unordered_map<SharedTexts::Number, JobRows> jobs_;  // by the number of the job's id
};

}  // namespace taskwatchd
