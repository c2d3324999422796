#include "account/account.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <utility>

#include "core/events/account_events.h"
#include "core/types/stored_times.h"

namespace taskwatchd {
namespace {

constexpr Duration kKeysRetry = std::chrono::seconds(10);
constexpr double kClockTrustMax = 1e8;  // s; a Date that is off by over 3 years is ignored

constexpr char kAlive[] = "alive";

// Consecutive failures of one item while its instance is up, before item_refused is logged.
constexpr int kOwnRefusals = 3;   // API errors about the request's parameters
constexpr int kOwnStrangers = 6;  // undocumented responses: more often caused by chance

}  // namespace

Account::Account(const AccountConfig& config, const Stored& stored, Now now)
    : config_(config),
      budgets_(config, stored.stored_times, now),
      tracker_(config.name),
      jobs_(config.name, tracker_, config.pace),
      tasks_(tracker_, jobs_, config.pace),
      distributions_(config.name),
      overdue_(config.name, stored.stored_times, now.wall) {
  if (const auto alive = find_stored_time(stored.stored_times, kAlive)) blind_.restore(alive, now);
  configure(config, stored, now);
}

std::vector<std::string> Account::configure(const AccountConfig& config, const Stored& stored,
                                            Now now) {
  config_ = config;
  connectivity_.configure(config);
  budgets_.configure(config, now);
  for (const auto& [api, budget] : budgets_.by_api()) use(api, now);
  pace_blind_watch();
  const std::vector<std::string> dropped = tasks_.configure(config, stored, now);
  const std::vector<std::string> jobs = jobs_.configure(config, stored, now);
  jobs_.restore(stored.records, now);
  tasks_.finish_configure();
  explicit_survey_.restart();
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
  assert(false);  // the switch covers every owner
  return tasks_;
}

std::array<const Owner*, kCallOwners> Account::owners() const {
  return {&tasks_, &jobs_, &distributions_};
}

// Informs the owners whether the API may be called.
void Account::use(Api api, Now now) {
  const bool usable = budgets_.at(api).usable();
  jobs_.set_usable(api, usable, now);
  tasks_.set_usable(api, usable, now);
  distributions_.set_usable(api, usable, now);
}

// Returns true if any owner has something to call that API for.
bool Account::needs(Api api) const {
  const auto all = owners();
  return std::any_of(all.begin(), all.end(), [&](const Owner* one) { return one->needs(api); });
}

bool Account::others_usable(Api api) const {
  const auto& budgets = budgets_.by_api();
  return std::any_of(budgets.begin(), budgets.end(), [&](const auto& entry) {
    const auto& [other, budget] = entry;
    if (other == api || !budget.usable()) return false;
    // A task's completion can be observed without QueryTask, but not all of its details.
    return other == Api::kQueryTask ? tasks_.needs(other) : needs(other);
  });
}

NextCall Account::next(Now now) {
  const Gates gates = connectivity_.gates();
  NextCall next = budgets_.next(now.mono, [&](Api api) { return next_of(api, now, gates); });
  if (next.call) next.call->number = calls_ + 1;
  return next;
}

// Owners that share an API are served round robin.
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
  const bool fresh =
      under_way_.emplace(call.number, connectivity_.endpoint_number(call.iot_instance)).second;
  assert(fresh && call.number > calls_);
  calls_ = call.number;
  budgets_.on_sent(call, now.mono);
  connectivity_.on_sent(call.iot_instance);
  served_[call.api] = call.owner;
  owner_of(call).on_sent(call, now);
  return connectivity_.endpoint(call.iot_instance);
}

void Account::departed(const Call& call, Now now) {
  budgets_.on_departure(call, now.mono);
}

// Every call is resolved here, once. A reload may have removed its instance or reused its name.
Account::Ended Account::resolve(const Call& call, std::optional<bool> throttled) {
  const auto known = under_way_.find(call.number);
  assert(known != under_way_.end());
  Ended ended;
  ended.there = known->second == connectivity_.endpoint_number(call.iot_instance);
  ended.departed = budgets_.on_end(call, throttled);
  under_way_.erase(known);
  connectivity_.on_end(call.iot_instance);
  return ended;
}

CallEffects Account::apply(const CallResult& answer, Now now, double random01) {
  CallEffects out;
  const Call& call = answer.call;
  const auto* failure = std::get_if<Failure>(&answer.outcome);
  const bool throttled = failure != nullptr && failure->reason == Reason::kThrottled;
  const bool replied = failure == nullptr || failure->http_status != 0 || throttled;
  const Ended ended = resolve(call, replied ? std::optional(throttled) : std::nullopt);
  if (ended.departed && throttled) {
    const auto found = budgets_.on_throttled(call.api, *ended.departed, now.mono);
    if (found) out.events.push_back(common_quota_found(now.wall, config_.name, *found));
  } else if (ended.departed) {
    budgets_.on_accepted(call.api, *ended.departed, now.mono);
  }
  if (failure != nullptr) {
    out.failure = failure->reason;
    if (failure->retry_after) {
      budgets_.at(call.api).back_off_until(now.mono + *failure->retry_after);
    }
  }
  if (answer.server_date) {
    // The header has whole seconds: on average it is half a second behind when read.
    const double offset =
        unix_seconds(*answer.server_date) + 0.5 - unix_seconds(now.wall) + seconds(answer.took) / 2;
    if (std::abs(offset) < kClockTrustMax) clock_offset_ = offset;
  }
  out.retry = retries_.take_repeat(call.key());
  if (failure != nullptr) {
    take_failure(answer, *failure, ended.there, now, random01, out);
  } else {
    take_response(answer, ended.there, now, out);
  }
  return out;
}

