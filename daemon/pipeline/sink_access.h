// Reads the files of a sink and prepares its requests. Event-loop thread only.
#pragma once

#include <string>
#include <variant>

#include "config/notify.h"
#include "notify/sink_access.h"
#include "ports.h"

namespace taskwatchd {

// An error is a text with the file and the fix, without secrets.
std::variant<SinkAccess, std::string> read_sink_access(LocalSecrets& files,
                                                       const SinkConfig& config);

// Adds what holds for every request to a sink: 10 s, 64 KiB of the answer, proxy and CA file.
void limit_sink_request(HttpRequest& request, const SinkConfig& config);

}  // namespace taskwatchd
