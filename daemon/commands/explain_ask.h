// The queries of `taskwatchd explain`: to the daemon, and once to the replica to which it refers.
// Apart from explain.cc, so that a test can replace the network. Event-loop thread only.
#pragma once

#include "commands/explain.h"
#include "commands/explain_text.h"
#include "core/types/secret.h"
#include "ports.h"

namespace taskwatchd {

// A reference (HTTP 421) is followed to an https URL, or to http on a loopback address, as for
// --url: the request may contain a password. The text then says which replica responded.
Awaitable<ExplainText> explain_task(HttpClient& http, const ExplainOptions& options,
                                    Secret password);

}  // namespace taskwatchd