void Account::take_response(const CallResult& answer, bool there, Now now, CallEffects& out) {
  const Call& call = answer.call;
  Budget& budget = budgets_.at(call.api);
  // A response about another item is not a success, but it shows that the API is permitted.
  if (budget.allow()) use(call.api, now);
  if (names_another(call, answer.outcome)) {
    // None of its content is accepted.
    Failure wrong;
    wrong.http_status = 200;
    wrong.message = "the response contains another " + std::string(call.noun());
    out.failure = Reason::kProtocol;
    out.observation.anomalies.push_back(Anomaly::kWrongTaskId);
    const Duration pause = retries_.failed(call.key(), Retries::Blame::kReply, config_.pace.task);
    fail_owner(call, CallFailure::Kind::kAgain, now.mono + pause, now, out);
    if (there)
      connectivity_.on_failure(call.iot_instance, call.api, wrong, now, 0, out.observation.events);
    return;
  }
  if (!there && call.api == Api::kListJob) {
    // It lists the jobs of the former instance; the name may belong to another endpoint now.
    fail_owner(call, CallFailure::Kind::kAgain, now.mono, now, out);
    return;
  }
  const bool watched = owner_of(call).watches(call);
  // Before the response is applied: a rerun shown by it was not unfinished until now.
  if (watched && !call.asks_distribution()) {
    blind_.good(call.item(), now, [this] { return unfinished(); });
  }
  retries_.succeeded(call.key());
  owner_of(call).on_response(call, answer.outcome, now, out);
  for (const std::string& id : out.shown) tasks_.notice(id, now);
  if (there) connectivity_.on_success(call.iot_instance, call.api, now, out.observation.events);
  budget.last_success = now.wall;
  for (const TaskChange& change : out.observation.changes) {
    if (change.explicit_id) tasks_.note_live(change.record);
    if (change.from) blind_.transition(change.record.last.modified);
  }
  for (const std::string& job : out.dropped_jobs) {
    blind_.forget(job);
    retries_.forget(job);
  }
  if (const auto interval = blind_.take(now)) {
    out.observation.events.push_back(blind_interval(now.wall, config_.name, *interval));
  }
}

void Account::take_failure(const CallResult& answer, const Failure& failure, bool there, Now now,
                           double random01, CallEffects& out) {
  using Kind = CallFailure::Kind;
  const Call& call = answer.call;
  if (!there || !owner_of(call).watches(call)) {
    // A reload has moved or removed the call's item: the owner decides what to call instead.
    fail_owner(call, Kind::kAgain, now.mono, now, out);
    return;
  }
  const bool absent = failure.maybe_not_found || failure.reason == Reason::kNotFound;
  const bool refused = failure.reason == Reason::kBadRequest;
  if (failure.reason == Reason::kThrottled) {
    fail_owner(call, Kind::kAgain, now.mono, now, out);
    connectivity_.on_throttled(call.iot_instance, call.api, failure, now, out.events);
  } else if (!call.token.empty() && (absent || refused)) {
    // Most likely the pagination token: the error code for an expired one is not documented. The
    // list's first page will show whether the job itself is the cause.
    fail_owner(call, Kind::kRefused, now.mono, now, out);
  } else if (absent) {
    take_absence(answer, failure, now, random01, out);
  } else if (failure.reason == Reason::kForbidden) {
    take_denial(answer, failure, now, random01, out);
  } else if (!out.retry && connectivity_.style().adapt_to(failure, answer.server_date, now)) {
    retries_.expect_repeat(call.key());
    fail_owner(call, Kind::kAgain, now.mono, now, out);
  } else {
    const bool of_item = refused || failure.reason == Reason::kProtocol;
    Duration pause{};
    if (of_item) {
      const auto blame = refused ? Retries::Blame::kItem : Retries::Blame::kReply;
      pause = retries_.failed(call.key(), blame, config_.pace.task);
    }
    fail_owner(call, refused ? Kind::kRefused : Kind::kAgain, now.mono + pause, now, out);
    const int enough = refused ? kOwnRefusals : kOwnStrangers;
    if (of_item && connectivity_.up(call.iot_instance) &&
        retries_.consecutive(call.key()) == enough) {
      out.events.push_back(
          item_refused(now.wall, config_.name, call, failure,
                       connectivity_.advise(call.iot_instance, call.api, failure)));
    }
    connectivity_.on_failure(call.iot_instance, call.api, failure, now, random01,
                             out.observation.events);
  }
}

