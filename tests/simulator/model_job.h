// Jobs and their tasks: how they are drawn or scripted, and their state.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "simulator/model_life.h"

namespace iotsim {

// One step of a scripted task.
struct ScriptStep {
  std::int64_t offset_ms = 0;  // from the job's start, or from the rerun
  std::string status;          // any text; those of kStatusWords have their usual meaning
  std::string progress;        // any text
  bool has_progress = false;
  std::string message;
  std::string detail;
};

// A scripted life. A rerun plays the next attempt; after the last one, the last one again.
struct Script {
  std::string task_id;  // empty: generated
  std::string device;   // empty: generated
  std::vector<std::vector<ScriptStep>> attempts;
};

// The settings of a new job. Its devices are the drawn ones, then the scripted ones.
struct JobSpec {
  std::string id;
  std::string name = "job";
  std::string type = "CUSTOM_JOB";
  std::string product_key = "a1SimProduct";
  std::size_t instance = 0;     // index in the world
  std::int64_t created_ms = 0;  // also UtcQueueTime of its tasks
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
  std::uint32_t device = 0;  // index in its job
  std::uint16_t attempts = 1;
  std::int64_t queued_ms = 0;
  std::int64_t leave_ms = 0;
  std::int64_t removed_ms = kNever;
  bool superseded = false;  // a rerun made a new task for its device
  std::vector<Step> steps;  // empty until first needed
  std::unique_ptr<const Script> script;
  std::vector<const ScriptStep*> texts;  // of the script, that Step::texts refers to
};

class TaskLedger;

struct Job {
  JobSpec spec;
  std::vector<Task*> tasks;          // in the order of creation; owned by the world
  std::vector<std::int64_t> reruns;  // instants, in ms
  std::int64_t cancelled_ms = kNever;
  std::int64_t removed_ms = kNever;
  std::shared_ptr<TaskLedger> ledger;  // created when needed; dropped if a task's life changes

  std::int64_t created_ms() const { return std::min(spec.created_ms, spec.start_ms); }
};

}  // namespace iotsim
