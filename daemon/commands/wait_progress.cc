#include "commands/wait_progress.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdio>

#include "core/events/device_text.h"

namespace taskwatchd {
namespace {

// "TASK: FAILED, progress 40: device message"
std::string describe(const WaitedTask& task) {
  std::string text = task.task_id + ": ";
  if (!task.last) return text + "not observed yet";
  const TaskReply& last = *task.last;
  text += name(last.status);
  if (last.status == TaskStatus::kUnknown) {
    text += " (" + escape_controls(device_text(last.status_text)) + ")";
  }
  if (last.progress) text += fmt::format(", progress {:g}", *last.progress);
  if (is_bad(last.status) && !last.message.empty()) {
    text += ": " + escape_controls(device_text(last.message));
  }
  return text;
}

std::size_t count_finished(const std::vector<WaitedTask>& all) {
  return static_cast<std::size_t>(std::count_if(all.begin(), all.end(), [](const WaitedTask& task) {
    return task.last && is_finished(task.last->status);
  }));
}

}  // namespace

std::string wait_summary(const std::vector<WaitedTask>& all) {
  std::array<std::size_t, kTaskStatusCount> counts{};
  std::size_t unseen = 0;
  for (const WaitedTask& task : all) {
    ++(task.last ? counts.at(static_cast<std::size_t>(task.last->status)) : unseen);
  }
  std::string text = fmt::format("{} of {} finished", count_finished(all), all.size());
  const char* separator = ": ";
  for (const TaskStatus status : kAllTaskStatuses) {
    const std::size_t count = counts.at(static_cast<std::size_t>(status));
    if (count == 0) continue;
    text += fmt::format("{}{} {}", separator, count, name(status));
    separator = ", ";
  }
  if (unseen > 0) text += fmt::format("{}{} not observed yet", separator, unseen);
  return text;
}

void WaitProgress::clear() {
  if (line_open_) std::fputs("\r\x1b[K", stderr);
  line_open_ = false;
}

void WaitProgress::changed(const WaitedTask& task, const std::vector<WaitedTask>& all) {
  clear();
  if (terminal_) {
    std::fputs(wait_summary(all).c_str(), stderr);
    line_open_ = true;
  } else {
    std::fprintf(stderr, "%s (%zu of %zu finished)\n", describe(task).c_str(), count_finished(all),
                 all.size());
  }
  std::fflush(stderr);
}

void WaitProgress::say(const std::string& text) {
  clear();
  std::fprintf(stderr, "taskwatchd: %s\n", text.c_str());
}

void WaitProgress::end(const std::vector<WaitedTask>& all) {
  clear();
  if (!terminal_) return;
  for (const WaitedTask& task : all) {
    const bool fine = task.last && task.last->status == TaskStatus::kSucceeded;
    if (!fine) std::fprintf(stderr, "%s\n", describe(task).c_str());
  }
  std::fprintf(stderr, "%s\n", wait_summary(all).c_str());
}

}  // namespace taskwatchd
