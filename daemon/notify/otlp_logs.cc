#include "notify/otlp_logs.h"

#include <chrono>
#include <cmath>

#include "core/events/event_text.h"
#include "core/events/json.h"

namespace taskwatchd {
namespace {

std::string unix_nano(Wall t) {
  return std::to_string(std::chrono::nanoseconds(t.time_since_epoch()).count());
}

// SeverityNumber of logs.proto.
std::int64_t severity_number(Level level) {
  switch (level) {
    case Level::kDebug:
      return 5;
    case Level::kInfo:
      return 9;
    case Level::kWarn:
      return 13;
    case Level::kError:
      return 17;
  }
  return 0;
}

std::string severity_text(Level level) {
  switch (level) {
    case Level::kDebug:
      return "DEBUG";
    case Level::kInfo:
      return "INFO";
    case Level::kWarn:
      return "WARN";
    case Level::kError:
      return "ERROR";
  }
  return "";
}

std::string key_value(std::string_view key, const std::string& any_value) {
  return JsonObject().add("key", std::string(key)).add_json("value", any_value).text();
}

std::string text_value(const std::string& text) {
  return JsonObject().add("stringValue", text).text();
}

// The message AnyValue.
struct AnyValue {
  std::string operator()(const std::string& v) const { return text_value(v); }
  // A 64-bit integer is a text: JSON's numbers are doubles for many readers.
  std::string operator()(std::int64_t v) const {
    return JsonObject().add("intValue", std::to_string(v)).text();
  }
  std::string operator()(double v) const {
    if (std::isfinite(v)) return JsonObject().add("doubleValue", v).text();
    const char* const text = std::isnan(v) ? "NaN" : v > 0 ? "Infinity" : "-Infinity";
    return JsonObject().add("doubleValue", std::string(text)).text();
  }
  std::string operator()(bool v) const { return JsonObject().add("boolValue", v).text(); }
  std::string operator()(const StringList& v) const {
    std::vector<std::string> values;
    for (const std::string& text : v) values.push_back(text_value(text));
    return nested("arrayValue", values);
  }
  std::string operator()(const StringMap& v) const {
    std::vector<std::string> values;
    for (const auto& [key, text] : v) values.push_back(key_value(key, text_value(text)));
    return nested("kvlistValue", values);
  }

 private:
  static std::string nested(std::string_view kind, const std::vector<std::string>& values) {
    return JsonObject()
        .add_json(kind, JsonObject().add_json("values", json_list(values)).text())
        .text();
  }
};

std::string log_record(const Event& event, EventMark mark, Wall now) {
  std::vector<std::string> attributes = {key_value("event.id", text_value(event_key(event)))};
  if (mark == EventMark::kReplayed) attributes.push_back(key_value("replayed", AnyValue{}(true)));
  if (mark == EventMark::kTest) attributes.push_back(key_value("test", AnyValue{}(true)));
  for (const Field& field : event.fields) {
    attributes.push_back(key_value(field.name, std::visit(AnyValue{}, field.value)));
  }
  JsonObject record;
  record.add("timeUnixNano", unix_nano(event.ts));
  record.add("observedTimeUnixNano", unix_nano(now));
  record.add("severityNumber", severity_number(event.level));
  record.add("severityText", severity_text(event.level));
  record.add_if("eventName", event.name);
  record.add_json("body", text_value(event.msg));
  record.add_json("attributes", json_list(attributes));
  return record.text();
}

}  // namespace

std::string otlp_logs_json(const OtlpResource& resource, const std::vector<Event>& events,
                           EventMark mark, Wall now) {
  const std::string about =
      json_list({key_value("service.name", text_value("taskwatchd")),
                 key_value("service.instance.id", text_value(resource.instance_id)),
                 key_value("service.version", text_value(resource.version))});
  std::vector<std::string> records;
  for (const Event& event : events) records.push_back(log_record(event, mark, now));
  const std::string scope =
      JsonObject().add("name", "taskwatchd").add("version", resource.version).text();
  const std::string scope_logs =
      JsonObject().add_json("scope", scope).add_json("logRecords", json_list(records)).text();
  const std::string resource_logs =
      JsonObject()
          .add_json("resource", JsonObject().add_json("attributes", about).text())
          .add_json("scopeLogs", json_list({scope_logs}))
          .text();
  return JsonObject().add_json("resourceLogs", json_list({resource_logs})).text();
}

}  // namespace taskwatchd
