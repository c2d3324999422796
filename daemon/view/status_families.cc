#include "view/status_families.h"

#include <array>
#include <string_view>
#include <utility>

#include "core/types/names.h"
#include "core/types/time.h"
#include "view/families.h"
#include "view/label_text.h"

namespace taskwatchd {
namespace {

// Writes a family with at most one sample per account.
template <typename Value>
void by_account(MetricsWriter& page, FamilyId id, const DaemonStatus& status, const Value& value) {
  page.begin(family(id));
  for (const AccountStatus& account : status.accounts) {
    const std::optional<double> shown = value(account);
    const std::array<Label, 1> labels = {{{"account", account.name}}};
    if (shown) page.sample(labels, *shown);
  }
}

template <typename Value>
void by_api(MetricsWriter& page, FamilyId id, const DaemonStatus& status, const Value& value) {
  page.begin(family(id));
  for (const AccountStatus& account : status.accounts) {
    for (const ApiStatus& api : account.apis) {
      const std::array<Label, 2> labels = {{{"account", account.name}, {"action", name(api.api)}}};
      page.sample(labels, value(api));
    }
  }
}

// Writes a family with one sample per lease.
template <typename Value>
void by_lease(MetricsWriter& page, FamilyId id, const ReplicationStatus& replication,
              const Value& value) {
  page.begin(family(id));
  for (const LeaseStatus& lease : replication.leases) {
    const std::array<Label, 1> labels = {{{"account", lease.account}}};
    page.sample(labels, value(lease));
  }
}

// Writes a family with samples per sink; `emit` is called for each sink.
template <typename Emit>
void by_sink(MetricsWriter& page, FamilyId id, const DaemonStatus& status, const Emit& emit) {
  page.begin(family(id));
  for (const SinkStatus& sink : status.sinks) {
    const std::array<Label, 1> labels = {{{"sink", sink.name}}};
    emit(labels, sink);
  }
}

void single(MetricsWriter& page, FamilyId id, double value) {
  page.begin(family(id));
  page.sample({}, value);
}

void instances(MetricsWriter& page, const DaemonStatus& status) {
  page.begin(family(FamilyId::kInstanceUp));
  for (const AccountStatus& account : status.accounts) {
    for (const InstanceStatus& instance : account.instances) {
      const std::string text = label_text(instance.name);
      const std::array<Label, 2> labels = {{{"account", account.name}, {"iot_instance", text}}};
      page.sample(labels, instance.up ? 1 : 0);
    }
  }
}

// Writes a family with one sample for each state that `counts_of(account)` counts.
template <typename Counts>
void by_state(MetricsWriter& page, FamilyId id, const DaemonStatus& status,
              const Counts& counts_of) {
  page.begin(family(id));
  for (const AccountStatus& account : status.accounts) {
    for (const auto& [state, count] : counts_of(account)) {
      const std::array<Label, 2> labels = {{{"account", account.name}, {"state", state}}};
      page.sample(labels, static_cast<double>(count));
    }
  }
}
using StateCount = std::pair<std::string_view, std::size_t>;
std::array<StateCount, 4> task_counts(const AccountStatus& account) {
  return {{{"unseen", account.unseen},
           {"unfinished", account.unfinished},
           {"finished", account.finished},
           {"gone", account.gone}}};
}
std::array<StateCount, 2> job_counts(const AccountStatus& account) {
  return {{{"watched", account.jobs.size()}, {"skipped", account.jobs_skipped}}};
}

void events_pending(MetricsWriter& page, const DaemonStatus& status) {
  page.begin(family(FamilyId::kEventsPending));
  for (const auto& [sink, count] : status.events_pending) {
    const std::array<Label, 1> labels = {{{"sink", sink}}};
    page.sample(labels, static_cast<double>(count));
  }
  for (const SinkStatus& sink : status.sinks) {
    const std::array<Label, 1> labels = {{{"sink", sink.name}}};
    page.sample(labels, static_cast<double>(sink.pending));
  }
}

// The reasons are pre-created, so that the first drop is an increase.
constexpr std::array<std::string_view, 2> kDropReasons = {"too_old", "rejected"};

void sinks(MetricsWriter& page, const DaemonStatus& status) {
  by_sink(page, FamilyId::kNotifyRequests, status, [&](Labels labels, const SinkStatus& sink) {
    for (const auto& [code, count] : sink.requests) {
      const std::array<Label, 2> both = {labels[0], {"code", code}};
      page.sample(both, static_cast<double>(count));
    }
  });
  by_sink(page, FamilyId::kNotifyDropped, status, [&](Labels labels, const SinkStatus& sink) {
    for (const std::string_view reason : kDropReasons) {
      const auto at = sink.dropped.find(std::string(reason));
      const std::array<Label, 2> both = {labels[0], {"reason", reason}};
      page.sample(both, at == sink.dropped.end() ? 0 : static_cast<double>(at->second));
    }
  });
  by_sink(page, FamilyId::kNotifyLastSuccess, status, [&](Labels labels, const SinkStatus& sink) {
    page.sample(labels, sink.last_success ? unix_seconds(*sink.last_success) : 0);
  });
  by_sink(page, FamilyId::kNotifyUp, status, [&](Labels labels, const SinkStatus& sink) {
    page.sample(labels, sink.failing_since ? 0 : 1);
  });
  page.begin(family(FamilyId::kNotifyDirect));
  for (const auto& [account, is_direct] : status.notified_directly) {
    const std::array<Label, 1> labels = {{{"account", account}}};
    page.sample(labels, is_direct ? 1 : 0);
  }
  by_sink(page, FamilyId::kMutes, status, [&](Labels labels, const SinkStatus& sink) {
    if (sink.mutes) page.sample(labels, static_cast<double>(*sink.mutes));
  });
}

void replication(MetricsWriter& page, const ReplicationStatus& status) {
  by_lease(page, FamilyId::kLeaseHeld, status,
           [](const LeaseStatus& lease) { return lease.held ? 1.0 : 0.0; });
  by_lease(page, FamilyId::kLeaseEpoch, status,
           [](const LeaseStatus& lease) { return static_cast<double>(lease.epoch); });
  by_lease(page, FamilyId::kLeaseTransitions, status,
           [](const LeaseStatus& lease) { return static_cast<double>(lease.transitions); });
  single(page, FamilyId::kReplicas, static_cast<double>(status.replicas.size()));
}

std::optional<double> unix_time(const std::optional<Wall>& t) {
  if (!t) return std::nullopt;
  return unix_seconds(*t);
}

}  // namespace

void write_status_families(const DaemonStatus& status, MetricsWriter& page) {
  by_account(page, FamilyId::kAccountUp, status,
             [](const AccountStatus& a) { return std::optional(a.up ? 1.0 : 0.0); });
  instances(page, status);
  by_api(page, FamilyId::kApiLastSuccess, status,
         [](const ApiStatus& api) { return unix_time(api.last_success).value_or(0); });
  by_api(page, FamilyId::kApiRateLimit, status,
         [](const ApiStatus& api) { return api.rate_limit; });
  by_api(page, FamilyId::kApiRateLimitConfigured, status,
         [](const ApiStatus& api) { return api.rate_limit_configured; });
  by_account(page, FamilyId::kDetectionDelayBound, status,
             [](const AccountStatus& a) -> std::optional<double> {
               if (!a.detection_delay_bound) return std::nullopt;
               return seconds(*a.detection_delay_bound);
             });
  by_account(page, FamilyId::kOldestObservation, status,
             [](const AccountStatus& a) { return unix_time(a.oldest_observation); });
  by_state(page, FamilyId::kTasks, status, task_counts);
  by_state(page, FamilyId::kJobs, status, job_counts);
  by_account(page, FamilyId::kBlindSeconds, status,
             [](const AccountStatus& a) { return std::optional(a.blind_seconds); });
  by_account(page, FamilyId::kClockOffset, status,
             [](const AccountStatus& a) { return a.clock_offset_seconds; });
  events_pending(page, status);
  sinks(page, status);
  if (status.replication) replication(page, *status.replication);
  single(page, FamilyId::kStoreUp, status.store_up ? 1 : 0);
  single(page, FamilyId::kReloadSuccessful, status.last_reload_successful ? 1 : 0);
  if (status.last_reload_success) {
    single(page, FamilyId::kReloadSuccessTime, unix_seconds(*status.last_reload_success));
  }
}

void write_task_states(const DaemonStatus& status, MetricsWriter& page) {
  static constexpr std::array<std::string_view, 3> kStates = {"pending", "watched", "gone"};
  page.begin(family(FamilyId::kTaskState));
  for (const AccountStatus& account : status.accounts) {
    if (!account.explicit_tasks) continue;
    for (const ExplicitTask& task : *account.explicit_tasks) {
      const std::array<Label, 2> labels = {{{"account", account.name}, {"task_id", task.task_id}}};
      page.states(labels, "state", kStates, name_in(kStates, task.state));
    }
  }
}

}  // namespace taskwatchd
