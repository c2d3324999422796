#include "io/system/system_clock.h"

#include <sys/random.h>
#include <time.h>

#include <algorithm>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cassert>
#include <cerrno>
#include <utility>

namespace taskwatchd {
namespace {

struct BootClock : MonoClock {
  static Mono now() {
    timespec t{};
    [[maybe_unused]] const int failed = clock_gettime(CLOCK_BOOTTIME, &t);
    assert(failed == 0);
    return Mono(std::chrono::duration_cast<Duration>(std::chrono::seconds(t.tv_sec) +
                                                     std::chrono::nanoseconds(t.tv_nsec)));
  }
};

// The kernel timer that Asio uses stops during suspend. Waits of at most 1 s limit the delay after
// it.
struct ShortWaits {
  static constexpr Duration kLongest = std::chrono::seconds(1);
  static Duration to_wait_duration(Duration d) { return std::min(d, kLongest); }
  static Duration to_wait_duration(Mono t) { return to_wait_duration(t - BootClock::now()); }
};

using BootTimer =
    boost::asio::basic_waitable_timer<BootClock, ShortWaits, boost::asio::any_io_executor>;

struct Waiter {
  explicit Waiter(const boost::asio::any_io_executor& executor) : timer(executor) {}
  BootTimer timer;
  bool waiting = false;
  bool rung = false;
};

// Shares ownership of the waiter: the alarm may be destroyed during the wait.
Awaitable<void> wait(std::shared_ptr<Waiter> waiter, Mono when) {
  assert(!waiter->waiting);
  if (std::exchange(waiter->rung, false) || when <= BootClock::now()) {
    // Yield to other handlers: a loop over past deadlines must not block the event loop.
    co_await boost::asio::post(waiter->timer.get_executor(), boost::asio::use_awaitable);
    co_return;
  }
  waiter->timer.expires_at(when);
  waiter->waiting = true;
  boost::system::error_code cancelled;
  co_await waiter->timer.async_wait(
      boost::asio::redirect_error(boost::asio::use_awaitable, cancelled));
  waiter->waiting = false;
}

class SystemAlarm : public Alarm {
 public:
  explicit SystemAlarm(const boost::asio::any_io_executor& executor)
      : waiter_(std::make_shared<Waiter>(executor)) {}
  ~SystemAlarm() override { waiter_->timer.cancel(); }
  Awaitable<void> wait_until(Mono when) override { return wait(waiter_, when); }
  void ring() override {
    if (waiter_->waiting) {
      waiter_->timer.cancel();
    } else {
      waiter_->rung = true;
    }
  }

 private:
  std::shared_ptr<Waiter> waiter_;
};

}  // namespace

SystemClock::SystemClock(boost::asio::any_io_executor executor) : executor_(std::move(executor)) {}

Now SystemClock::now() {
  return {BootClock::now(),
          std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now())};
}

std::unique_ptr<Alarm> SystemClock::make_alarm() {
  return std::make_unique<SystemAlarm>(executor_);
}

std::uint64_t SystemEntropy::next() {
  std::uint64_t value = 0;
  ssize_t got = 0;
  do {
    got = getrandom(&value, sizeof value, 0);
  } while (got < 0 && errno == EINTR);
  // getrandom(2) guarantees this for small amounts; without it nonces would repeat.
  assert(got == static_cast<ssize_t>(sizeof value));
  return value;
}

}  // namespace taskwatchd
