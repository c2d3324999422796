// The counters and histograms of the whole daemon, in a prometheus-cpp registry: their number is
// bounded by the routes of the server and the configured sinks. Event-loop thread only.
#pragma once

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "config/config.h"
#include "core/types/time.h"

namespace taskwatchd {

class DaemonSeries {
 public:
  DaemonSeries();

  void build_info(const std::string& version, const std::string& revision,
                  const std::string& compiler);
  void commit_took(Duration took);
  void loop_delayed(Duration delay);
  void notified(const std::string& sink, Duration age);
  // Removes the series of sinks that are not configured.
  void keep_sinks(const std::vector<SinkConfig>& sinks);
  // Beyond kHandlers different handlers, and for invalid HTTP status codes, "other" is counted.
  static constexpr std::size_t kHandlers = 32;
  void http_request(const std::string& handler, int code);

  std::vector<prometheus::MetricFamily> collect() const { return registry_.Collect(); }

 private:
  prometheus::Registry registry_;
  prometheus::Family<prometheus::Gauge>& build_info_;
  prometheus::Family<prometheus::Histogram>& commit_duration_family_;
  prometheus::Family<prometheus::Histogram>& loop_delay_family_;
  prometheus::Family<prometheus::Histogram>& notify_delay_family_;
  prometheus::Family<prometheus::Counter>& http_requests_;
  prometheus::Histogram& commit_duration_;
  prometheus::Histogram& loop_delay_;
  std::map<std::string, prometheus::Histogram*> notify_delays_;  // by sink
  std::set<std::string> handlers_;
};

}  // namespace taskwatchd
