// Parser of a file of TaskIds (`task_files`), which other programs write while we run: an invalid
// line is skipped and the others are kept. No I/O: no file is opened.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/parse.h"

namespace taskwatchd {

// One TaskId per line, # begins a comment. Invalid lines are reported, valid ones kept.
struct TaskFile {
  std::string file;
  std::vector<std::string> tasks;  // unique
  std::vector<int> lines;          // the line of each of `tasks`
  std::vector<ConfigError> errors;
};
TaskFile parse_task_file(std::string_view text, const std::string& file);

}  // namespace taskwatchd
