#include "notify/program_request.h"

#include "notify/webhook_signature.h"

namespace taskwatchd {

Event heartbeat_event(const ChatHeartbeat& numbers, Wall now) {
  Event event;
  event.ts = now;
  event.level = Level::kInfo;
  event.name = "heartbeat";
  event.msg = "taskwatchd is running";
  event.fields = {{"accounts", static_cast<std::int64_t>(numbers.accounts)},
                  {"jobs", static_cast<std::int64_t>(numbers.jobs)},
                  {"jobs_with_failures", static_cast<std::int64_t>(numbers.open_failures)},
                  {"sinks_failing", StringList(numbers.sinks_failing)}};
  return event;
}

Event sample_event(bool recovered, Wall now) {
  const std::string_view from = name(recovered ? TaskStatus::kFailed : TaskStatus::kInProgress);
  const std::string_view to = name(recovered ? TaskStatus::kSucceeded : TaskStatus::kFailed);
  Event event;
  // Both may be sent in one millisecond, and the time is part of their event_key().
  event.ts = recovered ? now + std::chrono::milliseconds(1) : now;
  event.level = recovered ? Level::kInfo : Level::kWarn;
  event.name = "task_transition";
  event.msg = "TEST, nothing failed: task exampleTask0001 changed from " + std::string(from) +
              " to " + std::string(to);
  event.fields = {{"account", "example"},
                  {"iot_instance", "main"},
                  {"job_id", "exampleJob0001"},
                  {"job_name", "ota-example"},
                  {"task_id", "exampleTask0001"},
                  {"device_name", "example-device"},
                  {"product_key", "exampleKey"},
                  {"from", std::string(from)},
                  {"to", std::string(to)},
                  {"attempt", std::int64_t{recovered ? 2 : 1}},
                  {"modified_at", rfc3339(now - std::chrono::seconds(2))},
                  {"observed_at", rfc3339(now)},
                  {"status_message", recovered ? "" : "battery too low"}};
  return event;
}

HttpRequest program_request(const SinkConfig& sink, const NotifySource& source,
                            const SinkAccess& access, const std::vector<const Event*>& events,
                            EventMark mark, Wall now) {
  HttpRequest request;
  request.method = "POST";
  request.url = access.url.reveal();
  for (const auto& [name, value] : access.headers) {
    request.headers.emplace_back(name, value.reveal());
  }
  if (sink.format == SinkFormat::kOtlp) {
    std::vector<Event> batch;
    for (const Event* const one : events) batch.push_back(*one);
    request.body = otlp_logs_json(source.resource, batch, mark, now);
    request.headers.emplace_back("content-type", "application/json");
    return request;
  }
  const Event& event = *events.front();
  request.body = cloud_event_json(source.origin, event, mark);
  request.headers.emplace_back("content-type", std::string(kCloudEventContentType));
  for (auto& header : webhook_headers(access.keys, event_key(event), now, request.body)) {
    request.headers.push_back(std::move(header));
  }
  return request;
}

}  // namespace taskwatchd
