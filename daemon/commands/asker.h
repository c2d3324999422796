// Asks the cloud single questions for the commands that run beside a daemon (query, wait, check).
// Not the daemon's way: it waits for one answer and knows no tasks. Its limiters hold what the
// daemon leaves of the quota, quota x (1 - quota_share), and of quota_total for all APIs together;
// they start empty as those do.
// Loop's thread. Failure is a value.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>

#include "account/call_style.h"
#include "cloud/http.h"
#include "cloud/request.h"
#include "config/config.h"
#include "core/polling/limiter.h"
#include "ports.h"

namespace taskwatchd {

struct AskResult {
  Outcome outcome;
  std::string advice;  // of a failure: what happened and what to do, one sentence or two
};

// Calls a second that a command may spend. 0: none are left.
double spare_rate(const AccountConfig& account, Api api = Api::kQueryTask);

class Asker {
 public:
  // All must outlive this.
  Asker(const Config& config, Clock& clock, Entropy& entropy, HttpClient& http, KeySource& keys);

  // Makes one call at an instance of an account, both as indexes into the configuration, or with no
  // instance at the account's distribution endpoint. Waits its turn; asks again, a few times, what
  // may pass by itself. An undocumented code of the cloud is returned as kNotFound, keys that
  // cannot be had as kAuth.
  // REQUIRES: spare_rate of this API > 0, and no other question to this account is waiting.
  Awaitable<AskResult> ask(std::size_t account, std::optional<std::size_t> instance, ApiCall call);

 private:
  struct Line {  // one for each account and API
    Limiter limiter;
    Mono not_before = Mono::min();  // of the next call, whatever the limiter says
  };
  struct Reply {
    Outcome outcome;
    std::optional<Wall> server_date;
    std::string key_error;         // nothing was sent
    bool has_new_keys = false;     // than those that were refused
    std::optional<Mono> departed;  // nullopt if it never left
  };

  Awaitable<void> turn(std::size_t account, Api api);
  Awaitable<Reply> send(std::size_t account, Endpoint endpoint, ApiCall call);
  bool again(std::size_t account, Api api, const Reply& reply, int tries, int& mends);

  const Config& config_;
  Clock& clock_;
  Entropy& entropy_;
  HttpClient& http_;
  KeySource& keys_;
  std::map<std::size_t, CallStyle> styles_;  // by account
  std::map<std::pair<std::size_t, Api>, Line> lines_;
  std::map<std::size_t, Limiter> totals_;  // by account, those that have a quota_total
};

}  // namespace taskwatchd
