// The network of the simulated replicas: machines with an event loop each, on one virtual time, and
// the way from one of them to the server. A message may be late, lost, or both executed and
// unanswered; a frozen machine reads its answers when it wakes. One thread.
#pragma once

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <utility>

#include "fakes/fake_clock.h"
#include "ports.h"

namespace taskwatchd {

struct SimNode {
  explicit SimNode(Wall wall) : clock(context, wall) {}
  boost::asio::io_context context;  // first: it is destroyed last
  FakeClock clock;
};

// The way of one replica. Outlives it: messages are still under way when it is killed.
struct SimLink {
  bool cut = false;      // nothing arrives; what TCP repeats arrives later
  bool refused = false;  // the server says no at once
  Duration slow{};       // longest additional delay of a message
};

class SimNet {
 public:
  SimNet(SimNode& server, std::mt19937_64& random) : server_(server), random_(random) {}

  // Runs `handler` at the server. Returns its value, or nullopt if there is no answer within
  // `deadline` on the clock of `from`: then the handler has run, or will run later, or never.
  template <typename Value>
  Awaitable<std::optional<Value>> ask(SimNode& from, std::shared_ptr<SimLink> link,
                                      Duration deadline,
                                      std::function<Awaitable<Value>()> handler) {
    const auto asked = std::make_shared<Asked<Value>>();
    asked->alarm = from.clock.make_alarm();
    if (link->refused) {
      co_await asked->alarm->wait_until(from.clock.now().mono + std::chrono::milliseconds(1));
      co_return std::nullopt;
    }
    spawn(server_.context.get_executor(), serve<Value>(std::move(link), std::move(handler), asked));
    const Mono end = from.clock.now().mono + deadline;
    while (!asked->answer && from.clock.now().mono < end) co_await asked->alarm->wait_until(end);
    co_return std::move(asked->answer);
  }

  Duration up_to(Duration longest) {
    return Duration(static_cast<std::int64_t>(
        random_() % static_cast<std::uint64_t>(std::max<std::int64_t>(1, longest.count()))));
  }

 private:
  template <typename Value>
  struct Asked {
    std::unique_ptr<Alarm> alarm;
    std::optional<Value> answer;
  };

  template <typename Value>
  Awaitable<void> serve(std::shared_ptr<SimLink> link, std::function<Awaitable<Value>()> handler,
                        std::weak_ptr<Asked<Value>> asked) {
    const bool arrived = co_await travel(link);
    if (!arrived) co_return;
    Value value = co_await handler();
    const bool returned = co_await travel(link);
    const auto waiting = asked.lock();
    if (!returned || !waiting) co_return;
    waiting->answer.emplace(std::move(value));
    waiting->alarm->ring();
  }

  // One way. Returns false if the message is lost.
  Awaitable<bool> travel(std::shared_ptr<SimLink> link) {
    constexpr Duration kLeast = std::chrono::microseconds(200);
    constexpr Duration kJitter = std::chrono::milliseconds(2);
    constexpr Duration kRepeat = std::chrono::seconds(2);
    constexpr Duration kLook = std::chrono::milliseconds(50);
    const auto alarm = server_.clock.make_alarm();
    const Mono at = server_.clock.now().mono + kLeast + up_to(kJitter) + up_to(link->slow);
    co_await alarm->wait_until(at);
    if (link->refused) co_return false;
    if (!link->cut) co_return true;
    if (random_() % 2 == 0) co_return false;
    while (link->cut) co_await alarm->wait_until(server_.clock.now().mono + kLook);
    co_await alarm->wait_until(server_.clock.now().mono + up_to(kRepeat));
    co_return true;
  }

  SimNode& server_;
  std::mt19937_64& random_;
};

// Calls of one connection: one after the other.
class SimTurns {
 public:
  explicit SimTurns(Clock& clock) : clock_(clock) {}
  Awaitable<void> enter() {
    if (!std::exchange(busy_, true)) co_return;
    const std::shared_ptr<Alarm> alarm = clock_.make_alarm();
    waiting_.push_back(alarm);
    co_await alarm->wait_until(Mono::max());
  }
  void leave() {
    busy_ = !waiting_.empty();
    if (!busy_) return;
    waiting_.front()->ring();
    waiting_.pop_front();
  }

 private:
  Clock& clock_;
  std::deque<std::shared_ptr<Alarm>> waiting_;
  bool busy_ = false;
};

}  // namespace taskwatchd