// A denied API says nothing about the others: they continue. If no other API is usable, the account
// is down.
void Account::take_denial(const CallResult& answer, const Failure& failure, Now now,
                          double random01, CallEffects& out) {
  const Call& call = answer.call;
  fail_owner(call, CallFailure::Kind::kAgain, now.mono, now, out);
  if (!others_usable(call.api)) {
    connectivity_.on_failure(call.iot_instance, call.api, failure, now, random01,
                             out.observation.events);
    return;
  }
  if (!budgets_.at(call.api).deny(now.mono)) return;
  use(call.api, now);
  connectivity_.log_failure(call.iot_instance, call.api, failure, now, out.observation.events);
}

// The error code says something about this item, not the instance, only while others succeed.
void Account::take_absence(const CallResult& answer, const Failure& failure, Now now,
                           double random01, CallEffects& out) {
  const Call& call = answer.call;
  const bool was_gone = call.api == Api::kQueryTask && tracker_.is_gone(call.task_id);
  const bool known = !was_gone && owner_of(call).has_seen(call);
  const bool others_answer = connectivity_.concerns_item(call.iot_instance, known, now);
  const Mono retry_at =
      now.mono + retries_.failed(call.key(), Retries::Blame::kItem, config_.pace.task);
  const bool first = retries_.consecutive(call.key()) == 1 && !was_gone;
  if (first && connectivity_.may_log_absent(call.iot_instance, others_answer)) {
    Failure absent = failure;
    absent.reason = Reason::kNotFound;
    out.events.push_back(item_not_found(now.wall, config_.name, call, absent,
                                        connectivity_.advise(call.iot_instance, call.api, absent)));
  }
  if (!others_answer) {
    fail_owner(call, CallFailure::Kind::kAgain, retry_at, now, out);
    if (connectivity_.up(call.iot_instance)) {
      connectivity_.on_failure(call.iot_instance, call.api, failure, now, random01,
                               out.observation.events);
    }
    return;
  }
  out.failure = Reason::kNotFound;
  fail_owner(call, CallFailure::Kind::kAbsent, retry_at, now, out);
}

void Account::fail_owner(const Call& call, CallFailure::Kind kind, Mono retry_at, Now now,
                         CallEffects& out) {
  owner_of(call).on_failure(call, {.kind = kind, .retry_at = retry_at}, now, out);
}

std::vector<std::string> Account::unfinished() const {
  std::vector<std::string> ids = tasks_.unfinished();
  for (std::string& job : jobs_.unfinished()) ids.push_back(std::move(job));
  return ids;
}

void Account::pace_blind_watch() {
  const double rate = budgets_.configured_rate();
  const Duration gap = rate > 0 ? from_seconds(1 / rate) : Duration::zero();
  blind_.set_pace(std::max(gap, config_.pace.task));
}

std::vector<Event> Account::no_keys(const Call& call, const std::string& why, Now now) {
  resolve(call, std::nullopt);
  CallEffects none;
  fail_owner(call, CallFailure::Kind::kAgain, now.mono + kKeysRetry, now, none);
  budgets_.back_off_until(now.mono + kKeysRetry);
  if (!connectivity_.no_keys(now)) return {};
  return {taskwatchd::no_keys(now.wall, config_.name, why)};
}

void Account::requeue(const Call& call, bool sent, Now now) {
  resolve(call, std::nullopt);
  if (sent) retries_.expect_repeat(call.key());
  CallEffects none;
  fail_owner(call, CallFailure::Kind::kAgain, now.mono, now, none);
}

CallEffects Account::fetched(const std::string& id, Wall begun,
                             std::variant<DistributionResult, ResultFailure> result, Now now) {
  CallEffects out;
  distributions_.on_fetched(id, begun, std::move(result), now, out);
  return out;
}

CallEffects Account::after_configure(Now now) {
  CallEffects out;
  distributions_.after_configure(now, out);
  return out;
}

AccountParts Account::parts() const {
  return {.config = config_,
          .budgets = budgets_.by_api(),
          .tracker = tracker_,
          .connectivity = connectivity_,
          .jobs = jobs_,
          .tasks = tasks_,
          .explicit_survey = explicit_survey_,
          .distributions = distributions_,
          .blind = blind_,
          .clock_offset = clock_offset_};
}

Commit Account::refresh(Now now) {
  Commit commit;
  commit.records = tasks_.take_seen();
  commit.jobs = jobs_.refresh();
  jobs_.report_stalled(now, commit);
  overdue_.report(config_.instances, tracker_, now.wall, commit);
  if (commit.empty()) return commit;
  budgets_.add_stored_times(config_.name, commit.stored_times);
  if (blind_.last_success())
    commit.stored_times.push_back({config_.name, kAlive, *blind_.last_success()});
  return commit;
}

}  // namespace taskwatchd
