// Consecutive failures of each item by each API: how long to back off, and which calls repeat a
// failed one. An API that fails for an item says nothing of the others. No I/O. Event-loop thread
// only.
#pragma once

#include <map>
#include <set>
#include <string>

#include "core/types/call.h"
#include "core/types/time.h"

namespace taskwatchd {

class Retries {
 public:
  // How much a failure says of the item rather than of the way to it.
  enum class Blame : std::uint8_t {
    kItem,   // the platform refused it: the same call will hardly do better soon
    kReply,  // what came back is not the documented response: that may have been chance
  };
  // One more failure. Returns how long that item is not asked for by that API: 5 s, doubled with
  // each consecutive failure up to a minute, but not less than `least` (the minimum poll interval);
  // a first unreadable reply is asked for again at once, a second one after a second.
  Duration failed(const CallKey& key, Blame blame, Duration least);
  int consecutive(const CallKey& key) const;
  void succeeded(const CallKey& key) { failures_.erase(key); }

  // The item's next call repeats one that failed for a passing reason.
  void expect_repeat(const CallKey& key) { repeats_.insert(key); }
  bool take_repeat(const CallKey& key) { return repeats_.erase(key) > 0; }

  // The task, job or distribution is no longer watched.
  void forget(const std::string& item);

 private:
  std::map<CallKey, int> failures_;
  std::set<CallKey> repeats_;
};

}  // namespace taskwatchd
