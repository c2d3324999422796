// What the configuration says about one account, as text: equal for two replicas that poll the same
// things in the same way. Without credentials, proxy and CA files, which are each host's. No I/O.
#pragma once

#include <string>

#include "config/config.h"

namespace taskwatchd {

// One JSON object; ids in byte order, so that the order in the file does not matter.
std::string account_identity(const AccountConfig& account);

}  // namespace taskwatchd
