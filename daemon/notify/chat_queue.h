// The events without a job that a chat must be notified of, oldest first. Keeps the first ones and
// counts further ones, so that its memory is bounded. Pure.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "core/events/event.h"
#include "notify/chat_burst.h"

namespace taskwatchd {

// Events without a job.
struct ChatEvents {
  std::vector<Event> events;
  NewEvents further;  // counted only

  std::size_t count() const { return events.size() + further.count; }
};

class ChatQueue {
 public:
  void add(const Event& event);
  // The oldest event, or all: they are being sent.
  ChatEvents take_first();
  ChatEvents take_all();
  // Removes and returns the listed events that are `selected`. REQUIRES: none are being sent.
  std::vector<Event> remove(const std::function<bool(const Event&)>& selected);
  // They were not sent.
  void restore();
  void on_sent() { sending_ = {}; }

  std::size_t count() const { return waiting_.count(); }
  // REQUIRES: count() > 0.
  Wall first_at() const;
  Wall last_at() const;
  // The oldest event that no message covers; 0: none.
  std::uint64_t first_pending() const;

 private:
  ChatEvents waiting_;
  ChatEvents sending_;
};

}  // namespace taskwatchd
