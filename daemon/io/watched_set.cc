#include "io/watched_set.h"

namespace taskwatchd {
namespace {

constexpr std::size_t kKeysBetweenLooks = 1000;  // between two checks of the clock

}  // namespace

std::size_t WatchedSet::Hash::hash(const Name& name) {
  const std::hash<std::string_view> text;
  return text(name.first) * 0x9e3779b97f4a7c15ULL ^ text(name.second);
}

WatchedSet::WatchedSet(Watched watched) : watched_(std::move(watched)) {}

bool WatchedSet::fill(std::chrono::steady_clock::time_point until) {
  if (taken_ == 0) tasks_.reserve(watched_.tasks.size());
  while (taken_ < watched_.tasks.size()) {
    if (taken_ % kKeysBetweenLooks == 0 && std::chrono::steady_clock::now() >= until) return false;
    tasks_.insert(&watched_.tasks[taken_++]);
  }
  for (const JobKey& key : watched_.jobs) jobs_.insert(&key);
  for (const DistributionKey& key : watched_.distributions) distributions_.insert(&key);
  return true;
}

}  // namespace taskwatchd
