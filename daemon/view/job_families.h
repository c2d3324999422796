// The families of watched jobs, written as text from AccountStatus::jobs at each scrape; the
// counters of jobs are in job_counters. Which jobs have series is decided there too: here is only
// who could. Pure.
#pragma once

#include <vector>

#include "core/types/job.h"
#include "core/types/status.h"
#include "core/types/time.h"
#include "view/page_writer.h"

namespace taskwatchd {

// A watched job whose series have not ended. Points into the status it was made from.
struct LiveJob {
  JobKey key;  // the id as a label
  const JobView* view = nullptr;
};

// The jobs of all accounts in the status' order, without those that ended `keep_finished` ago. Of
// two ids that are one as labels the first is taken, for two equal series break a page.
std::vector<LiveJob> live_jobs(const DaemonStatus& status, Duration keep_finished, Wall now);

// Appends the families that have a sample.
void append_job_families(PageWriter& page, const std::vector<LiveJob>& jobs);

}  // namespace taskwatchd
