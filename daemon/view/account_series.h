// The counters and histograms that the daemon maintains itself, in a prometheus-cpp registry: those
// of the whole daemon and, in AccountSeries, those of one account. Fixed label sets are exported as
// 0 as soon as the account exists: Prometheus misses an increase in a series' first sample.
// Event-loop thread only.
#pragma once

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/types/change.h"
#include "core/types/status.h"
#include "core/types/time.h"
#include "ports.h"
#include "view/families.h"

namespace taskwatchd {

// The families in the registry. Must outlive every AccountSeries.
struct OwnFamilies {
  template <typename T>
  using In = prometheus::Family<T>&;
  OwnFamilies();

  prometheus::Registry registry;
  In<prometheus::Gauge> build_info;
  In<prometheus::Counter> api_requests;
  In<prometheus::Counter> api_retries;
  In<prometheus::Counter> api_failures;
  In<prometheus::Histogram> api_request_duration;
  In<prometheus::Histogram> detection_delay;
  In<prometheus::Histogram> task_duration;
  In<prometheus::Histogram> task_queue_wait;
  In<prometheus::Histogram> task_execution;
  In<prometheus::Counter> anomalies;
  In<prometheus::Histogram> store_commit_duration;
  In<prometheus::Histogram> loop_delay;
  In<prometheus::Histogram> notify_delay;
  In<prometheus::Counter> http_requests;
};

std::vector<double> buckets_of(FamilyId id);
// The default bucket edges and the bound; one edge is above the bound, so that a quantile can
// exceed it.
std::vector<double> delay_buckets(std::optional<Duration> bound);

class AccountSeries {
 public:
  AccountSeries(OwnFamilies& families, std::string account, std::optional<Duration> bound);
  ~AccountSeries();  // removes the account's series
  AccountSeries(const AccountSeries&) = delete;
  AccountSeries& operator=(const AccountSeries&) = delete;

  // A changed bound resets the delay histogram, because its edges cannot be changed.
  void set_bound(std::optional<Duration> bound);
  // Creates the series of the API.
  void use(Api api);
  void call_ended(const CallEnd& call);
  void committed(const TaskChange& change, Wall at);
  void anomaly(Anomaly kind);
  // Copies the calls, their failures and the delays into `status`.
  void count_into(AccountStatus& status) const;

 private:
  struct ApiSeries {
    prometheus::Counter* requests = nullptr;
    prometheus::Counter* retries = nullptr;
    prometheus::Histogram* duration = nullptr;
    std::vector<prometheus::Counter*> failures;  // by Reason
  };
  template <typename T, typename... Args>
  T* add(prometheus::Family<T>& family, prometheus::Labels labels, Args&&... args);
  void add_delays();

  OwnFamilies& families_;
  const std::string account_;
  std::optional<Duration> bound_;
  std::map<Api, ApiSeries> apis_;
  std::vector<prometheus::Histogram*> delays_;               // bad, good, other
  std::map<TaskStatus, prometheus::Histogram*> durations_;   // by outcome
  std::map<TaskStatus, prometheus::Histogram*> executions_;  // by outcome
  prometheus::Histogram* queue_wait_ = nullptr;
  std::vector<prometheus::Counter*> anomalies_;  // by Anomaly
  std::vector<std::function<void()>> removals_;  // of all but delays_
};

}  // namespace taskwatchd
