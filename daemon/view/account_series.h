// The counters and histograms of one account that the daemon maintains itself, as plain values that
// the metrics output shares until they change. Fixed label sets are exported as 0 as soon as the
// account exists: Prometheus misses an increase in a series' first sample.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/types/change.h"
#include "core/types/status.h"
#include "core/types/time.h"
#include "ports.h"
#include "view/copy_on_write.h"
#include "view/histogram.h"
#include "view/metrics_writer.h"

namespace taskwatchd {

struct AccountNumbers {
  struct Calls {
    Calls();
    std::uint64_t requests = 0;
    std::uint64_t retries = 0;
    std::array<std::uint64_t, kAllReasons.size()> failures{};
    Histogram duration;  // s
  };
  AccountNumbers(std::string account, std::optional<Duration> bound);

  std::string account;
  std::map<Api, Calls> apis;                  // in use
  std::vector<Histogram> delays;              // s: bad, good, other
  std::map<TaskStatus, Histogram> durations;  // s, by outcome
  std::map<TaskStatus, Histogram> executions;
  Histogram queue_wait;  // s
  std::array<std::uint64_t, kAllAnomalies.size()> anomalies{};
};

using AllAccountNumbers = std::vector<std::shared_ptr<const AccountNumbers>>;
// Writes their families. Any thread.
void write_account_families(const AllAccountNumbers& accounts, MetricsWriter& page);

// The default bucket edges and the bound; one edge is above the bound, so that a quantile can
// exceed it.
std::vector<double> delay_buckets(std::optional<Duration> bound);

// Event-loop thread only.
class AccountSeries {
 public:
  AccountSeries(std::string account, std::optional<Duration> bound)
      : numbers_(AccountNumbers(std::move(account), bound)), bound_(bound) {}

  // A changed bound resets the delay histogram, because its edges cannot be changed.
  void set_bound(std::optional<Duration> bound);
  // Creates the series of the API.
  void use(Api api);
  void call_ended(const CallEnd& call);
  void committed(const TaskChange& change, Wall at);
  void anomaly(Anomaly kind);
  // Copies the calls, their failures and the delays into `status`.
  void count_into(AccountStatus& status) const;
  std::shared_ptr<const AccountNumbers> share() { return numbers_.share(); }

 private:
  CopyOnWrite<AccountNumbers> numbers_;
  std::optional<Duration> bound_;
};

}  // namespace taskwatchd
