// Events as log records of OpenTelemetry. Source: OTLP 1.5, JSON encoding of
// ExportLogsServiceRequest, https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding and
// opentelemetry/proto/logs/v1/logs.proto. No I/O; throws nothing.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/events/event.h"
#include "core/types/time.h"
#include "notify/event_mark.h"

namespace taskwatchd {

inline constexpr std::size_t kMaxOtlpRecords = 100;  // in one request

// The attributes of the resource.
struct OtlpResource {
  std::string instance_id;  // service.instance.id: the replica
  std::string version;      // service.version: of the daemon
};

// The body of a POST to /v1/logs. Each record has eventName, the severity, `msg` as its body, the
// event's fields as attributes of the same names, and the attribute event.id, which is event_key().
// The mark becomes the attribute `replayed` or `test`. `now` becomes observedTimeUnixNano.
// REQUIRES: at most kMaxOtlpRecords events.
std::string otlp_logs_json(const OtlpResource& resource, const std::vector<Event>& events,
                           EventMark mark, Wall now);

}  // namespace taskwatchd
