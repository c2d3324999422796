// Makes single API calls for the commands that may run beside a daemon (query, wait, check). Unlike
// the daemon it waits for each response and keeps no task status. Its limiters allow what the
// daemon leaves of the quota, quota x (1 - quota_share), and of quota_total for all APIs together;
// like the daemon's, they start empty.
// Event-loop thread only. Failures are returned as values.
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
  std::string advice;  // for a failure: what happened and what to do, in one or two sentences
};

// Calls per second that a command may make. 0: the daemon's share leaves none.
double spare_rate(const AccountConfig& account, Api api = Api::kQueryTask);

class Asker {
 public:
  // All references must outlive this object.
  Asker(const Config& config, Clock& clock, Entropy& entropy, HttpClient& http, KeySource& keys);

  // Makes one call at an instance of an account (both are indexes into the configuration) or,
  // without an instance, at the account's distribution endpoint. Waits for the rate limit; retries
  // transient failures a few times. An undocumented error code is returned as kNotFound,
  // unavailable credentials as kAuth.
  // REQUIRES: spare_rate of this API > 0, and no other call for this account is waiting.
  Awaitable<AskResult> ask(std::size_t account, std::optional<std::size_t> instance, ApiCall call);

 private:
  struct Line {  // one per account and API
    Limiter limiter;
    Mono not_before = Mono::min();  // earliest next call, whatever the limiter allows
  };
  struct Reply {
    Outcome outcome;
    std::optional<Wall> server_date;
    std::string key_error;         // not empty: no credentials, nothing was sent
    bool has_new_keys = false;     // the credentials have changed since the rejected call
    std::optional<Mono> departed;  // nullopt if the call was never sent
  };

  Awaitable<void> turn(std::size_t account, Api api);
  Awaitable<Reply> send(std::size_t account, Endpoint endpoint, ApiCall call);
  bool again(std::size_t account, Api api, const Reply& reply, int tries, int& adaptations);

  const Config& config_;
  Clock& clock_;
  Entropy& entropy_;
  HttpClient& http_;
  KeySource& keys_;
  std::map<std::size_t, CallStyle> styles_;  // by account
  std::map<std::pair<std::size_t, Api>, Line> lines_;
  std::map<std::size_t, Limiter> totals_;  // by account, only those with a quota_total
};

}  // namespace taskwatchd
