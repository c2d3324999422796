// The machine's clocks and its chance. Mono is CLOCK_BOOTTIME, which runs on through suspend; Wall
// is UTC. Alarms sleep on an Asio timer and compare CLOCK_BOOTTIME themselves, so they are never
// early. Threads: that of the executor. Alarms are late by what the loop is busy, and by up to a
// second after a suspend. Nothing fails.
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
  // An alarm that is destroyed lets its waiter go at once.
  std::unique_ptr<Alarm> make_alarm() override;

 private:
  boost::asio::any_io_executor executor_;
};

// The kernel's random numbers (getrandom).
class SystemEntropy : public Entropy {
 public:
  std::uint64_t next() override;
};

}  // namespace taskwatchd
