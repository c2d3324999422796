#include "config/account_identity.h"

#include <algorithm>

#include "core/events/json.h"

namespace taskwatchd {
namespace {

std::int64_t identity_ticks(Duration span) {
  return static_cast<std::int64_t>(span.count());
}

StringList sorted(std::vector<std::string> items) {
  std::sort(items.begin(), items.end());
  return items;
}

std::string instance_identity(const InstanceConfig& instance) {
  JsonObject json;
  json.add("name", instance.name)
      .add("region", instance.region)
      .add("id", instance.id)
      .add("endpoint", instance.endpoint)
      .add("tasks", sorted(instance.tasks))
      .add("jobs", sorted(instance.jobs));
  if (const auto& discover = instance.discover_jobs) {
    json.add("discover",
             StringList{discover->name, std::to_string(identity_ticks(discover->modified_within)),
                        std::to_string(discover->limit)});
  }
  if (instance.deadline) json.add("deadline", identity_ticks(*instance.deadline));
  json.add("labels", instance.labels);
  return json.text();
}

}  // namespace

std::string account_identity(const AccountConfig& account) {
  JsonObject quota;
  for (const auto& [api, calls] : account.quota) quota.add(name(api), calls);
  std::vector<std::string> instances;
  for (const InstanceConfig& one : account.instances) instances.push_back(instance_identity(one));
  JsonObject json;
  json.add("name", account.name)
      .add_json("quota", quota.text())
      .add("quota_total", account.quota_total)
      .add("quota_share", account.quota_share)
      .add("pace", StringList{std::to_string(identity_ticks(account.pace.task)),
                              std::to_string(identity_ticks(account.pace.job)),
                              std::to_string(identity_ticks(account.pace.finished))})
      .add_json("instances", json_list(sorted(std::move(instances))))
      .add("distributions", sorted(account.distributions.ids))
      .add("distribution_endpoint", account.distributions.endpoint)
      .add("distribution_file_hosts", sorted(account.distributions.file_hosts));
  return json.text();
}

}  // namespace taskwatchd
