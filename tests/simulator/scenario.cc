#include "simulator/scenario.h"

#include <algorithm>
#include <cmath>

#include "simulator/model_result_file.h"
#include "simulator/model_text.h"
#include "simulator/scenario_node.h"

namespace iotsim {
namespace {

constexpr std::int64_t kMaxRepeat = 10'000;  // jobs from one entry

struct LifeKey {
  const char* name;
  double LifeParameters::*place;
  bool is_span;  // otherwise a probability, or a plain number for sigmas
};
constexpr LifeKey kLifeKeys[] = {
    {"failed", &LifeParameters::failed, false},
    {"hang", &LifeParameters::hang, false},
    {"rejected", &LifeParameters::rejected, false},
    {"offline", &LifeParameters::offline, false},
    {"start_min", &LifeParameters::start_min, true},
    {"start_mean", &LifeParameters::start_mean, true},
    {"offline_mean", &LifeParameters::offline_mean, true},
    {"run_median", &LifeParameters::run_median, true},
    {"run_sigma", &LifeParameters::run_sigma, false},
    {"failed_median", &LifeParameters::failed_median, true},
    {"failed_sigma", &LifeParameters::failed_sigma, false},
    {"timeout_slack", &LifeParameters::timeout_slack, true},
};

LifeParameters read_life(const ScenarioNode& node) {
  LifeParameters life;
  node.for_each_member([&](const std::string& name, const ScenarioNode& value) {
    if (name == "progress_reports") {
      life.progress_reports = static_cast<int>(value.whole(0, 50));
      return;
    }
    for (const LifeKey& key : kLifeKeys) {
      if (name != key.name) continue;
      const bool is_sigma = name.ends_with("sigma");
      life.*key.place = key.is_span ? static_cast<double>(value.span(0)) / 1000.0
                                    : value.number(0, is_sigma ? 10 : 1);
      return;
    }
    value.fail("unknown key in life: " + name);
  });
  if (life.failed + life.hang + life.rejected + life.offline > 1.0 + 1e-9) {
    node.fail("failed, hang, rejected and offline sum to more than 1");
  }
  return life;
}

std::vector<ScriptStep> read_script(const ScenarioNode& node) {
  std::vector<ScriptStep> steps;
  node.for_each_item([&](const ScenarioNode& item) {
    item.allow({"at", "status", "progress", "message", "detail"});
    ScriptStep step;
    step.offset_ms = item.need("at").span(0);
    if (!steps.empty() && step.offset_ms < steps.back().offset_ms) {
      item.need("at").fail("steps must be in the order of time");
    }
    step.status = item.need("status").text();
    if (const auto progress = item.find("progress")) {
      step.has_progress = true;
      step.progress = progress->text();
    }
    step.message = item.text_or("message", "");
    step.detail = item.text_or("detail", "");
    steps.push_back(std::move(step));
  });
  if (steps.empty()) node.fail("a script needs at least one step");
  return steps;
}

Script read_task(const ScenarioNode& node) {
  node.allow({"id", "device", "script", "rerun"});
  Script script;
  script.task_id = node.text_or("id", "");
  script.device = node.text_or("device", "");
  script.attempts.push_back(read_script(node.need("script")));
  if (const auto rerun = node.find("rerun")) script.attempts.push_back(read_script(*rerun));
  return script;
}

JobSpec read_job(const ScenarioNode& node, std::size_t instance, const std::string& default_id) {
  node.allow({"id", "name", "type", "product_key", "devices", "rollout", "start", "created",
              "timeout", "life", "tasks", "repeat", "spread"});
  JobSpec job;
  job.instance = instance;
  job.id = node.text_or("id", default_id);
  job.name = node.text_or("name", job.name);
  job.type = node.text_or("type", job.type);
  job.product_key = node.text_or("product_key", job.product_key);
  if (const auto devices = node.find("devices")) {
    job.devices = static_cast<std::uint32_t>(devices->whole(0, 1'000'000));
  }
  if (const auto rollout = node.find("rollout")) {
    job.rollout_per_minute = rollout->number(0.001, 1e9);
  }
  if (const auto start = node.find("start")) job.start_ms = start->span(INT64_MIN);
  job.created_ms = std::min<std::int64_t>(0, job.start_ms);
  if (const auto created = node.find("created")) job.created_ms = created->span(INT64_MIN);
  if (const auto timeout = node.find("timeout")) job.timeout_ms = timeout->span(0);
  if (const auto life = node.find("life")) job.life = read_life(*life);
  if (const auto tasks = node.find("tasks")) {
    tasks->for_each_item([&](const ScenarioNode& task) { job.scripts.push_back(read_task(task)); });
  }
  return job;
}

// Returns `repeat` jobs like this one, numbered and started at even intervals over `spread`.
std::vector<JobSpec> repeated(const ScenarioNode& node, const JobSpec& job) {
  const auto repeat = node.find("repeat");
  const auto spread = node.find("spread");
  if (spread && !repeat) spread->fail("spread needs repeat");
  if (!repeat) return {job};
  const std::int64_t n = repeat->whole(1, kMaxRepeat);
  const std::int64_t span = spread ? spread->span(0) : 0;
  const std::size_t width = std::to_string(n).size();
  std::vector<JobSpec> jobs;
  for (std::int64_t i = 0; i < n; ++i) {
    std::string number = std::to_string(i + 1);
    number.insert(0, width - number.size(), '0');
    JobSpec& copy = jobs.emplace_back(job);
    copy.id += number;
    copy.name += '-' + number;
    copy.start_ms += span * i / n;
    copy.created_ms = node.find("created") ? job.created_ms + span * i / n
                                           : std::min<std::int64_t>(0, copy.start_ms);
  }
  return jobs;
}

void read_instance(const ScenarioNode& node, const std::string& account, Scenario& scenario) {
  node.allow({"region", "id", "jobs"});
  const std::size_t number = scenario.instances.size();
  scenario.instances.push_back(
      {account, node.text_or("region", "cn-shanghai"), node.text_or("id", "")});
  const auto jobs = node.find("jobs");
  if (!jobs) return;
  jobs->for_each_item([&](const ScenarioNode& item) {
    const std::string place = account + '/' + std::to_string(scenario.jobs.size());
    const std::string id = "sGWotgRkutx" + base62(hash_text(place), 8) + "010001";
    for (JobSpec& job : repeated(item, read_job(item, number, id))) {
      for (const JobSpec& other : scenario.jobs) {
        if (other.id == job.id) item.fail("job id used twice: " + job.id);
      }
      scenario.jobs.push_back(std::move(job));
    }
  });
}

DistributionRow read_result(const ScenarioNode& node) {
  node.allow({"device", "code", "message", "product_key"});
  return {node.text_or("product_key", ""), node.need("device").text(), node.need("code").text(),
          node.text_or("message", "")};
}

void read_distribution(const ScenarioNode& node, const Account& account, Scenario& scenario) {
  node.allow({"id", "product_key", "source", "targets", "devices", "failed", "results", "start",
              "running", "aborts", "format"});
  DistributionSpec spec;
  spec.account = account.name;
  const std::string place = account.name + '/' + std::to_string(scenario.distributions.size());
  spec.id = node.text_or("id", "UbmsMHmkqv0PiAG" + base62(hash_text(place), 4) + "010001");
  spec.product_key = node.text_or("product_key", spec.product_key);
  spec.source_instance = node.text_or("source", "iot-cn-source0001");
  if (const auto targets = node.find("targets")) {
    targets->for_each_item(
        [&](const ScenarioNode& target) { spec.target_instances.push_back(target.text()); });
  } else {
    spec.target_instances = {"iot-cn-target0001"};
  }
  if (const auto devices = node.find("devices")) {
    spec.devices = static_cast<std::uint32_t>(devices->whole(0, 1'000'000));
  }
  if (const auto failed = node.find("failed")) spec.failed = failed->number(0, 1);
  if (const auto results = node.find("results")) {
    results->for_each_item(
        [&](const ScenarioNode& item) { spec.results.push_back(read_result(item)); });
  }
  if (const auto start = node.find("start")) spec.created_ms = start->span(INT64_MIN);
  if (const auto running = node.find("running")) spec.running_ms = running->span(0);
  if (const auto aborts = node.find("aborts")) spec.aborts = aborts->boolean();
  if (const auto format = node.find("format")) {
    spec.format = format->text();
    if (!is_result_format(spec.format)) {
      format->fail("must be one of " + std::string(kResultFormats));
    }
  }
  scenario.distributions.push_back(std::move(spec));
}

Role read_role(const ScenarioNode& node) {
  node.allow({"arn", "external_id", "oidc_provider", "oidc_token", "ecs"});
  return {node.text_or("arn", ""), node.text_or("external_id", ""),
          node.text_or("oidc_provider", ""), node.text_or("oidc_token", ""),
          node.text_or("ecs", "")};
}

void read_account(const ScenarioNode& node, Scenario& scenario) {
  node.allow({"name", "keys", "quota", "denied", "instances", "distributions", "role"});
  Account account;
  account.name = node.need("name").text();
  for (const Account& other : scenario.accounts) {
    if (other.name == account.name) node.fail("account name used twice: " + account.name);
  }
  node.need("keys").for_each_item([&](const ScenarioNode& item) {
    item.allow({"id", "secret", "security_token", "active"});
    AccessKey key{item.need("id").text(), item.need("secret").text(),
                  item.text_or("security_token", ""), true};
    if (const auto active = item.find("active")) key.active = active->boolean();
    account.keys.push_back(std::move(key));
  });
  if (account.keys.empty()) node.fail("an account needs a key");
  if (const auto quota = node.find("quota")) {
    quota->for_each_member([&](const std::string& api, const ScenarioNode& value) {
      account.quota[api] = static_cast<int>(value.whole(0, 1'000'000));
    });
  }
  if (const auto denied = node.find("denied")) {
    denied->for_each_item([&](const ScenarioNode& api) { account.denied.insert(api.text()); });
  }
  if (const auto role = node.find("role")) account.role = read_role(*role);
  if (const auto instances = node.find("instances")) {
    instances->for_each_item(
        [&](const ScenarioNode& item) { read_instance(item, account.name, scenario); });
  }
  if (const auto distributions = node.find("distributions")) {
    distributions->for_each_item(
        [&](const ScenarioNode& item) { read_distribution(item, account, scenario); });
  }
  scenario.accounts.push_back(std::move(account));
}

void read_switches(const ScenarioNode& node,
                   std::vector<std::pair<std::string, std::string>>& switches) {
  Switches trial;
  node.for_each_member([&](const std::string& name, const ScenarioNode& value) {
    if (const auto error = set_switch(trial, name, value.text())) value.fail(*error);
    switches.emplace_back(name, value.text());
  });
}

}  // namespace

Scenario parse_scenario(std::string_view yaml, const std::string& file) {
  Scenario scenario;
  const ScenarioNode root = ScenarioNode::parse(yaml, file);
  root.allow({"seed", "accounts", "switches", "schedule"});
  if (const auto seed = root.find("seed")) {
    scenario.seed = static_cast<std::uint64_t>(seed->whole(0, INT64_MAX));
  }
  root.need("accounts").for_each_item([&](const ScenarioNode& account) {
    read_account(account, scenario);
  });
  if (scenario.accounts.empty()) root.need("accounts").fail("no accounts");
  if (const auto switches = root.find("switches")) read_switches(*switches, scenario.switches);
  if (const auto schedule = root.find("schedule")) {
    schedule->for_each_item([&](const ScenarioNode& item) {
      item.allow({"at", "set"});
      std::vector<std::pair<std::string, std::string>> set;
      read_switches(item.need("set"), set);
      const std::int64_t at = item.need("at").span(0);
      for (auto& [name, value] : set) scenario.schedule.push_back({at, name, value});
    });
  }
  // Duplicate ids are found only when the tasks are created.
  try {
    World trial(0);
    build(scenario, 0, trial);
  } catch (const std::invalid_argument& e) {
    root.fail(e.what());
  }
  return scenario;
}

void speed_up(Scenario& scenario, double scale) {
  const auto shorten = [scale](std::int64_t& ms) {
    ms = static_cast<std::int64_t>(std::llround(static_cast<double>(ms) / scale));
  };
  for (JobSpec& job : scenario.jobs) {
    shorten(job.created_ms);
    shorten(job.start_ms);
    const bool times_out = job.timeout_ms > 0;
    shorten(job.timeout_ms);
    if (times_out && job.timeout_ms == 0) job.timeout_ms = 1;  // 0 would mean no timeout
    job.rollout_per_minute *= scale;
    for (const LifeKey& key : kLifeKeys) {
      if (key.is_span) job.life.*key.place /= scale;
    }
    for (Script& script : job.scripts) {
      for (auto& attempt : script.attempts) {
        for (ScriptStep& step : attempt) shorten(step.offset_ms);
      }
    }
  }
  for (DistributionSpec& distribution : scenario.distributions) {
    shorten(distribution.created_ms);
    shorten(distribution.running_ms);
  }
  for (TimedSwitch& timed : scenario.schedule) shorten(timed.after_ms);
}

void build(const Scenario& scenario, std::int64_t begin_ms, World& world) {
  for (const Account& account : scenario.accounts) world.add(account);
  for (const Instance& instance : scenario.instances) world.add(instance);
  for (JobSpec job : scenario.jobs) {
    job.created_ms += begin_ms;
    job.start_ms += begin_ms;
    world.add(std::move(job));
  }
  for (DistributionSpec distribution : scenario.distributions) {
    distribution.created_ms += begin_ms;
    world.add(std::move(distribution));
  }
}

void configure(const Scenario& scenario, ModelCloud& cloud) {
  for (const auto& [name, value] : scenario.switches) set_switch(cloud.switches, name, value);
  for (const TimedSwitch& timed : scenario.schedule) cloud.schedule(timed);
}

}  // namespace iotsim
