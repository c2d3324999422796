#include "simulation/replicas_check.h"

#include <algorithm>

#include "core/events/event_text.h"
#include "simulation/replicas_node.h"
#include "simulation/replicas_world.h"

namespace taskwatchd {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Duration kTakeover = seconds(15);
constexpr Duration kHandover = seconds(3);
constexpr Duration kSecond = seconds(1);
constexpr Duration kKnown = seconds(60);   // from a change to its record, without faults
constexpr Duration kPolled = seconds(20);  // between two calls of an account, without faults

std::string text(const Event& event, std::string_view name) {
  for (const Field& field : event.fields) {
    const auto* const value = std::get_if<std::string>(&field.value);
    if (value != nullptr && field.name == name) return *value;
  }
  return "";
}

std::string after(const std::string& text, const std::string& mark, std::string_view ends) {
  const auto at = text.find(mark);
  if (at == text.npos) return "";
  const auto begin = at + mark.size();
  return text.substr(begin, text.find_first_of(ends, begin) - begin);
}

}  // namespace

ReplicasCheck::ReplicasCheck(ReplicasWorld& world, std::size_t limit)
    : world_(world), limit_(limit) {}

void ReplicasCheck::violate(const std::string& what) {
  const Duration at = world_.now() - Mono(std::chrono::hours(1));
  violations_.push_back("seed " + std::to_string(world_.options().seed) + " after " +
                        std::to_string(taskwatchd::seconds(at)) + " s: " + what);
}

void ReplicasCheck::on_call(const SimReplica& by, const HttpRequest& request, bool frozen) {
  std::string account, api;
  for (const auto& [header, value] : request.headers) {
    if (header == "x-acs-action") api = value;
    if (account.empty()) account = after(value, "Credential=LTAI", ",/");
  }
  ++calls_;
  frozen_calls_ += frozen ? 1 : 0;
  const std::string holder = world_.database().holder_of(account);
  if (holder != by.uuid() && !frozen) {
    violate("R1: " + by.uuid() + " calls for " + account + ", whose lease " + holder + " holds");
  }
  const Mono now = world_.now();
  auto& sends = sends_[{account, api}];
  while (!sends.empty() && now - sends.front().at >= kSecond) sends.pop_front();
  sends.push_back({now, frozen});
  const auto exceptions =
      std::count_if(sends.begin(), sends.end(), [](const Call& call) { return call.frozen; });
  if (sends.size() > limit_ + static_cast<std::size_t>(exceptions)) {
    violate("R1: " + std::to_string(sends.size()) + " calls of " + api + " for " + account +
            " in a second");
  }
  last_call_[account] = now;
}

void ReplicasCheck::check_event(const Event& event, const SimDatabase::Transaction& by) {
  const std::string account = text(event, "account");
  const TaskKey task{account, text(event, "task_id")};
  const std::string where = event.name + " of " + account + " " + task.task_id;
  if (event.name == "task_baseline" || event.name == "task_transition") {
    // Seen while it held the lease, whatever its clock said.
    const auto observed = parse_utc(text(event, "observed_at"));
    const std::int64_t now_ms = world_.wall_ms();
    const Duration held = world_.now() - world_.database().acquired_at(account);
    const std::int64_t since_ms = now_ms - std::chrono::ceil<milliseconds>(held).count();
    const auto& clocks = ahead_[by.holder];
    const bool its = std::any_of(clocks.begin(), clocks.end(), [&](milliseconds ahead) {
      const std::int64_t at = (observed->time_since_epoch() - ahead).count();
      return since_ms <= at && at <= now_ms;
    });
    if (!its) violate("R3: " + by.holder + " saw it under an earlier lease: " + where);
  }
  if (event.name == "task_baseline") {
    if (status_.contains(task)) violate("R2: a second baseline: " + where);
    status_[task] = text(event, "status");
  }
  if (event.name != "task_transition") return;
  ++transitions_;
  const auto last = status_.find(task);
  const std::string from = text(event, "from"), to = text(event, "to");
  if (last != status_.end() && last->second != from) {
    violate("R2: from " + from + " to " + to + ", but it was " + last->second + ": " + where);
  }
  status_[task] = to;
}

