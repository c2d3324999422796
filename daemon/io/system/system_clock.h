// The host's clocks and random numbers. Mono is CLOCK_BOOTTIME, which continues during suspend;
// Wall is UTC. Alarms sleep on an Asio timer and compare CLOCK_BOOTTIME themselves, so they are
// never early. They are late by the time the event loop is busy, and by up to 1 s after a suspend.
// Threads: the executor's only. Nothing fails.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <cstdint>
#include <memory>

#include "ports.h"

namespace taskwatchd {

class SystemClock : public Clock {
 public:
  explicit SystemClock(boost::asio::any_io_executor executor);
  Now now() override;
  // Destroying an alarm wakes its waiter at once.
  std::unique_ptr<Alarm> make_alarm() override;

 private:
  boost::asio::any_io_executor executor_;
};

// Random numbers of the kernel (getrandom).
class SystemEntropy : public Entropy {
 public:
  std::uint64_t next() override;
};

}  // namespace taskwatchd
