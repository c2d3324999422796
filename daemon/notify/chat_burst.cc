#include "notify/chat_burst.h"

#include <algorithm>

namespace taskwatchd {
namespace {

// Wall counts milliseconds.
Wall later(Wall at, Duration by) {
  return at + std::chrono::duration_cast<std::chrono::milliseconds>(by);
}

}  // namespace

void NewEvents::add(std::uint64_t id, Wall at) {
  add(NewEvents{1, id, at, at});
}

void NewEvents::add(const NewEvents& later_ones) {
  if (later_ones.count == 0) return;
  if (count == 0) {
    *this = later_ones;
    return;
  }
  count += later_ones.count;
  first_at = std::min(first_at, later_ones.first_at);
  last_at = std::max(last_at, later_ones.last_at);
}

void ChatBurst::add(std::uint64_t id, Wall at) {
  const bool is_over = record_.phase == BurstPhase::kSettled && !has_pending() &&
                       at >= record_.sent_at + kRepeatAfter;
  if (is_over) restart();
  new_.add(id, at);
}

void ChatBurst::restart() {
  record_.phase = BurstPhase::kFirst;
  record_.base = record_.reported;
}

void ChatBurst::lower_to(std::uint32_t number) {
  record_.reported = std::min(record_.reported, number);
  record_.base = std::min(record_.base, number);
}

void ChatBurst::clamp(Wall now) {
  for (Wall* at :
       {&record_.sent_at, &new_.first_at, &new_.last_at, &sending_.first_at, &sending_.last_at}) {
    *at = std::min(*at, now);
  }
}

std::optional<Wall> ChatBurst::due_at(std::uint32_t number, Duration hold) const {
  if (new_.count == 0) return std::nullopt;
  if (record_.phase == BurstPhase::kFirst) return later(new_.first_at, hold);

  const Wall soonest = std::max(new_.first_at, later(record_.sent_at, kSecondAfter));
  const Wall hourly = std::max(new_.first_at, later(record_.sent_at, kRepeatAfter));
  const Wall quiet = std::max(soonest, later(new_.last_at, kQuietAfter));
  if (number <= record_.reported) return quiet;
  if (record_.phase == BurstPhase::kSecond) return soonest;

  const std::uint32_t in_burst = number - std::min(record_.base, number);
  const std::uint32_t reported = std::max(1u, record_.reported - record_.base);
  if (in_burst / kGrowthFactor >= reported) return soonest;
  return record_.phase == BurstPhase::kGrowing ? std::min(quiet, hourly) : hourly;
}

void ChatBurst::take() {
  restore();
  std::swap(sending_, new_);
}

void ChatBurst::restore() {
  sending_.add(new_);
  new_ = sending_;
  sending_ = {};
}

void ChatBurst::on_sent(std::uint32_t number, Wall now, bool settle) {
  const bool was_quiet = sending_.count == 0 || now >= sending_.last_at + kQuietAfter;
  sending_ = {};
  if (settle) {
    record_.phase = BurstPhase::kSettled;
  } else if (record_.phase == BurstPhase::kFirst) {
    record_.phase = BurstPhase::kSecond;
  } else if (record_.phase == BurstPhase::kSecond) {
    record_.phase = BurstPhase::kGrowing;
  } else if (was_quiet) {
    record_.phase = BurstPhase::kSettled;
  }
  record_.reported = number;
  record_.base = std::min(record_.base, number);
  record_.sent_at = now;
}

}  // namespace taskwatchd
