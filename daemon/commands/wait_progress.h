// Prints the progress of `wait`: on a terminal one line that is overwritten, otherwise one line per
// change. Device messages are escaped. Writes to stderr; write errors are ignored.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/types/task.h"

namespace taskwatchd {

struct WaitedTask {
  std::string task_id;
  std::optional<TaskReply> last;  // the newest successful response
};

class WaitProgress {
 public:
  explicit WaitProgress(bool terminal) : terminal_(terminal) {}

  // `task`, one of `all`, has a new status or progress.
  void changed(const WaitedTask& task, const std::vector<WaitedTask>& all);
  // Prints a line of text.
  void say(const std::string& text);
  // Prints the result: on a terminal also a line for each task that did not succeed.
  void end(const std::vector<WaitedTask>& all);

 private:
  void clear();

  bool terminal_;
  bool line_open_ = false;
};

// "2 of 3 finished: 1 SUCCEEDED, 1 FAILED, 1 not observed yet"
std::string wait_summary(const std::vector<WaitedTask>& all);

}  // namespace taskwatchd
