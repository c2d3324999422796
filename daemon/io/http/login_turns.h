// Decides whose password is checked next when many logins wait and one is checked at a time. A
// client with wrong guesses has one place, is served after clients without, and has a delay: an
// attacker who guesses cannot lock out users who know the password. No I/O; the caller passes the
// time.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/types/time.h"

namespace taskwatchd {

class LoginTurns {
 public:
  static constexpr std::size_t kWaiting = 64;
  static constexpr std::size_t kPerClient = 8;  // until its first wrong guess
  // Number of clients whose wrong guesses are remembered, about 100 bytes each: the newest.
  static constexpr std::size_t kClients = 1024;
  // Delay between two guesses of one client, doubled after each wrong one. The maximum is low
  // because a client may be a whole network, where a correct login waits as long.
  static constexpr Duration kFirstDelay = std::chrono::milliseconds(500);
  static constexpr Duration kLongestDelay = std::chrono::seconds(8);
  static constexpr Duration kForgottenAfter = std::chrono::minutes(15);  // without a wrong guess

  using Turn = std::uint64_t;  // a waiting login
  struct Entry {
    std::optional<Turn> turn;       // nullopt: no place is free
    std::optional<Turn> displaced;  // the login that lost its place to this one
  };
  // `client` is a text that identifies one client.
  Entry enter(const std::string& client, Mono now);
  // Removes and returns the next one; nullopt if all waiting ones are in their delay.
  std::optional<Turn> next(Mono now);
  // Returns when the delay of that waiting login ends. The time may move later.
  Mono ready_at(Turn turn) const;
  // Removes a waiting login. Like a displaced one, it counts as a wrong guess of its client:
  // otherwise logins that are never checked could return repeatedly as the newest and overtake a
  // correct login that waits.
  void leave(Turn turn, Mono now);
  // Records the result of a check of that client. Returns the logins that lost their places: after
  // a wrong guess the client keeps one place.
  std::vector<Turn> checked(const std::string& client, bool right, Mono now);

 private:
  struct Guesses {
    int wrong = 0;
    Mono last;
  };
  int wrong_of(const std::string& client, Mono now) const;
  Mono ready_at(const std::string& client) const;
  void count_wrong(const std::string& client, Mono now);

  std::map<std::string, Guesses> guesses_;  // of clients with wrong guesses
  std::map<Turn, std::string> waiting_;     // client by login, the oldest first
  Turn last_ = 0;
};

}  // namespace taskwatchd
