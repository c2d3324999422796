// The mutes of chats, in memory and in the state database. With replicas, each of them may add or
// end one; the others learn of it within kReadMutesEvery. Event-loop thread only.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/types/mute.h"
#include "ports.h"

namespace taskwatchd {

constexpr Duration kReadMutesEvery = std::chrono::seconds(5);

class MuteBook {
 public:
  // `changed` is called when a mute begins or ends.
  MuteBook(Ports ports, std::function<void()> changed);

  // Reads the stored mutes, and with `others` (replicas) again and again, until stop().
  Awaitable<void> run(bool others);
  void stop();

  // Stores a new mute and returns it with its id. An error if it is not stored.
  Awaitable<std::variant<Mute, StoreError>> add(Mute mute);
  // Ends a mute. Returns nullopt if none with this id is active.
  Awaitable<std::variant<std::optional<Mute>, StoreError>> end(std::string id);

  // Those that have not ended, by the time of their creation.
  std::vector<Mute> active() const;
  // When the next one ends.
  std::optional<Wall> next_end() const;

 private:
  Awaitable<std::optional<StoreError>> put(const Mute& mute);

  Ports ports_;
  std::function<void()> changed_;
  std::unique_ptr<Alarm> alarm_;
  std::vector<Mute> mutes_;
  bool stopping_ = false;
};

}  // namespace taskwatchd
