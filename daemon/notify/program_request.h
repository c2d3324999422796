// The HTTP request that delivers events to a program: one event as a CloudEvent with a signature of
// Standard Webhooks, or a batch as OpenTelemetry logs. Pure, except that a failure of the crypto
// library throws std::runtime_error.
#pragma once

#include <vector>

#include "cloud/http.h"
#include "config/notify.h"
#include "core/events/event.h"
#include "core/types/time.h"
#include "notify/chat_message.h"
#include "notify/cloud_event.h"
#include "notify/otlp_logs.h"
#include "notify/sink_access.h"

namespace taskwatchd {

// Who this daemon is, for receivers.
struct NotifySource {
  EventOrigin origin;
  OtlpResource resource;
};

// Sent to programs at an interval, so that they notice when nothing comes any more. Not stored.
Event heartbeat_event(const ChatHeartbeat& numbers, Wall now);
// A realistic failure of a task, and its recovery a millisecond later, for a test of a sink. Not
// stored.
Event sample_event(bool recovered, Wall now);

// `now` is part of the signature, so a new attempt needs a new request.
// REQUIRES: sink.format is cloudevents and there is one event, or otlp and there are at most
// kMaxOtlpRecords.
HttpRequest program_request(const SinkConfig& sink, const NotifySource& source,
                            const SinkAccess& access, const std::vector<const Event*>& events,
                            EventMark mark, Wall now);

}  // namespace taskwatchd
