#include "core/polling/throttle_window.h"

#include <cmath>

namespace taskwatchd {
namespace {

constexpr std::size_t kMaxCalls = 100;
constexpr Duration kMaxAge = std::chrono::seconds(30);

}  // namespace

double ThrottleWindow::Count::share() const {
  return calls == 0 ? 0 : static_cast<double>(throttled) / static_cast<double>(calls);
}

double excess_weight(ThrottleWindow::Count count, double expected) {
  const double mean = static_cast<double>(count.calls) * expected;
  const auto observed = static_cast<double>(count.throttled);
  return observed <= mean ? 0 : observed * std::log(observed / mean) - (observed - mean);
}

void ThrottleWindow::add(Mono departed, bool throttled, Mono now) {
  calls_.push_back({departed, throttled});
  while (calls_.size() > kMaxCalls || now - calls_.front().departed > kMaxAge) {
    calls_.pop_front();
    if (calls_.empty()) return;
  }
}

ThrottleWindow::Count ThrottleWindow::last(std::size_t calls) const {
  Count count;
  for (auto call = calls_.rbegin(); call != calls_.rend() && count.calls < calls; ++call) {
    ++count.calls;
    if (call->throttled) ++count.throttled;
  }
  return count;
}

ThrottleWindow::Excess ThrottleWindow::excess(double expected_share) const {
  Excess most;
  Count count;
  for (auto call = calls_.rbegin(); call != calls_.rend(); ++call) {
    ++count.calls;
    if (!call->throttled) continue;
    ++count.throttled;
    const double weight = excess_weight(count, expected_share);
    if (weight > most.weight) most = {count, weight};
  }
  return most;
}

}  // namespace taskwatchd
