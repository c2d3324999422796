// The calls of `check --online`: one per account, instance and API that the configuration uses; and
// the RAM policy that allows exactly those. No I/O.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "cloud/request.h"
#include "config/config.h"
#include "core/types/outcome.h"

namespace taskwatchd {

struct OnlineCall {
  std::optional<std::size_t> instance;  // index; nullopt: the distribution endpoint
  ApiCall call;
  // The configured id that the call queries. Empty: the call has a made-up id or none; a "not
  // found" response then proves that everything else is correct.
  std::string id;
};

// Returns an account's calls, instances in the order of the file. APIs whose quota is 0 are
// omitted.
std::vector<OnlineCall> online_calls(const AccountConfig& account);

// Returns the RAM policy that allows these calls and nothing else, as one line of JSON.
std::string ram_policy(const std::vector<OnlineCall>& calls);

// Returns true if the RAM policy is the cause, not the AccessKey itself.
bool lacks_action(const Failure& failure);
// Returns true if the account's other calls would fail too: AccessKey, overdue payment, clock.
bool is_of_account(const Failure& failure);
// Returns true if other calls to the same endpoint would fail too.
bool is_of_endpoint(const Failure& failure);

}  // namespace taskwatchd
