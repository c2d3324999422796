#include "pipeline/outbox.h"

namespace taskwatchd {
namespace {

constexpr std::size_t kBatch = 256;  // events delivered at once

}  // namespace

Outbox::Outbox(Ports ports, Recorder& recorder, EventSink& sink, std::string account)
    : ports_(ports),
      recorder_(recorder),
      sink_(sink),
      account_(std::move(account)),
      cursor_name_(account_.empty() ? sink.name() : sink.name() + "/" + account_),
      alarm_(ports.clock.make_alarm()) {}

void Outbox::wake(std::uint64_t last_id) {
  last_id_ = std::max(last_id_, last_id);
  alarm_->ring();
}

void Outbox::stop() {
  stopping_ = true;
  alarm_->ring();
}

Awaitable<void> Outbox::pause() {
  const Mono until = ports_.clock.now().mono + kStoreRetry;
  while (!stopping_ && ports_.clock.now().mono < until) co_await alarm_->wait_until(until);
}

void Outbox::move_cursor(std::uint64_t id) {
  Commit moved;
  moved.cursors.emplace_back(cursor_name_, id);
  recorder_.add_lazily(std::move(moved));
}

Awaitable<void> Outbox::run() {
  for (;;) {
    auto place = co_await ports_.store.cursor(cursor_name_);
    if (const auto* id = std::get_if<std::uint64_t>(&place)) {
      cursor_ = *id;
      // The state database knows a sink, and keeps events for it, once the sink has a cursor.
      move_cursor(*id);
      break;
    }
    if (stopping_) co_return;
    co_await pause();
  }
  // The number of undelivered events is known from the start, however slow the sink is.
  const auto newest = co_await ports_.store.last_event();
  if (const auto* id = std::get_if<std::uint64_t>(&newest)) last_id_ = std::max(last_id_, *id);
  for (;;) {
    const std::uint64_t stored = last_id_;
    auto found = co_await ports_.store.events_after(cursor_, kBatch, account_);
    auto* const events = std::get_if<std::vector<Event>>(&found);
    if (events == nullptr) {
      if (stopping_) co_return;
      co_await pause();
      continue;
    }
    if (events->empty()) {
      // The rest belongs to other accounts; a cursor that stood still would keep it from pruning.
      if (stored > cursor_) move_cursor(cursor_ = stored);
      if (stopping_) co_return;
      co_await alarm_->wait_until(Mono::max());
      continue;
    }
    const std::uint64_t last = events->back().id;
    last_id_ = std::max(last_id_, last);
    std::vector<Event> batch = std::move(*events);
    const bool taken = co_await sink_.deliver(std::move(batch));
    if (taken) {
      cursor_ = last;
      move_cursor(last);
    } else if (stopping_) {
      co_return;
    } else {
      co_await pause();
    }
  }
}

}  // namespace taskwatchd