void ReplicasCheck::on_commit(const SimDatabase::Transaction& by, const Commit& commit) {
  for (const std::string& account : postgres::accounts_of(commit)) {
    const auto passed = by.passed.find(account);
    const auto row = world_.database().leases().find(account);
    if (passed == by.passed.end() || row == world_.database().leases().end() ||
        row->second.holder != by.holder || row->second.epoch != passed->second.epoch) {
      violate("R3: " + by.holder + " writes without the lease of " + account);
    }
  }
  for (const Event& event : commit.events) check_event(event, by);
  auto& stored = world_.database().tables().records();
  for (const TaskRecord& record : commit.records) {
    const std::string is(name(record.last.status));
    const std::string where = record.key.account + " " + record.key.task_id;
    const auto last = status_.find(record.key);
    if (last == status_.end()) {
      status_[record.key] = is;  // of a job, first seen without an event
    } else if (last->second != is) {
      violate("R2: is " + is + ", but its last event says " + last->second + ": " + where);
    }
    const auto before = stored.find(record.key);
    if (before == stored.end()) continue;
    if (record.last.modified < before->second.last.modified) {
      violate("R3: an older state replaces a newer one: " + where);
    }
  }
}

void ReplicasCheck::on_committed(const SimReplica& by, const TaskChange& change) {
  const auto& records = world_.database().tables().records();
  const auto row = records.find(change.record.key);
  if (row == records.end() || row->second.last.modified < change.record.last.modified) {
    violate(by.uuid() + " publishes what is not stored: " + change.record.key.task_id);
  }
}

void ReplicasCheck::on_delivered(const Event& event) {
  const auto& events = world_.database().tables().events();
  const auto stored = events.find(event.id);
  if (stored == events.end() || !(stored->second == event)) {
    violate("R2: delivers what is not stored: " + std::to_string(event.id));
  }
  if (!delivered_ids_.insert(event.id).second) return;  // again, after a failover
  std::uint64_t& last = delivered_[text(event, "account")];
  if (event.id < last) violate("R2: delivered out of order: " + std::to_string(event.id));
  last = event.id;
}

void ReplicasCheck::on_clock(const std::string& uuid, milliseconds ahead) {
  ahead_[uuid].push_back(ahead);
}

bool ReplicasCheck::serves(const std::string& account) {
  const std::string holder = world_.database().holder_of(account);
  for (std::size_t i = 0; i < world_.size(); ++i) {
    const SimReplica* const replica = world_.replica(i);
    if (replica == nullptr || replica->uuid() != holder) continue;
    return world_.is_connected(i);  // while it stops it renews its leases, too
  }
  return false;
}

// Since when a replica that could hold the account is undisturbed.
std::optional<Mono> ReplicasCheck::candidate_since(const std::string& account,
                                                   const std::string& but) {
  std::optional<Mono> first;
  for (std::size_t i = 0; i < world_.size(); ++i) {
    const SimReplica* const replica = world_.replica(i);
    const Mono since = world_.calm_since(i);
    if (since == Mono::max() || replica->uuid() == but || !replica->lists(account)) continue;
    if (!first || since < *first) first = since;
  }
  return first;
}

void ReplicasCheck::check_served(const std::string& account) {
  const Mono now = world_.now();
  Mono& served_at = served_at_.try_emplace(account, now).first->second;
  const auto since = candidate_since(account, "");
  const bool served = serves(account);
  if (since) {
    const Duration without = now - std::max(served_at, *since);
    if (served && unserved_.contains(account)) takeovers_.push_back(without);
    if (!served && without > kTakeover) violate("nobody takes " + account + " over");
  }
  if (served) served_at = now;
  if (served) {
    unserved_.erase(account);
  } else {
    unserved_.insert(account);
  }
  const auto calm = all_calm_since();
  if (!since || !calm) return;
  const Mono called = std::max({last_call_.try_emplace(account, now).first->second, *since, *calm,
                                world_.platform_calm_since()});
  if (now - called > kPolled) violate("nobody polls " + account);
}

