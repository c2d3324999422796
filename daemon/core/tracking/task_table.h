// The watched tasks of one account, kept small: a job has 100,000 of them, and a TaskRecord is a
// kilobyte. What many tasks share (job, product, context) is kept once; what few have (a device's
// words, doubts) on the side. Pure; loop's thread. Measured in tests/bench.
#pragma once

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

// What the events of a task carry beside its own words. Shared by all tasks of an instance.
struct TaskContext {
  std::string instance;  // the label iot_instance
  StringMap labels;      // configured ones
};
using SharedContext = std::shared_ptr<const TaskContext>;

// Replies that were not believed, and how often in a row.
struct TaskDoubt {
  TaskStatus refused = TaskStatus::kUnknown;
  int refusals = 0;
  Mono refused_since;
  int not_found = 0;
  Mono not_found_since;
};

// One watched task. Texts that many share are numbers here (shared_texts.h): TaskTable::record()
// puts them in.
struct TaskRow {
  std::string id;
  std::string device;
  SharedContext context;
  struct Words {
    std::string message, status_detail, status_text;
  };
  std::unique_ptr<Words> words;
  std::unique_ptr<TaskDoubt> doubt;
  Wall since;  // watched from then on
  Wall modified, queued, first_seen, last_seen;
  Wall started = Wall::min();  // min: the step was not read
  double progress = -1;        // below 0: none was reported
  SharedTexts::Number job = SharedTexts::kEmpty;
  SharedTexts::Number job_name = SharedTexts::kEmpty;
  SharedTexts::Number product = SharedTexts::kEmpty;
  std::uint32_t attempt = 1;
  TaskStatus status = TaskStatus::kUnknown;
  bool seen = false;  // a good reply came
  bool explicit_id = false;
  bool superseded = false;
  bool gone = false;  // an unseen task may be gone too
};

class TaskTable {
 public:
  using Slot = std::uint32_t;

  TaskTable()
      : by_id_(0, IdHash{this}, IdEqual{this}),
        by_device_(0, DeviceHash{this}, DeviceEqual{this}) {}
  TaskTable(const TaskTable&) = delete;  // the sets point here
  TaskTable& operator=(const TaskTable&) = delete;

  std::optional<Slot> find(std::string_view task_id) const;
  // REQUIRES: no task of that id is here.
  Slot add(const std::string& task_id, SharedContext context, Wall since);
  void remove(Slot slot);
  TaskRow& row(Slot slot) { return rows_[slot]; }
  const TaskRow& row(Slot slot) const { return rows_[slot]; }
  std::size_t size() const { return by_id_.size(); }

  // The context of a watched job; null for another one.
  using ContextOf = std::function<const SharedContext*(const std::string& job_id)>;
  // Gives it to the job's seen rows that are not explicit.
  void set_job_contexts(const ContextOf& context_of);

  // The row as a record, and back. The row's counts follow; `seen` becomes true.
  TaskRecord record(const std::string& account, Slot slot) const;
  void assign(Slot slot, const TaskRecord& record);

  const std::string& job_id(const TaskRow& row) const { return texts_.text(row.job); }
  // Of the job's seen tasks that are not gone.
  TaskCounts counts(std::string_view job_id) const;

  // Job ids, job names and product keys held: no more than the rows name.
  std::size_t texts() const { return texts_.size(); }

  // The newest task known for the row's job, product and device; nothing if the row names none.
  std::optional<Slot> of_device(Slot slot) const;
  void set_of_device(Slot slot);
  // No entry may name a task that is not watched, or one of another device.
  void leave_device(Slot slot);

  // In no order.
  template <typename Visit>
  void for_each(Visit visit) const {
    for (const Slot slot : by_id_) visit(rows_[slot]);
  }

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

  void drop_texts(SharedTexts::Number job, SharedTexts::Number job_name,
                  SharedTexts::Number product);
  void count(const TaskRow& row, int by);

  std::deque<TaskRow> rows_;
  std::vector<Slot> free_;
  boost::unordered_flat_set<Slot, IdHash, IdEqual> by_id_;
  boost::unordered_flat_set<Slot, DeviceHash, DeviceEqual> by_device_;
  SharedTexts texts_;
  std::unordered_map<SharedTexts::Number, TaskCounts> counts_;  // by the number of the job's id
};

}  // namespace taskwatchd
