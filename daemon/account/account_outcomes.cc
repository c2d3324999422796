// What an answer, or its lack, says of the account: whether it, its instances and its APIs answer,
// and what the call's owner is to make of it. The way of each outcome to its owner.
#include <algorithm>

#include "account/account.h"
#include "core/events/account_events.h"

namespace taskwatchd {
namespace {

// Consecutive failures of one item, while its instance answers, before they are logged as its own.
constexpr int kOwnRefusals = 3;   // by the cloud: parameters
constexpr int kOwnStrangers = 6;  // replies that are not the documented ones: more by chance

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

std::string_view noun_of(const Call& call) {
  if (call.asks_distribution()) return "distribution";
  return call.api == Api::kQueryTask ? "task" : "job";
}

}  // namespace

void Account::take_answer(const Answer& answer, bool there, Now now, Verdict& out) {
  const Call& call = answer.call;
  Budget& budget = budgets_.at(call.api);
  // A reply that names another item is not a good one, but it shows that we may ask.
  if (budget.allow()) use(call.api, now);
  if (names_another(answer)) {
    // Nothing of it is believed.
    Failure wrong;
    wrong.http_status = 200;
    wrong.message = "the response contains another " + std::string(noun_of(call));
    out.failure = Reason::kProtocol;
    out.observation.anomalies.push_back(Anomaly::kWrongTaskId);
    const Duration pause = retries_.failed(call.key(), Retries::Blame::kReply, config_.pace.task);
    fail_owner(call, CallFailure::Kind::kAgain, now.mono + pause, now, out);
    if (there) reach_.failed(call.iot_instance, call.api, wrong, now, 0, out.news);
    return;
  }
  if (!there && call.api == Api::kListJob) {
    // It lists what is where the instance was; that name may stand for another place now.
    fail_owner(call, CallFailure::Kind::kAgain, now.mono, now, out);
    return;
  }
  const bool watched = owner_of(call).watches(call);
  // Before the reply is taken in: a rerun that it shows was not unfinished until then.
  if (watched && !call.asks_distribution()) {
    blind_.good(call.item(), now, [this] { return unfinished(); });
  }
  retries_.succeeded(call.key());
  owner_of(call).on_answer(call, answer.outcome, now, out);
  for (const std::string& id : out.shown) tasks_.notice(id, now);
  if (there) reach_.good(call.iot_instance, call.api, now, out.news);
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
    out.news.push_back(blind_interval(now.wall, config_.name, *interval));
  }
}

void Account::take_failure(const Answer& answer, const Failure& failure, bool there, Now now,
                           double chance, Verdict& out) {
  using Kind = CallFailure::Kind;
  const Call& call = answer.call;
  if (!there || !owner_of(call).watches(call)) {
    // A reload has moved or removed what it was about: the owner sees what to ask instead.
    fail_owner(call, Kind::kAgain, now.mono, now, out);
    return;
  }
  const bool absent = failure.maybe_not_found || failure.reason == Reason::kNotFound;
  const bool refused = failure.reason == Reason::kBadRequest;
  if (failure.reason == Reason::kThrottled) {
    fail_owner(call, Kind::kAgain, now.mono, now, out);
    reach_.throttled(call.iot_instance, call.api, failure, now, out.news);
  } else if (!call.token.empty() && (absent || refused)) {
    // The page's token, most likely: which code an old one gets is not documented. The list's first
    // page will show whether it is the job.
    fail_owner(call, Kind::kRefused, now.mono, now, out);
  } else if (absent) {
    take_absence(answer, failure, now, chance, out);
  } else if (failure.reason == Reason::kForbidden) {
    take_denial(answer, failure, now, chance, out);
  } else if (!out.retry && reach_.style().mend(failure, answer.server_date, now)) {
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
    if (of_item && reach_.up(call.iot_instance) && retries_.consecutive(call.key()) == enough) {
      out.news.push_back(item_refused(now.wall, config_.name, call, failure,
                                      reach_.advise(call.iot_instance, call.api, failure)));
    }
    reach_.failed(call.iot_instance, call.api, failure, now, chance, out.news);
  }
}

// One API that we may not call says nothing of the others: they go on. Without any other the
// account is down.
void Account::take_denial(const Answer& answer, const Failure& failure, Now now, double chance,
                          Verdict& out) {
  const Call& call = answer.call;
  fail_owner(call, CallFailure::Kind::kAgain, now.mono, now, out);
  if (!others_usable(call.api)) {
    reach_.failed(call.iot_instance, call.api, failure, now, chance, out.news);
    return;
  }
  if (!budgets_.at(call.api).deny(now.mono)) return;
  use(call.api, now);
  reach_.tell(call.iot_instance, call.api, failure, now, out.news);
}

// Only beside others that answer does the code speak of this item rather than of the instance.
void Account::take_absence(const Answer& answer, const Failure& failure, Now now, double chance,
                           Verdict& out) {
  const Call& call = answer.call;
  const bool was_gone = call.api == Api::kQueryTask && tracker_.is_gone(call.task_id);
  const bool known = !was_gone && owner_of(call).has_seen(call);
  const bool others_answer = reach_.speaks_of_item(call.iot_instance, known, now);
  const Mono retry_at =
      now.mono + retries_.failed(call.key(), Retries::Blame::kItem, config_.pace.task);
  const bool first = retries_.consecutive(call.key()) == 1 && !was_gone;
  if (first && reach_.may_tell_absent(call.iot_instance, others_answer)) {
    Failure absent = failure;
    absent.reason = Reason::kNotFound;
    out.news.push_back(item_not_found(now.wall, config_.name, call, absent,
                                      reach_.advise(call.iot_instance, call.api, absent)));
  }
  if (!others_answer) {
    fail_owner(call, CallFailure::Kind::kAgain, retry_at, now, out);
    if (reach_.up(call.iot_instance)) {
      reach_.failed(call.iot_instance, call.api, failure, now, chance, out.news);
    }
    return;
  }
  out.failure = Reason::kNotFound;
  fail_owner(call, CallFailure::Kind::kAbsent, retry_at, now, out);
}

}  // namespace taskwatchd
