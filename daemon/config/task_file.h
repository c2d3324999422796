// A file of TaskIds (`task_files`), which other programs write while we run: a bad line costs that
// line only. Pure: no file is opened.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/parse.h"

namespace taskwatchd {

// One TaskId a line, # begins a comment. Bad lines are reported, the good ones kept.
struct TaskFile {
  std::string file;
  std::vector<std::string> tasks;  // each once
  std::vector<int> lines;          // where each of `tasks` stands
  std::vector<ConfigError> errors;
};
TaskFile parse_task_file(std::string_view text, const std::string& file);

}  // namespace taskwatchd
