#include "account/reach.h"

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
constexpr int kToldAbsent = 10;  // items logged as not found while no others succeed

// The distribution endpoint as an instance: RegionId is that of the only endpoint with these APIs.
InstanceConfig distribution_place(const DistributionsConfig& distributions) {
  InstanceConfig place;
  place.region = "cn-shanghai";
  place.endpoint = distributions.endpoint;
  place.ca_file = distributions.ca_file;
  return place;
}

// The endpoint data of an instance without its item lists: there may be 100,000 ids.
InstanceConfig without_items(const InstanceConfig& instance) {
  InstanceConfig place;
  place.name = instance.name;
  place.region = instance.region;
  place.id = instance.id;
  place.endpoint = instance.endpoint;
  place.ca_file = instance.ca_file;
  return place;
}

}  // namespace

void Reach::configure(const AccountConfig& config) {
  const bool same_keys = config.credentials == credentials_;
  if (!same_keys) health_.forgive();
  const std::vector<Place> before = std::exchange(places_, {});
  const auto add = [&](InstanceConfig instance) {
    Place next{.number = ++last_place_, .config = std::move(instance), .health = {}};
    for (const Place& old : before) {
      const bool same_place =
          old.config.name == next.config.name && old.config.endpoint == next.config.endpoint &&
          old.config.id == next.config.id && old.config.region == next.config.region;
      if (!same_place || !same_keys) continue;
      InstanceConfig as_now = std::move(next.config);
      next = old;
      next.config = std::move(as_now);
    }
    places_.push_back(std::move(next));
  };
  for (const InstanceConfig& instance : config.instances) add(without_items(instance));
  if (!config.distributions.ids.empty()) add(distribution_place(config.distributions));
  name_ = config.name;
  credentials_ = config.credentials;
  signature_ = config.signature;
  proxy_ = config.proxy;
  told_no_keys_ = false;
}

int Reach::in_flight(const Place& place) const {
  const auto found = in_flight_.find(place.config.name);
  return found == in_flight_.end() ? 0 : found->second;
}

const Reach::Place* Reach::find(const std::string& instance) const {
  const auto found = std::find_if(places_.begin(), places_.end(), [&](const Place& place) {
    return place.config.name == instance;
  });
  return found == places_.end() ? nullptr : &*found;
}

const Reach::Place& Reach::at(const std::string& instance) const {
  const Place* const place = find(instance);
  assert(place != nullptr);
  return *place;
}

Reach::Place& Reach::at(const std::string& instance) {
  return const_cast<Place&>(std::as_const(*this).at(instance));
}

Gates Reach::gates() const {
  // A failing instance does not block the others, unless the cause concerns the whole account.
  const bool whole = whole_refused_ && health_.failing();
  const Mono account_held = whole ? health_.held_until() : Mono::min();
  Gates gates;
  for (const Place& place : places_) {
    const bool probing = (place.health.failing() || whole) && in_flight(place) > 0;
    gates.add(place.config.name,
              probing ? Mono::max() : std::max(place.health.held_until(), account_held));
  }
  return gates;
}

std::uint64_t Reach::place_of(const std::string& instance) const {
  const Place* const place = find(instance);
  return place == nullptr ? 0 : place->number;
}

Reach::Hold Reach::hold_of(const std::string& instance) const {
  const Health& own = at(instance).health;
  const bool of_account = whole_refused_ && health_.failing();
  return {.of_account = of_account, .told = of_account ? health_.told() : own.told()};
}

Endpoint Reach::endpoint(const std::string& instance) const {
  const InstanceConfig& config = at(instance).config;
  return {.url = config.endpoint,
          .region = config.region,
          .instance_id = config.id,
          .signature = signature_,
          .use_get = style_.use_get,
          .ca_file = config.ca_file,
          .proxy = proxy_};
}

void Reach::on_end(const std::string& instance) {
  const auto found = in_flight_.find(instance);
  if (found != in_flight_.end() && --found->second <= 0) in_flight_.erase(found);
}

void Reach::good(const std::string& instance, Api api, Now now, std::vector<Event>& news) {
  Place& place = at(instance);
  health_.good(now);
  whole_refused_ = false;
  place.good_at = now.mono;
  place.known_absent = false;
  place.told_absent = 0;
  const auto told = place.health.told();
  const bool recovered = place.health.good(now) == Health::News::kRecovered;
  const bool keys_found = std::exchange(told_no_keys_, false);
  if (!recovered && !keys_found) return;
  news.push_back(account_recovered(now.wall, name_, place.config.name, api));
  if (!told || !concerns_account(*told)) return;
  // One message reported this failure for all instances; one message ends it, too.
  for (Place& other : places_) {
    if (other.health.told() == told) other.health.forget_told();
  }
}

void Reach::failed(const std::string& instance, Api api, const Failure& failure, Now now,
                   double chance, std::vector<Event>& news) {
  const bool of_account = concerns_account(failure.reason);
  const bool told = std::any_of(places_.begin(), places_.end(), [&](const Place& each) {
    return of_account && each.health.told() == failure.reason;
  });
  health_.failed(failure.reason, now, chance);
  whole_refused_ = of_account;
  const Health::News change = at(instance).health.failed(failure.reason, now, chance);
  if (change == Health::News::kFailing && !told) tell(instance, api, failure, now, news);
}

void Reach::throttled(const std::string& instance, Api api, const Failure& failure, Now now,
                      std::vector<Event>& news) {
  const auto before = throttled_.find(api);
  const bool fresh = before == throttled_.end() || now.mono - before->second > kThrottleSpell;
  throttled_[api] = now.mono;
  if (fresh) tell(instance, api, failure, now, news);
}

bool Reach::no_keys(Now now) {
  health_.failed(Reason::kAuth, now, 0);  // nothing is called: the account will soon be down
  return !std::exchange(told_no_keys_, true);
}

std::string Reach::trouble() const {
  if (told_no_keys_) return "no_keys";
  return health_.told() ? std::string(name(*health_.told())) : std::string();
}

std::string Reach::trouble(const std::string& instance) const {
  const auto told = at(instance).health.told();
  return told ? std::string(name(*told)) : std::string();
}

void Reach::forgive() {
  health_.forgive();
  for (Place& place : places_) place.health.forgive();
}

bool Reach::speaks_of_item(const std::string& instance, bool known, Now now) {
  Place& place = at(instance);
  if (known) place.known_absent = true;
  const bool lately = place.good_at != Mono::min() && now.mono - place.good_at <= kOthersAnswer;
  return place.health.up() && (lately || !place.known_absent);
}

bool Reach::may_tell_absent(const std::string& instance, bool others_answer) {
  Place& place = at(instance);
  if (!others_answer && place.told_absent >= kToldAbsent) return false;
  ++place.told_absent;
  return true;
}

std::string Reach::advise(const std::string& instance, Api api, const Failure& failure) const {
  const InstanceConfig& config = at(instance).config;
  return advice(api, failure,
                {.account = name_,
                 .instance = config.name,
                 .endpoint = config.endpoint,
                 .has_instance_id = !config.id.empty()});
}

void Reach::tell(const std::string& instance, Api api, const Failure& failure, Now now,
                 std::vector<Event>& news) const {
  news.push_back(
      call_failed(now.wall, name_, instance, api, failure, advise(instance, api, failure)));
}

}  // namespace taskwatchd
