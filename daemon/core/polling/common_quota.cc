#include "core/polling/common_quota.h"

#include <algorithm>

namespace taskwatchd {
namespace {

constexpr std::size_t kMaxSamples = 200;
constexpr Duration kMaxAge = std::chrono::seconds(60);

constexpr std::size_t kMinThrottled = 8;
constexpr std::size_t kMinToConfirm = 3;
constexpr std::size_t kMinThrottledOfApi = 2;
constexpr std::size_t kMinApis = 2;
constexpr std::size_t kMinAccepted = 8;
// Calls overtake each other in transit: a few are on the wrong side of the edge.
constexpr double kMaxExceptions = 0.1;  // per throttled call
// A limit per API must explain the samples worse by this many exceptions.
constexpr std::size_t kClearlyWorse = 4;

}  // namespace

void CommonQuota::on_departure(std::uint64_t call, Api api, Mono now) {
  calls_.push_back({.number = call, .api = api, .departed = now});
}

void CommonQuota::on_end(std::uint64_t call, std::optional<bool> throttled) {
  const auto found = std::find_if(calls_.begin(), calls_.end(),
                                  [&](const Call& one) { return one.number == call; });
  if (found == calls_.end()) return;  // it was never sent
  found->ended = true;
  found->throttled = throttled;
  for (; !calls_.empty() && calls_.front().ended; calls_.pop_front()) judge(calls_.front());
}

void CommonQuota::clear() {
  calls_.clear();
  accepted_.clear();
  samples_.clear();
}

void CommonQuota::judge(const Call& call) {
  if (!call.throttled) return;
  while (!accepted_.empty() && call.departed - accepted_.front().departed >= kWindow) {
    accepted_.pop_front();
  }
  const auto of_api = std::count_if(accepted_.begin(), accepted_.end(),
                                    [&](const Call& one) { return one.api == call.api; });
  samples_.push_back({.api = call.api,
                      .departed = call.departed,
                      .throttled = *call.throttled,
                      .of_all = accepted_.size(),
                      .of_api = static_cast<std::size_t>(of_api)});
  if (!*call.throttled) accepted_.push_back(call);
  while (samples_.size() > kMaxSamples || call.departed - samples_.front().departed > kMaxAge) {
    samples_.pop_front();
  }
}

CommonQuota::Fit CommonQuota::best_fit(const Edge& edge) {
  std::size_t exceptions = 0;  // of the lowest limit: all accepted calls
  for (const auto& [before, counts] : edge) exceptions += counts[false];
  Fit best{0, exceptions};
  for (const auto& [before, counts] : edge) {
    exceptions = exceptions + counts[true] - counts[false];
    if (exceptions < best.exceptions) best = {before + 1, exceptions};
  }
  return best;
}

bool CommonQuota::confirms(std::size_t limit) const {
  std::size_t throttled = 0, exceptions = 0;
  std::array<std::size_t, 2> at_limit{};  // accepted, throttled
  for (const Sample& one : samples_) {
    if (one.of_all == limit) ++at_limit[one.throttled];
    if (!one.throttled) continue;
    ++throttled;
    if (one.of_all < limit) ++exceptions;
  }
  // Accepted at the limit: one or two overtook others in transit, or the limit is higher by now.
  return throttled >= kMinToConfirm && at_limit[true] > at_limit[false] &&
         static_cast<double>(exceptions) <= kMaxExceptions * static_cast<double>(throttled);
}

bool CommonQuota::contradicts(std::size_t limit) const {
  const auto above = std::count_if(samples_.begin(), samples_.end(), [&](const Sample& one) {
    return !one.throttled && one.of_all > limit;  // at the limit itself: they overtake each other
  });
  return static_cast<std::size_t>(above) >= kMinToConfirm;
}

std::optional<std::size_t> CommonQuota::find() const {
  Edge common;
  std::map<Api, Edge> own;
  std::map<Api, std::size_t> throttled_of;
  std::size_t throttled = 0;
  for (const Sample& one : samples_) {
    ++common[one.of_all][one.throttled];
    ++own[one.api][one.of_api][one.throttled];
    if (!one.throttled) continue;
    ++throttled;
    ++throttled_of[one.api];
  }
  const auto apis = std::count_if(throttled_of.begin(), throttled_of.end(), [](const auto& entry) {
    return entry.second >= kMinThrottledOfApi;
  });
  if (throttled < kMinThrottled || samples_.size() - throttled < kMinAccepted) return std::nullopt;
  if (static_cast<std::size_t>(apis) < kMinApis) return std::nullopt;
  const Fit fit = best_fit(common);
  if (static_cast<double>(fit.exceptions) > kMaxExceptions * static_cast<double>(throttled)) {
    return std::nullopt;
  }
  std::size_t own_exceptions = 0;
  for (const auto& [api, edge] : own) own_exceptions += best_fit(edge).exceptions;
  if (own_exceptions < fit.exceptions + kClearlyWorse || fit.limit == 0) return std::nullopt;
  return fit.limit;
}

}  // namespace taskwatchd
