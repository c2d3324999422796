// Events about accounts rather than tasks, made on change. Stored: auth_failed, api_forbidden,
// account_unreachable, account_recovered, blind_interval. Not stored: api_throttled, and what
// concerns one item or the quota. No I/O.
#pragma once

#include <string>

#include "core/events/event.h"
#include "core/tracking/blind.h"
#include "core/types/api.h"
#include "core/types/call.h"
#include "core/types/outcome.h"

namespace taskwatchd {

// Returns true if a failure concerns the account (credentials, billing), not an instance (network).
bool concerns_account(Reason reason);

// auth_failed, api_forbidden, api_throttled or account_unreachable, depending on the reason; `msg`
// says how to fix it (core/advice).
Event call_failed(Wall at, const std::string& account, const std::string& instance, Api api,
                  const Failure& failure, std::string msg);
// task_not_found, job_not_found or distribution_not_found: the platform does not know the item of
// `call`.
Event item_not_found(Wall at, const std::string& account, const Call& call, const Failure& failure,
                     const std::string& advice);
// task_refused, job_refused or distribution_refused: the platform rejects this item, or its
// response is not the documented one, while others succeed.
Event item_refused(Wall at, const std::string& account, const Call& call, const Failure& failure,
                   const std::string& advice);
Event account_recovered(Wall at, const std::string& account, const std::string& instance, Api api);
// No credentials are available.
Event no_keys(Wall at, const std::string& account, std::string why);
// All APIs of the account share a limit in calls/s that its configuration does not set.
Event common_quota_found(Wall at, const std::string& account, std::size_t limit);
Event blind_interval(Wall at, const std::string& account, const BlindInterval& interval);

}  // namespace taskwatchd
