// Consecutive failures per item and API: how long to back off, and which calls repeat a failed one.
// An API failure for one item says nothing about other items. No I/O. Event-loop thread only.
#pragma once

#include <map>
#include <set>
#include <string>

#include "core/types/call.h"
#include "core/types/time.h"

namespace taskwatchd {

class Retries {
 public:
  // What a failure says about the item itself rather than about the connection.
  enum class Blame : std::uint8_t {
    kItem,   // the platform rejected it: repeating the same call soon will hardly help
    kReply,  // the response is not the documented one, possibly by chance
  };
  // Counts a failure. Returns how long that API is not called for that item: 5 s, doubled with each
  // consecutive failure up to 60 s, but not less than `least` (the minimum poll interval). A first
  // unreadable response is retried at once, a second one after 1 s.
  Duration failed(const CallKey& key, Blame blame, Duration least);
  int consecutive(const CallKey& key) const;
  void succeeded(const CallKey& key) { failures_.erase(key); }

  // The item's next call repeats one that failed temporarily.
  void expect_repeat(const CallKey& key) { repeats_.insert(key); }
  bool take_repeat(const CallKey& key) { return repeats_.erase(key) > 0; }

  // The task, job or distribution is no longer watched.
  void forget(const std::string& item);

 private:
  std::map<CallKey, int> failures_;
  std::set<CallKey> repeats_;
};

}  // namespace taskwatchd
