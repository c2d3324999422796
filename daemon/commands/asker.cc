#include "commands/asker.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <utility>

#include "cloud/nonce.h"
#include "cloud/reply.h"
#include "core/events/advice.h"

namespace taskwatchd {
namespace {

constexpr int kMaxTries = 3;  // attempts after transient failures
// Attempts when throttled: bursts of other clients last longer
constexpr int kMaxThrottledTries = 5;
constexpr int kMaxAdaptations = 3;     // corrections per call: clock, HTTP method and nonce
constexpr double kPause = 0.5;         // s, doubled after each attempt
constexpr double kThrottledPause = 1;  // s when throttled, doubled after each attempt
// Interval of checks whether credentials have been fetched
constexpr Duration kKeysPause = std::chrono::milliseconds(20);
// Maximum wait here; the caller decides about a longer one
constexpr Duration kPatience = std::chrono::seconds(30);

bool may_pass(Reason reason) {
  switch (reason) {
    case Reason::kThrottled:
    case Reason::kTimeout:
    case Reason::kUnreachable:
    case Reason::kServerError:
    case Reason::kProtocol:
      return true;
    case Reason::kTls:
    case Reason::kAuth:
    case Reason::kForbidden:
    case Reason::kOverdue:
    case Reason::kClockSkew:
    case Reason::kNotFound:
    case Reason::kBadRequest:
      return false;
  }
  return false;
}

// Returns the endpoint as an InstanceConfig. Without an instance: the region of the only endpoint
// that supports the distribution APIs.
InstanceConfig place_of(const AccountConfig& account, std::optional<std::size_t> instance) {
  if (instance) return account.instances[*instance];
  InstanceConfig place;
  place.region = "cn-shanghai";
  place.endpoint = account.distributions.endpoint;
  place.ca_file = account.distributions.ca_file;
  return place;
}

// Returns the id that a successful response contains; null for statistics, lists and files, which
// contain none.
const std::string* named_by(const Outcome& outcome) {
  if (const auto* task = std::get_if<TaskReply>(&outcome)) return &task->task_id;
  if (const auto* job = std::get_if<JobReply>(&outcome)) return &job->job_id;
  const auto* distribution = std::get_if<DistributionReply>(&outcome);
  return distribution == nullptr ? nullptr : &distribution->distribution_id;
}

// Returns true if the response is about another id than the call's. The id is the first parameter
// of a call that queries one object.
bool names_another(const Outcome& outcome, const ApiCall& call) {
  const std::string* const named = named_by(outcome);
  return named != nullptr && *named != call.parameters.front().second;
}

Failure make_failure(Reason reason, std::string message) {
  Failure failure;
  failure.reason = reason;
  failure.message = std::move(message);
  return failure;
}

}  // namespace

double spare_rate(const AccountConfig& account, Api api) {
  const double quota = account.quota.at(api);
  const double total = account.quota_total;
  return (total > 0 ? std::min(quota, total) : quota) * (1 - account.quota_share);
}

Asker::Asker(const Config& config, Clock& clock, Entropy& entropy, HttpClient& http,
             KeySource& keys)
    : config_(config), clock_(clock), entropy_(entropy), http_(http), keys_(keys) {
  const Mono now = clock_.now().mono;
  for (std::size_t i = 0; i < config.accounts.size(); ++i) {
    const AccountConfig& account = config.accounts[i];
    for (const Api api : kAllApis) {
      lines_.emplace(std::pair(i, api),
                     Line{Limiter(account.quota.at(api), 1 - account.quota_share, now)});
    }
    if (account.quota_total > 0) {
      totals_.emplace(i, Limiter(account.quota_total, 1 - account.quota_share, now));
    }
  }
}

Awaitable<AskResult> Asker::ask(std::size_t account, std::optional<std::size_t> instance,
                                ApiCall call) {
  const AccountConfig& whose = config_.accounts[account];
  const InstanceConfig place = place_of(whose, instance);
  int tries = 0;
  int adaptations = 0;
  Reply reply;
  do {
    co_await turn(account, call.api);
    Endpoint endpoint{.url = place.endpoint,
                      .region = place.region,
                      .instance_id = place.id,
                      .signature = whose.signature,
                      .use_get = false,
                      .ca_file = place.ca_file,
                      .proxy = whose.proxy};
    reply = co_await send(account, std::move(endpoint), call);
    ++tries;
  } while (again(account, call.api, reply, tries, adaptations));

  AskResult result{std::move(reply.outcome), std::move(reply.key_error)};
  auto* failure = std::get_if<Failure>(&result.outcome);
  if (failure == nullptr || !result.advice.empty()) co_return result;
  // For a single call, this code may mean the instance as well as the task: the advice covers both.
  if (failure->maybe_not_found) failure->reason = Reason::kNotFound;
  result.advice = advice(call.api, *failure,
                         {.account = whose.name,
                          .instance = place.name,
                          .endpoint = place.endpoint,
                          .has_instance_id = !place.id.empty()});
  co_return result;
}

Awaitable<void> Asker::turn(std::size_t account, Api api) {
  const auto alarm = clock_.make_alarm();
  for (;;) {
    const Line& line = lines_.at({account, api});
    Mono when = std::max(line.limiter.next(), line.not_before);
    if (const auto total = totals_.find(account); total != totals_.end()) {
      when = std::max(when, total->second.next());
    }
    if (clock_.now().mono >= when) co_return;
    co_await alarm->wait_until(when);
  }
}

Awaitable<Asker::Reply> Asker::send(std::size_t account, Endpoint endpoint, ApiCall call) {
  const AccountConfig& whose = config_.accounts[account];
  auto keys = keys_.keys(whose);
  const auto pending = [&keys] {
    const auto* error = std::get_if<KeyError>(&keys);
    return error != nullptr && error->pending;
  };
  const auto alarm = clock_.make_alarm();
  while (pending()) {  // every fetch ends, with success or failure
    co_await alarm->wait_until(clock_.now().mono + kKeysPause);
    keys = keys_.keys(whose);
  }
  if (const auto* error = std::get_if<KeyError>(&keys)) {
    co_return Reply{make_failure(Reason::kAuth, error->message), {}, error->message, false, {}};
  }
  const Now asked = clock_.now();
  const CallStyle style = styles_[account];
  endpoint.use_get = style.use_get;
  HttpRequest request =
      build_request(call, endpoint, std::get<Keys>(keys), asked.wall + style.clock_correction,
                    make_nonce(entropy_.next(), entropy_.next()));
  Line& line = lines_.at({account, call.api});
  const auto total = totals_.find(account);
  // The quota counts a call when it reaches the API, after name resolution and connection, which
  // may take seconds. A call that was never sent is not counted.
  std::optional<Mono> departed;
  HttpClient::Departed leaves = [&] {
    departed = clock_.now().mono;
    line.limiter.sent(*departed);
    if (total != totals_.end()) total->second.sent(*departed);
    return true;
  };
  const HttpResult result = co_await http_.send(std::move(request), std::move(leaves));
  Reply reply{read_reply(call.api, result), {}, {}, false, departed};
  const auto* failure = std::get_if<Failure>(&reply.outcome);
  reply.has_new_keys =
      failure != nullptr && failure->blames_keys() && keys_.refused(whose, std::get<Keys>(keys));
  if (const auto* http = std::get_if<HttpReply>(&result)) reply.server_date = server_date(*http);
  if (names_another(reply.outcome, call)) {
    reply.outcome = make_failure(Reason::kProtocol, call.api == Api::kQueryTask
                                                        ? "the response contains another task"
                                                        : "the response contains another job");
  }
  co_return reply;
}

bool Asker::again(std::size_t account, Api api, const Reply& reply, int tries, int& adaptations) {
  Line& line = lines_.at({account, api});
  const Now now = clock_.now();
  const auto* failure = std::get_if<Failure>(&reply.outcome);
  const bool throttled = failure != nullptr && failure->reason == Reason::kThrottled;
  if (reply.departed && throttled) line.limiter.on_throttled(*reply.departed, now.mono);
  if (reply.departed && !throttled) line.limiter.on_accepted(*reply.departed, now.mono);
  if (failure == nullptr || !reply.key_error.empty()) return false;
  if (adaptations < kMaxAdaptations && reply.has_new_keys) {
    ++adaptations;
    return true;
  }
  if (adaptations < kMaxAdaptations &&
      styles_[account].adapt_to(*failure, reply.server_date, now)) {
    ++adaptations;
    return true;
  }
  if (failure->retry_after) {
    line.limiter.back_off_until(now.mono + *failure->retry_after);
    if (*failure->retry_after > kPatience) return false;
  }
  if (!may_pass(failure->reason) ||
      tries - adaptations >= (throttled ? kMaxThrottledTries : kMaxTries)) {
    return false;
  }
  const double chance = static_cast<double>(entropy_.next() >> 11) * 0x1p-53;  // [0, 1)
  const double pause =
      (throttled ? kThrottledPause : kPause) * std::exp2(tries - 1) * (0.5 + 0.5 * chance);
  line.not_before = std::max(line.not_before, now.mono + from_seconds(pause));
  return true;
}

}  // namespace taskwatchd
