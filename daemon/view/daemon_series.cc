#include "view/daemon_series.h"

#include <algorithm>

#include "view/families.h"
#include "view/label_text.h"

namespace taskwatchd {
namespace {

template <typename Builder>
auto& registered(Builder builder, FamilyId id, prometheus::Registry& registry) {
  const Family& declared = family(id);
  return builder.Name(std::string(declared.name))
      .Help(std::string(declared.help))
      .Register(registry);
}

std::vector<double> buckets_of(FamilyId id) {
  const auto buckets = family(id).buckets;
  return {buckets.begin(), buckets.end()};
}

}  // namespace

DaemonSeries::DaemonSeries()
    : build_info_(registered(prometheus::BuildGauge(), FamilyId::kBuildInfo, registry_)),
      commit_duration_family_(
          registered(prometheus::BuildHistogram(), FamilyId::kStoreCommitDuration, registry_)),
      loop_delay_family_(registered(prometheus::BuildHistogram(), FamilyId::kLoopDelay, registry_)),
      notify_delay_family_(
          registered(prometheus::BuildHistogram(), FamilyId::kNotifyDelay, registry_)),
      http_requests_(registered(prometheus::BuildCounter(), FamilyId::kHttpRequests, registry_)),
      commit_duration_(commit_duration_family_.Add({}, buckets_of(FamilyId::kStoreCommitDuration))),
      loop_delay_(loop_delay_family_.Add({}, buckets_of(FamilyId::kLoopDelay))) {}

void DaemonSeries::build_info(const std::string& version, const std::string& revision,
                              const std::string& compiler) {
  build_info_.Add({{"version", version}, {"revision", revision}, {"compiler", compiler}}).Set(1);
}

void DaemonSeries::commit_took(Duration took) {
  commit_duration_.Observe(seconds(took));
}

void DaemonSeries::loop_delayed(Duration delay) {
  loop_delay_.Observe(seconds(delay));
}

void DaemonSeries::notified(const std::string& sink, Duration age) {
  prometheus::Histogram*& delay = notify_delays_[sink];
  if (delay == nullptr) {
    delay = &notify_delay_family_.Add({{"sink", sink}}, buckets_of(FamilyId::kNotifyDelay));
  }
  delay->Observe(seconds(age));
}

void DaemonSeries::keep_sinks(const std::vector<SinkConfig>& sinks) {
  std::erase_if(notify_delays_, [&](const auto& one) {
    const bool listed = std::any_of(sinks.begin(), sinks.end(),
                                    [&](const SinkConfig& sink) { return sink.name == one.first; });
    if (!listed) notify_delay_family_.Remove(one.second);
    return !listed;
  });
}

void DaemonSeries::http_request(const std::string& handler, int code) {
  const bool shown = handlers_.contains(handler) || handlers_.size() < kHandlers;
  if (shown) handlers_.insert(handler);
  const bool is_code = code >= 100 && code <= 599;
  http_requests_
      .Add({{"handler", shown ? label_text(handler) : "other"},
            {"code", is_code ? std::to_string(code) : "other"}})
      .Increment();
}

}  // namespace taskwatchd
