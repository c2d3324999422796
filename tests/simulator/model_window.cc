#include "simulator/model_window.h"

#include <algorithm>
#include <cmath>

namespace iotsim {
namespace {

constexpr std::int64_t kSecond = 1'000'000;

void drop_old(std::deque<std::int64_t>& times, std::int64_t now_us) {
  while (!times.empty() && now_us - times.front() >= kSecond) times.pop_front();
}

double refilled(double tokens, std::int64_t since_us, std::int64_t now_us, int quota) {
  const double more = static_cast<double>(now_us - since_us) / 1e6 * quota;
  return std::min(static_cast<double>(quota), tokens + more);
}

}  // namespace

WindowKind parse_window_kind(std::string_view word) {
  if (word == "fixed") return WindowKind::kFixed;
  return word == "bucket" ? WindowKind::kBucket : WindowKind::kSliding;
}

bool RateWindow::accept(std::int64_t now_us, int quota, WindowKind kind) {
  if (quota <= 0) return false;
  switch (kind) {
    case WindowKind::kSliding:
      drop_old(accepted_, now_us);
      if (accepted_.size() >= static_cast<std::size_t>(quota)) return false;
      accepted_.push_back(now_us);
      return true;
    case WindowKind::kFixed:
      if (now_us / kSecond != fixed_second_) {
        fixed_second_ = now_us / kSecond;
        fixed_count_ = 0;
      }
      return fixed_count_ < quota && ++fixed_count_ > 0;
    case WindowKind::kBucket:
      tokens_ = tokens_ < 0 ? quota : refilled(tokens_, filled_us_, now_us, quota);
      filled_us_ = now_us;
      if (tokens_ < 1) return false;
      tokens_ -= 1;
      return true;
  }
  return false;
}

void RateWindow::compete(std::int64_t now_us, double rate, int quota, WindowKind kind) {
  if (rate <= 0) {
    rival_us_ = -1;
    return;
  }
  // The gaps vary. Otherwise two regular callers could stay in step with each other forever.
  const auto gap = [&] { return static_cast<std::int64_t>((0.5 + random_.unit()) * 1e6 / rate); };
  if (rival_us_ < 0) rival_us_ = now_us + gap();
  // Calls that are older than the window have no effect now.
  rival_us_ = std::max(rival_us_, now_us - 2 * kSecond);
  for (; rival_us_ <= now_us; rival_us_ += gap()) accept(rival_us_, quota, kind);
}

std::int64_t RateWindow::wait_us(std::int64_t now_us, int quota, WindowKind kind) const {
  switch (kind) {
    case WindowKind::kSliding: {
      const auto wanted = static_cast<std::size_t>(quota);
      if (accepted_.size() < wanted) return 0;
      const std::int64_t leaves = accepted_[accepted_.size() - wanted] + kSecond;
      return std::max<std::int64_t>(0, leaves - now_us);
    }
    case WindowKind::kFixed:
      if (now_us / kSecond != fixed_second_ || fixed_count_ < quota) return 0;
      return kSecond - now_us % kSecond;
    case WindowKind::kBucket: {
      if (tokens_ < 0) return 0;
      const double missing = 1 - refilled(tokens_, filled_us_, now_us, quota);
      return missing <= 0 ? 0 : static_cast<std::int64_t>(std::ceil(missing / quota * 1e6));
    }
  }
  return 0;
}

void WindowPeak::add(std::int64_t now_us) {
  drop_old(recent_, now_us);
  recent_.push_back(now_us);
  peak_ = std::max(peak_, recent_.size());
}

}  // namespace iotsim
