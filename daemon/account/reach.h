// Whether one account and its instances answer: until when none is asked, what is worth telling,
// how calls are to be made. The account's part of account.h that knows of calls, not of tasks.
// Loop's thread; time and chance are passed in.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "account/call_style.h"
#include "cloud/request.h"
#include "config/config.h"
#include "core/call.h"
#include "core/event.h"
#include "core/health.h"

namespace taskwatchd {

class Reach {
 public:
  // A changed endpoint, id, region or key starts with a clean slate; a changed list does not.
  void configure(const AccountConfig& config);

  // Until when each instance is not asked, by its number. max(): until the probe under way is back.
  std::vector<Mono> held() const;
  // For people: what holds that instance, when held() says that something does.
  struct Hold {
    bool of_account = false;     // all instances are held
    std::optional<Reason> told;  // the failure told last, if one was
  };
  Hold hold_of(std::size_t number) const;
  Endpoint endpoint(std::size_t number) const;
  // The instance of that name; nothing if a reload removed it.
  std::optional<std::size_t> number_of(const std::string& iot_instance) const;

  // REQUIRES for all below: `number` is an instance's.
  void asked(std::size_t number) { ++in_flight_[places_[number].config.name]; }
  void ended(const std::string& iot_instance);
  // What is told goes to the end of `news`.
  void good(std::size_t number, Api api, Now now, std::vector<Event>& news);
  void failed(std::size_t number, Api api, const Failure& failure, Now now, double chance,
              std::vector<Event>& news);
  // The account's rate was refused: that says nothing of its health.
  void throttled(std::size_t number, Api api, const Failure& failure, Now now,
                 std::vector<Event>& news);
  // There are no keys to sign with. True if that is to be told.
  bool no_keys(Now now);
  // The keys are others than before: what was refused may be mended.
  void forgive();

  // An undocumented code for one item. True while others answer, so that it speaks of the item
  // rather than of the instance; `known`: the item was seen before.
  bool speaks_of_item(std::size_t number, bool known, Now now);
  // Whether one more item may be told as not known while nothing answers. Counts it.
  bool may_tell_absent(std::size_t number, bool others_answer);

  // For people: what is wrong and what to do.
  std::string advise(std::size_t number, Api api, const Failure& failure) const;
  void tell(std::size_t number, Api api, const Failure& failure, Now now,
            std::vector<Event>& news) const;

  bool up() const { return health_.up(); }
  // What stops all instances: "no_keys", a Reason's word, or empty. Likewise of one.
  std::string trouble() const;
  std::string trouble(std::size_t number) const;
  bool up(std::size_t number) const { return places_[number].health.up(); }
  const InstanceConfig& instance(std::size_t number) const { return places_[number].config; }
  // Places: the instances, then the distribution endpoint if there are distributions. That one has
  // the empty name, which no instance has.
  std::size_t size() const { return places_.size(); }
  CallStyle& style() { return style_; }
  const CallStyle& style() const { return style_; }

 private:
  struct Place {
    InstanceConfig config;
    Health health;
    Mono good_at = Mono::min();  // the last good reply
    bool known_absent = false;   // since then a seen item got a code that may mean absence
    int told_absent = 0;         // since then, of the items that may be absent
  };
  int in_flight(const Place& place) const;

  AccountConfig config_;
  Health health_;               // of all instances together
  bool whole_refused_ = false;  // by the last failure, for a reason that concerns every instance
  std::vector<Place> places_;
  std::map<std::string, int> in_flight_;  // by the instance's name
  std::map<Api, Mono> throttled_;         // told, and the last refusal's time
  CallStyle style_;
  bool told_no_keys_ = false;
};

}  // namespace taskwatchd
