// The quota of one account: a budget an API, and one of all APIs together where the account has
// such a limit. Decides which API may be called next, and counts the calls under way in both.
// No I/O. Event-loop thread only; the caller passes the time.
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
  // `last_success` of an API is what the state holds of it, if anything.
  ApiBudgets(const AccountConfig& config, const std::vector<Mark>& marks, Now now);
  void configure(const AccountConfig& config, Now now);

  // Asks `next_of` for the call of each API, in the order in which free slots are filled, and
  // returns the one to make, or when to look again.
  NextCall next(Mono now, const std::function<NextCall(Api)>& next_of);

  // A call is decided on; it leaves; it is over. As Budget's. `throttled` of a call that has no
  // reply: nothing.
  void on_sent(const Call& call, Mono now);
  void on_departure(const Call& call, Mono now);
  std::optional<Mono> on_end(const Call& call, std::optional<bool> throttled);
  // The call that left at `departed` was not throttled, whatever else became of it.
  void on_accepted(Api api, Mono departed, Mono now);
  // It was. Returns a quota of all APIs together that was just found, in calls/s; each once.
  std::optional<std::size_t> on_throttled(Api api, Mono departed, Mono now);
  // No API is called before `when`.
  void hold_until(Mono when);

  Budget& at(Api api) { return by_api_.at(api); }
  const Budget& at(Api api) const { return by_api_.at(api); }
  const std::map<Api, Budget>& by_api() const { return by_api_; }
  // Of the fastest API, in calls/s.
  double configured_rate() const;
  // When each API answered last, to be stored.
  void add_marks(const std::string& account, std::vector<Mark>& marks) const;

 private:
  std::map<Api, Budget> by_api_;
  SharedBudget total_;
  std::size_t common_quota_ = 0;  // calls/s, reported last; 0: none
};

}  // namespace taskwatchd
