#include "simulator/model_stats.h"

#include <algorithm>

namespace iotsim {
namespace {

constexpr std::int64_t kTenSeconds = 10'000'000;

}  // namespace

void CallLog::add(CallRecord record, int quota) {
  Meter& meter = meters_[{record.account, record.api}];
  const std::int64_t now = record.mono_us;
  if (meter.stats.calls == 0) meter.first_us = now;
  meter.last_us = now;
  ++meter.stats.calls;
  meter.stats.quota = quota;
  meter.received.add(now);
  if (record.throttled) {
    ++meter.stats.throttled;
  } else {
    ++meter.stats.accepted;
    meter.accepted.add(now);
  }
  if (record.ok) ++meter.stats.ok;
  meter.last_10s.push_back(now);
  while (now - meter.last_10s.front() >= kTenSeconds) meter.last_10s.pop_front();
  recent_.push_back(std::move(record));
  if (recent_.size() > kKept) recent_.pop_front();
}

void CallLog::reset() {
  recent_.clear();
  meters_.clear();
}

std::map<std::pair<std::string, std::string>, ApiStats> CallLog::stats(Now now) const {
  std::map<std::pair<std::string, std::string>, ApiStats> all;
  for (const auto& [key, meter] : meters_) {
    ApiStats stats = meter.stats;
    stats.peak_received = meter.received.peak();
    stats.peak_accepted = meter.accepted.peak();
    stats.span_seconds = static_cast<double>(meter.last_us - meter.first_us) / 1e6;
    stats.last_10s = static_cast<std::uint64_t>(
        std::count_if(meter.last_10s.begin(), meter.last_10s.end(),
                      [&](std::int64_t at) { return now.mono_us - at < kTenSeconds; }));
    if (stats.span_seconds > 0 && stats.quota > 0) {
      stats.goodput = static_cast<double>(stats.accepted) / (stats.span_seconds * stats.quota);
    }
    all.emplace(key, stats);
  }
  return all;
}

}  // namespace iotsim
