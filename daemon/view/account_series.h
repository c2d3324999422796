// The counters and histograms that the daemon keeps itself, in a prometheus-cpp registry: those of
// the whole daemon and, in AccountSeries, those of one account. Closed label sets appear as 0 with
// the account, for an increase that no scrape saw begin is lost. Loop's thread only.
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
  In<prometheus::Counter> http_requests;
};

std::vector<double> buckets_of(FamilyId id);
// The usual edges and the bound; one edge lies above the bound, so that a quantile can exceed it.
std::vector<double> delay_buckets(std::optional<Duration> bound);

class AccountSeries {
 public:
  AccountSeries(OwnFamilies& families, std::string account, std::optional<Duration> bound);
  ~AccountSeries();  // the account's series end
  AccountSeries(const AccountSeries&) = delete;
  AccountSeries& operator=(const AccountSeries&) = delete;

  // Another bound begins the delay's histogram anew, for its edges cannot be moved.
  void set_bound(std::optional<Duration> bound);
  // The API's series exist from now on.
  void use(Api api);
  void call_ended(const CallEnd& call);
  void committed(const TaskChange& change, Wall at);
  void anomaly(Anomaly kind);
  // Puts the calls, their failures and the delays in.
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
  std::map<TaskStatus, prometheus::Histogram*> executions_;  // likewise
  prometheus::Histogram* queue_wait_ = nullptr;
  std::vector<prometheus::Counter*> anomalies_;  // by Anomaly
  std::vector<std::function<void()>> removals_;  // of all but delays_
};

}  // namespace taskwatchd
