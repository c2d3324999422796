#include "simulator/client_config.h"

namespace iotsim {
namespace {

std::string quoted(const std::string& text) {
  return '"' + text + '"';
}

void write_jobs(const World& world, std::size_t instance, std::string& yaml) {
  yaml += "        jobs:\n";
  for (const Job& job : world.jobs()) {
    if (job.spec.instance == instance) yaml += "          - " + quoted(job.spec.id) + '\n';
  }
}

void write_tasks(const World& world, const Instance& instance, std::string& yaml) {
  yaml += "        tasks:\n";
  for (std::size_t i = 0; i < world.task_count(); ++i) {
    const Task& task = world.task_at(i);
    if (&world.instance_of(task) == &instance) yaml += "          - " + quoted(task.id) + '\n';
  }
}

void write_instance(const World& world, std::size_t number, const ClientOptions& options,
                    std::string& yaml) {
  const Instance& instance = world.instances()[number];
  yaml += "      - region: " + quoted(instance.region) + '\n';
  if (!instance.id.empty()) yaml += "        id: " + quoted(instance.id) + '\n';
  yaml += "        endpoint: " + quoted(options.endpoint) + '\n';
  if (!options.ca_file.empty()) yaml += "        ca_file: " + quoted(options.ca_file) + '\n';
  if (options.watch == "jobs") {
    write_jobs(world, number, yaml);
  } else if (options.watch == "discover") {
    yaml += "        discover_jobs: true\n";
  } else {
    write_tasks(world, instance, yaml);
  }
}

// Result files come from the endpoint's host. It is a loopback address, so it must be listed in
// full.
void write_distributions(const World& world, const Account& account, const ClientOptions& options,
                         std::string& yaml) {
  std::string ids;
  for (const Distribution& distribution : world.distributions()) {
    if (distribution.spec.account == account.name) {
      ids += "      - " + quoted(distribution.spec.id) + '\n';
    }
  }
  if (ids.empty()) return;
  std::string host = options.endpoint.substr(options.endpoint.find("//") + 2);
  host = host.substr(0, host.rfind(':'));
  yaml += "    distributions:\n" + ids;
  yaml += "    distribution_endpoint: " + quoted(options.endpoint) + '\n';
  yaml += "    distribution_file_hosts: [" + quoted(host) + "]\n";
}

bool has_tasks(const World& world, const Instance& instance) {
  for (std::size_t i = 0; i < world.task_count(); ++i) {
    if (&world.instance_of(world.task_at(i)) == &instance) return true;
  }
  return false;
}

}  // namespace

std::vector<ClientFile> client_config(const World& world, const ClientOptions& options) {
  std::vector<ClientFile> files;
  std::string yaml = "# Made by iotsim for its scenario.\naccounts:\n";
  for (const Account& account : world.accounts()) {
    const AccessKey& key = account.keys.front();
    yaml += "  - name: " + quoted(account.name) + '\n';
    yaml += "    credentials:\n      access_key_id: " + quoted(key.id) + '\n';
    const std::string secret = "keys/" + account.name + ".secret";
    yaml += "      access_key_secret_file: " + quoted(secret) + '\n';
    files.push_back({secret, key.secret + '\n', true});
    if (!key.security_token.empty()) {
      const std::string token = "keys/" + account.name + ".token";
      yaml += "      security_token_file: " + quoted(token) + '\n';
      files.push_back({token, key.security_token + '\n', true});
    }
    if (!options.signature.empty()) yaml += "    signature: " + options.signature + '\n';
    if (!account.quota.empty()) yaml += "    quota:\n";
    for (const auto& [api, quota] : account.quota) {
      yaml += "      " + api + ": " + std::to_string(quota) + '\n';
    }
    if (!options.quota_share.empty()) yaml += "    quota_share: " + options.quota_share + '\n';
    if (!options.pace.empty()) {
      yaml += "    pace:\n      task: " + options.pace + '\n';
      if (options.watch != "tasks") yaml += "      job: " + options.pace + '\n';
    }
    write_distributions(world, account, options, yaml);
    std::string instances;
    for (std::size_t i = 0; i < world.instances().size(); ++i) {
      const Instance& instance = world.instances()[i];
      if (instance.account == account.name && has_tasks(world, instance)) {
        write_instance(world, i, options, instances);
      }
    }
    if (!instances.empty()) yaml += "    instances:\n" + instances;
  }
  yaml += "state:\n  path: state.db\n";
  files.push_back({"taskwatchd.yaml", std::move(yaml), false});
  return files;
}

}  // namespace iotsim
