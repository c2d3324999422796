#include "view/json_fields.h"

namespace taskwatchd {

FieldValue counted(std::size_t value) {
  return static_cast<std::int64_t>(value);
}

std::string word(WatchState state) {
  switch (state) {
    case WatchState::kPending:
      return "pending";
    case WatchState::kWatched:
      return "watched";
    case WatchState::kGone:
      return "gone";
  }
  return {};
}

void add_record(JsonObject& json, const TaskRecord& record) {
  const TaskReply& last = record.last;
  json.add("status", std::string(name(last.status)));
  json.add_if("status_text", last.status_text);
  if (last.progress) json.add("progress", json_number(*last.progress));
  json.add_if("message", last.message);
  json.add_if("status_detail", last.status_detail);
  json.add("attempt", static_cast<std::int64_t>(record.attempt));
  json.add("job_id", last.job_id);
  json.add("job_name", last.job_name);
  json.add("product_key", last.product_key);
  json.add("device_name", last.device_name);
  json.add("queued_at", rfc3339(last.queued));
  json.add_if("started_at", record.started);
  json.add("modified_at", rfc3339(last.modified));
  json.add("first_seen", rfc3339(record.first_seen));
  json.add("last_seen", rfc3339(record.last_seen));
  json.add("superseded", record.superseded);
  json.add("gone", record.gone);
}

}  // namespace taskwatchd
