#include "notify/chat_queue.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace taskwatchd {
namespace {

constexpr std::size_t kKeptEvents = 20;  // twice as many as a message lists

void append(ChatEvents& events, const Event& event) {
  if (events.events.size() < kKeptEvents && events.further.count == 0) {
    events.events.push_back(event);
  } else {
    events.further.add(event.id, event.ts);
  }
}

std::uint64_t first_id(const ChatEvents& events) {
  if (!events.events.empty()) return events.events.front().id;
  return events.further.count > 0 ? events.further.first_id : 0;
}

}  // namespace

void ChatQueue::add(const Event& event) {
  append(waiting_, event);
}

ChatEvents ChatQueue::take_first() {
  restore();
  if (waiting_.events.empty()) return take_all();
  sending_.events.push_back(std::move(waiting_.events.front()));
  waiting_.events.erase(waiting_.events.begin());
  return sending_;
}

ChatEvents ChatQueue::take_all() {
  restore();
  sending_ = std::exchange(waiting_, {});
  return sending_;
}

std::vector<Event> ChatQueue::remove(const std::function<bool(const Event&)>& selected) {
  std::vector<Event> removed;
  std::copy_if(waiting_.events.begin(), waiting_.events.end(), std::back_inserter(removed),
               selected);
  std::erase_if(waiting_.events, selected);
  return removed;
}

void ChatQueue::restore() {
  if (sending_.count() == 0) return;
  ChatEvents all = std::exchange(sending_, {});
  for (const Event& event : waiting_.events) append(all, event);
  all.further.add(waiting_.further);
  waiting_ = std::move(all);
}

Wall ChatQueue::first_at() const {
  return waiting_.events.empty() ? waiting_.further.first_at : waiting_.events.front().ts;
}

Wall ChatQueue::last_at() const {
  return waiting_.further.count > 0 ? waiting_.further.last_at : waiting_.events.back().ts;
}

std::uint64_t ChatQueue::first_pending() const {
  const std::uint64_t sending = first_id(sending_);
  return sending != 0 ? sending : first_id(waiting_);
}

}  // namespace taskwatchd
