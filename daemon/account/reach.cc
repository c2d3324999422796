#include "account/reach.h"

#include <algorithm>

#include "core/account_events.h"
#include "core/advice.h"

namespace taskwatchd {
namespace {

constexpr Duration kThrottleSpell = std::chrono::minutes(5);  // clean for so long: it has passed
// A code that may mean absence says so of one item while others answer: within this, or while no
// seen item gets it. Below the span after which a task is taken for gone, so that an instance that
// answers everything so cannot make its tasks vanish; above the heartbeat of a minute.
constexpr Duration kOthersAnswer = std::chrono::seconds(90);
constexpr int kToldAbsent = 10;  // items told as unknown while nothing answers

// As an instance: RegionId is that of the one endpoint which knows these calls.
InstanceConfig distribution_place(const DistributionsConfig& distributions) {
  InstanceConfig place;
  place.region = "cn-shanghai";
  place.endpoint = distributions.endpoint;
  place.ca_file = distributions.ca_file;
  return place;
}

}  // namespace

void Reach::configure(const AccountConfig& config) {
  const bool same_keys = config.credentials == config_.credentials;
  if (!same_keys) health_.forgive();
  std::vector<Place> before = std::exchange(places_, {});
  std::vector<InstanceConfig> wanted = config.instances;
  if (!config.distributions.ids.empty()) wanted.push_back(distribution_place(config.distributions));
  for (const InstanceConfig& instance : wanted) {
    Place next{.config = instance, .health = {}};
    for (const Place& old : before) {
      const bool same_place = old.config.name == instance.name &&
                              old.config.endpoint == instance.endpoint &&
                              old.config.id == instance.id && old.config.region == instance.region;
      if (!same_place || !same_keys) continue;
      next = old;
      next.config = instance;
    }
    places_.push_back(std::move(next));
  }
  config_ = config;
  told_no_keys_ = false;
}

int Reach::in_flight(const Place& place) const {
  const auto found = in_flight_.find(place.config.name);
  return found == in_flight_.end() ? 0 : found->second;
}

std::vector<Mono> Reach::held() const {
  // One instance that fails holds up no other, unless what is wrong is the account's.
  const bool whole = whole_refused_ && health_.failing();
  const Mono account_held = whole ? health_.held_until() : Mono::min();
  std::vector<Mono> held;
  held.reserve(places_.size());
  for (const Place& place : places_) {
    const bool probing = (place.health.failing() || whole) && in_flight(place) > 0;
    held.push_back(probing ? Mono::max() : std::max(place.health.held_until(), account_held));
  }
  return held;
}

Reach::Hold Reach::hold_of(std::size_t number) const {
  const Health& own = places_[number].health;
  const bool of_account = whole_refused_ && health_.failing();
  return {.of_account = of_account, .told = of_account ? health_.told() : own.told()};
}

Endpoint Reach::endpoint(std::size_t number) const {
  const InstanceConfig& instance = places_[number].config;
  return {.url = instance.endpoint,
          .region = instance.region,
          .instance_id = instance.id,
          .signature = config_.signature,
          .use_get = style_.use_get,
          .ca_file = instance.ca_file,
          .proxy = config_.proxy};
}

std::optional<std::size_t> Reach::number_of(const std::string& iot_instance) const {
  for (std::size_t i = 0; i < places_.size(); ++i) {
    if (places_[i].config.name == iot_instance) return i;
  }
  return std::nullopt;
}

void Reach::ended(const std::string& iot_instance) {
  const auto found = in_flight_.find(iot_instance);
  if (found != in_flight_.end() && --found->second <= 0) in_flight_.erase(found);
}

void Reach::good(std::size_t number, Api api, Now now, std::vector<Event>& news) {
  Place& place = places_[number];
  health_.good(now);
  whole_refused_ = false;
  place.good_at = now.mono;
  place.known_absent = false;
  place.told_absent = 0;
  const auto told = place.health.told();
  const bool recovered = place.health.good(now) == Health::News::kRecovered;
  const bool keys_found = std::exchange(told_no_keys_, false);
  if (!recovered && !keys_found) return;
  news.push_back(account_recovered(now.wall, config_.name, place.config.name, api));
  if (!told || !concerns_account(*told)) return;
  // It was told for all instances by one message; it ends by one too.
  for (Place& other : places_) {
    if (other.health.told() == told) other.health.forget_told();
  }
}

void Reach::failed(std::size_t number, Api api, const Failure& failure, Now now, double chance,
                   std::vector<Event>& news) {
  const bool of_account = concerns_account(failure.reason);
  const bool told = std::any_of(places_.begin(), places_.end(), [&](const Place& each) {
    return of_account && each.health.told() == failure.reason;
  });
  health_.failed(failure.reason, now, chance);
  whole_refused_ = of_account;
  const Health::News change = places_[number].health.failed(failure.reason, now, chance);
  if (change == Health::News::kFailing && !told) tell(number, api, failure, now, news);
}

void Reach::throttled(std::size_t number, Api api, const Failure& failure, Now now,
                      std::vector<Event>& news) {
  const auto before = throttled_.find(api);
  const bool fresh = before == throttled_.end() || now.mono - before->second > kThrottleSpell;
  throttled_[api] = now.mono;
  if (fresh) tell(number, api, failure, now, news);
}

bool Reach::no_keys(Now now) {
  health_.failed(Reason::kAuth, now, 0);  // nothing is asked: the account is not up for long
  return !std::exchange(told_no_keys_, true);
}

std::string Reach::trouble() const {
  if (told_no_keys_) return "no_keys";
  return health_.told() ? std::string(name(*health_.told())) : std::string();
}

std::string Reach::trouble(std::size_t number) const {
  const auto told = places_[number].health.told();
  return told ? std::string(name(*told)) : std::string();
}

void Reach::forgive() {
  health_.forgive();
  for (Place& place : places_) place.health.forgive();
}

bool Reach::speaks_of_item(std::size_t number, bool known, Now now) {
  Place& place = places_[number];
  if (known) place.known_absent = true;
  const bool lately = place.good_at != Mono::min() && now.mono - place.good_at <= kOthersAnswer;
  return place.health.up() && (lately || !place.known_absent);
}

bool Reach::may_tell_absent(std::size_t number, bool others_answer) {
  Place& place = places_[number];
  if (!others_answer && place.told_absent >= kToldAbsent) return false;
  ++place.told_absent;
  return true;
}

std::string Reach::advise(std::size_t number, Api api, const Failure& failure) const {
  const InstanceConfig& instance = places_[number].config;
  return advice(api, failure,
                {.account = config_.name,
                 .instance = instance.name,
                 .endpoint = instance.endpoint,
                 .has_instance_id = !instance.id.empty()});
}

void Reach::tell(std::size_t number, Api api, const Failure& failure, Now now,
                 std::vector<Event>& news) const {
  news.push_back(call_failed(now.wall, config_.name, places_[number].config.name, api, failure,
                             advise(number, api, failure)));
}

}  // namespace taskwatchd
