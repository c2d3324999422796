// Records which instance of an account watches a task, while the tasks of task files are added.
// Short-lived.
#pragma once

#include <cstddef>
#include <string>
#include <unordered_map>
#include <vector>

#include "config/parse.h"
#include "config/task_file.h"

namespace taskwatchd {

class TaskOwners {
 public:
  // REQUIRES: account outlives this object.
  explicit TaskOwners(AccountConfig& account);

  // Adds a file's tasks to the instance with that index; tasks that it already has are ignored. A
  // task of another instance is skipped and returned as an error with its line.
  std::vector<ConfigError> add(std::size_t instance, const TaskFile& file);

 private:
  AccountConfig& account_;
  std::unordered_map<std::string, std::size_t> owners_;  // index of the instance
};

}  // namespace taskwatchd
