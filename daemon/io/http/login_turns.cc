#include "io/http/login_turns.h"

#include <algorithm>

namespace taskwatchd {

int LoginTurns::wrong_of(const std::string& client, Mono now) const {
  const auto found = guesses_.find(client);
  if (found == guesses_.end() || now - found->second.last >= kForgottenAfter) return 0;
  return found->second.wrong;
}

Mono LoginTurns::ready_at(const std::string& client) const {
  const auto found = guesses_.find(client);
  if (found == guesses_.end()) return Mono::min();
  const int doublings = std::min(found->second.wrong - 1, 10);
  return found->second.last + std::min(kFirstDelay * (1 << doublings), kLongestDelay);
}

Mono LoginTurns::ready_at(Turn turn) const {
  return ready_at(waiting_.at(turn));
}

LoginTurns::Entry LoginTurns::enter(const std::string& client, Mono now) {
  const int wrong = wrong_of(client, now);
  const auto same = std::count_if(waiting_.begin(), waiting_.end(),
                                  [&](const auto& one) { return one.second == client; });
  if (static_cast<std::size_t>(same) >= (wrong > 0 ? 1 : kPerClient)) return {};
  Entry entry;
  if (waiting_.size() >= kWaiting) {
    // The oldest entry of the clients with the most wrong guesses.
    const auto worst =
        std::max_element(waiting_.begin(), waiting_.end(), [&](const auto& a, const auto& b) {
          return wrong_of(a.second, now) < wrong_of(b.second, now);
        });
    if (wrong_of(worst->second, now) < wrong) return {};
    entry.displaced = worst->first;
    leave(worst->first, now);
  }
  entry.turn = ++last_;
  waiting_.emplace(*entry.turn, client);
  return entry;
}

std::optional<LoginTurns::Turn> LoginTurns::next(Mono now) {
  auto best = waiting_.end();
  for (auto at = waiting_.begin(); at != waiting_.end(); ++at) {
    if (ready_at(at->second) > now) continue;
    // Select the newest entry of the clients with the fewest wrong guesses. Otherwise first guesses
    // of many clients, which cannot be told from correct logins, would all come before an old
    // login.
    const bool better =
        best == waiting_.end() || wrong_of(at->second, now) <= wrong_of(best->second, now);
    if (better) best = at;
  }
  if (best == waiting_.end()) return std::nullopt;
  const Turn turn = best->first;
  waiting_.erase(best);
  return turn;
}

void LoginTurns::leave(Turn turn, Mono now) {
  const auto found = waiting_.find(turn);
  if (found == waiting_.end()) return;
  count_wrong(found->second, now);
  waiting_.erase(found);
}

void LoginTurns::count_wrong(const std::string& client, Mono now) {
  const int wrong = wrong_of(client, now) + 1;
  guesses_[client] = {wrong, now};
  if (guesses_.size() <= kClients) return;
  guesses_.erase(
      std::min_element(guesses_.begin(), guesses_.end(),
                       [](const auto& a, const auto& b) { return a.second.last < b.second.last; }));
}

std::vector<LoginTurns::Turn> LoginTurns::checked(const std::string& client, bool right, Mono now) {
  if (right) {
    guesses_.erase(client);
    return {};
  }
  count_wrong(client, now);
  std::vector<Turn> lost;
  for (const auto& [turn, who] : waiting_) {
    if (who == client) lost.push_back(turn);
  }
  if (!lost.empty()) lost.pop_back();  // the newest keeps its place
  for (const Turn turn : lost) waiting_.erase(turn);
  return lost;
}

}  // namespace taskwatchd
