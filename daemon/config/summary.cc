#include "config/summary.h"

#include <algorithm>
#include <cstdio>

#include "config/duration.h"
#include "config/parse.h"
#include "config/state_url.h"

namespace taskwatchd {
namespace {

std::string number(double value) {
  char buffer[32];
  std::snprintf(buffer, sizeof buffer, "%.4g", value);
  return buffer;
}

std::string counted(std::size_t count, const std::string& noun) {
  return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

std::string keys_of(const CredentialsConfig& credentials) {
  std::string text = "default credential provider chain";
  if (!credentials.ecs_ram_role.empty()) {
    text = "ECS RAM role " + credentials.ecs_ram_role;
  } else if (credentials.has_keys()) {
    text = credentials.security_token_file.empty() ? "AccessKey from files"
                                                   : "AccessKey and security token from files";
  }
  if (const auto& role = credentials.assume_role) text += " for the role " + role->arn;
  return text;
}

std::string calls(const AccountConfig& account) {
  std::string text;
  for (const auto& [api, quota] : account.quota) {
    const std::string used = quota == 0 ? "off" : number(quota * account.quota_share);
    text += (text.empty() ? "" : ", ") + std::string(name(api)) + " " + used;
  }
  return text;
}

std::string instance_text(const InstanceConfig& instance) {
  std::string text = "  instance " + instance.name + ": region " + instance.region +
                     (instance.id.empty() ? "" : ", id " + instance.id) + ", " + instance.endpoint +
                     ", " + counted(instance.tasks.size(), "task") + ", " +
                     counted(instance.jobs.size(), "job");
  if (instance.deadline) text += ", overdue after " + format_duration(*instance.deadline);
  text += "\n";
  if (const auto& wanted = instance.discover_jobs) {
    text += "    and the newest " + counted(wanted->limit, "job") + " named " + wanted->name +
            " and modified within " + format_duration(wanted->modified_within) + "\n";
  }
  return text;
}

std::string account_text(const AccountConfig& account) {
  std::size_t tasks = 0;
  std::size_t jobs = 0;
  for (const InstanceConfig& instance : account.instances) {
    tasks += instance.tasks.size();
    jobs += instance.jobs.size();
  }
  std::string text = "account " + account.name + ": " +
                     counted(account.instances.size(), "instance") + ", " + counted(tasks, "task") +
                     ", " + counted(jobs, "job") +
                     ", credentials: " + keys_of(account.credentials) + ", signature " +
                     (account.signature == SignatureVersion::kV3 ? "v3" : "v1") +
                     (account.proxy.empty() ? "" : ", proxy " + account.proxy) + "\n";
  text += "  calls/s used at most (share " + number(account.quota_share) + "): " + calls(account);
  if (account.quota_total > 0) {
    text += ", all together " + number(account.quota_total * account.quota_share);
  }
  text += "\n";
  text += "  minimum poll interval: task " + format_duration(account.pace.task) + ", job " +
          format_duration(account.pace.job) + ", finished " +
          format_duration(account.pace.finished) + "\n";
  for (const InstanceConfig& instance : account.instances) text += instance_text(instance);
  const DistributionsConfig& distributions = account.distributions;
  if (!distributions.ids.empty()) {
    text += "  " + counted(distributions.ids.size(), "distribution") + " at " +
            distributions.endpoint + ", result files from";
    for (const std::string& host : distributions.file_hosts) text += " " + host;
    text += "\n";
  }
  return text;
}

// A URL that is invalid is not shown: a valid one contains no password.
std::string state_text(const Config& config) {
  if (config.state_url.empty()) return config.state_path;
  const auto url = parse_state_url(config.state_url);
  const auto* valid = std::get_if<StateUrl>(&url);
  return (valid == nullptr ? "PostgreSQL" : valid->shown()) + ", schema " + config.state_schema;
}

// Without URLs of robots, which are secrets in files.
std::string sink_text(const SinkConfig& sink) {
  std::string events;
  for (const std::string& one : sink.events) events += (events.empty() ? "" : ", ") + one;
  if (events.empty()) events = is_chat(sink.format) ? "failures and outages" : "all events";
  return "sink " + sink.name + ": " + std::string(name(sink.format)) +
         (sink.url.empty() ? "" : " to " + sink.url) + ", " + events + ", dropped after " +
         format_duration(sink.give_up) + "\n";
}

}  // namespace

std::string summary(const Config& config) {
  std::string text;
  for (const AccountConfig& account : config.accounts) text += account_text(account);
  text += "state database: " + state_text(config) + " (history of unwatched items kept for " +
          format_duration(config.retain) + ")\n";
  if (!config.state_url.empty()) {
    text += "replica: " + (config.replica_name.empty() ? "the host name" : config.replica_name) +
            (config.replica_url.empty() ? "" : " at " + config.replica_url) + "\n";
  }
  for (const SinkConfig& sink : config.sinks) text += sink_text(sink);
  if (config.detection_delay_bound) {
    text += "bound: failures are recorded within " +
            format_duration(*config.detection_delay_bound) + "\n";
  }
  return text;
}

bool watches_nothing(const Config& config) {
  const auto watched = [](const InstanceConfig& instance) {
    return !instance.tasks.empty() || !instance.jobs.empty() || instance.discover_jobs;
  };
  return std::none_of(
      config.accounts.begin(), config.accounts.end(), [&](const AccountConfig& account) {
        return !account.distributions.ids.empty() ||
               std::any_of(account.instances.begin(), account.instances.end(), watched);
      });
}

}  // namespace taskwatchd
