// The pollers of all accounts, one each: applies a configuration to them, at start and at each
// reload, without dropping calls in flight. Event-loop thread only.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "config/config.h"
#include "core/tracking/task_selection.h"
#include "core/types/status.h"
#include "pipeline/account_loader.h"
#include "pipeline/poller.h"
#include "pipeline/recorder.h"
#include "ports.h"
#include "view/metrics.h"

namespace taskwatchd {

class Fleet {
 public:
  Fleet(boost::asio::any_io_executor executor, Ports ports, Recorder& recorder, Metrics& metrics);

  // Reads the stored records of newly configured tasks, then applies the configuration in one step:
  // pollers start, change or stop, and the metrics follow. On an error nothing has changed,
  // including the error of being stopped meanwhile. REQUIRES: no other apply is running.
  Awaitable<std::optional<StoreError>> apply(const Config& config);
  // From now on only the accounts that this replica holds are polled.
  void share() { shared_ = true; }
  // This replica holds the account: reads its state and polls it. Spawns the work.
  void acquire(const std::string& account);
  // It does not hold the account any more: its calls end, and nothing observed is stored.
  void lose(const std::string& account);
  // Ends the account's calls and stores what they have shown, before the lease is given up.
  // Returns within 3 s.
  Awaitable<void> hand_over(std::string account);
  // Accounts that were held here before: their last values are exported until forget_former(), so
  // that a hand-over interrupts no series.
  std::vector<std::string> former() const;
  void forget_former(const std::string& account);

  // Number of parts read from the state database so far: while it grows, a apply is making
  // progress.
  std::uint64_t parts_read() const { return loader_.parts_read(); }

  // Reads the counters of jobs that begin to be watched while the daemon runs. Never returns; run
  // at most one at a time.
  Awaitable<void> follow_counters();

  // Starts no more calls; those in flight finish on their own.
  void stop();
  bool stopped() const { return pollers_.empty() && retired_.empty(); }

  // The states of explicit tasks by account.
  using Surveys = std::map<std::string, std::shared_ptr<const ExplicitStates>>;
  // Surveys accounts for about 1 ms: those that follow the last one in `all`. Returns true after
  // the last account. This is most of the work of status(), done before it in several turns.
  bool survey(Surveys& all) const;
  // The status of all accounts now, in the order of their names; only what has been surveyed is as
  // old as its survey.
  std::vector<AccountStatus> status(const Surveys& surveyed = {}) const;
  // One for each account that watches the task; only that account's if `account` is not empty.
  std::vector<Explanation> explain(const std::string& task_id, const std::string& account) const;
  // Continues the selection with TaskSelection::kRows tasks. Returns true after the last one.
  bool select(TaskSelection& selection) const;
  bool has_account(const std::string& account) const { return pollers_.contains(account); }
  // As applied last, with the accounts that are not polled here.
  const Config& config() const { return config_; }
  // Platform's clock minus ours, in seconds, from the account where it is smallest in magnitude;
  // nullopt until a response had a usable Date.
  std::optional<double> clock_offset() const;
  // Everything that is watched now, including discovered jobs.
  Watched watched() const;
  // Sorted by account and id.
  std::vector<DistributionRecord> distributions() const;

 private:
  bool is_held(const std::string& account) const { return !shared_ || held_.contains(account); }
  // Number of the acquisition that holds the account; 0 if it is not shared.
  std::uint64_t turn_of(const std::string& account) const;
  Awaitable<void> take_over(std::string account, std::uint64_t turn);
  void restore(const Stored& stored);
  void start(const AccountConfig& account, const Stored& stored);
  void retire(const std::string& account);

  boost::asio::any_io_executor executor_;
  Ports ports_;
  Recorder& recorder_;
  Metrics& metrics_;
  AccountLoader loader_;
  std::map<std::string, std::unique_ptr<Poller>> pollers_;  // by account
  std::vector<std::unique_ptr<Poller>> retired_;            // stopped, with calls in flight
  std::unique_ptr<Alarm> counters_alarm_;
  Config config_;                                // as applied last
  std::uint64_t applied_ = 0;                    // number of configurations applied
  bool shared_ = false;                          // with other replicas
  std::map<std::string, std::uint64_t> held_;    // accounts, if shared: number of the acquisition
  std::uint64_t turns_ = 0;                      // number of acquisitions
  std::map<std::string, AccountStatus> former_;  // as of their loss, by account
  bool stopping_ = false;
};

// Number of explicit tasks in a configuration.
std::size_t count_tasks(const Config& config);

}  // namespace taskwatchd
