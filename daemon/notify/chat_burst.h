// When a chat is notified of a number that grows: the failed tasks of a job, its overdue tasks, the
// changed jobs of an account. Thousands of failures become a handful of messages:
//
//   kFirst    at once                                                        -> kSecond
//   kSecond   5 s after the first, if there were more                        -> kGrowing
//   kGrowing  when the number reported has tripled, and each hour            -> kGrowing
//             when 30 s brought no more                                      -> kSettled
//   kSettled  as kGrowing, but only when tripled and each hour. After an hour without more, the
//             next one is a first again.
//
// Times are UTC. No I/O; no clock.
#pragma once

#include <cstdint>
#include <optional>

#include "core/types/time.h"

namespace taskwatchd {

inline constexpr Duration kSecondAfter = std::chrono::seconds(5);
inline constexpr Duration kQuietAfter = std::chrono::seconds(30);
inline constexpr Duration kRepeatAfter = std::chrono::hours(1);
inline constexpr std::uint32_t kGrowthFactor = 3;

// The events that no message covers yet.
struct NewEvents {
  std::uint32_t count = 0;  // 0: the others have no meaning
  std::uint64_t first_id = 0;
  Wall first_at;
  Wall last_at;

  void add(std::uint64_t id, Wall at);
  void add(const NewEvents& later);
};

enum class BurstPhase : std::uint8_t { kFirst, kSecond, kGrowing, kSettled };

// What was sent: survives a restart.
struct BurstRecord {
  BurstPhase phase = BurstPhase::kFirst;
  std::uint32_t base = 0;      // the number when the burst began
  std::uint32_t reported = 0;  // the number in the newest message
  Wall sent_at;                // time of that message; has no meaning in kFirst with reported 0
  bool operator==(const BurstRecord&) const = default;
};

class ChatBurst {
 public:
  ChatBurst() = default;
  explicit ChatBurst(const BurstRecord& record) : record_(record) {}

  void add(std::uint64_t id, Wall at);
  // Replaces the new events: of a number that the caller keeps itself.
  void set_new(const NewEvents& events) { new_ = events; }
  // The next event begins a burst: its message is sent at once.
  void restart();
  // The number may have fallen after a rerun.
  void lower_to(std::uint32_t number);
  // Times after `now` become `now`: the clock was set back.
  void clamp(Wall now);

  // From when on a message with `number` is due; nullopt if there are no new events. The first
  // message waits for `hold`.
  std::optional<Wall> due_at(std::uint32_t number, Duration hold) const;
  // True if 30 s brought no more: what the new events say was in the newest message, if the number
  // is not above that.
  bool is_quiet(Wall now) const { return new_.count > 0 && now >= new_.last_at + kQuietAfter; }
  void discard_new() { new_ = {}; }

  // A message is being sent: it covers the new events.
  void take();
  // It was not sent: they are new events again.
  void restore();
  // It was sent with `number`. `settle`: it was one message about many jobs.
  void on_sent(std::uint32_t number, Wall now, bool settle);

  const NewEvents& fresh() const { return new_; }
  // The oldest event that no sent message covers; 0: none.
  std::uint64_t first_pending() const {
    return sending_.count > 0 ? sending_.first_id : new_.first_id;
  }
  std::uint32_t sending_count() const { return sending_.count; }
  bool has_pending() const { return sending_.count > 0 || new_.count > 0; }
  const BurstRecord& record() const { return record_; }

 private:
  BurstRecord record_;
  NewEvents sending_;
  NewEvents new_;
};

}  // namespace taskwatchd
