#include "simulation/replicas_world.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "simulation/replicas_node.h"

namespace taskwatchd {
namespace {

constexpr Wall kBegin{std::chrono::sys_days(std::chrono::year(2026) / 11 / 22)};
constexpr double kQuota = 3;
constexpr double kShare = 0.8;
constexpr std::size_t kLimit = 3;  // ceil(kQuota * kShare)

}  // namespace

ReplicasWorld::ReplicasWorld(ReplicasOptions options)
    : options_(options),
      random_(options.seed),
      content_(options.seed),
      server_(kBegin),
      net_(server_, random_),
      database_(server_),
      check_(std::make_unique<ReplicasCheck>(*this, kLimit)),
      slots_(options.replicas),
      platform_calm_since_(now()) {
  for (std::size_t i = 0; i < options.accounts; ++i) add_account(i);
  cloud_ = std::make_unique<iotsim::ModelCloud>(content_, options.seed);
  cloud_->switches.signature_check = false;
  database_.on_commit = [this](const SimDatabase::Transaction& by, const Commit& commit) {
    check_->on_commit(by, commit);
  };
  for (std::size_t i = 0; i < slots_.size(); ++i) start(i);
}

ReplicasWorld::~ReplicasWorld() {
  slots_.clear();
  server_.context.stop();
}

void ReplicasWorld::add_account(std::size_t number) {
  const std::string name = "acc" + std::to_string(number);
  iotsim::Account account{
      .name = name,
      .keys = {{.id = "LTAI" + name, .secret = "secret", .security_token = "", .active = true}},
      .quota = {},
      .denied = {},
      .role = {}};
  const bool of_job = options_.jobs && number % 2 == 1;
  AccountConfig watched;
  watched.name = name;
  for (const Api api : kAllApis) {
    const bool used = api == Api::kQueryTask ||
                      (of_job && (api == Api::kListTask || api == Api::kQueryJobStatistics ||
                                  api == Api::kQueryJob));
    watched.quota[api] = used ? kQuota : 0;
    account.quota[std::string(taskwatchd::name(api))] = static_cast<int>(kQuota);
  }
  watched.quota_share = kShare;
  watched.pace =
      Pace{.task = std::chrono::seconds(2), .job = {}, .finished = std::chrono::seconds(10)};
  content_.add(std::move(account));
  iotsim::JobSpec job;
  job.instance =
      content_.add(iotsim::Instance{.account = name, .region = "cn-shanghai", .id = "i-" + name});
  job.id = "job-" + name;
  job.created_ms = job.start_ms = wall_ms();
  job.rollout_per_minute = 2;
  job.timeout_ms = 120'000;
  job.devices = options_.tasks;
  job.life.offline_mean = 60;
  job.life.failed = 0.2;
  job.life.hang = 0.1;
  job.life.rejected = 0.05;
  job.life.run_median = 30;
  job.life.failed_median = 20;
  const std::size_t first = content_.task_count();
  content_.add(job);
  InstanceConfig where;
  where.name = "main";
  where.region = "cn-shanghai";
  where.id = "i-" + name;
  where.endpoint = "https://iot.cn-shanghai.aliyuncs.com";
  if (of_job) {
    where.jobs.push_back(job.id);
  } else {
    for (std::size_t i = first; i < content_.task_count(); ++i) {
      where.tasks.push_back(content_.task_at(i).id);
    }
  }
  // One task stays in progress, so that a holder always has something to ask.
  iotsim::JobSpec still = job;
  still.id = "still-" + name;
  still.timeout_ms = 0;
  still.devices = 0;
  iotsim::ScriptStep step;
  step.status = "IN_PROGRESS";
  still.scripts.push_back({.task_id = "still" + name, .device = "", .attempts = {{step}}});
  content_.add(still);
  where.tasks.push_back("still" + name);
  watched.instances.push_back(where);
  config_.accounts.push_back(watched);
}

// Everything due at `when`: a message between two machines takes some time, so that one round is
// enough, and the server begins what they have asked.
void ReplicasWorld::settle(Mono when) {
  server_.clock.run_until(when);
  for (Slot& slot : slots_) {
    if (slot.replica) slot.replica->node().clock.run_until(when);
  }
  server_.clock.run_until(when);
}

void ReplicasWorld::run(Duration span) {
  const Mono end = now() + span;
  settle(now());
  for (;;) {
    Mono due = end;
    const auto consider = [&](const SimNode& node) {
      if (node.clock.frozen()) return;
      if (const auto next = node.clock.next_due()) due = std::min(due, *next);
    };
    consider(server_);
    for (const Slot& slot : slots_) {
      if (slot.replica) consider(slot.replica->node());
    }
    if (!plan_.empty()) due = std::min(due, plan_.begin()->first);
    settle(std::max(due, now()));
    for (Slot& slot : slots_) {
      if (slot.replica && slot.replica->exited()) slot.replica.reset();
    }
    while (!plan_.empty() && plan_.begin()->first <= now()) {
      const auto action = plan_.extract(plan_.begin());
      action.mapped()();
      settle(now());
    }
    check_->step();
    if (due >= end || !check_->violations().empty()) break;
  }
}

void ReplicasWorld::trace(const std::string& what) {
  if (std::getenv("SIMULATION_TRACE") == nullptr) return;
  const Duration at = now() - Mono(std::chrono::hours(1));
  std::printf("%10.3f %s\n", seconds(at), what.c_str());
}

void ReplicasWorld::at(Duration after, std::function<void()> action) {
  plan_.emplace(now() + after, std::move(action));
}

void ReplicasWorld::disturb(std::size_t number, Duration span) {
  Slot& slot = slots_[number];
  slot.disturbed_until = std::max(slot.disturbed_until, now() + span);
}

Mono ReplicasWorld::calm_since(std::size_t number) {
  const Slot& slot = slots_[number];
  const bool disturbed = !slot.replica || slot.replica->stopping() || now() < slot.disturbed_until;
  return disturbed ? Mono::max() : slot.disturbed_until;
}

bool ReplicasWorld::is_connected(std::size_t number) {
  const Slot& slot = slots_[number];
  return slot.replica && !slot.replica->node().clock.frozen() && !slot.link->cut &&
         !slot.link->refused;
}

void ReplicasWorld::start(std::size_t number) {
  trace("start " + std::to_string(number));
  Slot& slot = slots_[number];
  if (slot.replica) return;
  disturb(number, Duration(0));
  const std::string uuid = "r" + std::to_string(number) + "-" + std::to_string(++slot.starts) +
                           "-" + std::to_string(random_() % 1000);
  check_->on_clock(uuid, slot.ahead);
  Config config = config_;
  config.replica_name = "replica" + std::to_string(number);
  // Its clock begins one hour after zero, as the server's.
  slot.replica =
      std::make_unique<SimReplica>(*this, number, uuid, config, kBegin + slot.ahead, slot.link);
}

void ReplicasWorld::kill(std::size_t number, Duration down) {
  last_kill_ = now();
  trace("kill " + std::to_string(number));
  slots_[number].replica.reset();
  disturb(number, down);
  at(down, [this, number] { start(number); });
}

void ReplicasWorld::stop(std::size_t number, Duration down) {
  trace("stop " + std::to_string(number));
  Slot& slot = slots_[number];
  if (!slot.replica || slot.replica->stopping()) return;
  check_->on_stop(*slot.replica);
  slot.replica->stop();
  constexpr Duration kExit = std::chrono::seconds(8);
  at(kExit + down, [this, number] {
    slots_[number].replica.reset();  // systemd's time-out, if it still runs
    start(number);
  });
}

void ReplicasWorld::freeze(std::size_t number, Duration span) {
  trace("freeze " + std::to_string(number));
  SimReplica* const replica = slots_[number].replica.get();
  if (replica == nullptr || replica->node().clock.frozen()) return;
  replica->node().clock.freeze();
  disturb(number, span);
  at(span, [this, number, uuid = replica->uuid()] {
    SimReplica* const frozen = slots_[number].replica.get();
    if (frozen != nullptr && frozen->uuid() == uuid) frozen->node().clock.thaw(now());
  });
}

void ReplicasWorld::freeze_at_next_call(std::size_t number, Duration span) {
  trace("freeze at next call " + std::to_string(number));
  SimReplica* const replica = slots_[number].replica.get();
  if (replica != nullptr) replica->freeze_at_call = [=, this] { freeze(number, span); };
}

void ReplicasWorld::cut(std::size_t number, Duration span) {
  trace("cut " + std::to_string(number));
  slots_[number].link->cut = true;
  // What was lost is noticed 3 s later, by each of the two statements of a read.
  disturb(number, span + std::chrono::seconds(6));
  at(span, [this, number] { slots_[number].link->cut = false; });
}

void ReplicasWorld::slow_down(std::size_t number, Duration longest, Duration span) {
  trace("slow down " + std::to_string(number));
  slots_[number].link->slow = longest;
  disturb(number, span + std::chrono::seconds(12));
  at(span, [this, number] { slots_[number].link->slow = {}; });
}

void ReplicasWorld::slow_connections(std::size_t number, Duration longest, Duration span) {
  trace("slow connections " + std::to_string(number));
  SimReplica* const replica = slots_[number].replica.get();
  if (replica != nullptr) replica->slow_connections = longest;
  disturb_platform();
  at(span, [this, number] {
    if (slots_[number].replica) slots_[number].replica->slow_connections = {};
  });
}

void ReplicasWorld::jump_clock(std::size_t number, std::chrono::milliseconds by) {
  trace("jump clock " + std::to_string(number));
  Slot& slot = slots_[number];
  if (!slot.replica) return;
  slot.ahead += by;
  slot.replica->node().clock.jump_wall(by);
  check_->on_clock(slot.replica->uuid(), slot.ahead);
}

void ReplicasWorld::reload(std::size_t number, const std::string& without) {
  trace("reload " + std::to_string(number));
  SimReplica* const replica = slots_[number].replica.get();
  if (replica == nullptr || replica->stopping()) return;
  Config config = config_;
  config.replica_name = "replica" + std::to_string(number);
  std::erase_if(config.accounts, [&](const AccountConfig& one) { return one.name == without; });
  replica->apply(std::move(config));
  disturb(number, std::chrono::seconds(2));
}

void ReplicasWorld::outage(bool refused, Duration span) {
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    if (refused) {
      slots_[i].link->refused = true;
      disturb(i, span + std::chrono::seconds(2));
      at(span, [this, i] { slots_[i].link->refused = false; });
    } else {
      cut(i, span);
    }
  }
}

void ReplicasWorld::rerun(std::size_t account) {
  content_.rerun("job-acc" + std::to_string(account), wall_ms(), iotsim::RerunKind::kKeepTaskId);
}

void ReplicasWorld::calm_down() {
  plan_.clear();
  cloud_->switches = {};
  cloud_->switches.signature_check = false;
  disturb_platform();
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    Slot& slot = slots_[i];
    *slot.link = {};
    if (slot.replica && slot.replica->stopping()) slot.replica.reset();
    if (slot.replica) {
      slot.replica->freeze_at_call = nullptr;
      slot.replica->slow_connections = {};
      if (slot.replica->node().clock.frozen()) slot.replica->node().clock.thaw(now());
      reload(i, "");
    }
    start(i);
    slot.disturbed_until = now() + std::chrono::seconds(10);
  }
}

}  // namespace taskwatchd
