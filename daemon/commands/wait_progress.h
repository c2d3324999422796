// How `wait` tells what it sees: on a terminal one line that is rewritten, else a line for each
// change. Device text is escaped. Writes to stderr; failure to write is not its business.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/types/task.h"

namespace taskwatchd {

struct WaitedTask {
  std::string task_id;
  std::optional<TaskReply> last;  // the newest good reply
};

class WaitProgress {
 public:
  explicit WaitProgress(bool terminal) : terminal_(terminal) {}

  // `task`, one of `all`, has a new status or progress.
  void changed(const WaitedTask& task, const std::vector<WaitedTask>& all);
  // A sentence of its own.
  void say(const std::string& text);
  // The end: on a terminal, those that did not succeed by name.
  void end(const std::vector<WaitedTask>& all);

 private:
  void clear();

  bool terminal_;
  bool line_open_ = false;
};

// "2 of 3 finished: 1 SUCCEEDED, 1 FAILED, 1 not seen yet"
std::string wait_summary(const std::vector<WaitedTask>& all);

}  // namespace taskwatchd
