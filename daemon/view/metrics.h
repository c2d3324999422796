// What the daemon counts and keeps for /metrics. Series of the whole daemon are in a prometheus-cpp
// registry; those per account, job and task are plain values, which a picture shares until they
// change: it is taken in microseconds and written by another thread. Event-loop thread only.
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
#include "view/metrics_picture.h"

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

  // Applies a configuration: removes the series of accounts, instances and tasks that are no longer
  // configured; the fixed label sets of new accounts are exported as 0. Called at start and after
  // each reload. A task that has series keeps them when it moves between its job and the explicit
  // tasks. With a wider metrics.task_series, tasks of jobs are added as they change, or by
  // restore_job_tasks.
  void configure(const Config& config);
  // Adds the stored records of tasks; their series are exported at once. Call it after configure,
  // and again when a reload adds tasks. Records of tasks that are not configured are ignored.
  void restore(const std::vector<TaskRecord>& records, Wall now);
  // Restores the stored counters of `jobs`. Call it as soon as they have been read. No counter is
  // lowered.
  void restore_counters(const std::vector<JobKey>& jobs, const std::vector<CounterValue>& counters,
                        Wall now);
  // True if the job's counters already include the stored numbers and need not be restored.
  bool knows_counters(const JobKey& job) const;
  // After this call, the counters of new jobs are restored before they are exported: `asked` is
  // called when there are such jobs, and they are wanted until they have been restored. Without
  // this call, new counters begin at 0.
  void ask_for_counters(std::function<void()> asked);
  std::vector<JobKey> pending_counters(std::size_t limit);
  // Adds the records of tasks of one watched job, in parts and in any order, at start or when the
  // job begins to be watched. Tasks that metrics.task_series includes get series while there is
  // room, as with commits. `job_ended` is JobRecord::ended: a job that finished too long ago has no
  // series.
  void restore_job_tasks(const std::vector<TaskRecord>& records, std::optional<Wall> job_ended,
                         Wall now);
  // Removes the series of a task that is no longer watched. Superseded and gone tasks need no call:
  // the commit that says so removes theirs. Neither do jobs: their series are removed by the first
  // picture whose status does not have the job, or whose job finished keep_finished ago.
  void forget(const TaskKey& key);

  void call_ended(const CallEnd& call) override;
  void committed(const TaskChange& change, Wall at) override;
  void counted(const CounterDelta& delta, Wall at) override;
  void anomaly(const std::string& account, Anomaly kind) override;
  void commit_took(Duration took) override;
  void notified(const std::string& sink, Duration age) override;

  void loop_delayed(Duration delay);
  // `handler` must be one of the server's own routes, never a path from a request: each one is a
  // permanent series. Their number is limited by DaemonSeries::kHandlers.
  void http_request(const std::string& handler, int code);
  // Sets absolute values, because the log counts its messages itself: by level in Level's order. 0
  // until the first call.
  void log_messages(const std::vector<std::uint64_t>& by_level, std::uint64_t dropped);

  // Returns `status` with the counts kept here: calls, failures and delays since the start.
  DaemonStatus counted(DaemonStatus status) const;

  // Returns all metrics as of now. `status` decides which jobs have series, and which tasks of jobs
  // keep theirs.
  std::shared_ptr<const MetricsPicture> picture(DaemonStatus status, const ProcessStats& process,
                                                Wall now);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace taskwatchd
