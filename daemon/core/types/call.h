// One call to the cloud as it is decided on: which API, what it asks for, and whose it is.
// cloud/request makes bytes of it.
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

// What an account polls for, in three parts: each takes every outcome of its calls.
enum class CallOwner : std::uint8_t {
  kTasks,          // those that the configuration names by id
  kJobs,           // watched jobs: their statistics, lists, details, and single tasks of them
  kDistributions,  //
};
inline constexpr std::size_t kCallOwners = 3;

// What failures are counted under: a thing is asked for by several APIs, each with its own.
struct CallKey {
  Api api = Api::kQueryTask;
  // The id of a task, job or distribution; a job's id and a status for ListTask; an instance's name
  // for ListJob.
  std::string item;
  auto operator<=>(const CallKey&) const = default;
};

struct Call {
  Api api = Api::kQueryTask;
  CallOwner owner = CallOwner::kTasks;
  std::uint64_t number = 0;          // rises over all calls of an account
  std::string iot_instance;          // its name; empty: the distribution endpoint
  std::string task_id;               // QueryTask
  std::string job_id;                // ListTask, QueryJobStatistics, QueryJob
  std::string distribution_id = {};  // QueryDeviceDistribute*
  std::optional<TaskStatus> status;  // ListTask: only tasks in it; absent: all
  std::string token;                 // ListTask: of the page; empty: the first
  std::uint32_t page = 0;            // ListTask: its number, from 0; ListJob: from 1
  bool beside = false;               // ListTask: of two walks through one list the second
  double weight = 1;                 // of its API's turns where all APIs share a quota

  bool asks_distribution() const {
    return api == Api::kQueryDeviceDistributeJob || api == Api::kQueryDeviceDistributeDetail;
  }
  // "task", "job" or "distribution": what it asks for.
  std::string_view noun() const {
    if (asks_distribution()) return "distribution";
    return api == Api::kQueryTask ? "task" : "job";
  }
  // The one thing that it asks for: the id of a task, job or distribution; empty for ListJob.
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
inline constexpr int kListPage = 50;  // rows; the most that ListTask and ListJob give

// The next call, or when to look again.
struct NextCall {
  std::optional<Call> call;
  Mono wake = Mono::max();
  bool urgent = false;  // it looks for tasks that are known to have failed
};

}  // namespace taskwatchd
