// The quota of one account: one budget per API, and a shared one for all APIs if the account has
// such a limit. Decides which API may be called next, and counts the calls in flight in both. No
// I/O. Event-loop thread only; the caller passes the time.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <vector>

#include "account/budget.h"
#include "account/shared_budget.h"
#include "config/config.h"
#include "core/types/call.h"
#include "core/types/change.h"
#include "core/types/time.h"

namespace taskwatchd {

class ApiBudgets {
 public:
  // `last_success` of an API is restored from `stored_times`, if it is there.
  ApiBudgets(const AccountConfig& config, const std::vector<StoredTime>& stored_times, Now now);
  void configure(const AccountConfig& config, Now now);

  // Calls `next_of` for each API in the order in which free slots are filled. Returns the call to
  // make, or when to check again.
  NextCall next(Mono now, const std::function<NextCall(Api)>& next_of);

  // A call was decided on; it is being sent; it is resolved. See Budget. `throttled` is nullopt if
  // the call got no response.
  void on_sent(const Call& call, Mono now);
  void on_departure(const Call& call, Mono now);
  std::optional<Mono> on_end(const Call& call, std::optional<bool> throttled);
  // The call sent at `departed` was not throttled, whatever else its outcome was.
  void on_accepted(Api api, Mono departed, Mono now);
  // The call was throttled. Returns a newly found quota of all APIs together, in calls/s, once per
  // change.
  std::optional<std::size_t> on_throttled(Api api, Mono departed, Mono now);
  // No API is called before `when`.
  void back_off_until(Mono when);

  Budget& at(Api api) { return by_api_.at(api); }
  const Budget& at(Api api) const { return by_api_.at(api); }
  const std::map<Api, Budget>& by_api() const { return by_api_; }
  // The highest configured rate of any API, in calls/s.
  double configured_rate() const;
  // Adds the time of each API's last successful response to `stored_times`, to be stored.
  void add_stored_times(const std::string& account, std::vector<StoredTime>& stored_times) const;

 private:
  std::map<Api, Budget> by_api_;
  SharedBudget total_;
  std::size_t common_quota_ = 0;  // calls/s, last reported; 0: none
};

}  // namespace taskwatchd
