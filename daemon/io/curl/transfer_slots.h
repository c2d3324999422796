// Limits the transfers in flight: one more waits for its turn, in order. So the limit delays calls
// but fails none. Part of curl_client. Threads: the executor's only.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstddef>
#include <deque>
#include <memory>
#include <utility>

#include "ports.h"

namespace taskwatchd {

class TransferSlots : public std::enable_shared_from_this<TransferSlots> {
 public:
  TransferSlots(boost::asio::any_io_executor executor, std::size_t limit)
      : executor_(std::move(executor)), free_(limit) {}

  // Holds a slot until it is destroyed.
  class Slot {
   public:
    Slot() = default;
    explicit Slot(std::shared_ptr<TransferSlots> of) : of_(std::move(of)) {}
    Slot(Slot&& other) noexcept = default;
    Slot& operator=(Slot&& other) noexcept {
      std::swap(of_, other.of_);
      return *this;
    }
    ~Slot() {
      if (of_) of_->give_back();
    }
    explicit operator bool() const { return of_ != nullptr; }

   private:
    std::shared_ptr<TransferSlots> of_;
  };
  // Waits until a slot is free. Returns none after close().
  Awaitable<Slot> take();
  // Ends all waiting, and allows no more.
  void close();

 private:
  // A waiting call. It may be destroyed while it waits, or after it got the slot.
  struct Turn {
    explicit Turn(const boost::asio::any_io_executor& executor)
        : come(executor, boost::asio::steady_timer::time_point::max()) {}
    boost::asio::steady_timer come;
    Slot slot;
  };
  void give_back();

  boost::asio::any_io_executor executor_;
  std::size_t free_;
  bool closed_ = false;
  std::deque<std::weak_ptr<Turn>> waiting_;
};

}  // namespace taskwatchd
