// A manually advanced clock for tests and the simulation: hours pass in no time, with repeatable
// results. The driver runs the event loop until it is idle, then jumps to the next due alarm, so
// events happen in the order of time. Threads: that of the io_context. Never waits for real time.
// Throws only where stated.
#pragma once

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <utility>

#include "ports.h"

namespace taskwatchd {

class FakeClock : public Clock {
 public:
  // A limit per instant: a loop that runs more handlers is considered to spin without a sleep.
  static constexpr std::uint64_t kHandlersPerInstant = 10'000'000;

  // Starts at a Mono far from zero, so that code that takes 0 for "long ago" fails.
  explicit FakeClock(boost::asio::io_context& context,
                     Wall wall = Wall(std::chrono::sys_days(std::chrono::year(2026) / 11 / 22)))
      : context_(context), hand_(std::make_shared<Hand>()) {
    hand_->now = {Mono(std::chrono::hours(1)), wall};
  }

  Now now() override { return hand_->now; }
  std::unique_ptr<Alarm> make_alarm() override {
    return std::make_unique<FakeAlarm>(std::make_shared<Waiter>(context_, hand_));
  }

  // Returns the time of the earliest alarm; nullopt if no alarm is set.
  std::optional<Mono> next_due() const {
    if (hand_->due.empty()) return std::nullopt;
    return hand_->due.begin()->first.first;
  }

  // Runs the loop until it is idle at this instant. Throws std::logic_error if it never gets idle.
  void settle() {
    if (frozen_) return;
    context_.restart();
    for (std::uint64_t handlers = 0; !frozen_ && context_.poll_one() != 0; ++handlers) {
      if (handlers > kHandlersPerInstant) throw std::logic_error("the loop spins without a sleep");
    }
  }

  // Runs the loop at each alarm until `when`, until it is idle; ends at `when`.
  void run_until(Mono when) {
    settle();
    for (auto due = next_due(); !frozen_ && due && *due <= when; due = next_due()) {
      move_to(std::max(hand_->now.mono, *due));  // late after thaw()
      // Wakes one alarm and handles all that follows, so that wake-ups happen in the order of time.
      hand_->due.begin()->second->wake();
      settle();
    }
    if (!frozen_) move_to(when);
  }
  void advance(Duration by) { run_until(hand_->now.mono + by); }

  // Simulates SIGSTOP: no handler runs until thaw(), not even the rest of those that are ready. May
  // be called by a handler.
  void freeze() { frozen_ = true; }
  bool frozen() const { return frozen_; }
  // It is `when` now; what became due in between is handled by the next run.
  void thaw(Mono when) {
    frozen_ = false;
    move_to(when);
  }

  // Simulates an operator or NTP setting the clock: Wall jumps, Mono does not.
  void jump_wall(std::chrono::milliseconds by) { hand_->now.wall += by; }

 private:
  struct Waiter;
  // Alarms, ordered by time, then by when they were set. Shared: a waiter may outlive the clock.
  struct Hand {
    Now now;
    std::uint64_t set = 0;
    std::map<std::pair<Mono, std::uint64_t>, Waiter*> due;
    std::chrono::microseconds wall_rest{};  // the part below Wall's milliseconds
  };
  using Place = std::map<std::pair<Mono, std::uint64_t>, Waiter*>::iterator;

  // A timer that never expires. The loop owns its handler, so nothing leaks when the loop is
  // destroyed.
  struct Waiter {
    Waiter(boost::asio::io_context& context, std::shared_ptr<Hand> hand)
        : timer(context, boost::asio::steady_timer::time_point::max()), hand(std::move(hand)) {}
    Waiter(const Waiter&) = delete;
    Waiter& operator=(const Waiter&) = delete;
    ~Waiter() { forget(); }
    void wake() {
      forget();
      timer.cancel();
    }
    void forget() {
      if (place) hand->due.erase(*place);
      place.reset();
    }
    boost::asio::steady_timer timer;
    std::shared_ptr<Hand> hand;
    std::optional<Place> place;  // set while somebody waits
    bool rung = false;
  };

  class FakeAlarm : public Alarm {
   public:
    explicit FakeAlarm(std::shared_ptr<Waiter> waiter) : waiter_(std::move(waiter)) {}
    ~FakeAlarm() override { waiter_->wake(); }
    Awaitable<void> wait_until(Mono when) override { return wait(waiter_, when); }
    void ring() override {
      if (waiter_->place) {
        waiter_->wake();
      } else {
        waiter_->rung = true;
      }
    }

   private:
    // Keeps the waiter alive: the alarm may be destroyed during the wait.
    static Awaitable<void> wait(std::shared_ptr<Waiter> waiter, Mono when) {
      if (std::exchange(waiter->rung, false) || when <= waiter->hand->now.mono) {
        co_await boost::asio::post(waiter->timer.get_executor(), boost::asio::use_awaitable);
        co_return;
      }
      Hand& hand = *waiter->hand;
      waiter->place = hand.due.emplace(std::pair(when, hand.set++), waiter.get()).first;
      boost::system::error_code cancelled;
      co_await waiter->timer.async_wait(
          boost::asio::redirect_error(boost::asio::use_awaitable, cancelled));
      waiter->forget();
    }
    std::shared_ptr<Waiter> waiter_;
  };

  void move_to(Mono when) {
    const auto rest = hand_->wall_rest + (when - hand_->now.mono);
    const auto whole = std::chrono::floor<std::chrono::milliseconds>(rest);
    hand_->now.mono = when;
    hand_->now.wall += whole;
    hand_->wall_rest = rest - whole;
  }

  boost::asio::io_context& context_;
  std::shared_ptr<Hand> hand_;
  bool frozen_ = false;
};

}  // namespace taskwatchd
