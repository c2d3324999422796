#include "core/types/task.h"

#include "core/types/names.h"

namespace taskwatchd {
namespace {
constexpr std::array<std::string_view, kTaskStatusCount> kTaskStatusNames = {
    "QUEUED",   "SENT",      "IN_PROGRESS", "SUCCEEDED", "FAILED",
    "REJECTED", "TIMED_OUT", "CANCELLED",   "UNKNOWN"};
}

std::string_view name(TaskStatus status) {
  return name_in(kTaskStatusNames, status);
}

TaskStatus parse_task_status(std::string_view word) {
  return find_in<TaskStatus>(kTaskStatusNames, word).value_or(TaskStatus::kUnknown);
}

}  // namespace taskwatchd
