#include "account/api_budgets.h"

#include <algorithm>
#include <string>
#include <utility>

namespace taskwatchd {
namespace {

constexpr char kSuccess[] = "success:";

// The order in which free slots are filled.
constexpr std::array<Api, 7> kSpent = {Api::kQueryJobStatistics,
                                       Api::kListTask,
                                       Api::kQueryTask,
                                       Api::kQueryJob,
                                       Api::kListJob,
                                       Api::kQueryDeviceDistributeJob,
                                       Api::kQueryDeviceDistributeDetail};

std::string success_of(Api api) {
  return kSuccess + std::string(name(api));
}

}  // namespace

ApiBudgets::ApiBudgets(const AccountConfig& config, const std::vector<StoredTime>& stored_times,
                       Now now) {
  for (const Api api : kSpent) {
    Budget budget(config.quota.at(api), config.quota_share, now);
    const auto stored_time =
        std::find_if(stored_times.begin(), stored_times.end(),
                     [&](const StoredTime& one) { return one.key == success_of(api); });
    if (stored_time != stored_times.end()) budget.last_success = stored_time->at;
    by_api_.emplace(api, std::move(budget));
  }
}

void ApiBudgets::configure(const AccountConfig& config, Now now) {
  for (auto& [api, budget] : by_api_) budget.configure(config.quota.at(api), config.quota_share);
  total_.configure(config.quota_total, config.quota_share, now);
}

NextCall ApiBudgets::next(Mono now, const std::function<NextCall(Api)>& next_of) {
  NextCall choice;
  total_.review(now);
  if (total_.next() > now) {
    choice.wake = total_.next();
    return choice;
  }
  std::optional<NextCall> best;
  for (const Api api : kSpent) {
    NextCall next = next_of(api);
    choice.wake = std::min(choice.wake, next.wake);
    if (!next.call) continue;
    const bool first =
        !best || total_.turn_of(api, next.urgent) < total_.turn_of(best->call->api, best->urgent);
    if (first) best = std::move(next);
    if (!total_.in_use()) break;  // each API has a separate budget
  }
  return best ? *std::move(best) : choice;
}

void ApiBudgets::on_sent(const Call& call, Mono now) {
  at(call.api).on_sent(call.number);
  total_.on_sent(call, now);
}

void ApiBudgets::on_departure(const Call& call, Mono now) {
  at(call.api).on_departure(call.number, now);
  total_.on_departure(call.number, call.api, now);
}

std::optional<Mono> ApiBudgets::on_end(const Call& call, std::optional<bool> throttled) {
  const std::optional<Mono> departed = at(call.api).on_end(call.number);
  total_.on_end(call.number, throttled);
  return departed;
}

void ApiBudgets::on_accepted(Api api, Mono departed, Mono now) {
  at(api).on_accepted(departed, now);
  total_.on_accepted(departed, now);
}

// Limiters of single APIs cannot find a shared limit: each uses what the others leave free.
std::optional<std::size_t> ApiBudgets::on_throttled(Api api, Mono departed, Mono now) {
  at(api).on_throttled(departed, now);
  total_.on_throttled(departed, now);
  const auto limit = total_.detect_limit(now);
  if (!limit) return std::nullopt;
  for (auto& [other, budget] : by_api_) budget.restart(now + CommonQuota::kWindow);
  if (std::exchange(common_quota_, *limit) == *limit) return std::nullopt;
  return limit;
}

void ApiBudgets::back_off_until(Mono when) {
  for (auto& [api, budget] : by_api_) budget.back_off_until(when);
}

double ApiBudgets::configured_rate() const {
  double rate = 0;
  for (const auto& [api, budget] : by_api_) {
    rate = std::max(rate, budget.limiter().configured_rate());
  }
  return rate;
}

void ApiBudgets::add_stored_times(const std::string& account,
                                  std::vector<StoredTime>& stored_times) const {
  for (const auto& [api, budget] : by_api_) {
    if (budget.last_success)
      stored_times.push_back({account, success_of(api), *budget.last_success});
  }
}

}  // namespace taskwatchd
