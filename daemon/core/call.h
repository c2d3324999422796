// One call to the cloud as it is decided on: which API, and what it asks for. cloud/request makes
// bytes of it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/api.h"
#include "core/task.h"
#include "core/time.h"

namespace taskwatchd {

struct Call {
  Api api = Api::kQueryTask;
  std::size_t instance = 0;          // its number in the account's configuration
  std::string iot_instance;          // its name: numbers change with a reload
  std::string task_id;               // QueryTask
  std::string job_id;                // ListTask, QueryJobStatistics, QueryJob
  std::string distribution_id = {};  // QueryDeviceDistribute*
  std::optional<TaskStatus> status;  // ListTask: only tasks in it; absent: all
  std::string token;                 // ListTask: of the page; empty: the first
  std::uint32_t page = 0;            // ListTask: its number, from 0; ListJob: from 1
  bool beside = false;               // ListTask: of two walks through one list the second

  bool asks_distribution() const {
    return api == Api::kQueryDeviceDistributeJob || api == Api::kQueryDeviceDistributeDetail;
  }
  // The one thing that it asks for: the id of a task, job or distribution; empty for ListJob.
  const std::string& item() const {
    if (asks_distribution()) return distribution_id;
    return api == Api::kQueryTask ? task_id : job_id;
  }
  // What its failures are counted under: a distribution is asked for in two ways, each with its
  // own.
  std::string mark() const {
    return asks_distribution() ? std::string(name(api)) + ' ' + distribution_id : item();
  }
};
inline constexpr int kListPage = 50;  // rows; the most that ListTask and ListJob give

// The next call, or when to look again.
struct NextCall {
  std::optional<Call> call;
  Mono wake = Mono::max();
};

}  // namespace taskwatchd
