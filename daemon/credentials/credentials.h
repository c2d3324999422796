// The accounts' keys, wherever they come from. Those on this machine are given at once; sessions
// (temporary keys) are fetched in the background, one fetch under way to an account, and renewed
// before they end. A source that is down, slow or hostile is an error of its own account alone.
// Loop's thread; keys() never waits. Nothing is remembered of a source that failed but a pause.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "credentials/credential_fetch.h"
#include "credentials/credential_places.h"
#include "ports.h"

namespace taskwatchd {

class Credentials : public KeySource {
 public:
  static constexpr Duration kLookInterval = std::chrono::seconds(5);  // at local files
  // A place that was good is used this long after it turned bad: whoever changes a file in place
  // empties it first.
  static constexpr Duration kGrace = std::chrono::seconds(20);
  // A session is renewed when this is left of it, or a fifth if that is less; jitter comes on top.
  static constexpr Duration kRenewAhead = std::chrono::minutes(15);
  static constexpr Duration kFirstPause = std::chrono::seconds(1);  // after a failure, then doubled
  static constexpr Duration kLongestPause = std::chrono::seconds(60);
  // Keys of a later source are used this long before the earlier ones are asked again.
  static constexpr Duration kFallbackTime = std::chrono::minutes(1);
  // A session fetched anew for a refusal is not so again before this; doubled as long as that does
  // not help, and back to it after twice the longest.
  static constexpr Duration kMendPause = std::chrono::seconds(5);
  static constexpr Duration kLongestMendPause = std::chrono::minutes(10);

  // What `ports` holds and `files` must outlive this; this must outlive the loop's run. `warn` is
  // told of a renewal that failed while the old session is still good, once until one succeeds.
  Credentials(boost::asio::any_io_executor executor, FetchPorts ports, KeySource& files,
              std::function<void(std::string)> warn);

  std::variant<Keys, KeyError> keys(const AccountConfig& account) override;
  bool refused(const AccountConfig& account, const Keys& keys) override;
  // Forgets the keys of accounts that are listed no longer. Call it after a reload.
  void keep_only(const Config& config);

 private:
  // Keys that were fetched, and when they end.
  struct Held {
    Keys keys;
    KeyCandidate from;
    Mono renew_at = Mono::max();
    Mono ends_at = Mono::max();
    // When the sources before `from` are asked again.
    Mono earlier_at = Mono::max();
  };
  struct Slot {  // one to an account
    AccountConfig account;
    std::vector<KeyCandidate> places;  // in the chain's order
    std::optional<Mono> looked_at;
    Mono good_at;  // when the places had no new problem last
    std::optional<Held> held;
    std::string error;  // of the last fetch; empty after a good one
    int failures = 0;   // running
    Mono next_try = Mono::min();
    bool fetching = false;
    bool suspect = false;  // what is held was refused
    bool mending = false;  // and is not given: wait for what is being fetched
    std::optional<Mono> mended_at;
    Duration mend_pause = kMendPause;  // since then
  };

  std::shared_ptr<Slot> slot_of(const AccountConfig& account);
  void look(Slot& slot, Mono now);
  const KeyCandidate* at_once(const Slot& slot) const;
  void start(const std::shared_ptr<Slot>& slot);
  Awaitable<void> fetch(std::shared_ptr<Slot> slot);
  void take(Slot& slot, FetchedKeys fetched, const KeyCandidate& from, bool first);
  void fail(Slot& slot, std::string error);
  std::string complaint(const Slot& slot, const std::string& notes) const;
  double chance();

  boost::asio::any_io_executor executor_;
  FetchPorts ports_;
  KeySource& files_;
  CredentialPlaces places_;
  std::function<void(std::string)> warn_;
  std::map<std::string, std::shared_ptr<Slot>> slots_;  // by account
};

}  // namespace taskwatchd
