// What a reply, or its lack, means for one account.
#include <algorithm>
#include <cmath>

#include "account/account.h"
#include "core/account_events.h"
#include "core/task_events.h"

namespace taskwatchd {
namespace {

constexpr Duration kItemBackOff = std::chrono::seconds(5);  // doubled with each failure
constexpr Duration kItemBackOffMax = std::chrono::minutes(1);
// An API that we may not call is tried again after a minute, then ever later.
constexpr Duration kDenied = std::chrono::minutes(1);
constexpr int kDeniedMax = 3;  // doublings
// Failures of one item, running, while its instance answers, before they are told as the item's.
constexpr int kOwnRefusals = 3;         // by the cloud: parameters
constexpr int kOwnStrangers = 6;        // replies that are not the documented ones: more by chance
constexpr double kClockTrustMax = 1e8;  // s; a Date further off than three years is no clock

// The reply names another thing than was asked for.
bool names_another(const Answer& answer) {
  const Call& call = answer.call;
  if (const auto* task = std::get_if<TaskReply>(&answer.outcome)) {
    return task->task_id != call.task_id;
  }
  if (const auto* job = std::get_if<JobReply>(&answer.outcome)) return job->job_id != call.job_id;
  if (const auto* distribution = std::get_if<DistributionReply>(&answer.outcome)) {
    return distribution->distribution_id != call.distribution_id;
  }
  const auto* page = std::get_if<TaskPage>(&answer.outcome);
  if (page == nullptr || page->tasks.empty()) return false;
  return std::all_of(page->tasks.begin(), page->tasks.end(), [&](const TaskReply& row) {
    return !row.job_id.empty() && row.job_id != call.job_id;
  });
}

// A failure that may lie in the one item or its reply, not in the way to the cloud.
bool concerns_item(Reason reason) {
  return reason == Reason::kProtocol || reason == Reason::kBadRequest;
}

}  // namespace

Verdict Account::settle(const Answer& answer, Now now, double chance) {
  Verdict verdict;
  const Call& call = answer.call;
  Budget& budget = budgets_.at(call.api);
  const auto* failure = std::get_if<Failure>(&answer.outcome);
  const Mono departed = now.mono - answer.took;
  if (failure != nullptr && failure->reason == Reason::kThrottled) {
    budget.limiter.on_throttled(departed, now.mono);
  } else {
    budget.limiter.on_accepted(departed, now.mono);
  }
  if (failure != nullptr) {
    verdict.failure = failure->reason;
    if (failure->retry_after) budget.limiter.hold_until(now.mono + *failure->retry_after);
  }
  if (answer.server_date) {
    // The header counts whole seconds; its reading is half a second late on average.
    const double offset =
        unix_seconds(*answer.server_date) + 0.5 - unix_seconds(now.wall) + seconds(answer.took) / 2;
    if (std::abs(offset) < kClockTrustMax) clock_offset_ = offset;
  }
  reach_.ended(call.iot_instance);
  auto number = reach_.number_of(call.iot_instance);
  if (call.api == Api::kQueryTask && is_explicit(call.task_id)) number = home_.at(call.task_id);
  verdict.retry = mending_.erase(call.mark()) > 0;
  const bool asks_task = call.api == Api::kQueryTask;
  const bool unlisted = !number || (asks_task && !tracker_.watches(call.task_id));
  const bool dropped = call.asks_distribution() && !distributions_.watches(call.distribution_id);
  if (unlisted || dropped) {
    if (asks_task) jobs_.look_again(call.task_id, false, now.mono);
    return verdict;
  }
  if (failure != nullptr) {
    settle_bad(answer, *failure, *number, now, chance, verdict);
  } else {
    settle_good(answer, *number, now, verdict);
  }
  return verdict;
}

void Account::settle_good(const Answer& answer, std::size_t number, Now now, Verdict& verdict) {
  const Call& call = answer.call;
  const auto* task = std::get_if<TaskReply>(&answer.outcome);
  // A reply that names another task is no good one, but it shows that we may ask.
  Budget& budget = budgets_.at(call.api);
  if (std::exchange(budget.denied, false)) use(call.api, now);
  budget.denials = 0;
  budget.denied_until = Mono::min();

  // Before the reply is taken in: a rerun that it shows was not unfinished until then.
  if (names_another(answer)) {
    settle_another(answer, number, now, verdict);
    return;
  }
  if (call.asks_distribution()) {
    settle_distribution(answer, now, verdict);
    failing_.erase(call.mark());
  } else if (task != nullptr) {
    blind_.good(call.item(), now, [this] { return unfinished(); });
    settle_task(answer, *task, now, verdict);
  } else {
    blind_.good(call.item(), now, [this] { return unfinished(); });
    settle_job_call(answer, now, verdict);
    failing_.erase(call.mark());
  }
  reach_.good(number, call.api, now, verdict.news);
  budget.last_success = now.wall;
  for (const TaskChange& change : verdict.observation.changes) {
    if (change.explicit_id) note_live(change.record);
    if (change.from) blind_.transition(change.record.last.modified);
  }
  if (const auto interval = blind_.take(now)) {
    verdict.news.push_back(blind_interval(now.wall, config_.name, *interval));
  }
}

// Nothing of it is believed.
void Account::settle_another(const Answer& answer, std::size_t number, Now now, Verdict& verdict) {
  const Call& call = answer.call;
  Failure wrong;
  wrong.http_status = 200;
  wrong.message = "the reply names another " + std::string(call.asks_distribution() ? "distribution"
                                                           : call.api == Api::kQueryTask ? "task"
                                                                                         : "job");
  verdict.failure = Reason::kProtocol;
  verdict.observation.anomalies.push_back(Anomaly::kWrongTaskId);
  retry_later(call, now.mono + back_off(call.mark()));
  reach_.failed(number, call.api, wrong, now, 0, verdict.news);
}

void Account::settle_task(const Answer& answer, const TaskReply& reply, Now now, Verdict& verdict) {
  const std::string& id = answer.call.task_id;
  const TaskRow* const row = tracker_.row(id);
  const bool had_words = row->words != nullptr;
  std::optional<Sight> before;
  if (row->seen) before = sight_of(*row);
  verdict.observation = tracker_.observe(id, reply, now);
  failing_.erase(id);
  const TaskRecord record = *tracker_.record(id);
  jobs_.looked_at(id, before, tracker_);
  if (!is_explicit(id)) {
    const bool told = verdict.observation.moved;  // the event has the words
    if (!told && !had_words && tracker_.row(id)->words != nullptr) {
      verdict.news.push_back(task_details(record, now.wall));
    }
    return;
  }
  scheduler_.answered(id, record, now);
  touched_.insert(id);
}

void Account::settle_job_call(const Answer& answer, Now now, Verdict& verdict) {
  const Call& call = answer.call;
  JobsVerdict out;
  if (const auto* page = std::get_if<TaskPage>(&answer.outcome)) {
    out = jobs_.page(call, *page, tracker_, now, verdict.observation);
    for (const TaskReply& row : page->tasks) {
      if (!is_explicit(row.task_id)) continue;
      if (const auto record = tracker_.record(row.task_id)) {
        scheduler_.noticed(row.task_id, *record, now);
      }
    }
  } else if (const auto* statistics = std::get_if<JobStatistics>(&answer.outcome)) {
    out = jobs_.statistics(call, *statistics, tracker_, now);
  } else if (const auto* job = std::get_if<JobReply>(&answer.outcome)) {
    out = jobs_.description(call, *job, now);
  } else if (const auto* listing = std::get_if<JobPage>(&answer.outcome)) {
    out = jobs_.listing(call, *listing, tracker_, now);
  }
  verdict.jobs = std::move(out.records);
  for (Event& event : out.events) verdict.observation.events.push_back(std::move(event));
  for (const std::string& job : out.dropped_jobs) forget_job(job);
}

void Account::settle_distribution(const Answer& answer, Now now, Verdict& verdict) {
  const std::string& id = answer.call.distribution_id;
  if (const auto* reply = std::get_if<DistributionReply>(&answer.outcome)) {
    auto out = distributions_.status(*reply, now);
    if (out.record) verdict.distributions.push_back(*std::move(out.record));
    verdict.observation.events = std::move(out.events);
  } else if (const auto* file = std::get_if<DistributionFile>(&answer.outcome)) {
    if (auto url = distributions_.file(id, *file, now)) {
      verdict.fetch = ResultRequest{.key = {config_.name, id},
                                    .url = *std::move(url),
                                    .hosts = config_.distributions.file_hosts,
                                    .proxy = config_.proxy};
    }
  }
}

Verdict Account::fetched(const std::string& id,
                         std::variant<DistributionResult, ResultFailure> result, Now now) {
  Verdict verdict;
  if (!distributions_.watches(id)) return verdict;
  if (const auto* failure = std::get_if<ResultFailure>(&result)) {
    verdict.news = distributions_.not_fetched(id, failure->expired, failure->message, now);
    return verdict;
  }
  auto out = distributions_.fetched(id, std::get<DistributionResult>(std::move(result)), now);
  if (out.record) verdict.distributions.push_back(*std::move(out.record));
  verdict.observation.events = std::move(out.events);
  return verdict;
}

void Account::retry_later(const Call& call, Mono when) {
  if (call.asks_distribution()) {
    // A reload may have dropped it while the call was under way.
    if (distributions_.watches(call.distribution_id)) {
      distributions_.failed(call.api, call.distribution_id, when);
    }
    return;
  }
  if (call.api == Api::kQueryTask && is_explicit(call.task_id)) {
    scheduler_.failed(call.task_id, when);
  } else if (call.api == Api::kQueryTask) {
    jobs_.look_again(call.task_id, true, when);
  } else {
    jobs_.failed(call, when);
  }
}

void Account::settle_bad(const Answer& answer, const Failure& failure, std::size_t number, Now now,
                         double chance, Verdict& verdict) {
  const Call& call = answer.call;
  const bool old_token = !call.token.empty() && concerns_item(failure.reason);
  if (failure.reason == Reason::kThrottled) {
    retry_later(call, now.mono);
    reach_.throttled(number, call.api, failure, now, verdict.news);
  } else if (old_token) {
    retry_later(call, now.mono);  // the list is read from its beginning
  } else if (failure.maybe_not_found || failure.reason == Reason::kNotFound) {
    look_for_absence(answer, failure, number, now, chance, verdict);
  } else if (failure.reason == Reason::kForbidden) {
    retry_later(call, now.mono);
    deny(answer, failure, number, now, chance, verdict);
  } else if (!verdict.retry && reach_.style().mend(failure, answer.server_date, now)) {
    mending_.insert(call.mark());
    retry_later(call, now.mono);
  } else {
    const bool of_item = concerns_item(failure.reason);
    retry_later(call, of_item ? now.mono + back_off(call.mark()) : now.mono);
    const int enough = failure.reason == Reason::kBadRequest ? kOwnRefusals : kOwnStrangers;
    if (of_item && reach_.up(number) && failing_.at(call.mark()) == enough) {
      verdict.news.push_back(item_refused(now.wall, config_.name, call, failure,
                                          reach_.advise(number, call.api, failure)));
    }
    reach_.failed(number, call.api, failure, now, chance, verdict.news);
  }
}

// One API that we may not call says nothing of the others: they go on. Without any other the
// account is down.
void Account::deny(const Answer& answer, const Failure& failure, std::size_t number, Now now,
                   double chance, Verdict& verdict) {
  Budget& budget = budgets_.at(answer.call.api);
  if (!others_usable(answer.call.api)) {
    reach_.failed(number, answer.call.api, failure, now, chance, verdict.news);
    return;
  }
  if (!std::exchange(budget.denied, true)) {
    use(answer.call.api, now);
    reach_.tell(number, answer.call.api, failure, now, verdict.news);
  }
  budget.denied_until = now.mono + kDenied * (1 << std::min(budget.denials++, kDeniedMax));
}

bool Account::others_usable(Api api) const {
  return std::any_of(budgets_.begin(), budgets_.end(), [&](const auto& entry) {
    const auto& [other, budget] = entry;
    if (other == api || !budget.limiter.in_use() || budget.denied) return false;
    return other == Api::kQueryTask ? !home_.empty() : needs(other);
  });
}

void Account::look_for_absence(const Answer& answer, const Failure& failure, std::size_t number,
                               Now now, double chance, Verdict& verdict) {
  const Call& call = answer.call;
  const std::string& item = call.item();
  const bool asks_task = call.api == Api::kQueryTask;
  retry_later(call, now.mono + back_off(call.mark()));
  const bool was_gone = asks_task && tracker_.is_gone(item);
  const TaskRow* const row = asks_task ? tracker_.row(item) : nullptr;
  const bool known =
      call.asks_distribution()
          ? distributions_.seen(item)
          : !was_gone && (asks_task ? row->seen : jobs_.planner().statistics_of(item) != nullptr);
  const bool others_answer = reach_.speaks_of_item(number, known, now);
  if (failing_.at(call.mark()) == 1 && !was_gone && reach_.may_tell_absent(number, others_answer)) {
    Failure absent = failure;
    absent.reason = Reason::kNotFound;
    verdict.news.push_back(item_not_found(now.wall, config_.name, call, absent,
                                          reach_.advise(number, call.api, absent)));
  }
  // Only beside others that answer does the code speak of this item rather than of the instance.
  if (!others_answer) {
    if (reach_.up(number)) reach_.failed(number, call.api, failure, now, chance, verdict.news);
    return;
  }
  verdict.failure = Reason::kNotFound;
  if (!asks_task) return;
  verdict.observation = tracker_.not_found(item, now);
  if (!tracker_.is_gone(item)) return;
  if (is_explicit(item)) {
    scheduler_.set_gone(item, now);
  } else {
    jobs_.look_again(item, false, now.mono);
  }
}

Duration Account::back_off(const std::string& item) {
  const int failures = ++failing_[item];
  const Duration base = std::max(kItemBackOff, config_.pace.task);
  return std::min<Duration>(std::max(kItemBackOffMax, base),
                            base * (1 << std::min(failures - 1, 4)));
}

}  // namespace taskwatchd
