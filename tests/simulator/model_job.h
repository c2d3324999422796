// Jobs and their tasks: what is drawn or scripted, and what has become of each.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "simulator/model_life.h"

namespace iotsim {

// One line of a scripted task's life.
struct ScriptStep {
  std::int64_t offset_ms = 0;  // from the job's start, or from the rerun
  std::string status;          // any word; those of kStatusWords have their meaning
  std::string progress;        // any text
  bool has_progress = false;
  std::string message;
  std::string detail;
};

// A life written down in full. A rerun plays the next attempt; after the last, the last again.
struct Script {
  std::string task_id;  // empty: one is made
  std::string device;   // empty: one is made
  std::vector<std::vector<ScriptStep>> attempts;
};

// A job as it is created. Its devices are those drawn, then those scripted.
struct JobSpec {
  std::string id;
  std::string name = "job";
  std::string type = "CUSTOM_JOB";
  std::string product_key = "a1SimProduct";
  std::size_t instance = 0;     // index in the world
  std::int64_t created_ms = 0;  // UtcQueueTime of its tasks
  std::int64_t start_ms = 0;    // roll-out begins
  double rollout_per_minute = 1000;
  std::int64_t timeout_ms = 30 * 60 * 1000;  // from IN_PROGRESS; 0: never
  std::uint32_t devices = 0;
  LifeParameters life;
  std::vector<Script> scripts;
};

inline constexpr std::int64_t kNever = INT64_MAX;

struct Task {
  std::string id;
  std::uint32_t job = 0;     // index in the world
  std::uint32_t device = 0;  // number in its job
  std::uint16_t attempts = 1;
  std::int64_t queued_ms = 0;
  std::int64_t leave_ms = 0;
  std::int64_t removed_ms = kNever;
  bool superseded = false;  // a rerun made a new task for its device
  std::vector<Step> steps;  // empty until somebody asks
  std::unique_ptr<const Script> script;
  std::vector<const ScriptStep*> words;  // what Step::words counts
};

class TaskLedger;

struct Job {
  JobSpec spec;
  std::vector<Task*> tasks;          // in the order they were made; owned by the world
  std::vector<std::int64_t> reruns;  // when
  std::int64_t cancelled_ms = kNever;
  std::int64_t removed_ms = kNever;
  std::shared_ptr<TaskLedger> ledger;  // made when first asked for; gone once a life is changed

  std::int64_t created_ms() const { return std::min(spec.created_ms, spec.start_ms); }
};

}  // namespace iotsim
