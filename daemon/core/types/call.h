// One API call as planned: which API, about which item, and which owner made it. cloud/request
// encodes it.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/types/api.h"
#include "core/types/task.h"
#include "core/types/time.h"

namespace taskwatchd {

// The three kinds of things that an account polls: each owner receives every outcome of its calls.
enum class CallOwner : std::uint8_t {
  kTasks,          // explicit tasks: named by id in the configuration
  kJobs,           // watched jobs: their statistics, lists, details, and single tasks of them
  kDistributions,  //
};
inline constexpr std::size_t kCallOwners = 3;

// The key under which failures are counted: per item and API, because several APIs poll one item.
struct CallKey {
  Api api = Api::kQueryTask;
  // The id of a task, job or distribution; job id and status for ListTask; the instance's name for
  // ListJob.
  std::string item;
  auto operator<=>(const CallKey&) const = default;
};

struct Call {
  Api api = Api::kQueryTask;
  CallOwner owner = CallOwner::kTasks;
  std::uint64_t number = 0;          // ascending over all calls of an account
  std::string iot_instance;          // its name; empty: the distribution endpoint
  std::string task_id;               // QueryTask
  std::string job_id;                // ListTask, QueryJobStatistics, QueryJob
  std::string distribution_id = {};  // QueryDeviceDistribute*
  std::optional<TaskStatus> status;  // ListTask: only tasks in it; absent: all
  std::string token;                 // ListTask: pagination token; empty: first page
  std::uint32_t page = 0;            // ListTask: page number, from 0; ListJob: from 1
  bool parallel = false;             // ListTask: belongs to the parallel scan of the list
  double weight = 1;                 // relative share of its API if all APIs share a quota

  bool asks_distribution() const {
    return api == Api::kQueryDeviceDistributeJob || api == Api::kQueryDeviceDistributeDetail;
  }
  // "task", "job" or "distribution": the kind of item.
  std::string_view noun() const {
    if (asks_distribution()) return "distribution";
    return api == Api::kQueryTask ? "task" : "job";
  }
  // The item of the call: the id of a task, job or distribution; empty for ListJob.
  const std::string& item() const {
    if (asks_distribution()) return distribution_id;
    return api == Api::kQueryTask ? task_id : job_id;
  }
  CallKey key() const {
    if (api == Api::kListJob) return {api, iot_instance};
    if (api == Api::kListTask)
      return {api, job_id + ' ' + std::string(status ? name(*status) : "")};
    return {api, item()};
  }
};
inline constexpr int kListPage = 50;  // rows; the maximum of ListTask and ListJob

// The next call, or when to check again.
struct NextCall {
  std::optional<Call> call;
  Mono wake = Mono::max();
  bool urgent = false;  // it looks for tasks that are known to have failed
};

}  // namespace taskwatchd
