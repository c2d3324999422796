#include "notify/chat_state.h"

#include <simdjson.h>

#include "core/events/event_text.h"
#include "core/events/json.h"

namespace taskwatchd {
namespace {

using simdjson::SUCCESS;
using JsonValue = simdjson::dom::element;

constexpr std::size_t kStateDepth = 16;  // nesting levels; the text has eight

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

std::string muted_json(const MutedRecord& muted) {
  std::vector<std::string> jobs, events;
  for (const KeptJob& job : muted.kept.jobs) {
    JsonObject json;
    json.add("account", job.key.account).add("job_id", job.key.job_id);
    json.add("kind", static_cast<std::int64_t>(job.kind));
    json.add("instance", job.instance).add("job_name", job.job_name);
    json.add("bad", std::int64_t{job.bad}).add("newly_bad", std::int64_t{job.newly_bad});
    json.add("overdue", std::int64_t{job.overdue}).add("may_mention", job.may_mention);
    jobs.push_back(json.text());
  }
  for (const Event& event : muted.kept.events) events.push_back(to_json(event));
  JsonObject json;
  json.add("mute", muted.mute_id);
  json.add("from_ms", milliseconds(muted.kept.from)).add("to_ms", milliseconds(muted.kept.to));
  json.add_json("jobs", json_list(jobs)).add_json("events", json_list(events));
  return json.add("further", static_cast<std::int64_t>(muted.kept.further_events)).text();
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
  std::vector<JsonValue> list(JsonValue object, std::string_view key) {
    simdjson::dom::array array;
    if (object[key].get_array().get(array) != SUCCESS) {
      ok = false;
      return {};
    }
    return {array.begin(), array.end()};
  }
  KeptJob kept_job(JsonValue object) {
    KeptJob job;
    job.key = {text(object, "account"), text(object, "job_id")};
    const std::int64_t kind = integer(object, "kind");
    if (kind > static_cast<std::int64_t>(JobNoticeKind::kRecovered)) ok = false;
    if (ok) job.kind = static_cast<JobNoticeKind>(kind);
    job.instance = text(object, "instance");
    job.job_name = text(object, "job_name");
    job.bad = static_cast<std::uint32_t>(integer(object, "bad"));
    job.newly_bad = static_cast<std::uint32_t>(integer(object, "newly_bad"));
    job.overdue = static_cast<std::uint32_t>(integer(object, "overdue"));
    job.may_mention = truth(object, "may_mention");
    return job;
  }
  MutedRecord muted(JsonValue object) {
    MutedRecord record;
    record.mute_id = text(object, "mute");
    record.kept.from = Wall(std::chrono::milliseconds(integer(object, "from_ms")));
    record.kept.to = Wall(std::chrono::milliseconds(integer(object, "to_ms")));
    for (const JsonValue job : list(object, "jobs")) record.kept.jobs.push_back(kept_job(job));
    for (const JsonValue event : list(object, "events")) {
      // An event that cannot be parsed is counted only.
      if (auto parsed = event_from_json(simdjson::minify(event))) {
        record.kept.events.push_back(std::move(*parsed));
      } else {
        ++record.kept.further_events;
      }
    }
    record.kept.further_events += static_cast<std::size_t>(integer(object, "further"));
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
  json.add_json("jobs", json_list(jobs));
  std::vector<std::string> muted;
  for (const MutedRecord& record : state.muted) muted.push_back(muted_json(record));
  if (!muted.empty()) json.add_json("muted", json_list(muted));
  return json.text();
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
  if (JsonValue muted; root["muted"].get(muted) == SUCCESS) {
    for (const JsonValue one : reader.list(root, "muted")) state.muted.push_back(reader.muted(one));
  }
  if (!reader.ok) return std::nullopt;
  return state;
}

}  // namespace taskwatchd
