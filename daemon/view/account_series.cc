#include "view/account_series.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "view/families.h"

namespace taskwatchd {
namespace {

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

Edges edges_of(FamilyId id) {
  const auto buckets = family(id).buckets;
  return std::make_shared<const std::vector<double>>(buckets.begin(), buckets.end());
}
// Shared by all accounts.
const Edges& task_edges() {
  static const Edges edges = edges_of(FamilyId::kTaskDuration);
  return edges;
}
const Edges& call_edges() {
  static const Edges edges = edges_of(FamilyId::kApiRequestDuration);
  return edges;
}

std::vector<Histogram> delays_of(std::optional<Duration> bound) {
  const auto edges = std::make_shared<const std::vector<double>>(delay_buckets(bound));
  return std::vector<Histogram>(kClasses.size(), Histogram(edges));
}

void write(MetricsWriter& page, Labels labels, const Histogram& histogram) {
  page.histogram(labels, *histogram.edges, histogram.counts, histogram.sum);
}

// Writes a family with series per account and API.
template <typename Write>
void by_api(const AllAccountNumbers& accounts, MetricsWriter& page, FamilyId id,
            const Write& write) {
  page.begin(family(id));
  for (const auto& numbers : accounts) {
    for (const auto& [api, calls] : numbers->apis) {
      const std::array<Label, 2> labels = {{{"account", numbers->account}, {"action", name(api)}}};
      write(labels, calls);
    }
  }
}

void by_outcome(const AllAccountNumbers& accounts, MetricsWriter& page, FamilyId id,
                std::map<TaskStatus, Histogram> AccountNumbers::*histograms) {
  page.begin(family(id));
  for (const auto& numbers : accounts) {
    for (const auto& [outcome, histogram] : (*numbers).*histograms) {
      const std::array<Label, 2> labels = {
          {{"account", numbers->account}, {"outcome", name(outcome)}}};
      write(page, labels, histogram);
    }
  }
}

}  // namespace

AccountNumbers::Calls::Calls() : duration(call_edges()) {}

AccountNumbers::AccountNumbers(std::string name, std::optional<Duration> bound)
    : account(std::move(name)), delays(delays_of(bound)), queue_wait(task_edges()) {
  for (const TaskStatus status : kAllTaskStatuses) {
    if (!is_finished(status)) continue;
    durations.emplace(status, Histogram(task_edges()));
    executions.emplace(status, Histogram(task_edges()));
  }
}

std::vector<double> delay_buckets(std::optional<Duration> bound) {
  const auto buckets = family(FamilyId::kDetectionDelay).buckets;
  std::vector<double> edges;
  edges.reserve(buckets.size() + 2);
  edges.assign(buckets.begin(), buckets.end());
  if (!bound) return edges;
  const double edge = seconds(*bound);
  const auto place = std::lower_bound(edges.begin(), edges.end(), edge);
  if (place == edges.end() || *place != edge) edges.insert(place, edge);
  if (edges.back() == edge) edges.push_back(2 * edge);
  return edges;
}

void write_account_families(const AllAccountNumbers& accounts, MetricsWriter& page) {
  using Calls = AccountNumbers::Calls;
  by_api(accounts, page, FamilyId::kApiRequests, [&](Labels labels, const Calls& calls) {
    page.sample(labels, static_cast<double>(calls.requests));
  });
  by_api(accounts, page, FamilyId::kApiRetries, [&](Labels labels, const Calls& calls) {
    page.sample(labels, static_cast<double>(calls.retries));
  });
  by_api(accounts, page, FamilyId::kApiFailures, [&](Labels labels, const Calls& calls) {
    std::array<Label, 3> all = {labels[0], labels[1], {"reason", ""}};
    for (const Reason reason : kAllReasons) {
      all[2].second = name(reason);
      page.sample(all, static_cast<double>(calls.failures.at(static_cast<std::size_t>(reason))));
    }
  });
  by_api(accounts, page, FamilyId::kApiRequestDuration,
         [&](Labels labels, const Calls& calls) { write(page, labels, calls.duration); });
  page.begin(family(FamilyId::kDetectionDelay));
  for (const auto& numbers : accounts) {
    for (std::size_t i = 0; i < kClasses.size(); ++i) {
      const std::array<Label, 2> labels = {{{"account", numbers->account}, {"class", kClasses[i]}}};
      write(page, labels, numbers->delays[i]);
    }
  }
  by_outcome(accounts, page, FamilyId::kTaskDuration, &AccountNumbers::durations);
  page.begin(family(FamilyId::kTaskQueueWait));
  for (const auto& numbers : accounts) {
    const std::array<Label, 1> labels = {{{"account", numbers->account}}};
    write(page, labels, numbers->queue_wait);
  }
  by_outcome(accounts, page, FamilyId::kTaskExecution, &AccountNumbers::executions);
  page.begin(family(FamilyId::kAnomalies));
  for (const auto& numbers : accounts) {
    for (const Anomaly kind : kAllAnomalies) {
      const std::array<Label, 2> labels = {{{"account", numbers->account}, {"kind", name(kind)}}};
      page.sample(labels,
                  static_cast<double>(numbers->anomalies.at(static_cast<std::size_t>(kind))));
    }
  }
}

void AccountSeries::set_bound(std::optional<Duration> bound) {
  if (bound == bound_) return;
  bound_ = bound;
  numbers_.edit().delays = delays_of(bound);
}

void AccountSeries::use(Api api) {
  if (!numbers_->apis.contains(api)) numbers_.edit().apis[api];
}

void AccountSeries::call_ended(const CallEnd& call) {
  AccountNumbers::Calls& calls = numbers_.edit().apis[call.api];
  ++calls.requests;
  calls.duration.observe(span_seconds(call.took));
  if (call.retry) ++calls.retries;
  if (call.failure) ++calls.failures.at(static_cast<std::size_t>(*call.failure));
}

void AccountSeries::committed(const TaskChange& change, Wall at) {
  const TaskReply& last = change.record.last;
  AccountNumbers& numbers = numbers_.edit();
  if (change.changed_while_watched) {
    numbers.delays.at(class_of(last.status)).observe(span_seconds(at - last.modified));
  }
  if (change.from && is_finished(last.status)) {
    numbers.durations.at(last.status).observe(span_seconds(last.modified - last.queued));
  }
  if (change.queue_wait) numbers.queue_wait.observe(span_seconds(*change.queue_wait));
  if (change.execution && is_finished(last.status)) {
    numbers.executions.at(last.status).observe(span_seconds(*change.execution));
  }
}

void AccountSeries::count_into(AccountStatus& status) const {
  for (ApiStatus& api : status.apis) {
    const auto found = numbers_->apis.find(api.api);
    if (found == numbers_->apis.end()) continue;
    const AccountNumbers::Calls& calls = found->second;
    api.calls = calls.requests;
    for (const Reason reason : kAllReasons) {
      const std::uint64_t failures = calls.failures.at(static_cast<std::size_t>(reason));
      if (failures > 0) api.failures[reason] = failures;
    }
  }
  for (std::size_t i = 0; i < numbers_->delays.size(); ++i) {
    const Histogram& seen = numbers_->delays[i];
    DelayCounts counts{.kind = std::string(kClasses.at(i)),
                       .count = seen.count(),
                       .sum_seconds = seen.sum,
                       .edges = {}};
    std::uint64_t up_to = 0;
    for (std::size_t edge = 0; edge < seen.edges->size(); ++edge) {
      counts.edges.push_back({(*seen.edges)[edge], up_to += seen.counts[edge]});
    }
    status.delays.push_back(std::move(counts));
  }
}

void AccountSeries::anomaly(Anomaly kind) {
  ++numbers_.edit().anomalies.at(static_cast<std::size_t>(kind));
}

}  // namespace taskwatchd
