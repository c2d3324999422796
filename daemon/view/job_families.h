// The families of watched jobs, written as text from AccountStatus::jobs at each scrape. The
// counters of jobs are in job_counters, which also decides which jobs have series; this file lists
// the candidates. No I/O.
#pragma once

#include <vector>

#include "core/types/job.h"
#include "core/types/status.h"
#include "core/types/time.h"
#include "view/metrics_writer.h"

namespace taskwatchd {

// A watched job whose series have not been removed. Points into the status it was made from.
struct LiveJob {
  JobKey key;  // the id in label form
  const JobView* view = nullptr;
};

// The jobs of all accounts in the order of `status`, without those that finished more than
// `keep_finished` ago. Of two ids that are equal as labels only the first is used, because
// duplicate series make the whole scrape fail.
std::vector<LiveJob> live_jobs(const DaemonStatus& status, Duration keep_finished, Wall now);

void write_job_families(const std::vector<LiveJob>& jobs, MetricsWriter& page);

}  // namespace taskwatchd
