#include "plan/gateway.h"

#include <algorithm>
#include <cmath>

namespace taskwatchd::plan {
namespace {

constexpr Duration kSecond = std::chrono::seconds(1);
// Times are whole microseconds, so five calls at 5/s may come early by this much.
constexpr Duration kRounding{2};
constexpr double kOthersJitterS = 0.002;
constexpr std::uint64_t kOthersSeed = 0x07e5;

Failure failure_of(Reason reason, int http_status, const char* code) {
  Failure failure;
  failure.reason = reason;
  failure.http_status = http_status;
  failure.code = code;
  failure.message = "modelled";
  return failure;
}

Failure throttled() {
  return failure_of(Reason::kThrottled, 400, "Throttling.User");
}

}  // namespace

SlidingLog::SlidingLog(double quota)
    : places_(quota > 0 ? static_cast<std::size_t>(std::max(1.0, std::floor(quota))) : 0),
      window_(quota > 0 ? from_seconds(static_cast<double>(places_) / quota) - kRounding
                        : Duration{}) {}

bool SlidingLog::has_room(Duration at) {
  while (!taken_.empty() && at - taken_.front() >= window_) taken_.pop_front();
  return places_ == 0 || taken_.size() < places_;
}

void SlidingLog::add(Duration at) {
  if (places_ > 0) taken_.push_back(at);
}

Gateway::Gateway(const Faults& faults, const std::map<Api, double>& quota, std::uint64_t seed)
    : faults_(faults),
      random_(seed),
      others_random_(seed ^ kOthersSeed),
      shared_(faults.shared_quota.value_or(0)) {
  std::uniform_real_distribution<double> unit(0, 1);
  for (const Api api : kAllApis) {
    const auto configured = quota.find(api);
    const double own = configured == quota.end() ? 0 : configured->second;
    Desk& desk = desks_.try_emplace(api, faults.quota.value_or(own)).first->second;
    // Other programs call the APIs of jobs and tasks, so they use up a shared quota too.
    const bool of_jobs =
        api != Api::kQueryDeviceDistributeJob && api != Api::kQueryDeviceDistributeDetail;
    if (faults.other_calls <= 0 || !of_jobs) {
      desk.other.at = Duration::max();
      continue;
    }
    desk.other.next = unit(others_random_) / faults.other_calls;
    plan_next(desk.other);
  }
}

void Gateway::plan_next(Other& other) {
  std::normal_distribution<double> jitter(0, kOthersJitterS);
  const Duration at = from_seconds(std::max(0.0, other.next + jitter(others_random_)));
  other.at = std::max(other.at, at);
  other.next += 1 / faults_.other_calls;
}

void Gateway::let_others_in(Duration until) {
  if (faults_.other_calls <= 0) return;
  while (true) {
    Desk* first = nullptr;
    for (auto& [api, desk] : desks_) {
      if (first == nullptr || desk.other.at < first->other.at) first = &desk;
    }
    if (first == nullptr || first->other.at > until) return;
    ++others_.calls;
    if (!admit(*first, first->other.at)) ++others_.refused;
    plan_next(first->other);
  }
}

// A call that one of the two limits rejects does not count towards the other.
bool Gateway::admit(Desk& desk, Duration at) {
  if (!desk.log.has_room(at) || !shared_.has_room(at)) return false;
  desk.log.add(at);
  shared_.add(at);
  return true;
}

void Gateway::count(Desk& desk, Duration at) {
  ++ours_.calls;
  auto& recent = desk.last_second;
  while (!recent.empty() && at - recent.front() >= kSecond) recent.pop_front();
  recent.push_back(at);
  most_ = std::max(most_, recent.size());
}

std::optional<Failure> Gateway::arrive(Api api, Duration at) {
  let_others_in(at);
  Desk& desk = desks_.at(api);
  count(desk, at);
  if (!admit(desk, at)) {
    ++ours_.refused;
    return throttled();
  }
  if (faults_.failing_calls <= 0) return std::nullopt;
  std::uniform_real_distribution<double> unit(0, 1);
  const double fate = unit(random_);
  if (fate >= faults_.failing_calls) return std::nullopt;
  const double kind = faults_.mixed ? 3 * fate / faults_.failing_calls : 0;
  if (kind >= 2) {
    ++ours_.refused;
    return throttled();
  }
  ++ours_.failed;
  if (kind >= 1) return failure_of(Reason::kTimeout, 0, "");
  return failure_of(Reason::kServerError, 503, "ServiceUnavailable");
}

}  // namespace taskwatchd::plan
