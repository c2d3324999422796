#include "view/status_families.h"

#include <array>
#include <string_view>
#include <utility>

#include "core/types/names.h"
#include "core/types/time.h"
#include "view/families.h"
#include "view/sample.h"

namespace taskwatchd {
namespace {

using Out = std::vector<prometheus::MetricFamily>;

// Creates a family with at most one sample per account.
template <typename Value>
void by_account(Out& out, FamilyId id, const DaemonStatus& status, const Value& value) {
  prometheus::MetricFamily made = empty_family(family(id));
  for (const AccountStatus& account : status.accounts) {
    const std::optional<double> shown = value(account);
    const std::array<Label, 1> labels = {{{"account", account.name}}};
    if (shown) add_sample(made, labels, *shown);
  }
  if (!made.metric.empty()) out.push_back(std::move(made));
}

template <typename Value>
void by_api(Out& out, FamilyId id, const DaemonStatus& status, const Value& value) {
  prometheus::MetricFamily made = empty_family(family(id));
  for (const AccountStatus& account : status.accounts) {
    for (const ApiStatus& api : account.apis) {
      const std::array<Label, 2> labels = {{{"account", account.name}, {"action", name(api.api)}}};
      add_sample(made, labels, value(api));
    }
  }
  if (!made.metric.empty()) out.push_back(std::move(made));
}

// Creates a family with one sample per lease.
template <typename Value>
void by_lease(Out& out, FamilyId id, const ReplicationStatus& replication, const Value& value) {
  prometheus::MetricFamily made = empty_family(family(id));
  for (const LeaseStatus& lease : replication.leases) {
    const std::array<Label, 1> labels = {{{"account", lease.account}}};
    add_sample(made, labels, value(lease));
  }
  if (!made.metric.empty()) out.push_back(std::move(made));
}

void single(Out& out, FamilyId id, double value) {
  out.push_back(empty_family(family(id)));
  add_sample(out.back(), {}, value);
}

void instances(Out& out, const DaemonStatus& status) {
  prometheus::MetricFamily made = empty_family(family(FamilyId::kInstanceUp));
  for (const AccountStatus& account : status.accounts) {
    for (const InstanceStatus& instance : account.instances) {
      const std::string text = label_text(instance.name);
      const std::array<Label, 2> labels = {{{"account", account.name}, {"iot_instance", text}}};
      add_sample(made, labels, instance.up ? 1 : 0);
    }
  }
  if (!made.metric.empty()) out.push_back(std::move(made));
}

void task_counts(Out& out, const DaemonStatus& status) {
  prometheus::MetricFamily made = empty_family(family(FamilyId::kTasks));
  for (const AccountStatus& account : status.accounts) {
    const std::pair<std::string_view, std::size_t> counts[] = {{"unseen", account.unseen},
                                                               {"unfinished", account.unfinished},
                                                               {"finished", account.finished},
                                                               {"gone", account.gone}};
    for (const auto& [state, count] : counts) {
      const std::array<Label, 2> labels = {{{"account", account.name}, {"state", state}}};
      add_sample(made, labels, static_cast<double>(count));
    }
  }
  if (!made.metric.empty()) out.push_back(std::move(made));
}

void job_counts(Out& out, const DaemonStatus& status) {
  prometheus::MetricFamily made = empty_family(family(FamilyId::kJobs));
  for (const AccountStatus& account : status.accounts) {
    const std::pair<std::string_view, std::size_t> counts[] = {{"watched", account.jobs.size()},
                                                               {"skipped", account.jobs_skipped}};
    for (const auto& [state, count] : counts) {
      const std::array<Label, 2> labels = {{{"account", account.name}, {"state", state}}};
      add_sample(made, labels, static_cast<double>(count));
    }
  }
  if (!made.metric.empty()) out.push_back(std::move(made));
}

void events_pending(Out& out, const DaemonStatus& status) {
  prometheus::MetricFamily made = empty_family(family(FamilyId::kEventsPending));
  for (const auto& [sink, count] : status.events_pending) {
    const std::array<Label, 1> labels = {{{"sink", sink}}};
    add_sample(made, labels, static_cast<double>(count));
  }
  for (const SinkStatus& sink : status.sinks) {
    const std::array<Label, 1> labels = {{{"sink", sink.name}}};
    add_sample(made, labels, static_cast<double>(sink.pending));
  }
  if (!made.metric.empty()) out.push_back(std::move(made));
}

// The reasons are pre-created, so that the first drop is an increase.
constexpr std::array<std::string_view, 2> kDropReasons = {"too_old", "rejected"};

void sinks(Out& out, const DaemonStatus& status) {
  prometheus::MetricFamily requests = empty_family(family(FamilyId::kNotifyRequests));
  prometheus::MetricFamily dropped = empty_family(family(FamilyId::kNotifyDropped));
  prometheus::MetricFamily success = empty_family(family(FamilyId::kNotifyLastSuccess));
  prometheus::MetricFamily up = empty_family(family(FamilyId::kNotifyUp));
  prometheus::MetricFamily direct = empty_family(family(FamilyId::kNotifyDirect));
  prometheus::MetricFamily mutes = empty_family(family(FamilyId::kMutes));
  for (const SinkStatus& sink : status.sinks) {
    for (const auto& [code, count] : sink.requests) {
      const std::array<Label, 2> labels = {{{"sink", sink.name}, {"code", code}}};
      add_sample(requests, labels, static_cast<double>(count));
    }
    for (const std::string_view reason : kDropReasons) {
      const auto at = sink.dropped.find(std::string(reason));
      const std::array<Label, 2> labels = {{{"sink", sink.name}, {"reason", reason}}};
      add_sample(dropped, labels, at == sink.dropped.end() ? 0 : static_cast<double>(at->second));
    }
    const std::array<Label, 1> labels = {{{"sink", sink.name}}};
    add_sample(success, labels, sink.last_success ? unix_seconds(*sink.last_success) : 0);
    add_sample(up, labels, sink.failing_since ? 0 : 1);
    if (sink.mutes) add_sample(mutes, labels, static_cast<double>(*sink.mutes));
  }
  for (const auto& [account, is_direct] : status.notified_directly) {
    const std::array<Label, 1> labels = {{{"account", account}}};
    add_sample(direct, labels, is_direct ? 1 : 0);
  }
  for (prometheus::MetricFamily* const made :
       {&requests, &dropped, &success, &up, &direct, &mutes}) {
    if (!made->metric.empty()) out.push_back(std::move(*made));
  }
}

void replication(Out& out, const ReplicationStatus& status) {
  by_lease(out, FamilyId::kLeaseHeld, status,
           [](const LeaseStatus& lease) { return lease.held ? 1.0 : 0.0; });
  by_lease(out, FamilyId::kLeaseEpoch, status,
           [](const LeaseStatus& lease) { return static_cast<double>(lease.epoch); });
  by_lease(out, FamilyId::kLeaseTransitions, status,
           [](const LeaseStatus& lease) { return static_cast<double>(lease.transitions); });
  single(out, FamilyId::kReplicas, static_cast<double>(status.replicas.size()));
}

std::optional<double> unix_time(const std::optional<Wall>& t) {
  if (!t) return std::nullopt;
  return unix_seconds(*t);
}

}  // namespace

std::vector<prometheus::MetricFamily> status_families(const DaemonStatus& status) {
  Out out;
  by_account(out, FamilyId::kAccountUp, status,
             [](const AccountStatus& a) { return std::optional(a.up ? 1.0 : 0.0); });
  instances(out, status);
  by_api(out, FamilyId::kApiLastSuccess, status,
         [](const ApiStatus& api) { return unix_time(api.last_success).value_or(0); });
  by_api(out, FamilyId::kApiRateLimit, status, [](const ApiStatus& api) { return api.rate_limit; });
  by_api(out, FamilyId::kApiRateLimitConfigured, status,
         [](const ApiStatus& api) { return api.rate_limit_configured; });
  by_account(out, FamilyId::kDetectionDelayBound, status,
             [](const AccountStatus& a) -> std::optional<double> {
               if (!a.detection_delay_bound) return std::nullopt;
               return seconds(*a.detection_delay_bound);
             });
  by_account(out, FamilyId::kOldestObservation, status,
             [](const AccountStatus& a) { return unix_time(a.oldest_observation); });
  task_counts(out, status);
  job_counts(out, status);
  by_account(out, FamilyId::kBlindSeconds, status,
             [](const AccountStatus& a) { return std::optional(a.blind_seconds); });
  by_account(out, FamilyId::kClockOffset, status,
             [](const AccountStatus& a) { return a.clock_offset_seconds; });
  events_pending(out, status);
  sinks(out, status);
  if (status.replication) replication(out, *status.replication);
  single(out, FamilyId::kStoreUp, status.store_up ? 1 : 0);
  single(out, FamilyId::kReloadSuccessful, status.last_reload_successful ? 1 : 0);
  if (status.last_reload_success) {
    single(out, FamilyId::kReloadSuccessTime, unix_seconds(*status.last_reload_success));
  }
  return out;
}

void append_task_states(PageWriter& page, const DaemonStatus& status) {
  static constexpr std::array<std::string_view, 3> kStates = {"pending", "watched", "gone"};
  const Family& shown = family(FamilyId::kTaskState);
  bool begun = false;
  for (const AccountStatus& account : status.accounts) {
    for (const ExplicitTask& task : account.explicit_tasks) {
      if (!begun) append_head(page.text(), shown);
      begun = true;
      const std::array<Label, 2> labels = {{{"account", account.name}, {"task_id", task.task_id}}};
      append_states(page.text(), shown, labels, "state", kStates, name_in(kStates, task.state));
      page.lines_ended();
    }
  }
}

}  // namespace taskwatchd
