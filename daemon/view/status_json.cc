#include "view/status_json.h"

#include <fmt/format.h>

#include "core/events/event_text.h"
#include "view/json_fields.h"
#include "view/notify_json.h"

namespace taskwatchd {
namespace {

constexpr std::size_t kReplicasShown = 100;

std::string api_json(const ApiStatus& api) {
  JsonObject json;
  json.add("action", std::string(name(api.api)));
  json.add("rate_limit", json_number(api.rate_limit));
  json.add("configured", json_number(api.rate_limit_configured));
  json.add_if("last_success", api.last_success);
  json.add("denied", api.denied);
  json.add("calls", counted(api.calls));
  JsonObject failures;
  for (const auto& [reason, count] : api.failures) {
    failures.add(std::string(name(reason)), counted(count));
  }
  return json.add_json("failures", failures.text()).text();
}

std::string instance_json(const InstanceStatus& instance) {
  JsonObject json;
  json.add("name", instance.name);
  json.add("up", instance.up);
  json.add_if("failure_reason", instance.failure_reason);
  return json.text();
}

// [0.25,3] for each bucket edge: shorter than objects with names, because there are many.
std::string delay_json(const DelayCounts& delay) {
  JsonObject json;
  json.add("class", delay.kind);
  json.add("count", counted(delay.count));
  json.add("sum_seconds", json_number(delay.sum_seconds));
  std::vector<std::string> edges;
  for (const auto& edge : delay.edges) {
    edges.push_back(fmt::format("[{},{}]", edge.seconds, edge.count));
  }
  return json.add_json("up_to", json_list(edges)).text();
}

std::string account_json(const AccountStatus& account) {
  JsonObject json;
  json.add("name", account.name);
  json.add("up", account.up);
  json.add_if("failure_reason", account.failure_reason);
  if (account.clock_offset_seconds) {
    json.add("clock_offset_seconds", json_number(*account.clock_offset_seconds));
  }
  if (account.detection_delay_bound) {
    json.add("detection_delay_bound_seconds", json_number(seconds(*account.detection_delay_bound)));
  }
  json.add("blind_seconds", json_number(account.blind_seconds));
  json.add_if("oldest_observation", account.oldest_observation);
  std::vector<std::string> instances;
  for (const InstanceStatus& instance : account.instances) {
    instances.push_back(instance_json(instance));
  }
  std::vector<std::string> apis;
  for (const ApiStatus& api : account.apis) apis.push_back(api_json(api));
  std::vector<std::string> delays;
  for (const DelayCounts& delay : account.delays) delays.push_back(delay_json(delay));
  JsonObject tasks;
  tasks.add("unseen", counted(account.unseen)).add("unfinished", counted(account.unfinished));
  tasks.add("finished", counted(account.finished)).add("gone", counted(account.gone));
  JsonObject jobs;
  jobs.add("watched", counted(account.jobs.size())).add("skipped", counted(account.jobs_skipped));
  json.add_json("instances", json_list(instances)).add_json("apis", json_list(apis));
  json.add_json("detection_delay", json_list(delays)).add_json("tasks", tasks.text());
  return json.add_json("jobs", jobs.text()).text();
}

std::string lease_json(const LeaseStatus& lease) {
  JsonObject json;
  json.add("account", lease.account);
  json.add("held", lease.held);
  json.add("elsewhere", lease.elsewhere);
  json.add_if("holder", lease.holder);
  json.add_if("holder_url", lease.holder_url);
  json.add_if("differs_at", lease.differs_at);
  json.add("epoch", lease.epoch);
  return json.add("transitions", counted(lease.transitions)).text();
}

std::string replica_json(const ReplicaStatus& replica) {
  JsonObject json;
  json.add("name", replica.name);
  json.add_if("url", replica.url);
  json.add("self", replica.self);
  json.add("accounts", StringList(replica.accounts));
  const auto age = std::chrono::floor<std::chrono::milliseconds>(replica.age);
  return json.add("age_seconds", json_number(seconds(age))).text();
}

void add_replication(JsonObject& json, const ReplicationStatus& status) {
  std::vector<std::string> leases;
  for (const LeaseStatus& lease : status.leases) leases.push_back(lease_json(lease));
  std::vector<std::string> replicas;
  for (const ReplicaStatus& replica : status.replicas) {
    if (replicas.size() == kReplicasShown) break;
    replicas.push_back(replica_json(replica));
  }
  json.add_json("leases", json_list(leases)).add_json("replicas", json_list(replicas));
}

}  // namespace

std::string status_json(const DaemonStatus& status, const DaemonFacts& facts) {
  JsonObject json;
  json.add("version", facts.version);
  json.add("started", rfc3339(facts.started));
  json.add("ready", true);
  std::vector<std::string> accounts;
  for (const AccountStatus& account : status.accounts) accounts.push_back(account_json(account));
  JsonObject sinks;
  for (const auto& [sink, pending] : status.events_pending) sinks.add(sink, counted(pending));
  JsonObject config;
  config.add("last_reload_successful", status.last_reload_successful);
  config.add_if("last_reload_success", status.last_reload_success);
  JsonObject store;
  store.add("up", status.store_up);
  json.add_json("accounts", json_list(accounts));
  if (status.replication) add_replication(json, *status.replication);
  json.add_json("store", store.text());
  if (!status.sinks.empty()) {
    std::vector<std::string> notify;
    for (const SinkStatus& sink : status.sinks) notify.push_back(sink_json(sink));
    json.add_json("notify", json_list(notify));
  }
  if (!status.mutes.empty()) json.add_json("mutes", mutes_json(status.mutes));
  return json.add_json("sinks", sinks.text()).add_json("config", config.text()).text();
}

}  // namespace taskwatchd
