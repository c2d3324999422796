#include "io/curl/transfer_slots.h"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

namespace taskwatchd {

Awaitable<TransferSlots::Slot> TransferSlots::take() {
  if (closed_) co_return Slot();
  if (free_ > 0) {
    --free_;
    co_return Slot(shared_from_this());
  }
  const auto turn = std::make_shared<Turn>(executor_);
  waiting_.push_back(turn);
  boost::system::error_code ignored;
  co_await turn->come.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, ignored));
  co_return std::move(turn->slot);
}

void TransferSlots::close() {
  closed_ = true;
  for (const auto& waiting : std::exchange(waiting_, {})) {
    if (const auto turn = waiting.lock()) turn->come.cancel();
  }
}

// The slot passes to the call that has waited longest, so that none waits forever.
void TransferSlots::give_back() {
  while (!waiting_.empty()) {
    const std::shared_ptr<Turn> turn = waiting_.front().lock();
    waiting_.pop_front();
    if (!turn) continue;
    turn->slot = Slot(shared_from_this());
    turn->come.cancel();
    return;
  }
  ++free_;
}

}  // namespace taskwatchd
