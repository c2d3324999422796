// Everything that the metrics output is written from, as of one moment: immutable values, so that
// any thread may write it while the daemon continues.
#pragma once

#include <prometheus/metric_family.h>

#include <cstdint>
#include <vector>

#include "core/types/process_stats.h"
#include "core/types/status.h"
#include "core/types/time.h"
#include "view/account_series.h"
#include "view/job_counters.h"
#include "view/job_families.h"
#include "view/metrics_writer.h"
#include "view/task_families.h"

namespace taskwatchd {

struct MetricsPicture {
  MetricsPicture() = default;
  MetricsPicture(const MetricsPicture&) = delete;  // `jobs` points into `status`
  MetricsPicture& operator=(const MetricsPicture&) = delete;

  Wall taken;
  std::vector<prometheus::MetricFamily> daemon;
  AllAccountNumbers accounts;
  DaemonStatus status;
  ProcessStats process;
  std::vector<std::uint64_t> log_messages;  // in the order of Level
  std::uint64_t log_dropped = 0;
  std::size_t task_series_refused = 0;
  std::size_t job_series_refused = 0;
  std::vector<JobNumbers> job_counters;
  std::vector<LiveJob> jobs;  // that have series
  Duration keep_finished{};
  bool shows_tasks = true;
  TaskBlocks tasks;
};

// Writes all families but those with series per task.
void write_first_families(const MetricsPicture& picture, MetricsWriter& page);
// Writes everything: each family once, its lines together, no duplicate series.
void write_page(const MetricsPicture& picture, MetricsWriter& page);

}  // namespace taskwatchd
