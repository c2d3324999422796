// The pollers of all accounts, one each: brings them in line with a configuration, at start and at
// each reload, without dropping calls in flight. Loop's thread.
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
#include "pipeline/poller.h"
#include "pipeline/recorder.h"
#include "ports.h"
#include "view/metrics.h"

namespace taskwatchd {

class Fleet {
 public:
  Fleet(boost::asio::any_io_executor executor, Ports ports, Recorder& recorder, Metrics& metrics);

  // Reads what the store knows of newly listed tasks, then takes over the configuration at once:
  // pollers start, change or stop, and the metrics follow. On an error nothing has changed; it is
  // one to be stopped meanwhile.
  // REQUIRES: no other take_over is running.
  Awaitable<std::optional<StoreError>> take_over(const Config& config);
  // How many parts were read of the store so far: while it grows, a take_over is getting on.
  std::uint64_t parts_read() const { return parts_read_; }

  // Reads the counters of jobs that begin to be watched while the daemon runs. Never ends; at most
  // one at a time.
  Awaitable<void> follow_counters();

  // No more calls; those in flight end by themselves.
  void stop();
  bool stopped() const { return pollers_.empty() && retired_.empty(); }

  std::vector<AccountStatus> status() const;
  // One for each account that watches the task; with `account` not empty for that one only.
  std::vector<Explanation> explain(const std::string& task_id, const std::string& account) const;
  // A page of the watched tasks.
  TaskListing tasks(TaskFilter filter, TaskKey after, std::size_t limit) const;
  bool has_account(const std::string& account) const { return pollers_.contains(account); }
  // How far the platform's clock is from ours, in s, as the account sees it that is nearest;
  // nothing while no response had a usable Date.
  std::optional<double> clock_offset() const;
  // All that is watched now, found jobs too.
  Watched watched() const;
  // By account and id.
  std::vector<DistributionRecord> distributions() const;

 private:
  Awaitable<std::variant<Stored, StoreError>> load(const AccountConfig& account,
                                                   const Poller* poller);
  Awaitable<std::optional<StoreError>> load_tasks(const std::string& account,
                                                  const std::vector<std::string>& ids,
                                                  std::vector<TaskRecord>& records);
  Awaitable<std::optional<StoreError>> load_tasks_of(JobKey job, std::vector<TaskRecord>& records);
  Awaitable<std::optional<StoreError>> load_counters(const std::string& account,
                                                     std::vector<std::string> jobs);
  void restore(const Stored& stored);
  void start(const AccountConfig& account, const Stored& stored);
  void retire(const std::string& account);

  boost::asio::any_io_executor executor_;
  Ports ports_;
  Recorder& recorder_;
  Metrics& metrics_;
  std::map<std::string, std::unique_ptr<Poller>> pollers_;  // by account
  std::vector<std::unique_ptr<Poller>> retired_;            // stopped, with calls in flight
  std::unique_ptr<Alarm> counters_alarm_;
  std::uint64_t parts_read_ = 0;
  bool stopping_ = false;
};

// How many tasks a configuration names by id.
std::size_t count_tasks(const Config& config);

}  // namespace taskwatchd
