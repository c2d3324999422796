#include "simulator/model_stats.h"

#include <algorithm>

namespace iotsim {
namespace {

constexpr std::int64_t kTenSeconds = 10'000'000;

}  // namespace

void CallLog::Meter::add(const CallRecord& record, int quota) {
  const std::int64_t now = record.mono_us;
  if (stats.calls == 0) first_us = now;
  last_us = now;
  ++stats.calls;
  stats.quota = quota;
  received.add(now);
  if (record.throttled) {
    ++stats.throttled;
  } else {
    ++stats.accepted;
    accepted.add(now);
  }
  if (record.ok) ++stats.ok;
  last_10s.push_back(now);
  while (now - last_10s.front() >= kTenSeconds) last_10s.pop_front();
}

ApiStats CallLog::Meter::stats_at(Now now) const {
  ApiStats all = stats;
  all.peak_received = received.peak();
  all.peak_accepted = accepted.peak();
  all.span_seconds = static_cast<double>(last_us - first_us) / 1e6;
  all.last_10s = static_cast<std::uint64_t>(
      std::count_if(last_10s.begin(), last_10s.end(),
                    [&](std::int64_t at) { return now.mono_us - at < kTenSeconds; }));
  if (all.span_seconds > 0 && all.quota > 0) {
    all.goodput = static_cast<double>(all.accepted) / (all.span_seconds * all.quota);
  }
  return all;
}

void CallLog::add(CallRecord record, int quota) {
  meters_[{record.account, record.api}].add(record, quota);
  account_meters_[record.account].add(record, 0);
  recent_.push_back(std::move(record));
  if (recent_.size() > kKept) recent_.pop_front();
}

void CallLog::reset() {
  recent_.clear();
  meters_.clear();
  account_meters_.clear();
}

std::map<std::pair<std::string, std::string>, ApiStats> CallLog::stats(Now now) const {
  std::map<std::pair<std::string, std::string>, ApiStats> all;
  for (const auto& [key, meter] : meters_) all.emplace(key, meter.stats_at(now));
  return all;
}

std::map<std::string, ApiStats> CallLog::account_stats(Now now) const {
  std::map<std::string, ApiStats> all;
  for (const auto& [account, meter] : account_meters_) all.emplace(account, meter.stats_at(now));
  return all;
}

}  // namespace iotsim
