// Which instance of one account watches a task, while task files are added to it. Short-lived.
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
  // REQUIRES: account outlives this.
  explicit TaskOwners(AccountConfig& account);

  // Adds a file's tasks to the instance of that index; what it has already stays once. A task that
  // another instance has is left out and returned as an error at its line.
  std::vector<ConfigError> add(std::size_t instance, const TaskFile& file);

 private:
  AccountConfig& account_;
  std::unordered_map<std::string, std::size_t> owners_;  // index of the instance
};

}  // namespace taskwatchd
