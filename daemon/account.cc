#include "account.h"

#include <algorithm>
#include <cassert>
#include <cmath>

#include "core/account_events.h"
#include "core/advice.h"

namespace taskwatchd {
namespace {

constexpr Duration kKeysRetry = std::chrono::seconds(10);
constexpr Duration kThrottleSpell = std::chrono::minutes(5);  // clean for so long: it has passed
constexpr Duration kItemBackOff = std::chrono::seconds(5);    // doubled with each failure
constexpr Duration kItemBackOffMax = std::chrono::minutes(1);
// Failures of one task, running, while its instance answers, before they are told as the task's.
constexpr int kOwnRefusals = 3;   // by the cloud: parameters
constexpr int kOwnStrangers = 6;  // replies that are not the documented ones: more often by chance
// A code that may mean absence says so of one task while others answer: within this, or while no
// seen task gets it. Below the span after which a task is taken for gone, so that an instance that
// answers everything so cannot make its tasks vanish; above the heartbeat of a minute.
constexpr Duration kOthersAnswer = std::chrono::seconds(90);
constexpr int kToldAbsent = 10;         // tasks told as unknown while nothing answers
constexpr double kClockTrustMax = 1e8;  // s; a Date further off than three years is no clock

constexpr char kAlive[] = "alive";
constexpr char kSuccess[] = "success:QueryTask";

const Mark* find_mark(const Stored& stored, std::string_view key) {
  for (const Mark& mark : stored.marks) {
    if (mark.key == key) return &mark;
  }
  return nullptr;
}

// A failure that may lie in the one task or its reply, not in the way to the cloud.
bool concerns_task(Reason reason) {
  return reason == Reason::kProtocol || reason == Reason::kBadRequest;
}

}  // namespace

Account::Account(const AccountConfig& config, const Stored& stored, Now now)
    : config_(config),
      limiter_(config.quota.at(Api::kQueryTask), config.quota_share, now.mono),
      scheduler_(config.pace),
      tracker_(config.name) {
  pace_blind_watch();
  if (const Mark* alive = find_mark(stored, kAlive)) blind_.restore(alive->at, now);
  if (const Mark* success = find_mark(stored, kSuccess)) last_success_ = success->at;
  for (const InstanceConfig& instance : config.instances) {
    instances_.push_back({.config = instance, .health = {}});
    watch(instance, instances_.size() - 1, stored, now);
  }
}

void Account::watch(const InstanceConfig& instance, std::size_t number, const Stored& stored,
                    Now now) {
  std::unordered_map<std::string_view, const TaskRecord*> known;
  for (const TaskRecord& record : stored.records) known.emplace(record.key.task_id, &record);
  for (const std::string& id : instance.tasks) {
    TaskContext context{instance.name, instance.labels};
    home_[id] = number;
    if (tracker_.watches(id)) {
      tracker_.set_context(id, std::move(context));
      scheduler_.add(id, number, nullptr, now);
      continue;
    }
    const auto found = known.find(id);
    std::optional<TaskRecord> record;
    if (found != known.end()) record = *found->second;
    scheduler_.add(id, number, record ? &*record : nullptr, now);
    tracker_.watch(id, std::move(context), std::move(record), now);
  }
}

std::vector<std::string> Account::configure(const AccountConfig& config, const Stored& stored,
                                            Now now) {
  std::unordered_set<std::string_view> listed;
  for (const InstanceConfig& instance : config.instances) {
    listed.insert(instance.tasks.begin(), instance.tasks.end());
  }
  std::vector<std::string> dropped;
  for (std::string& id : tracker_.task_ids()) {
    if (!listed.contains(id)) dropped.push_back(std::move(id));
  }
  for (const std::string& id : dropped) {
    // A call for it may be in flight; its answer will find nobody watching.
    tracker_.unwatch(id);
    scheduler_.remove(id);
    blind_.forget(id);
    home_.erase(id);
    failing_.erase(id);
    mending_.erase(id);
    touched_.erase(id);
  }

  std::vector<Instance> before = std::exchange(instances_, {});
  if (!(config.credentials == config_.credentials)) health_.forgive();
  for (const InstanceConfig& instance : config.instances) {
    Instance next{.config = instance, .health = {}};
    for (const Instance& old : before) {
      // A changed endpoint, id or region starts with a clean slate; a changed list does not.
      const bool same_place = old.config.name == instance.name &&
                              old.config.endpoint == instance.endpoint &&
                              old.config.id == instance.id && old.config.region == instance.region;
      if (same_place && config.credentials == config_.credentials) {
        next = old;
        next.config = instance;
        next.in_flight = 0;
      }
    }
    instances_.push_back(std::move(next));
  }
  scheduler_.set_pace(config.pace);
  limiter_.configure(config.quota.at(Api::kQueryTask), config.quota_share);
  config_ = config;
  pace_blind_watch();
  told_no_keys_ = false;
  for (std::size_t i = 0; i < instances_.size(); ++i) watch(instances_[i].config, i, stored, now);
  for (const auto& [id, number] : home_) {
    if (scheduler_.in_flight(id)) ++instances_[number].in_flight;
  }
  return dropped;
}

Account::Instance& Account::instance_of(const std::string& task_id) {
  return instances_[home_.at(task_id)];
}

Choice Account::next(Now now) {
  if (!limiter_.in_use()) return {};
  const Mono free = limiter_.next();
  if (free > now.mono) return {.task_id = {}, .wake = free};
  std::vector<Mono> held;
  held.reserve(instances_.size());
  for (const Instance& instance : instances_) {
    const Health& health = instance.health;
    // One instance that fails holds up no other, unless what is wrong is the account's.
    const bool whole = whole_refused_ && health_.failing();
    const Mono account_held = whole ? health_.held_until() : Mono::min();
    const bool probing = (health.failing() || whole) && instance.in_flight > 0;
    held.push_back(probing ? Mono::max() : std::max(health.held_until(), account_held));
  }
  return scheduler_.next(now, limiter_.rate(), held);
}

Endpoint Account::asked(const std::string& task_id, Now now) {
  limiter_.sent(now.mono);
  scheduler_.asked(task_id, now);
  Instance& instance = instance_of(task_id);
  ++instance.in_flight;
  return {.url = instance.config.endpoint,
          .region = instance.config.region,
          .instance_id = instance.config.id,
          .signature = config_.signature,
          .use_get = style_.use_get,
          .ca_file = instance.config.ca_file,
          .proxy = config_.proxy};
}

Verdict Account::settle(const Answer& answer, Now now, double chance) {
  Verdict verdict;
  const auto* failure = std::get_if<Failure>(&answer.outcome);
  if (failure != nullptr && failure->reason == Reason::kThrottled) {
    limiter_.refused(now.mono);
  } else {
    limiter_.clean(now.mono);
  }
  if (failure != nullptr) {
    verdict.failure = failure->reason;
    if (failure->retry_after) limiter_.hold_until(now.mono + *failure->retry_after);
  }
  if (answer.server_date) {
    // The header counts whole seconds; its reading is half a second late on average.
    const double offset =
        unix_seconds(*answer.server_date) + 0.5 - unix_seconds(now.wall) + seconds(answer.took) / 2;
    if (std::abs(offset) < kClockTrustMax) clock_offset_ = offset;
  }
  if (!tracker_.watches(answer.task_id)) return verdict;  // unlisted while in flight

  // Not in flight: it was unlisted and listed again meanwhile; the answer is as good as any.
  if (scheduler_.in_flight(answer.task_id)) --instance_of(answer.task_id).in_flight;
  verdict.retry = mending_.erase(answer.task_id) > 0;
  if (failure != nullptr) {
    settle_bad(answer, *failure, now, chance, verdict);
  } else {
    settle_good(answer, std::get<TaskReply>(answer.outcome), now, verdict);
  }
  return verdict;
}

void Account::settle_good(const Answer& answer, const TaskReply& reply, Now now, Verdict& verdict) {
  const std::string& id = answer.task_id;
  Instance& instance = instance_of(id);
  const bool right_task = reply.task_id == id;
  // Before the reply is taken in: a rerun that it shows was not unfinished until then.
  if (right_task) blind_.good(id, now, [this] { return unfinished(); });
  verdict.observation = tracker_.observe(id, reply, now);
  if (!right_task) {
    const Failure wrong{.reason = Reason::kProtocol,
                        .http_status = 200,
                        .code = {},
                        .message = "the reply names another task",
                        .request_id = {},
                        .retry_after = {}};
    verdict.failure = Reason::kProtocol;
    scheduler_.failed(id, now.mono + back_off(id));
    count_against(wrong, instance, now, 0, verdict);
    return;
  }
  count_for(instance, now, verdict);
  failing_.erase(id);
  last_success_ = now.wall;
  const TaskRecord& record = *tracker_.record(id);
  scheduler_.answered(id, record, now);
  touched_.insert(id);

  for (const TaskChange& change : verdict.observation.changes) {
    if (change.from) blind_.transition(change.record.last.modified);
  }
  if (const auto interval = blind_.take(now)) {
    verdict.news.push_back(blind_interval(now.wall, config_.name, *interval));
  }
}

std::vector<std::string> Account::unfinished() const {
  std::vector<std::string> ids;
  for (std::string& task : tracker_.task_ids()) {
    const TaskRecord* held = tracker_.record(task);
    const bool live = held != nullptr && !held->gone && !held->superseded;
    if (live && !is_finished(held->last.status)) ids.push_back(std::move(task));
  }
  return ids;
}

void Account::pace_blind_watch() {
  const Duration gap =
      limiter_.in_use() ? from_seconds(1 / limiter_.configured_rate()) : Duration::zero();
  blind_.set_pace(std::max(gap, config_.pace.task));
}

void Account::settle_bad(const Answer& answer, const Failure& failure, Now now, double chance,
                         Verdict& verdict) {
  const std::string& id = answer.task_id;
  Instance& instance = instance_of(id);
  if (failure.reason == Reason::kThrottled) {
    scheduler_.failed(id, now.mono);
    refuse_rate(failure, instance, now, verdict);
  } else if (failure.maybe_not_found || failure.reason == Reason::kNotFound) {
    look_for_absence(answer, failure, instance, now, chance, verdict);
  } else if (!verdict.retry && style_.mend(failure, answer.server_date, now)) {
    mending_.insert(id);
    scheduler_.failed(id, now.mono);
  } else {
    const bool of_task = concerns_task(failure.reason);
    scheduler_.failed(id, of_task ? now.mono + back_off(id) : now.mono);
    const int enough = failure.reason == Reason::kBadRequest ? kOwnRefusals : kOwnStrangers;
    if (of_task && instance.health.up() && failing_.at(id) == enough) {
      verdict.news.push_back(task_refused(now.wall, config_.name, instance.config.name, id, failure,
                                          "task " + id + ": " + advise(failure, instance)));
    }
    count_against(failure, instance, now, chance, verdict);
  }
}

void Account::count_for(Instance& instance, Now now, Verdict& verdict) {
  health_.good(now);
  whole_refused_ = false;
  instance.good_at = now.mono;
  instance.known_absent = false;
  instance.told_absent = 0;
  const auto told = instance.health.told();
  const bool recovered = instance.health.good(now) == Health::News::kRecovered;
  const bool keys_found = std::exchange(told_no_keys_, false);
  if (!recovered && !keys_found) return;
  verdict.news.push_back(
      account_recovered(now.wall, config_.name, instance.config.name, Api::kQueryTask));
  if (!told || !concerns_account(*told)) return;
  // It was told for all instances by one message; it ends by one too.
  for (Instance& other : instances_) {
    if (other.health.told() == told) other.health.forget_told();
  }
}

void Account::count_against(const Failure& failure, Instance& instance, Now now, double chance,
                            Verdict& verdict) {
  const bool of_account = concerns_account(failure.reason);
  const bool told = std::any_of(instances_.begin(), instances_.end(), [&](const Instance& each) {
    return of_account && each.health.told() == failure.reason;
  });
  health_.failed(failure.reason, now, chance);
  whole_refused_ = of_account;
  const Health::News news = instance.health.failed(failure.reason, now, chance);
  if (news == Health::News::kFailing && !told) tell(verdict, now, instance, failure);
}

void Account::refuse_rate(const Failure& failure, const Instance& instance, Now now,
                          Verdict& verdict) {
  const bool news = !throttled_ || now.mono - *throttled_ > kThrottleSpell;
  throttled_ = now.mono;
  if (news) tell(verdict, now, instance, failure);
}

void Account::look_for_absence(const Answer& answer, const Failure& failure, Instance& instance,
                               Now now, double chance, Verdict& verdict) {
  const std::string& id = answer.task_id;
  const Duration pause = back_off(id);
  scheduler_.failed(id, now.mono + pause);
  const bool was_gone = tracker_.is_gone(id);
  if (tracker_.record(id) != nullptr && !was_gone) instance.known_absent = true;
  const bool others_answer =
      instance.health.up() &&
      (now.mono - instance.good_at <= kOthersAnswer || !instance.known_absent);
  const bool tellable = others_answer || instance.told_absent < kToldAbsent;
  if (failing_.at(id) == 1 && !was_gone && tellable) {
    ++instance.told_absent;
    Failure absent = failure;
    absent.reason = Reason::kNotFound;
    verdict.news.push_back(task_not_found(now.wall, config_.name, instance.config.name, id, absent,
                                          "task " + id + ": " + advise(absent, instance)));
  }
  // Only beside others that answer does the code speak of this task rather than of the instance.
  if (!others_answer) {
    if (instance.health.up()) count_against(failure, instance, now, chance, verdict);
    return;
  }
  verdict.failure = Reason::kNotFound;
  verdict.observation = tracker_.not_found(id, now);
  if (tracker_.is_gone(id)) scheduler_.set_gone(id, now);
}

Duration Account::back_off(const std::string& task_id) {
  const int failures = ++failing_[task_id];
  const Duration base = std::max(kItemBackOff, config_.pace.task);
  return std::min<Duration>(std::max(kItemBackOffMax, base),
                            base * (1 << std::min(failures - 1, 4)));
}

std::vector<Event> Account::no_keys(const std::string& task_id, const std::string& why, Now now) {
  if (scheduler_.in_flight(task_id)) --instance_of(task_id).in_flight;
  mending_.erase(task_id);
  scheduler_.failed(task_id, now.mono + kKeysRetry);
  limiter_.hold_until(now.mono + kKeysRetry);
  health_.failed(Reason::kAuth, now, 0);  // nothing is asked: the account is not up for long
  if (std::exchange(told_no_keys_, true)) return {};
  return {taskwatchd::no_keys(now.wall, config_.name, why)};
}

void Account::keys_changed() {
  health_.forgive();
  for (Instance& instance : instances_) instance.health.forgive();
}

std::string Account::advise(const Failure& failure, const Instance& instance) const {
  return advice(Api::kQueryTask, failure,
                {.account = config_.name,
                 .instance = instance.config.name,
                 .endpoint = instance.config.endpoint,
                 .has_instance_id = !instance.config.id.empty()});
}

void Account::tell(Verdict& verdict, Now now, const Instance& instance,
                   const Failure& failure) const {
  verdict.news.push_back(call_failed(now.wall, config_.name, instance.config.name, Api::kQueryTask,
                                     failure, advise(failure, instance)));
}

Commit Account::refresh() {
  Commit commit;
  for (const std::string& id : touched_) {
    if (const TaskRecord* record = tracker_.record(id)) commit.records.push_back(*record);
  }
  touched_.clear();
  if (commit.records.empty()) return commit;
  commit.marks.push_back({config_.name, kSuccess, *last_success_});
  commit.marks.push_back({config_.name, kAlive, *blind_.last_good()});
  return commit;
}

}  // namespace taskwatchd
