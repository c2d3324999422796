#include "account/connectivity.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "core/events/account_events.h"
#include "core/events/advice.h"

namespace taskwatchd {
namespace {

// Without throttling for this long, the episode is over: the next throttling is logged again.
constexpr Duration kThrottleSpell = std::chrono::minutes(5);
// For so long after a success, other items count as answering: a code that may mean absence then
// concerns one item. The same holds while no previously seen item got such a code. Shorter than the
// time until a task counts as gone, so that an instance that returns the code for everything cannot
// make its tasks vanish; longer than the 60 s heartbeat.
constexpr Duration kOthersAnswer = std::chrono::seconds(90);
constexpr int kMaxLoggedAbsent = 10;  // items logged as not found while no others succeed

// The distribution endpoint as an instance: RegionId is that of the only endpoint with these APIs.
InstanceConfig distribution_endpoint(const DistributionsConfig& distributions) {
  InstanceConfig endpoint;
  endpoint.region = "cn-shanghai";
  endpoint.endpoint = distributions.endpoint;
  endpoint.ca_file = distributions.ca_file;
  return endpoint;
}

// The endpoint data of an instance without its item lists: there may be 100,000 ids.
InstanceConfig without_items(const InstanceConfig& instance) {
  InstanceConfig endpoint;
  endpoint.name = instance.name;
  endpoint.region = instance.region;
  endpoint.id = instance.id;
  endpoint.endpoint = instance.endpoint;
  endpoint.ca_file = instance.ca_file;
  return endpoint;
}

}  // namespace

void Connectivity::configure(const AccountConfig& config) {
  const bool same_keys = config.credentials == credentials_;
  if (!same_keys) health_.reset_backoff();
  const std::vector<EndpointState> before = std::exchange(endpoints_, {});
  const auto add = [&](InstanceConfig instance) {
    EndpointState next{.number = ++last_number_, .config = std::move(instance), .health = {}};
    for (const EndpointState& old : before) {
      const bool same_endpoint =
          old.config.name == next.config.name && old.config.endpoint == next.config.endpoint &&
          old.config.id == next.config.id && old.config.region == next.config.region;
      if (!same_endpoint || !same_keys) continue;
      InstanceConfig as_now = std::move(next.config);
      next = old;
      next.config = std::move(as_now);
    }
    endpoints_.push_back(std::move(next));
  };
  for (const InstanceConfig& instance : config.instances) add(without_items(instance));
  if (!config.distributions.ids.empty()) add(distribution_endpoint(config.distributions));
  name_ = config.name;
  credentials_ = config.credentials;
  signature_ = config.signature;
  proxy_ = config.proxy;
  logged_no_keys_ = false;
}

int Connectivity::in_flight(const EndpointState& state) const {
  const auto found = in_flight_.find(state.config.name);
  return found == in_flight_.end() ? 0 : found->second;
}

const Connectivity::EndpointState* Connectivity::find(const std::string& instance) const {
  const auto found =
      std::find_if(endpoints_.begin(), endpoints_.end(),
                   [&](const EndpointState& state) { return state.config.name == instance; });
  return found == endpoints_.end() ? nullptr : &*found;
}

const Connectivity::EndpointState& Connectivity::at(const std::string& instance) const {
  const EndpointState* const state = find(instance);
  assert(state != nullptr);
  return *state;
}

Connectivity::EndpointState& Connectivity::at(const std::string& instance) {
  return const_cast<EndpointState&>(std::as_const(*this).at(instance));
}

Gates Connectivity::gates() const {
  // A failing instance does not block the others, unless the cause concerns the whole account.
  const bool whole_account = account_failed_ && health_.failing();
  const Mono account_backoff_until = whole_account ? health_.backoff_until() : Mono::min();
  Gates gates;
  for (const EndpointState& state : endpoints_) {
    const bool probing = (state.health.failing() || whole_account) && in_flight(state) > 0;
    gates.add(
        state.config.name,
        probing ? Mono::max() : std::max(state.health.backoff_until(), account_backoff_until));
  }
  return gates;
}

std::uint64_t Connectivity::endpoint_number(const std::string& instance) const {
  const EndpointState* const state = find(instance);
  return state == nullptr ? 0 : state->number;
}

Connectivity::Backoff Connectivity::backoff_of(const std::string& instance) const {
  const Health& own = at(instance).health;
  const bool of_account = account_failed_ && health_.failing();
  return {.of_account = of_account, .last_logged = of_account ? health_.logged() : own.logged()};
}

Endpoint Connectivity::endpoint(const std::string& instance) const {
  const InstanceConfig& config = at(instance).config;
  return {.url = config.endpoint,
          .region = config.region,
          .instance_id = config.id,
          .signature = signature_,
          .use_get = style_.use_get,
          .ca_file = config.ca_file,
          .proxy = proxy_};
}

void Connectivity::on_end(const std::string& instance) {
  const auto found = in_flight_.find(instance);
  if (found != in_flight_.end() && --found->second <= 0) in_flight_.erase(found);
}

void Connectivity::on_success(const std::string& instance, Api api, Now now,
                              std::vector<Event>& events) {
  EndpointState& state = at(instance);
  health_.on_success(now);
  account_failed_ = false;
  state.good_at = now.mono;
  state.known_absent = false;
  state.logged_absent = 0;
  const auto logged = state.health.logged();
  const bool recovered = state.health.on_success(now) == Health::Change::kRecovered;
  const bool keys_found = std::exchange(logged_no_keys_, false);
  if (!recovered && !keys_found) return;
  events.push_back(account_recovered(now.wall, name_, state.config.name, api));
  if (!logged || !concerns_account(*logged)) return;
  // One message reported this failure for all instances; one message ends it, too.
  for (EndpointState& other : endpoints_) {
    if (other.health.logged() == logged) other.health.forget_logged();
  }
}

void Connectivity::on_failure(const std::string& instance, Api api, const Failure& failure, Now now,
                              double random01, std::vector<Event>& events) {
  const bool of_account = concerns_account(failure.reason);
  const bool logged =
      std::any_of(endpoints_.begin(), endpoints_.end(), [&](const EndpointState& each) {
        return of_account && each.health.logged() == failure.reason;
      });
  health_.on_failure(failure.reason, now, random01);
  account_failed_ = of_account;
  const Health::Change change = at(instance).health.on_failure(failure.reason, now, random01);
  if (change == Health::Change::kFailing && !logged)
    log_failure(instance, api, failure, now, events);
}

void Connectivity::on_throttled(const std::string& instance, Api api, const Failure& failure,
                                Now now, std::vector<Event>& events) {
  const auto before = throttled_.find(api);
  const bool fresh = before == throttled_.end() || now.mono - before->second > kThrottleSpell;
  throttled_[api] = now.mono;
  if (fresh) log_failure(instance, api, failure, now, events);
}

bool Connectivity::no_keys(Now now) {
  health_.on_failure(Reason::kAuth, now, 0);  // nothing is called: the account will soon be down
  return !std::exchange(logged_no_keys_, true);
}

std::string Connectivity::failure_reason() const {
  if (logged_no_keys_) return "no_keys";
  return health_.logged() ? std::string(name(*health_.logged())) : std::string();
}

std::string Connectivity::failure_reason(const std::string& instance) const {
  const auto logged = at(instance).health.logged();
  return logged ? std::string(name(*logged)) : std::string();
}

void Connectivity::reset_backoff() {
  health_.reset_backoff();
  for (EndpointState& state : endpoints_) state.health.reset_backoff();
}

bool Connectivity::concerns_item(const std::string& instance, bool known, Now now) {
  EndpointState& state = at(instance);
  if (known) state.known_absent = true;
  const bool lately = state.good_at != Mono::min() && now.mono - state.good_at <= kOthersAnswer;
  return state.health.up() && (lately || !state.known_absent);
}

bool Connectivity::may_log_absent(const std::string& instance, bool others_answer) {
  EndpointState& state = at(instance);
  if (!others_answer && state.logged_absent >= kMaxLoggedAbsent) return false;
  ++state.logged_absent;
  return true;
}

std::string Connectivity::advise(const std::string& instance, Api api,
                                 const Failure& failure) const {
  const InstanceConfig& config = at(instance).config;
  return advice(api, failure,
                {.account = name_,
                 .instance = config.name,
                 .endpoint = config.endpoint,
                 .has_instance_id = !config.id.empty()});
}

void Connectivity::log_failure(const std::string& instance, Api api, const Failure& failure,
                               Now now, std::vector<Event>& events) const {
  events.push_back(
      call_failed(now.wall, name_, instance, api, failure, advise(instance, api, failure)));
}

}  // namespace taskwatchd
