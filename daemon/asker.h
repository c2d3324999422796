// Asks the cloud single questions for the commands that run beside a daemon (query, wait, check).
// Not the daemon's way: it waits for one answer and knows no tasks. Its limiter holds what the
// daemon leaves of the quota, quota x (1 - quota_share), and starts empty as that one does.
// Loop's thread. Failure is a value.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "call_style.h"
#include "cloud/http.h"
#include "config/config.h"
#include "core/limiter.h"
#include "ports.h"

namespace taskwatchd {

struct AskResult {
  Outcome outcome;
  std::string advice;  // of a failure: what happened and what to do, one sentence or two
};

// Calls a second that a command may spend. 0: none are left.
double spare_rate(const AccountConfig& account);

class Asker {
 public:
  // All must outlive this.
  Asker(const Config& config, Clock& clock, Entropy& entropy, HttpClient& http, KeySource& keys);

  // Asks for one task at an instance of an account, both as indexes into the configuration. Waits
  // its turn; asks again, a few times, what may pass by itself. An undocumented code of the cloud
  // is returned as kNotFound, keys that cannot be had as kAuth.
  // REQUIRES: spare_rate > 0, and no other question to this account is waiting.
  Awaitable<AskResult> ask(std::size_t account, std::size_t instance, std::string task_id);

 private:
  struct Line {  // one to each account
    Limiter limiter;
    CallStyle style;
    Mono not_before = Mono::min();  // of the next call, whatever the limiter says
  };
  struct Reply {
    Outcome outcome;
    std::optional<Wall> server_date;
    std::string key_error;      // nothing was sent
    bool has_new_keys = false;  // than those that were refused
  };

  Awaitable<void> turn(std::size_t account);
  Awaitable<Reply> call(std::size_t account, std::size_t instance, std::string task_id);
  bool again(std::size_t account, const Reply& reply, int tries, int& mends);

  const Config& config_;
  Clock& clock_;
  Entropy& entropy_;
  HttpClient& http_;
  KeySource& keys_;
  std::map<std::size_t, Line> lines_;
};

}  // namespace taskwatchd
