// Read-only access to the parts of an account, for `status` and `explain`.
#pragma once

#include <map>
#include <optional>

#include "account/account_jobs.h"
#include "account/budget.h"
#include "account/connectivity.h"
#include "account/distributions.h"
#include "account/explicit_survey.h"
#include "account/explicit_tasks.h"
#include "config/config.h"
#include "core/tracking/blind.h"
#include "core/tracking/tracker.h"

namespace taskwatchd {

struct AccountParts {
  const AccountConfig& config;
  const std::map<Api, Budget>& budgets;
  const Tracker& tracker;
  const Connectivity& connectivity;
  const AccountJobs& jobs;
  const ExplicitTasks& tasks;
  const ExplicitSurvey& explicit_survey;
  const Distributions& distributions;
  const BlindWatch& blind;
  std::optional<double> clock_offset;  // s, platform minus local clock

  // Returns true if any owner has something to call that API for.
  bool needs(Api api) const {
    return jobs.needs(api) || tasks.needs(api) || distributions.needs(api);
  }
};

}  // namespace taskwatchd
