// Data flow: account.next -> ask (signed request, HTTP, response) -> account.apply -> recorder
// (one commit for everything that arrived meanwhile) -> metrics and log. Continue reading in
// recorder.cc.
#include "pipeline/poller.h"

#include <boost/asio/post.hpp>
#include <cassert>

#include "account/explain.h"
#include "account/status.h"
#include "cloud/nonce.h"
#include "cloud/reply.h"
#include "ports.h"

namespace taskwatchd {
namespace {

constexpr Duration kRefresh = std::chrono::seconds(10);
constexpr Duration kSurveyStep = std::chrono::milliseconds(50);
constexpr Duration kFullPause = std::chrono::milliseconds(500);
// while credentials are being fetched, or the lease is not valid
constexpr Duration kKeysPause = std::chrono::milliseconds(200);

// Converts the call to the platform's API action and parameters.
ApiCall wording(const Call& call) {
  switch (call.api) {
    case Api::kQueryTask:
      return query_task(call.task_id);
    case Api::kListTask:
      return list_task(call.job_id, call.status, call.token, kListPage);
    case Api::kQueryJobStatistics:
      return query_job_statistics(call.job_id);
    case Api::kQueryJob:
      return query_job(call.job_id);
    case Api::kListJob:
      return list_job(static_cast<int>(call.page), kListPage, std::nullopt);
    case Api::kQueryDeviceDistributeJob:
      return query_distribution(call.distribution_id);
    case Api::kQueryDeviceDistributeDetail:
      return distribution_file(call.distribution_id);
  }
  assert(false);  // the switch covers every API
  return {};
}

}  // namespace

Poller::Poller(boost::asio::any_io_executor executor, Ports ports, Recorder& recorder,
               const AccountConfig& config, const Stored& stored)
    : executor_(std::move(executor)),
      ports_(ports),
      recorder_(recorder),
      alarm_(ports.clock.make_alarm()),
      account_(config, stored, ports.clock.now()),
      refresh_at_(ports.clock.now().mono + kRefresh) {
  check_for_new_keys();
}

Awaitable<void> Poller::run() {
  record(account_.after_configure(ports_.clock.now()));
  while (!stopping_) {
    const Now now = ports_.clock.now();
    refresh(now);
    if (recorder_.full()) {
      co_await alarm_->wait_until(now.mono + kFullPause);
      continue;
    }
    if (keys_are_pending() || !ports_.leases.may_call(account_.config().name)) {
      co_await alarm_->wait_until(std::min(now.mono + kKeysPause, refresh_at_));
      continue;
    }
    const NextCall choice = account_.next(now);
    if (!choice.call) {
      co_await alarm_->wait_until(std::min(choice.wake, refresh_at_));
      continue;
    }
    ++in_flight_;
    Endpoint endpoint = account_.begin(*choice.call, now);
    spawn(executor_, ask(*choice.call, std::move(endpoint), now));
  }
  Commit unbegun;
  unbegun.distributions = account_.unbegin();
  if (!unbegun.distributions.empty() && !discarded_) recorder_.add(std::move(unbegun), {});
  while (in_flight_ + fetches_ > 0) co_await alarm_->wait_until(Mono::max());
  if (!discarded_) recorder_.add_lazily(account_.refresh(ports_.clock.now()));
  // Posted: the callback may destroy the object of this coroutine.
  boost::asio::post(executor_, std::move(ended_));
}

Awaitable<void> Poller::ask(Call call, Endpoint endpoint, Now asked) {
  const auto keys = ports_.keys.keys(account_.config());
  if (const auto* error = std::get_if<KeyError>(&keys)) {
    if (error->pending) {
      account_.requeue(call, false, asked);
    } else {
      CallEffects effects;
      effects.observation.events = account_.no_keys(call, error->message, asked);
      record(std::move(effects));
    }
  } else {
    HttpRequest request = build_request(wording(call), endpoint, std::get<Keys>(keys),
                                        asked.wall + account_.clock_correction(),
                                        make_nonce(ports_.entropy.next(), ports_.entropy.next()));
    Mono left = asked.mono;
    bool fenced = false;
    const HttpClient::Departed leaves = [&] {
      const Now now = ports_.clock.now();
      // The process may have been frozen since the call began. Or the lease was lost and acquired
      // again: another poller uses the quota now.
      fenced = discarded_ || !ports_.leases.may_call(account_.config().name);
      if (fenced) return false;
      left = now.mono;
      account_.departed(call, now);
      alarm_->ring();  // the next call of that API was waiting for it
      return true;
    };
    const HttpResult result = co_await ports_.http.send(std::move(request), leaves);
    if (fenced) {
      account_.requeue(call, false, ports_.clock.now());
      --in_flight_;
      alarm_->ring();
      co_return;
    }
    CallResult answer;
    answer.call = std::move(call);
    answer.outcome = read_reply(answer.call.api, result);
    answer.took = ports_.clock.now().mono - left;
    if (const auto* reply = std::get_if<HttpReply>(&result)) {
      answer.server_date = server_date(*reply);
    }
    if (!ask_with_new_keys(answer, std::get<Keys>(keys))) finish(answer);
  }
  --in_flight_;
  alarm_->ring();
}

bool Poller::keys_are_pending() {
  const auto keys = ports_.keys.keys(account_.config());
  const auto* error = std::get_if<KeyError>(&keys);
  return error != nullptr && error->pending;
}

// Returns true if the call failed because of its credentials and will be repeated with new ones.
// The failed attempt counts in the request metrics but not towards the account's health.
bool Poller::ask_with_new_keys(const CallResult& answer, const Keys& used) {
  const auto* failure = std::get_if<Failure>(&answer.outcome);
  if (failure == nullptr || !failure->blames_keys()) return false;
  if (!ports_.keys.refused(account_.config(), used)) return false;
  ports_.observer.call_ended({.account = account_.config().name,
                              .api = answer.call.api,
                              .failure = failure->reason,
                              .took = answer.took,
                              .retry = false});
  account_.requeue(answer.call, true, ports_.clock.now());
  return true;
}

void Poller::finish(const CallResult& answer) {
  const std::string& name = account_.config().name;
  // 53 of 64 uniform bits fill a double exactly: in [0, 1).
  const double random01 = static_cast<double>(ports_.entropy.next() >> 11) * 0x1p-53;
  CallEffects effects = account_.apply(answer, ports_.clock.now(), random01);
  ports_.observer.call_ended({.account = name,
                              .api = answer.call.api,
                              .failure = effects.failure,
                              .took = answer.took,
                              .retry = effects.retry});
  for (const Anomaly anomaly : effects.observation.anomalies) {
    ports_.observer.anomaly(name, anomaly);
  }
  if (effects.fetch && stopping_) {
    account_.unbegin();  // no time is left for a download: it is repeated after the next start
  } else if (effects.fetch) {
    ++fetches_;
    spawn(executor_, fetch(*std::exchange(effects.fetch, std::nullopt),
                           *std::exchange(effects.begun, std::nullopt)));
  }
  record(std::move(effects));
}

// That the download began is stored first: if the file crashes the daemon, the next run knows.
Awaitable<void> Poller::fetch(ResultRequest request, DistributionRecord begun) {
  const std::string id = request.key.distribution_id;
  const Wall since = begun.fetch_begun.value_or(Wall());
  Commit commit;
  commit.distributions.push_back(std::move(begun));
  // An older version of the record may be queued after it.
  recorder_.add_lazily(commit);
  commit.id = ports_.entropy.next();
  const auto stored = co_await ports_.store.commit(std::move(commit));
  std::variant<DistributionResult, ResultFailure> result;
  if (const auto* const error = std::get_if<StoreError>(&stored)) {
    result = ResultFailure{.message = "it is downloaded once the state database is writable: " +
                                      error->message};
  } else {
    result = co_await ports_.results.fetch(std::move(request));
  }
  record(account_.fetched(id, since, std::move(result), ports_.clock.now()));
  --fetches_;
  alarm_->ring();
}

void Poller::record(CallEffects effects) {
  if (discarded_) return;
  for (Event& event : effects.events) ports_.log.write(std::move(event));
  Observation& seen = effects.observation;
  const bool quiet = seen.changes.empty() && seen.events.empty() && seen.counters.empty();
  if (quiet && effects.jobs.empty() && effects.distributions.empty() &&
      effects.stored_times.empty()) {
    return;
  }
  Commit commit;
  commit.events = std::move(seen.events);
  commit.counters = std::move(seen.counters);
  commit.jobs = std::move(effects.jobs);
  commit.distributions = std::move(effects.distributions);
  commit.stored_times = std::move(effects.stored_times);
  recorder_.add(std::move(commit), std::move(seen.changes));
}

// Observation times are worth storing, but not worth a commit each.
void Poller::refresh(Now now) {
  if (now.mono < refresh_at_ || discarded_) return;
  check_for_new_keys();
  account_.survey(now);
  refresh_at_ = now.mono + (account_.is_surveying() ? kSurveyStep : kRefresh);
  if (account_.is_surveying()) return;
  recorder_.add_lazily(account_.refresh(now));
}

// While credentials are rejected the account is polled once per minute: too slow for new ones,
// which must be used within 30 s.
void Poller::check_for_new_keys() {
  auto found = ports_.keys.keys(account_.config());
  auto* const keys = std::get_if<Keys>(&found);
  if (keys == nullptr) return;
  if (keys_ && !(*keys_ == *keys)) account_.keys_changed();
  keys_ = std::move(*keys);
}

void Poller::stop(std::function<void()> ended) {
  ended_ = std::move(ended);
  stopping_ = true;
  alarm_->ring();
}

std::vector<std::string> Poller::configure(const AccountConfig& config, const Stored& stored) {
  std::vector<std::string> dropped = account_.configure(config, stored, ports_.clock.now());
  record(account_.after_configure(ports_.clock.now()));
  alarm_->ring();
  return dropped;
}

void Poller::discard() {
  discarded_ = true;
  forget();
}

void Poller::forget() {
  if (!discarded_) recorder_.add_lazily(account_.refresh(ports_.clock.now()));
  AccountConfig nothing = account_.config();
  nothing.instances.clear();
  nothing.distributions.ids.clear();
  account_.configure(nothing, {}, ports_.clock.now());
  record(account_.after_configure(ports_.clock.now()));
}

std::vector<DistributionRecord> Poller::distributions() const {
  std::vector<DistributionRecord> records;
  for (const DistributionRecord* const one : account_.distributions()) records.push_back(*one);
  return records;
}

std::optional<Explanation> Poller::explain(const std::string& task_id) const {
  return taskwatchd::explain(account_.parts(), task_id, ports_.clock.now());
}

std::shared_ptr<const ExplicitStates> Poller::survey() const {
  return account_.parts().explicit_survey.states();
}

AccountStatus Poller::status(std::shared_ptr<const ExplicitStates> surveyed) const {
  return status_of(account_.parts(), ports_.clock.now(), std::move(surveyed));
}

}  // namespace taskwatchd
