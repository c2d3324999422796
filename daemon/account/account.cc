#include "account/account.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <utility>

#include "core/events/account_events.h"

namespace taskwatchd {
namespace {

constexpr Duration kKeysRetry = std::chrono::seconds(10);
constexpr double kClockTrustMax = 1e8;  // s; a Date further off than three years is no clock

constexpr char kAlive[] = "alive";
constexpr char kSuccess[] = "success:";

// The order in which free slots are filled.
constexpr std::array<Api, 7> kSpent = {Api::kQueryJobStatistics,
                                       Api::kListTask,
                                       Api::kQueryTask,
                                       Api::kQueryJob,
                                       Api::kListJob,
                                       Api::kQueryDeviceDistributeJob,
                                       Api::kQueryDeviceDistributeDetail};

std::optional<Wall> find_mark(const Stored& stored, const std::string& key) {
  for (const Mark& mark : stored.marks) {
    if (mark.key == key) return mark.at;
  }
  return std::nullopt;
}
std::string success_of(Api api) {
  return kSuccess + std::string(name(api));
}

}  // namespace

Account::Account(const AccountConfig& config, const Stored& stored, Now now)
    : config_(config),
      tracker_(config.name),
      jobs_(config.name, tracker_, config.pace),
      tasks_(tracker_, jobs_, config.pace),
      distributions_(config.name),
      overdue_(config.name, stored.marks, now.wall) {
  for (const Api api : kSpent) {
    const auto added = budgets_.emplace(api, Budget(config.quota.at(api), config.quota_share, now));
    added.first->second.last_success = find_mark(stored, success_of(api));
  }
  if (const auto alive = find_mark(stored, kAlive)) blind_.restore(alive, now);
  configure(config, stored, now);
}

std::vector<std::string> Account::configure(const AccountConfig& config, const Stored& stored,
                                            Now now) {
  config_ = config;
  reach_.configure(config);
  for (auto& [api, budget] : budgets_) {
    budget.configure(config.quota.at(api), config.quota_share);
    use(api, now);
  }
  total_.configure(config.quota_total, config.quota_share, now);
  pace_blind_watch();
  const std::vector<std::string> dropped = tasks_.configure(config, stored, now);
  const std::vector<std::string> jobs = jobs_.configure(config, stored.jobs, now);
  jobs_.restore(stored.records, now);
  tasks_.finish_configure();
  distributions_.configure(config, stored.distributions, now);
  for (const auto* const items : {&dropped, &jobs}) {
    for (const std::string& item : *items) {
      blind_.forget(item);
      retries_.forget(item);
    }
  }
  return dropped;
}

Owner& Account::owner_of(const Call& call) {
  switch (call.owner) {
    case CallOwner::kTasks:
      return tasks_;
    case CallOwner::kJobs:
      return jobs_;
    case CallOwner::kDistributions:
      return distributions_;
  }
  assert(false);  // the switch knows every owner
  return tasks_;
}

std::array<const Owner*, kCallOwners> Account::owners() const {
  return {&tasks_, &jobs_, &distributions_};
}

// Tells the owners whether the API may be called.
void Account::use(Api api, Now now) {
  const bool usable = budgets_.at(api).usable();
  jobs_.set_usable(api, usable, now);
  tasks_.set_usable(api, usable, now);
  distributions_.set_usable(api, usable, now);
}

// Whether what is watched gives that API anything to do.
bool Account::needs(Api api) const {
  const auto all = owners();
  return std::any_of(all.begin(), all.end(), [&](const Owner* one) { return one->needs(api); });
}

bool Account::others_usable(Api api) const {
  return std::any_of(budgets_.begin(), budgets_.end(), [&](const auto& entry) {
    const auto& [other, budget] = entry;
    if (other == api || !budget.usable()) return false;
    // A task's end can be seen without QueryTask, but not all that it tells.
    return other == Api::kQueryTask ? tasks_.needs(other) : needs(other);
  });
}

NextCall Account::next(Now now) {
  NextCall choice;
  total_.review(now.mono);
  if (total_.next() > now.mono) {
    choice.wake = total_.next();
    return choice;
  }
  const Gates gates = reach_.gates();
  std::optional<NextCall> best;
  for (const Api api : kSpent) {
    NextCall next = next_of(api, now, gates);
    choice.wake = std::min(choice.wake, next.wake);
    if (!next.call) continue;
    const bool first =
        !best || total_.turn_of(api, next.urgent) < total_.turn_of(best->call->api, best->urgent);
    if (first) best = std::move(next);
    if (!total_.in_use()) break;  // each API has a budget of its own
  }
  if (!best) return choice;
  best->call->number = calls_ + 1;
  return *std::move(best);
}

// Owners that share an API take turns.
NextCall Account::next_of(Api api, Now now, const Gates& gates) {
  const Budget& budget = budgets_.at(api);
  NextCall choice;
  if (!budget.in_use() || !needs(api)) return choice;
  choice.wake = budget.next();
  if (choice.wake > now.mono) return choice;
  choice.wake = Mono::max();
  const std::array<Owner*, kCallOwners> all = {&tasks_, &jobs_, &distributions_};
  const auto served = served_.find(api);
  const std::size_t first =
      served == served_.end() ? 0 : (static_cast<std::size_t>(served->second) + 1) % kCallOwners;
  for (std::size_t i = 0; i < kCallOwners; ++i) {
    Owner& owner = *all[(first + i) % kCallOwners];
    if (!owner.needs(api)) continue;
    NextCall next = owner.next(api, now, budget.limiter().rate(), gates);
    if (next.call) return next;
    choice.wake = std::min(choice.wake, next.wake);
  }
  return choice;
}

Endpoint Account::begin(const Call& call, Now now) {
  const bool fresh = under_way_.emplace(call.number, reach_.place_of(call.iot_instance)).second;
  assert(fresh && call.number > calls_);
  calls_ = call.number;
  budgets_.at(call.api).on_sent(call.number);
  total_.on_sent(call, now.mono);
  reach_.on_sent(call.iot_instance);
  served_[call.api] = call.owner;
  owner_of(call).on_sent(call, now);
  return reach_.endpoint(call.iot_instance);
}

void Account::departed(const Call& call, Now now) {
  budgets_.at(call.api).on_departure(call.number, now.mono);
  total_.on_departure(call.number, call.api, now.mono);
}

// Every call ends here, once. A reload may have removed its instance, or given its name to another.
Account::Ended Account::resolve(const Call& call, std::optional<bool> throttled) {
  const auto known = under_way_.find(call.number);
  assert(known != under_way_.end());
  Ended ended;
  ended.there = known->second == reach_.place_of(call.iot_instance);
  ended.departed = budgets_.at(call.api).on_end(call.number);
  total_.on_end(call.number, throttled);
  under_way_.erase(known);
  reach_.on_end(call.iot_instance);
  return ended;
}

Verdict Account::settle(const Answer& answer, Now now, double chance) {
  Verdict out;
  const Call& call = answer.call;
  Budget& budget = budgets_.at(call.api);
  const auto* failure = std::get_if<Failure>(&answer.outcome);
  const bool throttled = failure != nullptr && failure->reason == Reason::kThrottled;
  const bool replied = failure == nullptr || failure->http_status != 0 || throttled;
  const Ended ended = resolve(call, replied ? std::optional(throttled) : std::nullopt);
  if (ended.departed && throttled) {
    budget.on_throttled(*ended.departed, now.mono);
    total_.on_throttled(*ended.departed, now.mono);
    look_for_common_quota(now, out);
  } else if (ended.departed) {
    budget.on_accepted(*ended.departed, now.mono);
    total_.on_accepted(*ended.departed, now.mono);
  }
  if (failure != nullptr) {
    out.failure = failure->reason;
    if (failure->retry_after) budget.hold_until(now.mono + *failure->retry_after);
  }
  if (answer.server_date) {
    // The header counts whole seconds; its reading is half a second late on average.
    const double offset =
        unix_seconds(*answer.server_date) + 0.5 - unix_seconds(now.wall) + seconds(answer.took) / 2;
    if (std::abs(offset) < kClockTrustMax) clock_offset_ = offset;
  }
  out.retry = retries_.take_repeat(call.key());
  if (failure != nullptr) {
    take_failure(answer, *failure, ended.there, now, chance, out);
  } else {
    take_answer(answer, ended.there, now, out);
  }
  return out;
}

// The rate limiters of single APIs cannot find a common quota: each uses what another leaves.
void Account::look_for_common_quota(Now now, Verdict& out) {
  const auto limit = total_.look_for_limit(now.mono);
  if (!limit) return;
  for (auto& [api, budget] : budgets_) budget.restart(now.mono + CommonQuota::kWindow);
  if (std::exchange(common_quota_, *limit) == *limit) return;  // logged before
  out.news.push_back(common_quota_found(now.wall, config_.name, *limit));
}

void Account::fail_owner(const Call& call, CallFailure::Kind kind, Mono retry_at, Now now,
                         Verdict& out) {
  owner_of(call).on_failure(call, {.kind = kind, .retry_at = retry_at}, now, out);
}

std::vector<std::string> Account::unfinished() const {
  std::vector<std::string> ids = tasks_.unfinished();
  for (std::string& job : jobs_.unfinished()) ids.push_back(std::move(job));
  return ids;
}

void Account::pace_blind_watch() {
  double rate = 0;
  for (const auto& [api, budget] : budgets_) {
    rate = std::max(rate, budget.limiter().configured_rate());
  }
  const Duration gap = rate > 0 ? from_seconds(1 / rate) : Duration::zero();
  blind_.set_pace(std::max(gap, config_.pace.task));
}

std::vector<Event> Account::no_keys(const Call& call, const std::string& why, Now now) {
  resolve(call, std::nullopt);
  Verdict none;
  fail_owner(call, CallFailure::Kind::kAgain, now.mono + kKeysRetry, now, none);
  for (auto& [api, budget] : budgets_) budget.hold_until(now.mono + kKeysRetry);
  if (!reach_.no_keys(now)) return {};
  return {taskwatchd::no_keys(now.wall, config_.name, why)};
}

void Account::ask_again(const Call& call, bool sent, Now now) {
  resolve(call, std::nullopt);
  if (sent) retries_.expect_repeat(call.key());
  Verdict none;
  fail_owner(call, CallFailure::Kind::kAgain, now.mono, now, none);
}

Verdict Account::fetched(const std::string& id, Wall begun,
                         std::variant<DistributionResult, ResultFailure> result, Now now) {
  Verdict out;
  distributions_.on_fetched(id, begun, std::move(result), now, out);
  return out;
}

Verdict Account::after_configure(Now now) {
  Verdict out;
  distributions_.after_configure(now, out);
  return out;
}

AccountParts Account::parts() const {
  return {.config = config_,
          .budgets = budgets_,
          .tracker = tracker_,
          .reach = reach_,
          .jobs = jobs_,
          .tasks = tasks_,
          .distributions = distributions_,
          .blind = blind_,
          .clock_offset = clock_offset_};
}

Commit Account::refresh(Now now) {
  jobs_.look_ahead(now);
  Commit commit;
  commit.records = tasks_.take_seen();
  commit.jobs = jobs_.refresh();
  overdue_.report(config_.instances, tracker_, now.wall, commit);
  if (commit.empty()) return commit;
  for (const auto& [api, budget] : budgets_) {
    if (budget.last_success) {
      commit.marks.push_back({config_.name, success_of(api), *budget.last_success});
    }
  }
  if (blind_.last_good()) commit.marks.push_back({config_.name, kAlive, *blind_.last_good()});
  return commit;
}

}  // namespace taskwatchd
