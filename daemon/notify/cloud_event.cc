#include "notify/cloud_event.h"

#include "cloud/signer.h"
#include "core/events/event_fields.h"
#include "core/events/event_text.h"
#include "core/events/json.h"

namespace taskwatchd {

std::string cloud_event_source(const EventOrigin& origin, const Event& event) {
  std::string source = origin.external_url;
  if (source.empty()) source = "urn:taskwatchd:" + percent_encode(origin.replica);
  const std::string_view account = text_field(event, "account");
  if (!account.empty()) source += "/accounts/" + percent_encode(account);
  return source;
}

std::string_view cloud_event_subject(const Event& event) {
  for (const std::string_view id : {"task_id", "job_id", "distribution_id"}) {
    if (const std::string_view subject = text_field(event, id); !subject.empty()) return subject;
  }
  return {};
}

std::string cloud_event_json(const EventOrigin& origin, const Event& event, EventMark mark) {
  JsonObject data;
  data.add("level", std::string(name(event.level)));
  data.add("msg", event.msg);
  for (const Field& field : event.fields) data.add(field.name, field.value);

  JsonObject body;
  body.add("specversion", "1.0");
  body.add("id", event_key(event));
  body.add("source", cloud_event_source(origin, event));
  body.add("type", "taskwatchd." + event.name + ".v1");
  // An empty subject is not allowed.
  body.add_if("subject", std::string(cloud_event_subject(event)));
  body.add("time", rfc3339(event.ts));
  body.add("datacontenttype", "application/json");
  if (mark == EventMark::kReplayed) body.add("replayed", true);
  if (mark == EventMark::kTest) body.add("test", true);
  body.add_json("data", data.text());
  return body.text();
}

}  // namespace taskwatchd
