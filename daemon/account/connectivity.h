// Connectivity of one account and its instances: until when each backs off, which events to log,
// how calls are made. It knows calls but no tasks. No I/O. Event-loop thread only; the caller
// passes the time and random values.
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

class Connectivity {
 public:
  // A changed endpoint, id, region or credential resets the health; a changed item list does not.
  void configure(const AccountConfig& config);

  // Until when each instance is not called. max(): until the probe in flight is resolved.
  Gates gates() const;
  bool has(const std::string& instance) const { return find(instance) != nullptr; }
  // What an instance is backing off for, when gates() delays it. For human-readable output.
  struct Backoff {
    bool of_account = false;            // all instances are backing off
    std::optional<Reason> last_logged;  // the failure logged last, if any
  };
  // REQUIRES for all below except on_end: the account has that instance.
  Backoff backoff_of(const std::string& instance) const;
  Endpoint endpoint(const std::string& instance) const;
  // Returns the number of the endpoint that the name currently stands for; it changes when the name
  // is given to another endpoint. 0: none.
  std::uint64_t endpoint_number(const std::string& instance) const;

  void on_sent(const std::string& instance) { ++in_flight_[instance]; }
  // The call is resolved. The instance may have been removed.
  void on_end(const std::string& instance);
  // Events to store are appended to `events`; those of on_throttled are not stored.
  void on_success(const std::string& instance, Api api, Now now, std::vector<Event>& events);
  void on_failure(const std::string& instance, Api api, const Failure& failure, Now now,
                  double random01, std::vector<Event>& events);
  // The account was throttled, which says nothing about its health.
  void on_throttled(const std::string& instance, Api api, const Failure& failure, Now now,
                    std::vector<Event>& events);
  // No credentials are available. Returns true if that must be logged.
  bool no_keys(Now now);
  // The credentials have changed: resets all backoff.
  void reset_backoff();

  // Interprets an undocumented code for one item. Returns true while others succeed, so that the
  // code concerns the item and not the instance; `known`: the item was observed before.
  bool concerns_item(const std::string& instance, bool known, Now now);
  // Returns true if one more item may be logged as not found while no others succeed. Counts it.
  bool may_log_absent(const std::string& instance, bool others_answer);

  // Human-readable: what is wrong and how to fix it.
  std::string advise(const std::string& instance, Api api, const Failure& failure) const;
  void log_failure(const std::string& instance, Api api, const Failure& failure, Now now,
                   std::vector<Event>& events) const;

  bool up() const { return health_.up(); }
  // The failure reason of all instances: "no_keys", a Reason's name, or empty.
  std::string failure_reason() const;
  // The failure reason of that instance: a Reason's name, or empty.
  std::string failure_reason(const std::string& instance) const;
  bool up(const std::string& instance) const { return at(instance).health.up(); }
  CallStyle& style() { return style_; }
  const CallStyle& style() const { return style_; }

 private:
  struct EndpointState {
    std::uint64_t number = 0;  // unique, never reused
    InstanceConfig config;
    Health health;
    Mono good_at = Mono::min();  // the last successful response
    bool known_absent = false;   // since then a seen item got a code that may mean absence
    int logged_absent = 0;       // since then, items logged as not found
  };
  int in_flight(const EndpointState& state) const;
  const EndpointState* find(const std::string& instance) const;
  const EndpointState& at(const std::string& instance) const;
  EndpointState& at(const std::string& instance);

  std::string name_;  // of the account
  CredentialsConfig credentials_;
  SignatureVersion signature_ = SignatureVersion::kV3;
  std::string proxy_;
  Health health_;                // of all instances together
  bool account_failed_ = false;  // the last failure concerns every instance
  std::vector<EndpointState> endpoints_;
  std::uint64_t last_number_ = 0;
  std::map<std::string, int> in_flight_;  // by the instance's name
  std::map<Api, Mono> throttled_;         // logged; the time of the last throttling
  CallStyle style_;
  bool logged_no_keys_ = false;
};

}  // namespace taskwatchd
