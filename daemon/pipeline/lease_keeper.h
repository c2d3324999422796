// Keeps this replica's leases in a state database that several replicas share: renews them, claims
// abandoned ones, gives some up for balance, and says whether calls may be sent. The decisions are
// made in core/replicas/lease_book.h. Event-loop thread only.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/replicas/lease_book.h"
#include "ports.h"

namespace taskwatchd {

class LeaseKeeper : public Leases {
 public:
  struct Hooks {
    // The account is this replica's now: its state is read, then it is polled.
    std::function<void(const std::string& account)> acquired;
    // Another replica may hold it: its calls end, and nothing observed is written any more.
    std::function<void(const std::string& account)> lost;
    // It will be given up: ends its calls and stores what they have shown.
    std::function<Awaitable<void>(std::string account)> hand_over;
  };

  // `self`: name and URL of this replica. All references must outlive this object.
  LeaseKeeper(boost::asio::any_io_executor executor, Clock& clock, Log& log, LeaseStore& store,
              Replica self, Hooks hooks);

  // The accounts of a new configuration; `config_hashes` as in Replica.
  void configure(std::vector<std::string> accounts, std::vector<std::string> config_hashes);
  // Runs until stop() has released everything.
  Awaitable<void> run();
  // Hands over every account and releases its lease; then run() returns.
  void stop();
  bool stopped() const { return stopped_; }

  // A commit was refused because of these accounts' leases.
  void fenced(const std::vector<std::string>& accounts);

  bool may_call(const std::string& account) override;
  const LeaseBook& book() const { return book_; }
  const std::string& self() const { return self_.holder; }

 private:
  Awaitable<void> read(bool renew);
  Awaitable<void> claim();
  Awaitable<void> give_up(std::string account);
  std::optional<Lease> held(const std::string& account) const;
  void acquire(const Lease& lease);
  void lose(const std::string& account, const std::string& why);
  void write(Level level, const std::string& name, std::string msg, const std::string& account);
  void store_changed(const StoreError* error);
  // Logs accounts that replicas configure differently.
  void compare_configurations();

  boost::asio::any_io_executor executor_;
  Clock& clock_;
  Log& log_;
  LeaseStore& store_;
  Replica self_;
  Hooks hooks_;
  LeaseBook book_;
  std::unique_ptr<Alarm> alarm_;
  Mono renew_at_ = Mono::min();
  Mono read_at_ = Mono::min();
  std::set<std::string> giving_up_;  // accounts
  std::string problem_;              // that is logged already
  // Accounts that another replica configures differently: since when, and whether it is logged.
  std::map<std::string, std::pair<Mono, bool>> differing_;
  bool stopping_ = false;
  bool stopped_ = false;
};

}  // namespace taskwatchd
