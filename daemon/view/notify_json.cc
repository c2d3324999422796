#include "view/notify_json.h"

#include "core/events/json.h"
#include "view/json_fields.h"

namespace taskwatchd {

std::string sink_json(const SinkStatus& sink) {
  JsonObject json;
  json.add("name", sink.name).add("format", sink.format);
  json.add("cursor", counted(sink.cursor)).add_if("oldest_pending", sink.oldest_pending);
  json.add("up", !sink.failing_since.has_value()).add("pending", counted(sink.pending));
  json.add_if("last_success", sink.last_success).add_if("failing_since", sink.failing_since);
  json.add_if("reason", sink.reason);
  std::uint64_t dropped = 0;
  for (const auto& [reason, count] : sink.dropped) dropped += count;
  json.add("dropped", counted(dropped));
  if (sink.replaying > 0) json.add("replaying", counted(sink.replaying));
  if (sink.muted) json.add("muted", true);
  return json.text();
}

std::string mute_json(const Mute& mute) {
  JsonObject json;
  json.add("id", mute.id).add_if("sink", mute.sink).add_if("account", mute.account);
  json.add_if("job", mute.job).add("comment", mute.comment).add("created_by", mute.created_by);
  return json.add("created", rfc3339(mute.created)).add("until", rfc3339(mute.until)).text();
}

std::string mutes_json(const std::vector<Mute>& mutes) {
  std::vector<std::string> all;
  for (const Mute& one : mutes) all.push_back(mute_json(one));
  return json_list(all);
}

}  // namespace taskwatchd