// A slow holder may renew its lease and learn of it too late to use it.
std::optional<Mono> ReplicasCheck::all_calm_since() {
  Mono last = Mono::min();
  for (std::size_t i = 0; i < world_.size(); ++i) {
    if (!world_.is_connected(i)) continue;
    const Mono since = world_.calm_since(i);
    if (since == Mono::max()) return std::nullopt;
    last = std::max(last, since);
  }
  return last;
}

void ReplicasCheck::on_stop(const SimReplica& replica) {
  const Mono now = world_.now();
  if (world_.calm_since(replica.number()) > now - kHandover) return;
  for (const auto& [account, lease] : world_.database().leases()) {
    // The others have seen it as the holder.
    const bool seen = now - world_.database().acquired_at(account) > std::chrono::seconds(2);
    if (seen && lease.holder == replica.uuid())
      stopped_.push_back({account, replica.uuid(), replica.number(), now});
  }
}

void ReplicasCheck::check_stopped() {
  const Mono now = world_.now();
  std::erase_if(stopped_, [&](const Stopped& one) {
    const std::string holder = world_.database().holder_of(one.account);
    const Duration took = now - one.at;
    if (!holder.empty() && holder != one.uuid) {
      handovers_.push_back(took);
      return true;
    }
    if (took <= kHandover) return false;
    const auto since = candidate_since(one.account, one.uuid);
    // A replica that was killed, cut or frozen counts as live for 10 s: the others leave its share
    // to it first.
    const bool disturbed = world_.any_disturbed_until() > one.at;
    const bool all_live =
        world_.last_kill() == Mono::min() || world_.last_kill() + kLeaseAbandoned < one.at;
    if (!disturbed && all_live && since && *since < one.at - kHandover &&
        world_.platform_calm_since() < one.at) {
      violate("3 s after the stop of " + one.uuid + " nobody holds " + one.account);
    }
    return true;
  });
}

void ReplicasCheck::step() {
  for (const AccountConfig& account : world_.config().accounts) check_served(account.name);
  check_stopped();
  for (std::size_t i = 0; i < world_.size(); ++i) {
    const SimReplica* const replica = world_.replica(i);
    if (replica == nullptr) continue;
    for (const AccountConfig& account : world_.config().accounts) {
      if (replica->fleet().has_account(account.name) && !replica->book().holds(account.name)) {
        violate(replica->uuid() + " polls " + account.name + " without its lease");
      }
    }
  }
}

void ReplicasCheck::converged() {
  step();
  std::map<std::string, std::size_t> shares;
  for (const AccountConfig& account : world_.config().accounts) {
    const std::string holder = world_.database().holder_of(account.name);
    ++shares[holder];
    for (std::size_t i = 0; i < world_.size(); ++i) {
      const SimReplica& replica = *world_.replica(i);
      if (replica.fleet().has_account(account.name) != (replica.uuid() == holder)) {
        violate("the holder of " + account.name + " is " + holder + ", the state of " +
                replica.uuid() + " is another");
      }
    }
  }
  const std::size_t accounts = world_.config().accounts.size();
  for (const auto& [holder, count] : shares) {
    if (count > (accounts + world_.size() - 1) / world_.size()) {
      violate(holder + " holds " + std::to_string(count) + " accounts");
    }
  }
  const auto& records = world_.database().tables().records();
  iotsim::World& content = world_.content();
  for (std::size_t i = 0; i < content.task_count(); ++i) {
    const iotsim::Task& task = content.task_at(i);
    const auto state = content.status_at(task, world_.wall_ms());
    const auto record = records.find({content.instance_of(task).account, task.id});
    if (record == records.end()) {
      violate("R2: never seen: " + task.id);
    } else if (record->second.last.status != parse_task_status(state->word) &&
               milliseconds(world_.wall_ms() - state->modified_ms) > kKnown) {
      violate("R2: " + task.id + " is " + state->word + ", known as " +
              std::string(name(record->second.last.status)));
    }
  }
  for (const auto& [id, event] : world_.database().tables().events()) {
    if (!delivered_ids_.contains(id)) violate("R2: never delivered: " + std::to_string(id));
  }
}

}  // namespace taskwatchd
