// Whose password is checked next, where many wait and one is checked at a time. A client that has
// guessed wrong has one place, comes after those that have not, and waits for a delay: who guesses
// cannot keep out who knows. Pure; the caller passes the time.
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
  static constexpr std::size_t kPerClient = 8;  // until it guesses wrong
  // Whose wrong guesses are remembered, at some 100 bytes each: the newest.
  static constexpr std::size_t kClients = 1024;
  // Between two guesses of one client: doubled by each wrong one. No longer, because a client may
  // be a whole network, from which a right login waits as long.
  static constexpr Duration kFirstDelay = std::chrono::milliseconds(500);
  static constexpr Duration kLongestDelay = std::chrono::seconds(8);
  static constexpr Duration kForgottenAfter = std::chrono::minutes(15);  // without a wrong guess

  using Turn = std::uint64_t;  // a login that waits
  struct Entry {
    std::optional<Turn> turn;       // nullopt: there is no place for it
    std::optional<Turn> displaced;  // this one has lost its place to it
  };
  // `client` is a text that stands for one client.
  Entry enter(const std::string& client, Mono now);
  // Takes the next one off; nullopt if all that wait have a delay.
  std::optional<Turn> next(Mono now);
  // When the delay of that waiting login ends. It may grow.
  Mono ready_at(Turn turn) const;
  // Gives the place of a waiting login up. That it came to nothing counts as a wrong guess of its
  // client, as it does for one that is displaced: else those that have never been checked could
  // come again and again as the newest, before a right login that waits.
  void leave(Turn turn, Mono now);
  // Records how the check of that client's login ended. Returns those that have lost their places:
  // after a wrong guess the client keeps one.
  std::vector<Turn> checked(const std::string& client, bool right, Mono now);

 private:
  struct Guesses {
    int wrong = 0;
    Mono last;
  };
  int wrong_of(const std::string& client, Mono now) const;
  Mono ready_at(const std::string& client) const;
  void count_wrong(const std::string& client, Mono now);

  std::map<std::string, Guesses> guesses_;  // of clients that have guessed wrong
  std::map<Turn, std::string> waiting_;     // the clients; the oldest first
  Turn last_ = 0;
};

}  // namespace taskwatchd
