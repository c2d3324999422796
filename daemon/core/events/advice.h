// How to fix a failed call: one sentence for log lines and commands. No I/O.
#pragma once

#include <string>

#include "core/types/api.h"
#include "core/types/outcome.h"

namespace taskwatchd {

// The endpoint of the call.
struct CallPlace {
  std::string account;
  std::string instance;  // the label iot_instance; empty: the distribution endpoint
  std::string endpoint;  // scheme://host[:port]
  bool has_instance_id = false;
};

// "QueryTask is refused: InvalidAccessKeyId.NotFound (...). Check access_key_id ... of account
// prod."
std::string advice(Api api, const Failure& failure, const CallPlace& place);

}  // namespace taskwatchd
