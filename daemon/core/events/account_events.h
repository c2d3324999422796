// Events about accounts rather than tasks: not stored, told on change. Pure.
#pragma once

#include <string>

#include "core/events/event.h"
#include "core/tracking/blind.h"
#include "core/types/api.h"
#include "core/types/call.h"
#include "core/types/outcome.h"

namespace taskwatchd {

// Whose trouble a failure is: a key's or a bill's is the account's, a way's the instance's.
bool concerns_account(Reason reason);

// auth_failed, api_forbidden, api_throttled or account_unreachable, by the reason; `msg` says what
// to do (core/advice).
Event call_failed(Wall at, const std::string& account, const std::string& instance, Api api,
                  const Failure& failure, std::string msg);
// task_not_found, job_not_found or distribution_not_found: the cloud does not know what `call` asks
// for.
Event item_not_found(Wall at, const std::string& account, const Call& call, const Failure& failure,
                     const std::string& advice);
// task_refused, job_refused or distribution_refused: the cloud refuses this one item, or its reply
// is not the documented one, while others answer.
Event item_refused(Wall at, const std::string& account, const Call& call, const Failure& failure,
                   const std::string& advice);
Event account_recovered(Wall at, const std::string& account, const std::string& instance, Api api);
// There are no keys to sign with.
Event no_keys(Wall at, const std::string& account, std::string why);
// All APIs of the account share a limit in calls/s that its configuration does not name.
Event common_quota_found(Wall at, const std::string& account, std::size_t limit);
Event blind_interval(Wall at, const std::string& account, const BlindInterval& interval);

}  // namespace taskwatchd
