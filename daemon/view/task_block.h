// Up to 64 tasks that have series, and the lines of their families. The labels of a task are
// written once; a line is written by copying them. No I/O.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/types/task.h"
#include "view/families.h"

namespace taskwatchd {

inline constexpr std::array<FamilyId, 5> kTaskFamilies = {
    FamilyId::kTaskStatus, FamilyId::kTaskProgress, FamilyId::kTaskInfo, FamilyId::kTaskQueued,
    FamilyId::kTaskModified};

// The labels of a task as written in its lines, without braces: first account, job_id and task_id,
// which identify the task, then what the platform reports, the configured instance, and the
// configured labels. Each group but the first begins with a comma.
struct TaskLabels {
  struct Ends {  // offsets
    std::uint16_t account = 0;
    std::uint16_t identity = 0;
    std::uint16_t reported = 0;
    std::uint16_t instance = 0;
    std::uint16_t all = 0;
    bool operator==(const Ends&) const = default;
  };
  std::string text;
  Ends ends;
};

struct TaskValues {
  TaskStatus status = TaskStatus::kUnknown;
  std::optional<double> progress;  // 0 to 1
  double queued = 0;               // Unix seconds
  double modified = 0;             // Unix seconds
};

// What the thread that writes the metrics output remembers of one family of a block. Copies of a
// block share it while the family's lines are the same. Only that thread may use it.
struct WrittenLines {
  std::optional<std::size_t> bytes;           // of the text
  std::shared_ptr<const std::string> packed;  // the text as a gzip member
};

class TaskBlock {
 public:
  static constexpr std::size_t kTasks = 64;

  TaskBlock();
  std::size_t size() const { return tasks_.size(); }
  const TaskValues& values(std::size_t index) const { return tasks_[index].values; }
  TaskLabels labels(std::size_t index) const;
  bool has_labels(std::size_t index, const TaskLabels& labels) const;

  void push_back(const TaskValues& values, const TaskLabels& labels);
  void pop_back();
  void set_values(std::size_t index, const TaskValues& values);
  void set_labels(std::size_t index, const TaskLabels& labels);

  // Appends the lines of one family, an index of kTaskFamilies.
  void append_to(std::string& text, std::size_t family) const;
  // Number of bytes that append_to appends.
  std::size_t bytes_of(std::size_t family) const;
  std::size_t held_bytes() const {
    return sizeof *this + tasks_.size() * sizeof(Task) + labels_.size();
  }
  WrittenLines& written(std::size_t family) const { return *written_[family]; }

 private:
  struct Task {
    TaskValues values;
    TaskLabels::Ends ends;
    std::uint32_t begin = 0;  // of its labels
  };
  std::string_view text_of(const Task& task) const {
    return std::string_view(labels_).substr(task.begin, task.ends.all);
  }
  void changed(std::size_t family) { written_[family] = std::make_shared<WrittenLines>(); }
  void all_changed();

  std::vector<Task> tasks_;
  std::string labels_;  // of all tasks: next to each other, because memory is slower than writing
  std::array<std::shared_ptr<WrittenLines>, kTaskFamilies.size()> written_;
};

}  // namespace taskwatchd
