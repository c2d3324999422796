#include "config/accounts.h"

#include <map>
#include <unordered_map>

#include "config/ids.h"
#include "config/url.h"

namespace taskwatchd {
namespace {

// Far above any quota that the platform grants: a larger number is a typing error.
constexpr double kMaxCallsPerSecond = 1000;

constexpr char kOneInstance[] = " can belong to only one instance: remove one entry";

std::map<Api, double> read_quota(Section& account) {
  std::map<Api, double> quota;
  for (const Api api : kAllApis) quota[api] = documented_quota(api);
  auto section = account.section("`quota`", "quota");
  if (!section) return quota;
  for (const Api api : kAllApis) {
    if (const auto calls = section->number(name(api), 0, kMaxCallsPerSecond)) quota[api] = *calls;
  }
  section->finish();
  return quota;
}

Pace read_pace(Section& account) {
  Pace pace;
  auto section = account.section("`pace`", "pace");
  if (!section) return pace;
  pace.task = section->duration("task").value_or(pace.task);
  pace.job = section->duration("job").value_or(pace.job);
  pace.finished = section->duration("finished").value_or(pace.finished);
  section->finish();
  return pace;
}

// Names and ids of the instances read so far, to detect duplicates.
struct Seen {
  std::map<std::string, int, std::less<>> names;
  std::unordered_map<std::string, int> tasks;
  std::unordered_map<std::string, int> jobs;
};

void check_name(Section& section, const InstanceConfig& instance, Seen& seen) {
  if (instance.name.empty()) return;
  const std::string_view source =
      section.has("name") ? "name" : (section.has("id") ? "id" : "region");
  const YamlPlace place = section.place_of(source);
  const auto [at, is_new] = seen.names.try_emplace(instance.name, place.line);
  if (is_new) return;
  section.refuse(source, "instance name " + shown(instance.name) + " is used in line " +
                             std::to_string(at->second) +
                             " too; set a different `name` for this one");
}

std::vector<InstanceConfig> read_instances(Section& account, const ParseContext& context) {
  std::vector<InstanceConfig> instances;
  Seen seen;
  const std::vector<YamlNode>* items = account.list("instances");
  if (!account.has("distributions")) {
    account.require("instances",
                    "`instances` is missing in the account; add at least one with a `region`");
  }
  if (items == nullptr) return instances;
  if (items->empty()) {
    account.refuse("instances", "`instances` is empty; add at least one with a `region`");
  }
  for (const YamlNode& item : *items) {
    if (item.kind == YamlNode::Kind::kNull) continue;
    auto section = Section::open("an instance", "each of `instances`", item, account.problems());
    if (!section) continue;
    IdPlaces places;
    const InstanceConfig& instance =
        instances.emplace_back(read_instance(*section, context, places));
    check_name(*section, instance, seen);
    check_ids("task", std::string("a task") + kOneInstance, instance.tasks, places.tasks,
              seen.tasks, account.problems());
    check_ids("job", std::string("a job") + kOneInstance, instance.jobs, places.jobs, seen.jobs,
              account.problems());
  }
  return instances;
}

AccountConfig read_account(Section& section, const ParseContext& context) {
  AccountConfig account;
  if (const auto name = section.text("name")) {
    if (is_account_name(*name)) {
      account.name = *name;
    } else {
      section.refuse("name", "account name " + shown(*name) +
                                 " must be 1 to 64 of A-Z, a-z, 0-9, _ and -; rename it");
    }
  }
  section.require("name",
                  "`name` is missing in the account; set it, it becomes the label `account`");
  if (auto credentials = section.section("`credentials`", "credentials")) {
    account.credentials = read_credentials(*std::move(credentials), context);
  }
  if (const auto version = section.choice("signature", {"v3", "v1"})) {
    account.signature = *version == 0 ? SignatureVersion::kV3 : SignatureVersion::kV1;
  }
  if (const auto proxy = section.text("proxy")) {
    account.proxy = origin_of(*proxy);
    if (const auto problem = proxy_problem(*proxy)) section.refuse("proxy", "`proxy` " + *problem);
  }
  account.ca_file = read_path(section, "ca_file", context);
  account.quota = read_quota(section);
  account.quota_total = section.number("quota_total", 0, kMaxCallsPerSecond, true).value_or(0);
  account.quota_share = section.number("quota_share", 0, 1, true).value_or(account.quota_share);
  account.pace = read_pace(section);
  account.instances = read_instances(section, context);
  for (InstanceConfig& instance : account.instances) {
    if (instance.ca_file.empty()) instance.ca_file = account.ca_file;
  }
  account.distributions = read_distributions(section, account);
  section.finish();
  return account;
}

}  // namespace

std::vector<AccountConfig> read_accounts(Section& root, const ParseContext& context) {
  std::vector<AccountConfig> accounts;
  std::map<std::string, int, std::less<>> names;
  const std::vector<YamlNode>* items = root.list("accounts");
  root.require("accounts", "`accounts` is missing; add at least one (see config/minimal.yaml)");
  if (items == nullptr) return accounts;
  if (items->empty()) root.refuse("accounts", "`accounts` is empty; add at least one");
  for (const YamlNode& item : *items) {
    if (item.kind == YamlNode::Kind::kNull) continue;
    auto section = Section::open("an account", "each of `accounts`", item, root.problems());
    if (!section) continue;
    AccountConfig& account = accounts.emplace_back(read_account(*section, context));
    if (account.name.empty()) continue;
    const auto [at, is_new] = names.try_emplace(account.name, section->place_of("name").line);
    if (is_new) continue;
    section->refuse("name", "account name " + shown(account.name) + " is used in line " +
                                std::to_string(at->second) + " too; rename one");
  }
  return accounts;
}

}  // namespace taskwatchd
