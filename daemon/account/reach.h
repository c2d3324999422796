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
#include "core/events/event.h"
#include "core/polling/health.h"
#include "core/types/call.h"
#include "core/types/gates.h"

namespace taskwatchd {

class Reach {
 public:
  // A changed endpoint, id, region or key starts with a clean slate; a changed list does not.
  void configure(const AccountConfig& config);

  // Until when each instance is not called. max(): until the probe under way is back.
  Gates gates() const;
  bool has(const std::string& instance) const { return find(instance) != nullptr; }
  // For people: what holds the instance, when gates() says that something does.
  struct Hold {
    bool of_account = false;     // all instances are held
    std::optional<Reason> told;  // the failure told last, if one was
  };
  // REQUIRES for all below but on_end: the account has that instance.
  Hold hold_of(const std::string& instance) const;
  Endpoint endpoint(const std::string& instance) const;
  // Which place the name stands for now: another number once it stands for another one. 0: none.
  std::uint64_t place_of(const std::string& instance) const;

  void on_sent(const std::string& instance) { ++in_flight_[instance]; }
  // The call is over. The instance may be gone.
  void on_end(const std::string& instance);
  // What is told goes to the end of `news`.
  void good(const std::string& instance, Api api, Now now, std::vector<Event>& news);
  void failed(const std::string& instance, Api api, const Failure& failure, Now now, double chance,
              std::vector<Event>& news);
  // The account's rate was refused: that says nothing of its health.
  void throttled(const std::string& instance, Api api, const Failure& failure, Now now,
                 std::vector<Event>& news);
  // There are no keys to sign with. True if that is to be told.
  bool no_keys(Now now);
  // The keys are others than before: what was refused may be mended.
  void forgive();

  // An undocumented code for one item. True while others answer, so that it speaks of the item
  // rather than of the instance; `known`: the item was seen before.
  bool speaks_of_item(const std::string& instance, bool known, Now now);
  // Whether one more item may be told as not known while nothing answers. Counts it.
  bool may_tell_absent(const std::string& instance, bool others_answer);

  // For people: what is wrong and what to do.
  std::string advise(const std::string& instance, Api api, const Failure& failure) const;
  void tell(const std::string& instance, Api api, const Failure& failure, Now now,
            std::vector<Event>& news) const;

  bool up() const { return health_.up(); }
  // What stops all instances: "no_keys", a Reason's word, or empty.
  std::string trouble() const;
  // What stops that one: a Reason's word, or empty.
  std::string trouble(const std::string& instance) const;
  bool up(const std::string& instance) const { return at(instance).health.up(); }
  CallStyle& style() { return style_; }
  const CallStyle& style() const { return style_; }

 private:
  struct Place {
    std::uint64_t number = 0;  // no other place had it before
    InstanceConfig config;
    Health health;
    Mono good_at = Mono::min();  // the last good reply
    bool known_absent = false;   // since then a seen item got a code that may mean absence
    int told_absent = 0;         // since then, of the items that may be absent
  };
  int in_flight(const Place& place) const;
  const Place* find(const std::string& instance) const;
  const Place& at(const std::string& instance) const;
  Place& at(const std::string& instance);

  std::string name_;  // of the account
  CredentialsConfig credentials_;
  SignatureVersion signature_ = SignatureVersion::kV3;
  std::string proxy_;
  Health health_;               // of all instances together
  bool whole_refused_ = false;  // by the last failure, for a reason that concerns every instance
  std::vector<Place> places_;
  std::uint64_t last_place_ = 0;
  std::map<std::string, int> in_flight_;  // by the instance's name
  std::map<Api, Mono> throttled_;         // told, and the last refusal's time
  CallStyle style_;
  bool told_no_keys_ = false;
};

}  // namespace taskwatchd
