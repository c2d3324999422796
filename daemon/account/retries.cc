#include "account/retries.h"

#include <algorithm>

namespace taskwatchd {
namespace {

constexpr Duration kBackoff = std::chrono::seconds(5);  // doubled with each failure
constexpr Duration kBackoffMax = std::chrono::minutes(1);
constexpr int kDoublings = 4;
constexpr Duration kSecondReply = std::chrono::seconds(1);

}  // namespace

Duration Retries::failed(const CallKey& key, Blame blame, Duration least) {
  int failures = ++failures_[key];
  if (blame == Blame::kReply) {
    if (failures == 1) return Duration::zero();
    if (failures == 2) return kSecondReply;
    failures -= 2;
  }
  const Duration base = std::max(kBackoff, least);
  return std::min<Duration>(std::max(kBackoffMax, base),
                            base * (1 << std::min(failures - 1, kDoublings)));
}

int Retries::consecutive(const CallKey& key) const {
  const auto found = failures_.find(key);
  return found == failures_.end() ? 0 : found->second;
}

void Retries::forget(const std::string& item) {
  // Keys of a job's lists begin with the job id and a blank, so they directly follow the job's key.
  const auto is_its = [&](const CallKey& key) {
    return key.item == item || key.item.starts_with(item + ' ');
  };
  for (const Api api : kAllApis) {
    const CallKey first{api, item};
    for (auto it = failures_.lower_bound(first);
         it != failures_.end() && it->first.api == api && is_its(it->first);) {
      it = failures_.erase(it);
    }
    for (auto it = repeats_.lower_bound(first);
         it != repeats_.end() && it->api == api && is_its(*it);) {
      it = repeats_.erase(it);
    }
  }
}

}  // namespace taskwatchd
