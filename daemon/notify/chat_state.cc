#include "notify/chat_state.h"

#include <simdjson.h>

#include "core/events/json.h"

namespace taskwatchd {
namespace {

using simdjson::SUCCESS;
using JsonValue = simdjson::dom::element;

constexpr std::size_t kStateDepth = 8;  // nesting levels; the text has four

std::int64_t milliseconds(Wall at) {
  return at.time_since_epoch().count();
}

std::string burst_json(const BurstRecord& burst) {
  JsonObject json;
  json.add("phase", static_cast<std::int64_t>(burst.phase));
  json.add("base", std::int64_t{burst.base}).add("reported", std::int64_t{burst.reported});
  return json.add("sent_ms", milliseconds(burst.sent_at)).text();
}

std::string job_json(const ChatJobRecord& job) {
  JsonObject json;
  json.add("account", job.key.account).add("job_id", job.key.job_id);
  json.add("covered", static_cast<std::int64_t>(job.covered));
  json.add_json("failures", burst_json(job.failures)).add_json("overdue", burst_json(job.overdue));
  json.add("attempt", job.attempt).add("open", job.open).add("mentioned", job.mentioned);
  return json.text();
}

// Reads members; remembers whether any is missing or of another type.
struct StateReader {
  bool ok = true;

  std::int64_t integer(JsonValue object, std::string_view key) {
    std::int64_t value = 0;
    if (object[key].get_int64().get(value) != SUCCESS || value < 0) ok = false;
    return ok ? value : 0;
  }
  bool truth(JsonValue object, std::string_view key) {
    bool value = false;
    if (object[key].get_bool().get(value) != SUCCESS) ok = false;
    return value;
  }
  std::string text(JsonValue object, std::string_view key) {
    std::string_view value;
    if (object[key].get_string().get(value) != SUCCESS) ok = false;
    return std::string(value);
  }
  BurstRecord burst(JsonValue object, std::string_view key) {
    JsonValue value;
    if (object[key].get(value) != SUCCESS) {
      ok = false;
      return {};
    }
    const std::int64_t phase = integer(value, "phase");
    if (phase > static_cast<std::int64_t>(BurstPhase::kSettled)) ok = false;
    BurstRecord record;
    if (ok) record.phase = static_cast<BurstPhase>(phase);
    record.base = static_cast<std::uint32_t>(integer(value, "base"));
    record.reported = static_cast<std::uint32_t>(integer(value, "reported"));
    record.sent_at = Wall(std::chrono::milliseconds(integer(value, "sent_ms")));
    return record;
  }
  ChatJobRecord job(JsonValue object) {
    ChatJobRecord record;
    record.key = {text(object, "account"), text(object, "job_id")};
    record.covered = static_cast<std::uint64_t>(integer(object, "covered"));
    record.failures = burst(object, "failures");
    record.overdue = burst(object, "overdue");
    record.attempt = integer(object, "attempt");
    record.open = truth(object, "open");
    record.mentioned = truth(object, "mentioned");
    return record;
  }
};

}  // namespace

std::string to_json(const ChatState& state) {
  std::vector<std::string> jobs;
  for (const ChatJobRecord& job : state.jobs) jobs.push_back(job_json(job));
  JsonObject json;
  json.add("cursor", static_cast<std::int64_t>(state.cursor));
  json.add("events_covered", static_cast<std::int64_t>(state.events_covered));
  return json.add_json("jobs", json_list(jobs)).text();
}

std::optional<ChatState> chat_state_from_json(std::string_view text) {
  simdjson::dom::parser parser;
  JsonValue root;
  simdjson::dom::array jobs;
  if (parser.allocate(text.size() + 1, kStateDepth) != SUCCESS ||
      parser.parse(text.data(), text.size()).get(root) != SUCCESS ||
      root["jobs"].get_array().get(jobs) != SUCCESS) {
    return std::nullopt;
  }
  StateReader reader;
  ChatState state;
  state.cursor = static_cast<std::uint64_t>(reader.integer(root, "cursor"));
  state.events_covered = static_cast<std::uint64_t>(reader.integer(root, "events_covered"));
  for (const JsonValue job : jobs) state.jobs.push_back(reader.job(job));
  if (!reader.ok) return std::nullopt;
  return state;
}

}  // namespace taskwatchd
