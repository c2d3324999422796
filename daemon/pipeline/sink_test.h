// `taskwatchd notify test`: sends a marked failure and its recovery to a sink, by itself or for a
// running daemon. Event-loop thread only.
#pragma once

#include <string>
#include <vector>

#include "config/notify.h"
#include "notify/delivery_answer.h"
#include "pipeline/notify_context.h"
#include "ports.h"

namespace taskwatchd {

struct SinkTestMessage {
  std::string what;  // "failure" or "recovery"
  DeliveryAnswer result;
  std::string answer;  // excerpt of the response, redacted; may be empty
};

// The second message is not sent if the first one was not taken. If the sink's files cannot be
// read, there is one result, whose code is "configuration". `mention`: people are mentioned, as
// for a large failure. The references must live until the result. Counts in the budget of a chat.
Awaitable<std::vector<SinkTestMessage>> test_sink(HttpClient& http, Clock& clock,
                                                  LocalSecrets& files, SinkConfig config,
                                                  const NotifyContext& context, bool mention);

}  // namespace taskwatchd
