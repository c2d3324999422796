// The registry of all metric families, each declared once, and the page that
// /metrics serves. Bounded families live in prometheus-cpp; those with series a task or a job come
// from task_families, job_counters and job_families as text. Loop's thread only.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/config.h"
#include "core/types/process_stats.h"
#include "core/types/status.h"
#include "ports.h"
#include "view/page_writer.h"

namespace taskwatchd {

struct BuildInfo {
  std::string version;
  std::string revision;
  std::string compiler;
};

class Metrics : public Observer {
 public:
  explicit Metrics(const BuildInfo& build);
  ~Metrics() override;

  // Takes over a configuration: series of accounts, instances and tasks that are no longer listed
  // end; closed label sets of new accounts appear as 0. Called at start and after each reload. A
  // task that has series keeps them when it moves between its job and the list of ids. Under a
  // wider metrics.task_series tasks of jobs come in as they change, or by restore_job_tasks.
  void configure(const Config& config);
  // Puts in what the store remembers of tasks: series appear at once. After configure; may be
  // called again when a reload lists more. Records of tasks that are not listed are ignored.
  void restore(const std::vector<TaskRecord>& records, Wall now);
  // What the store holds of the counters of `jobs`, at once when it was read. No counter is
  // lowered.
  void restore_counters(const std::vector<JobKey>& jobs, const std::vector<CounterValue>& counters,
                        Wall now);
  // The job's counters go on from the store's numbers; nothing need be restored.
  bool knows_counters(const JobKey& job) const;
  // From now on the counters of jobs that are new here are restored before they are shown: `asked`
  // is called when there are some again, and they are wanted until they were restored. Without this
  // new ones begin at 0.
  void ask_for_counters(std::function<void()> asked);
  std::vector<JobKey> wanted_counters(std::size_t limit);
  // Records of tasks of one watched job: all of it in parts, in any order, at start or when it
  // begins to be watched. Those that metrics.task_series wants get series while there is room, as
  // with commits. `job_ended` is JobRecord::ended: a job that ended too long ago has no series.
  void restore_job_tasks(const std::vector<TaskRecord>& records, std::optional<Wall> job_ended,
                         Wall now);
  // The series of a task that is watched no longer end. Superseded and gone tasks need no call: a
  // commit that says so ends theirs. Nor do a job's: they end with the page whose status does not
  // have the job, or has it as ended keep_finished ago.
  void forget(const TaskKey& key);

  void call_ended(const CallEnd& call) override;
  void committed(const TaskChange& change, Wall at) override;
  void counted(const CounterDelta& delta, Wall at) override;
  void anomaly(const std::string& account, Anomaly kind) override;
  void commit_took(Duration took) override;

  void loop_delayed(Duration delay);
  // `handler` is one of the server's own routes, never a path as asked: each is a series for good.
  // Beyond kHandlers different ones, and for codes that HTTP does not have, "other" is counted.
  static constexpr std::size_t kHandlers = 32;
  void http_request(const std::string& handler, int code);
  // Absolute, as the log counts them itself: by level in Level's order. 0 until the first call.
  void log_messages(const std::vector<std::uint64_t>& by_level, std::uint64_t dropped);

  // With what is counted here: calls, failures and delays since the start.
  DaemonStatus counted(DaemonStatus status) const;

  // Writes the whole page, text format 0.0.4: each family once, its lines together, no two series
  // equal. Which jobs have series, and which tasks of jobs keep theirs, follows `status`.
  void render(const DaemonStatus& status, const ProcessStats& process, Wall now, PageWriter& page);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace taskwatchd
