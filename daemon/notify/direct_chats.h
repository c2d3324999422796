// Whether people are notified of an account's failures without Prometheus: then its alerts of
// single failures need not notify them again. No I/O.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "config/notify.h"
#include "core/types/mute.h"
#include "core/types/status.h"

namespace taskwatchd {

// By account: true if a chat delivers everything that it is sent by default, without a filter other
// than `accounts`, has had a success, does not fail, and no mute covers the account there. A mute
// of some jobs leaves it true: the user wants no notification of them. Empty without a chat in
// `sinks`.
std::map<std::string, bool> directly_notified(const std::vector<std::string>& accounts,
                                              const std::vector<SinkConfig>& sinks,
                                              const std::vector<SinkStatus>& status,
                                              const std::vector<Mute>& active);

}  // namespace taskwatchd
