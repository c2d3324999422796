#include "simulator/model_action.h"

#include <array>

namespace iotsim {
namespace {

constexpr std::array<Action, 7> kActions = {{
    {"ListJob", "2018-01-20", 5, true, "CurrentPage", &list_job},
    {"ListTask", "2018-01-20", 5, true, "JobId", &list_task},
    {"QueryDeviceDistributeDetail", "2018-01-20", 5, false, "JobId", &query_distribution_detail},
    {"QueryDeviceDistributeJob", "2018-01-20", 10, false, "JobId", &query_distribution},
    {"QueryJob", "2018-01-20", 5, true, "JobId", &query_job},
    {"QueryJobStatistics", "2018-01-20", 5, true, "JobId", &query_job_statistics},
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
