#include "server/web_guard.h"

#include <algorithm>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <string_view>
#include <utility>

#include "cloud/base64.h"
#include "config/bcrypt.h"
#include "core/types/ascii.h"

namespace taskwatchd {
namespace {

std::string random_key(Entropy& entropy) {
  std::string text;
  for (int i = 0; i < 4; ++i) text += std::to_string(entropy.next());
  return text;
}

constexpr std::size_t kMostSharers = 64;  // requests with the same login that wait for its check

}  // namespace

std::optional<Login> read_login(const std::string& authorization) {
  constexpr std::string_view kKind = "basic ";
  std::string_view text = authorization;
  if (!is_word(text.substr(0, kKind.size()), kKind)) return std::nullopt;
  text.remove_prefix(kKind.size());
  while (text.starts_with(' ')) text.remove_prefix(1);
  auto decoded = from_base64(text);
  if (!decoded) return std::nullopt;
  const Secret both(std::move(*decoded));
  const std::size_t colon = both.reveal().find(':');
  if (colon == std::string::npos) return std::nullopt;
  return Login{both.reveal().substr(0, colon), Secret(both.reveal().substr(colon + 1))};
}

// A running check that requests wait for; requests with the same login share it.
struct WebGuard::Pending {
  explicit Pending(const boost::asio::any_io_executor& executor)
      : timer(executor, boost::asio::steady_timer::time_point::max()) {}
  boost::asio::steady_timer timer;
  bool over = false;
  int status = 503;  // 0: admitted
  std::size_t sharers = 0;
};

WebGuard::WebGuard(boost::asio::any_io_executor executor, Clock& clock, Entropy& entropy,
                   std::function<void(int)> refused, PasswordChecker::Check check)
    : executor_(std::move(executor)),
      clock_(clock),
      refused_(std::move(refused)),
      checker_(executor_, clock, std::move(check)),
      cache_(random_key(entropy)) {}

void WebGuard::take(const WebConfig& config) {
  // A new certificate alone does not invalidate cached logins.
  if (config.users != users_) cache_.clear();
  users_ = config.users;
  cost_ = kMinBcryptCost;
  for (const auto& [name, hash] : users_) cost_ = std::max(cost_, bcrypt_cost(hash.reveal()));
  // With a cost of 18, each guess for an unknown user would delay all other logins by 16 s.
  cost_ = std::min(cost_, kMaxQuickBcryptCost);
  nobody_ = Secret(bcrypt_of_nobody(cost_));
  limit_ = config.rate_limit;
  tokens_ = static_cast<double>(limit_.burst);
  filled_ = clock_.now().mono;
}

bool WebGuard::too_often() {
  if (limit_.interval <= Duration::zero()) return false;
  const Mono now = clock_.now().mono;
  const double since = std::chrono::duration<double>(now - filled_).count();
  const double interval = std::chrono::duration<double>(limit_.interval).count();
  tokens_ = std::min(static_cast<double>(limit_.burst), tokens_ + since / interval);
  filled_ = now;
  if (tokens_ < 1) return true;
  tokens_ -= 1;
  return false;
}

WebRefusal WebGuard::refuse(int status) const {
  refused_(status);
  WebResponse response;
  response.status = status;
  response.headers.emplace_back("Cache-Control", "no-store");
  if (status == 401) {
    response.body = "a user and a password are required\n";
    response.headers.emplace_back("WWW-Authenticate",
                                  "Basic realm=\"taskwatchd\", charset=\"UTF-8\"");
  } else if (status == 429) {
    response.body = "too many requests\n";
  } else {
    response.body = "too many passwords are being checked; try again\n";
    response.headers.emplace_back("Retry-After", "1");
  }
  return response;
}

std::string WebGuard::user_of(const WebRequest& request) const {
  const std::string* const header = request.header("authorization");
  const auto login = users_.empty() || header == nullptr ? std::nullopt : read_login(*header);
  return login ? login->user : std::string();
}

std::variant<WebRefusal, Awaitable<WebRefusal>> WebGuard::admit(const WebRequest& request) {
  if (too_often()) return refuse(429);
  if (users_.empty()) return WebRefusal();
  const std::string* const header = request.header("authorization");
  std::optional<Login> login;
  if (header != nullptr) login = read_login(*header);
  if (!login) return refuse(401);
  const auto user = users_.find(login->user);
  const bool listed = user != users_.end();
  const Secret& hash = listed ? user->second : nobody_;
  std::string key = cache_.key(login->user, hash, login->password);
  if (const auto known = cache_.find(key)) return *known ? WebRefusal() : refuse(401);
  return check(request.client, std::move(*login), hash, listed, std::move(key));
}

Awaitable<WebRefusal> WebGuard::check(std::string client, Login login, Secret hash, bool listed,
                                      std::string key) {
  // Per client, so that no client waits in another one's queue.
  std::pair<std::string, std::string> whose{client, key};
  const auto found = checks_->find(whose);
  const bool first = found == checks_->end();
  const auto pending = first ? std::make_shared<Pending>(executor_) : found->second;
  // Connections that wait for a check cannot be closed to make room for others.
  if (!first && ++pending->sharers > kMostSharers) co_return refuse(503);
  if (first) {
    // Wakes the waiting requests however this coroutine ends.
    struct End {
      std::shared_ptr<Checks> checks;
      std::shared_ptr<Pending> pending;
      std::pair<std::string, std::string> whose;
      ~End() {
        checks->erase(whose);
        pending->over = true;
        pending->timer.cancel();
      }
    };
    checks_->emplace(whose, pending);
    const End end{checks_, pending, std::move(whose)};
    PasswordChecker::Question question{std::move(client), std::move(login.password), hash, cost_};
    const auto matches = co_await checker_.check(std::move(question));
    // Meanwhile the user may have been removed or have a new password: then the result is
    // discarded.
    const auto user = users_.find(login.user);
    const bool as_before = listed == (user != users_.end() && user->second == hash);
    if (matches && as_before) {
      const bool right = *matches && listed;
      cache_.keep(key, right);
      pending->status = right ? 0 : 401;
    }
  }
  boost::system::error_code cancelled;
  while (!first && !pending->over) {
    co_await pending->timer.async_wait(
        boost::asio::redirect_error(boost::asio::use_awaitable, cancelled));
  }
  if (pending->status == 0) co_return WebRefusal();
  co_return refuse(pending->status);
}

}  // namespace taskwatchd
