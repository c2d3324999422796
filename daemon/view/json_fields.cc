#include "view/json_fields.h"

#include <cmath>

namespace taskwatchd {

void add(std::vector<Field>& fields, std::string key, FieldValue value) {
  fields.push_back({std::move(key), std::move(value)});
}

void add_if(std::vector<Field>& fields, std::string key, const std::string& text) {
  if (!text.empty()) add(fields, std::move(key), text);
}

void add_if(std::vector<Field>& fields, std::string key, const std::optional<Wall>& at) {
  if (at) add(fields, std::move(key), rfc3339(*at));
}

FieldValue number(double value) {
  if (std::nearbyint(value) == value) return static_cast<std::int64_t>(value);
  return value;
}

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

void add_record(std::vector<Field>& fields, const TaskRecord& record) {
  const TaskReply& last = record.last;
  add(fields, "status", std::string(name(last.status)));
  add_if(fields, "status_text", last.status_text);
  if (last.progress) add(fields, "progress", number(*last.progress));
  add_if(fields, "message", last.message);
  add_if(fields, "status_detail", last.status_detail);
  add(fields, "attempt", static_cast<std::int64_t>(record.attempt));
  add(fields, "job_id", last.job_id);
  add(fields, "job_name", last.job_name);
  add(fields, "product_key", last.product_key);
  add(fields, "device_name", last.device_name);
  add(fields, "queued_at", rfc3339(last.queued));
  add_if(fields, "started_at", record.started);
  add(fields, "modified_at", rfc3339(last.modified));
  add(fields, "first_seen", rfc3339(record.first_seen));
  add(fields, "last_seen", rfc3339(record.last_seen));
  add(fields, "superseded", record.superseded);
  add(fields, "gone", record.gone);
}

std::string json_list(const std::vector<std::string>& items) {
  std::string list = "[";
  for (const std::string& item : items) {
    if (list.size() > 1) list += ',';
    list += item;
  }
  return list + "]";
}

std::string with_member(std::string object, std::string_view name, std::string_view value) {
  object.pop_back();
  if (object.size() > 1) object += ',';
  object += '"';
  object += name;
  object += "\":";
  object += value;
  object += '}';
  return object;
}

}  // namespace taskwatchd
