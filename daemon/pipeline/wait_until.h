// Waits for something that nobody announces, by looking again and again. Event-loop thread only.
#pragma once

#include <memory>

#include "ports.h"

namespace taskwatchd {

// Returns once `condition()` is true, or after `within`; returns condition(). Everything that it
// refers to must live until then. Name a lambda with captures before the co_await expression: g++
// 12 destroys the captures of a temporary twice.
template <typename Condition>
Awaitable<bool> wait_until(Clock& clock, Duration within, Condition condition) {
  constexpr Duration kLookEvery = std::chrono::milliseconds(10);
  const std::unique_ptr<Alarm> alarm = clock.make_alarm();
  const Mono deadline = clock.now().mono + within;
  while (!condition() && clock.now().mono < deadline) {
    co_await alarm->wait_until(clock.now().mono + kLookEvery);
  }
  co_return condition();
}

}  // namespace taskwatchd
