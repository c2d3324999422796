#include "view/account_series.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>
#include <utility>

namespace taskwatchd {
namespace {

template <typename Builder>
auto& registered(Builder builder, FamilyId id, prometheus::Registry& registry) {
  const Family& declared = family(id);
  return builder.Name(std::string(declared.name))
      .Help(std::string(declared.help))
      .Register(registry);
}
prometheus::Family<prometheus::Counter>& counter(FamilyId id, prometheus::Registry& registry) {
  return registered(prometheus::BuildCounter(), id, registry);
}
prometheus::Family<prometheus::Histogram>& histogram(FamilyId id, prometheus::Registry& registry) {
  return registered(prometheus::BuildHistogram(), id, registry);
}

constexpr std::array<std::string_view, 3> kClasses = {"bad", "good", "other"};
std::size_t class_of(TaskStatus status) {
  if (is_bad(status)) return 0;
  return status == TaskStatus::kSucceeded ? 1 : 2;
}

// A negative span occurs if the local clock is behind the platform's; the tracker counts that as an
// anomaly.
double span_seconds(Duration span) {
  return std::max(seconds(span), 0.0);
}

}  // namespace

OwnFamilies::OwnFamilies()
    : build_info(registered(prometheus::BuildGauge(), FamilyId::kBuildInfo, registry)),
      api_requests(counter(FamilyId::kApiRequests, registry)),
      api_retries(counter(FamilyId::kApiRetries, registry)),
      api_failures(counter(FamilyId::kApiFailures, registry)),
      api_request_duration(histogram(FamilyId::kApiRequestDuration, registry)),
      detection_delay(histogram(FamilyId::kDetectionDelay, registry)),
      task_duration(histogram(FamilyId::kTaskDuration, registry)),
      task_queue_wait(histogram(FamilyId::kTaskQueueWait, registry)),
      task_execution(histogram(FamilyId::kTaskExecution, registry)),
      anomalies(counter(FamilyId::kAnomalies, registry)),
      store_commit_duration(histogram(FamilyId::kStoreCommitDuration, registry)),
      loop_delay(histogram(FamilyId::kLoopDelay, registry)),
      notify_delay(histogram(FamilyId::kNotifyDelay, registry)),
      http_requests(counter(FamilyId::kHttpRequests, registry)) {}

std::vector<double> buckets_of(FamilyId id) {
  const auto buckets = family(id).buckets;
  return {buckets.begin(), buckets.end()};
}

std::vector<double> delay_buckets(std::optional<Duration> bound) {
  std::vector<double> edges = buckets_of(FamilyId::kDetectionDelay);
  if (!bound) return edges;
  const double edge = seconds(*bound);
  const auto place = std::lower_bound(edges.begin(), edges.end(), edge);
  if (place == edges.end() || *place != edge) edges.insert(place, edge);
  if (edges.back() == edge) edges.push_back(2 * edge);
  return edges;
}

AccountSeries::AccountSeries(OwnFamilies& families, std::string account,
                             std::optional<Duration> bound)
    : families_(families), account_(std::move(account)), bound_(bound) {
  add_delays();
  for (const TaskStatus status : kAllTaskStatuses) {
    if (!is_finished(status)) continue;
    const prometheus::Labels labels = {{"account", account_},
                                       {"outcome", std::string(name(status))}};
    durations_[status] = add(families_.task_duration, labels, buckets_of(FamilyId::kTaskDuration));
    executions_[status] =
        add(families_.task_execution, labels, buckets_of(FamilyId::kTaskExecution));
  }
  queue_wait_ =
      add(families_.task_queue_wait, {{"account", account_}}, buckets_of(FamilyId::kTaskQueueWait));
  for (const Anomaly kind : kAllAnomalies) {
    anomalies_.push_back(
        add(families_.anomalies, {{"account", account_}, {"kind", std::string(name(kind))}}));
  }
}

AccountSeries::~AccountSeries() {
  for (prometheus::Histogram* delay : delays_) families_.detection_delay.Remove(delay);
  for (const auto& remove : removals_) remove();
}

template <typename T, typename... Args>
T* AccountSeries::add(prometheus::Family<T>& family, prometheus::Labels labels, Args&&... args) {
  T* series = &family.Add(labels, std::forward<Args>(args)...);
  removals_.push_back([&family, series] { family.Remove(series); });
  return series;
}

void AccountSeries::add_delays() {
  for (const std::string_view word : kClasses) {
    const prometheus::Labels labels = {{"account", account_}, {"class", std::string(word)}};
    delays_.push_back(&families_.detection_delay.Add(labels, delay_buckets(bound_)));
  }
}

void AccountSeries::set_bound(std::optional<Duration> bound) {
  if (bound == bound_) return;
  bound_ = bound;
  for (prometheus::Histogram* delay : delays_) families_.detection_delay.Remove(delay);
  delays_.clear();
  add_delays();
}

void AccountSeries::use(Api api) {
  const auto [found, is_new] = apis_.try_emplace(api);
  if (!is_new) return;
  ApiSeries& series = found->second;
  prometheus::Labels labels = {{"account", account_}, {"action", std::string(name(api))}};
  series.requests = add(families_.api_requests, labels);
  series.retries = add(families_.api_retries, labels);
  series.duration =
      add(families_.api_request_duration, labels, buckets_of(FamilyId::kApiRequestDuration));
  for (const Reason reason : kAllReasons) {
    labels["reason"] = std::string(name(reason));
    series.failures.push_back(add(families_.api_failures, labels));
  }
}

void AccountSeries::call_ended(const CallEnd& call) {
  use(call.api);
  ApiSeries& series = apis_.at(call.api);
  series.requests->Increment();
  series.duration->Observe(span_seconds(call.took));
  if (call.retry) series.retries->Increment();
  if (call.failure) series.failures.at(static_cast<std::size_t>(*call.failure))->Increment();
}

void AccountSeries::committed(const TaskChange& change, Wall at) {
  const TaskReply& last = change.record.last;
  if (change.changed_while_watched) {
    delays_.at(class_of(last.status))->Observe(span_seconds(at - last.modified));
  }
  if (change.from && is_finished(last.status)) {
    durations_.at(last.status)->Observe(span_seconds(last.modified - last.queued));
  }
  if (change.queue_wait) queue_wait_->Observe(span_seconds(*change.queue_wait));
  if (change.execution && is_finished(last.status)) {
    executions_.at(last.status)->Observe(span_seconds(*change.execution));
  }
}

void AccountSeries::count_into(AccountStatus& status) const {
  for (ApiStatus& api : status.apis) {
    const auto found = apis_.find(api.api);
    if (found == apis_.end()) continue;
    const ApiSeries& series = found->second;
    api.calls = static_cast<std::uint64_t>(series.requests->Value());
    for (const Reason reason : kAllReasons) {
      const double failures = series.failures.at(static_cast<std::size_t>(reason))->Value();
      if (failures > 0) api.failures[reason] = static_cast<std::uint64_t>(failures);
    }
  }
  for (std::size_t i = 0; i < delays_.size(); ++i) {
    const prometheus::ClientMetric::Histogram seen = delays_[i]->Collect().histogram;
    DelayCounts counts{.kind = std::string(kClasses.at(i)),
                       .count = seen.sample_count,
                       .sum_seconds = seen.sample_sum,
                       .edges = {}};
    for (const auto& bucket : seen.bucket) {
      if (std::isinf(bucket.upper_bound)) continue;
      counts.edges.push_back({bucket.upper_bound, bucket.cumulative_count});
    }
    status.delays.push_back(std::move(counts));
  }
}

void AccountSeries::anomaly(Anomaly kind) {
  anomalies_.at(static_cast<std::size_t>(kind))->Increment();
}

}  // namespace taskwatchd
