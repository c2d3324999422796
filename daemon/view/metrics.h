// The registry of all metric families (contract section 4), each declared once, and the page that
// /metrics serves. Bounded families live in prometheus-cpp; those with a series a task or a job come
// from task_page. Loop's thread only.
#pragma once

#include <memory>
#include <string>

#include "config/config.h"
#include "core/status.h"
#include "ports.h"

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
  // end; closed label sets of new accounts appear as 0. Called at start and after each reload.
  void configure(const Config& config);
  // Puts in what the store remembers: records (series appear at once) and counters.
  void restore(const std::vector<TaskRecord>& records, const std::vector<CounterValue>& counters,
               Wall now);
  // The series of a task that is watched no longer, or superseded, end.
  void forget(const TaskKey& key);

  void call_ended(const CallEnd& call) override;
  void committed(const TaskChange& change, Wall at) override;
  void counted(const CounterDelta& delta, Wall at) override;
  void anomaly(const std::string& account, Anomaly kind) override;
  void commit_took(Duration took) override;

  void loop_delayed(Duration delay);
  void http_request(const std::string& handler, int code);
  // Absolute, as the log counts them itself: by level in Level's order.
  void log_messages(const std::vector<std::uint64_t>& by_level, std::uint64_t dropped);

  // The whole page, text format 0.0.4. `now` ends series that are past keep_finished.
  std::string render(const DaemonStatus& status, Wall now);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace taskwatchd
