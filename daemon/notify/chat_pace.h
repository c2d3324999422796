// The budget of messages of a chat robot, shared by the sinks with its URL: evenly spaced, so that
// no window of a minute holds more than `max_per_minute` and one more, also across a restart. The
// first message may be sent at once. Pure.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "core/types/time.h"

namespace taskwatchd {

class ChatPace {
 public:
  // When the next message may be sent.
  Mono next_at() const { return next_at_; }
  // A request leaves, or ended with any outcome: call it at both times. `max_per_minute` is that of
  // its sink; 0: no limit.
  void on_request(Mono now, double max_per_minute) {
    if (max_per_minute > 0) wait_until(now + from_seconds(60 / max_per_minute));
  }
  // The service limits requests until then.
  void wait_until(Mono until) {
    if (until > next_at_) next_at_ = until;
  }

 private:
  Mono next_at_;
};

// The budgets of all robots, for as long as a sink uses them.
class ChatPaces {
 public:
  std::shared_ptr<ChatPace> of(const std::string& url) {
    std::erase_if(paces_, [](const auto& one) { return one.second.expired(); });
    std::weak_ptr<ChatPace>& known = paces_[std::hash<std::string>()(url)];
    std::shared_ptr<ChatPace> pace = known.lock();
    if (!pace) known = pace = std::make_shared<ChatPace>();
    return pace;
  }

 private:
  std::map<std::size_t, std::weak_ptr<ChatPace>> paces_;  // by hash: the URL is a secret
};

}  // namespace taskwatchd
