#include "simulator/model_action.h"

#include <array>

namespace iotsim {
namespace {

constexpr std::array<Action, 1> kActions = {{
    {"QueryTask", "2018-01-20", 5, true, "TaskId", &query_task},
}};

}  // namespace

const Action* find_action(std::string_view name) {
  for (const Action& action : kActions) {
    if (action.name == name) return &action;
  }
  return nullptr;
}

}  // namespace iotsim
