#include "view/status_line.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <vector>

namespace taskwatchd {
namespace {

// accounts listed by name if they are down; the others are only counted
constexpr std::size_t kNamed = 3;

std::string count(std::size_t n, std::string_view noun) {
  return fmt::format("{} {}{}", n, noun, n == 1 ? "" : "s");
}

std::string down(const std::vector<std::string>& names) {
  std::string text = fmt::format(", {} down: ", count(names.size(), "account"));
  for (std::size_t i = 0; i < std::min(names.size(), kNamed); ++i) {
    text += (i == 0 ? "" : " ") + names[i];
  }
  if (names.size() > kNamed) text += " ...";
  return text;
}

}  // namespace

std::string render_status_line(const DaemonStatus& status, Wall now) {
  std::size_t tasks = 0;
  std::size_t gone = 0;
  std::optional<Wall> oldest;
  std::vector<std::string> accounts_down;
  for (const AccountStatus& account : status.accounts) {
    tasks += account.unseen + account.unfinished + account.finished + account.gone;
    gone += account.gone;
    if (!account.up) accounts_down.push_back(account.name);
    if (account.oldest_observation) {
      oldest = std::min(oldest.value_or(*account.oldest_observation), *account.oldest_observation);
    }
  }
  std::string line =
      fmt::format("polling {}, {}", count(status.accounts.size(), "account"), count(tasks, "task"));
  if (oldest) {
    const auto age = std::chrono::floor<std::chrono::seconds>(now - *oldest).count();
    line += fmt::format(", oldest {} s", std::max<std::int64_t>(age, 0));
  }
  if (!accounts_down.empty()) line += down(accounts_down);
  if (gone > 0) line += fmt::format(", {} gone", count(gone, "task"));
  if (!status.store_up) line += ", state database not writable";
  if (!status.last_reload_successful) line += ", last reload failed";
  return line;
}

}  // namespace taskwatchd
