// A stored event as a CloudEvent. Source: CloudEvents 1.0.2,
// https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md and the JSON event format,
// structured mode. No I/O; throws nothing.
#pragma once

#include <string>
#include <string_view>

#include "core/events/event.h"
#include "notify/event_mark.h"

namespace taskwatchd {

inline constexpr std::string_view kCloudEventContentType = "application/cloudevents+json";

// Where the event was recorded.
struct EventOrigin {
  std::string external_url;  // --web.external-url, without a final slash; empty: none
  std::string replica;       // used if there is no URL
};

// The attribute `source`: EXTERNAL_URL/accounts/NAME, or urn:taskwatchd:REPLICA/accounts/NAME.
// Names are percent-encoded, so that the result is a URI-reference.
std::string cloud_event_source(const EventOrigin& origin, const Event& event);
// The attribute `subject`: the id of the task, else of the job, else of the distribution. Empty if
// the event has none: then the attribute is absent. Order holds among events of one subject.
std::string_view cloud_event_subject(const Event& event);
// The body of the request. `data` has `level`, `msg` and the fields of the event, named and typed
// as in the log. The mark becomes the extension `replayed` or `test`, with the value true. `id` is
// event_key().
std::string cloud_event_json(const EventOrigin& origin, const Event& event, EventMark mark);

}  // namespace taskwatchd
