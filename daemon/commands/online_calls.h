// What `check --online` asks: one call for each account, instance and API that the configuration
// uses; and the RAM policy which allows just those. Pure.
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
  std::optional<std::size_t> instance;  // index; nothing: the distribution endpoint
  ApiCall call;
  // The id of the configuration that is asked for. Empty: one made up, or none, so that the cloud
  // not knowing it proves all the rest.
  std::string id;
};

// An account's calls, instances in the file's order. APIs whose quota is 0 are left out.
std::vector<OnlineCall> online_calls(const AccountConfig& account);

// The RAM policy that allows these calls and nothing else, in one line of JSON.
std::string ram_policy(const std::vector<OnlineCall>& calls);

// What is wrong is the RAM policy, and not the key itself.
bool lacks_action(const Failure& failure);
// The account's other calls would fail in the same way: its key, its bill, the clock.
bool is_of_account(const Failure& failure);
// So would those to the same endpoint.
bool is_of_endpoint(const Failure& failure);

}  // namespace taskwatchd
