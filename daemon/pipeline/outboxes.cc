#include "pipeline/outboxes.h"

namespace taskwatchd {

Outboxes::Outboxes(boost::asio::any_io_executor executor, Ports ports, Recorder& recorder,
                   EventSink& sink)
    : executor_(std::move(executor)), ports_(ports), recorder_(recorder), sink_(sink) {}

// The coroutine keeps its outbox alive: it may wait for the store or the sink after stop().
Awaitable<void> Outboxes::run(std::shared_ptr<Outbox> outbox) {
  co_await outbox->run();
}

void Outboxes::start(const std::string& account) {
  auto& outbox = outboxes_[account];
  if (outbox) return;
  outbox = std::make_shared<Outbox>(ports_, recorder_, sink_, account);
  spawn(executor_, run(outbox));
}

void Outboxes::stop(const std::string& account) {
  const auto found = outboxes_.extract(account);
  if (found) found.mapped()->stop();
}

void Outboxes::stop_all() {
  for (const auto& [account, outbox] : outboxes_) outbox->stop();
}

void Outboxes::wake(std::uint64_t last_id) {
  for (const auto& [account, outbox] : outboxes_) outbox->wake(last_id);
}

std::uint64_t Outboxes::pending() const {
  std::uint64_t count = 0;
  for (const auto& [account, outbox] : outboxes_) count += outbox->pending();
  return count;
}

}  // namespace taskwatchd
