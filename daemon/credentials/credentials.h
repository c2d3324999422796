// The credentials of all accounts, from any source. Local ones are returned at once. Temporary
// credentials are fetched in the background, at most one fetch per account at a time, and renewed
// before they expire. A source that is down, slow or hostile affects only its own account.
// Event-loop thread only; keys() never waits. The only state kept of a failed source is its
// backoff.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "credentials/credential_fetch.h"
#include "credentials/credential_sources.h"
#include "ports.h"

namespace taskwatchd {

class Credentials : public KeySource {
 public:
  // between two checks of local files
  static constexpr Duration kCheckInterval = std::chrono::seconds(5);
  // A source that was valid is used for this long after it became invalid: a program that rewrites
  // a file in place truncates it first.
  static constexpr Duration kGrace = std::chrono::seconds(20);
  // Temporary credentials are renewed when this much of their lifetime is left, or a fifth of it if
  // that is less; jitter is added.
  static constexpr Duration kRenewAhead = std::chrono::minutes(15);
  // first backoff after a failure; doubled after each further one
  static constexpr Duration kFirstPause = std::chrono::seconds(1);
  static constexpr Duration kLongestPause = std::chrono::seconds(60);
  // Credentials of a later source are used for this long before the earlier sources are tried
  // again.
  static constexpr Duration kFallbackTime = std::chrono::minutes(1);
  // Minimum interval between two forced refreshes after the API rejected temporary credentials.
  // Doubles up to the maximum while rejections continue; resets after twice the maximum without
  // one.
  static constexpr Duration kRenewalPause = std::chrono::seconds(5);
  static constexpr Duration kLongestRenewalPause = std::chrono::minutes(10);

  // What `ports` points to and `files` must outlive this object, which must outlive the run of the
  // event loop. `warn` is called if a renewal fails while the old credentials are still valid, once
  // until a renewal succeeds.
  Credentials(boost::asio::any_io_executor executor, FetchPorts ports, KeySource& files,
              std::function<void(std::string)> warn);

  std::variant<Keys, KeyError> keys(const AccountConfig& account) override;
  bool refused(const AccountConfig& account, const Keys& keys) override;
  // Removes the credentials of accounts that are no longer configured. Call it after a reload.
  void keep_only(const Config& config);

 private:
  // Fetched credentials and their expiry.
  struct CachedKeys {
    Keys keys;
    KeyCandidate from;
    Mono renew_at = Mono::max();
    Mono ends_at = Mono::max();
    // When the sources before `from` are tried again.
    Mono earlier_at = Mono::max();
  };
  struct Slot {  // one per account
    AccountConfig account;
    std::vector<KeyCandidate> sources;  // in the chain's order
    std::optional<Mono> checked_at;
    Mono good_at;  // when all sources were last free of new problems
    std::optional<CachedKeys> cached;
    std::string error;  // of the last fetch; empty after a success
    int failures = 0;   // consecutive
    Mono next_try = Mono::min();
    bool fetching = false;
    bool suspect = false;   // the API rejected the current credentials
    bool renewing = false;  // and they are not returned: callers wait for the running fetch
    std::optional<Mono> renewed_at;
    Duration renewal_pause = kRenewalPause;  // current interval between forced refreshes
  };

  std::shared_ptr<Slot> slot_of(const AccountConfig& account);
  void find_sources(Slot& slot, Mono now);
  const KeyCandidate* at_once(const Slot& slot) const;
  void start(const std::shared_ptr<Slot>& slot);
  Awaitable<void> fetch(std::shared_ptr<Slot> slot);
  void take(Slot& slot, FetchedKeys fetched, const KeyCandidate& from, bool first);
  void fail(Slot& slot, std::string error);
  std::string complaint(const Slot& slot, const std::string& notes) const;
  double random01();

  boost::asio::any_io_executor executor_;
  FetchPorts ports_;
  KeySource& files_;
  CredentialSources sources_;
  std::function<void(std::string)> warn_;
  std::map<std::string, std::shared_ptr<Slot>> slots_;  // by account
};

}  // namespace taskwatchd
