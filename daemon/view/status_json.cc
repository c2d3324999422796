#include "view/status_json.h"

#include <fmt/format.h>

#include "core/events/event_text.h"
#include "view/json_fields.h"

namespace taskwatchd {
namespace {

std::string api_json(const ApiStatus& api) {
  std::vector<Field> fields;
  add(fields, "action", std::string(name(api.api)));
  add(fields, "rate_limit", number(api.rate_limit));
  add(fields, "configured", number(api.rate_limit_configured));
  add_if(fields, "last_success", api.last_success);
  add(fields, "denied", api.denied);
  add(fields, "calls", counted(api.calls));
  std::vector<Field> failures;
  for (const auto& [reason, count] : api.failures) {
    add(failures, std::string(name(reason)), counted(count));
  }
  return with_member(to_json_object(fields), "failures", to_json_object(failures));
}

std::string instance_json(const InstanceStatus& instance) {
  std::vector<Field> fields;
  add(fields, "name", instance.name);
  add(fields, "up", instance.up);
  add_if(fields, "failure_reason", instance.trouble);
  return to_json_object(fields);
}

// [0.25,3] for each edge: fewer bytes than names would take, for there are many.
std::string delay_json(const DelayCounts& delay) {
  std::vector<Field> fields;
  add(fields, "class", delay.kind);
  add(fields, "count", counted(delay.count));
  add(fields, "sum_seconds", number(delay.sum_seconds));
  std::vector<std::string> edges;
  for (const auto& edge : delay.edges) {
    edges.push_back(fmt::format("[{},{}]", edge.seconds, edge.count));
  }
  return with_member(to_json_object(fields), "up_to", json_list(edges));
}

std::string account_json(const AccountStatus& account) {
  std::vector<Field> fields;
  add(fields, "name", account.name);
  add(fields, "up", account.up);
  add_if(fields, "failure_reason", account.trouble);
  if (account.clock_offset_seconds) {
    add(fields, "clock_offset_seconds", number(*account.clock_offset_seconds));
  }
  if (account.detection_delay_bound) {
    add(fields, "detection_delay_bound_seconds", number(seconds(*account.detection_delay_bound)));
  }
  add(fields, "blind_seconds", number(account.blind_seconds));
  add_if(fields, "oldest_observation", account.oldest_observation);
  std::vector<std::string> instances;
  for (const InstanceStatus& instance : account.instances) {
    instances.push_back(instance_json(instance));
  }
  std::vector<std::string> apis;
  for (const ApiStatus& api : account.apis) apis.push_back(api_json(api));
  const std::string tasks = to_json_object({{"unseen", counted(account.unseen)},
                                            {"unfinished", counted(account.unfinished)},
                                            {"finished", counted(account.finished)},
                                            {"gone", counted(account.gone)}});
  const std::string jobs = to_json_object(
      {{"watched", counted(account.jobs.size())}, {"skipped", counted(account.jobs_skipped)}});
  std::string json = with_member(to_json_object(fields), "instances", json_list(instances));
  json = with_member(std::move(json), "apis", json_list(apis));
  std::vector<std::string> delays;
  for (const DelayCounts& delay : account.delays) delays.push_back(delay_json(delay));
  json = with_member(std::move(json), "detection_delay", json_list(delays));
  json = with_member(std::move(json), "tasks", tasks);
  return with_member(std::move(json), "jobs", jobs);
}

}  // namespace

std::string status_json(const DaemonStatus& status, const DaemonFacts& facts) {
  std::vector<Field> fields;
  add(fields, "version", facts.version);
  add(fields, "started", rfc3339(facts.started));
  add(fields, "ready", true);
  std::vector<std::string> accounts;
  for (const AccountStatus& account : status.accounts) accounts.push_back(account_json(account));
  std::vector<Field> sinks;
  for (const auto& [sink, pending] : status.events_pending) add(sinks, sink, counted(pending));
  std::vector<Field> config;
  add(config, "last_reload_successful", status.last_reload_successful);
  add_if(config, "last_reload_success", status.last_reload_success);
  std::string json = with_member(to_json_object(fields), "accounts", json_list(accounts));
  json = with_member(std::move(json), "store", to_json_object({{"up", status.store_up}}));
  json = with_member(std::move(json), "sinks", to_json_object(sinks));
  return with_member(std::move(json), "config", to_json_object(config));
}

}  // namespace taskwatchd
