#include "config/task_owners.h"

#include "config/problems.h"
#include "config/task_file.h"

namespace taskwatchd {

TaskOwners::TaskOwners(AccountConfig& account) : account_(account) {
  for (std::size_t i = 0; i < account.instances.size(); ++i) {
    for (const std::string& id : account.instances[i].tasks) owners_.try_emplace(id, i);
  }
}

std::vector<ConfigError> TaskOwners::add(std::size_t instance, const TaskFile& file) {
  std::vector<ConfigError> errors;
  for (std::size_t i = 0; i < file.tasks.size(); ++i) {
    const std::string& id = file.tasks[i];
    const auto [owner, is_new] = owners_.try_emplace(id, instance);
    if (is_new) {
      account_.instances.at(instance).tasks.push_back(id);
    } else if (owner->second != instance) {
      errors.push_back({file.file, file.lines[i], 1,
                        "task " + shown(id) + " is listed under instance " +
                            shown(account_.instances[owner->second].name) +
                            " already and is ignored here; remove one"});
    }
  }
  return errors;
}

}  // namespace taskwatchd
