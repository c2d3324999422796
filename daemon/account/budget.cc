#include "account/budget.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace taskwatchd {
namespace {

constexpr Duration kDenied = std::chrono::minutes(1);
constexpr int kDeniedMax = 3;  // doublings

}  // namespace

Mono Budget::next() const {
  if (departing_ || under_way_.size() >= kMaxUnderWay) return Mono::max();
  return std::max(limiter_.next(), denied_until_);
}

void Budget::on_sent(std::uint64_t call) {
  const bool fresh = under_way_.emplace(call, std::nullopt).second;
  assert(fresh);
  departing_ = call;
}

void Budget::on_departure(std::uint64_t call, Mono now) {
  const auto found = under_way_.find(call);
  assert(found != under_way_.end() && !found->second);
  found->second = now;
  if (departing_ == call) departing_.reset();
  if (limiter_.in_use()) limiter_.sent(now);
}

std::optional<Mono> Budget::on_end(std::uint64_t call) {
  const auto found = under_way_.find(call);
  assert(found != under_way_.end());
  const std::optional<Mono> left = found->second;
  under_way_.erase(found);
  if (departing_ == call) departing_.reset();
  return left;
}

bool Budget::deny(Mono now) {
  denied_until_ = now + kDenied * (1 << std::min(denials_++, kDeniedMax));
  return !std::exchange(denied_, true);
}

bool Budget::allow() {
  denials_ = 0;
  denied_until_ = Mono::min();
  return std::exchange(denied_, false);
}

}  // namespace taskwatchd
