// Merges successive versions of one task file while another program writes it. New complete lines
// apply at once. Removed lines, and a last line without a newline, apply only after the file has
// been unchanged for a while (constants below). So a rewrite or replacement drops no task, and a
// half-written id is never watched. No I/O: the caller passes text and time.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "config/parse.h"
#include "config/task_file.h"

namespace taskwatchd {

class WatchedFile {
 public:
  // Removed tasks are dropped after the file has been unchanged for this long.
  static constexpr Duration kDropAfter = std::chrono::seconds(2);
  // A last line without a newline is accepted after this long: a program with buffered output may
  // pause in the middle of a line, while an editor that omits the last newline has finished.
  static constexpr Duration kLineAfter = std::chrono::seconds(5);
  // Maximum time for which removed tasks are kept if the file keeps changing.
  static constexpr Duration kKeepAtMost = std::chrono::seconds(60);

  explicit WatchedFile(std::string path) { taken_.file = std::move(path); }

  // Processes the current content, or nullopt if the file does not exist; `age` is the time since
  // the last modification, used at the first call. Returns whether taken() has changed.
  bool see(std::optional<std::string_view> text, Duration age, Mono now);

  const TaskFile& taken() const { return taken_; }
  // When to call see() again even if nothing changes; nullopt if the file is accepted as it is.
  std::optional<Mono> due() const { return due_; }
  // True if the file does not exist and none of its tasks are kept.
  bool gone() const { return absent_ && !due_; }

 private:
  bool take(TaskFile fresh);

  TaskFile taken_;
  bool seen_ = false;
  bool absent_ = false;
  std::size_t digest_ = 0;  // of the last text seen
  Mono changed_{};          // when that text was first seen
  std::optional<Mono> kept_since_;
  std::optional<Mono> due_;
};

}  // namespace taskwatchd
