#include "view/job_families.h"

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "view/families.h"
#include "view/label_text.h"

namespace taskwatchd {
namespace {

constexpr std::array<FamilyId, 11> kJobFamilies = {
    FamilyId::kJobTasks,           FamilyId::kJobStatisticsTime, FamilyId::kJobProgress,
    FamilyId::kJobStatus,          FamilyId::kJobInfo,           FamilyId::kJobEta,
    FamilyId::kJobStalled,         FamilyId::kJobOverdue,        FamilyId::kJobUnseenEnded,
    FamilyId::kJobOldestUnseenEnd, FamilyId::kJobUnreconciled};

// Finished tasks divided by all; nullopt while the job has no tasks.
std::optional<double> progress(const JobStatistics& statistics) {
  std::uint64_t all = 0;
  std::uint64_t finished = 0;
  for (const TaskStatus status : kAllTaskStatuses) {
    const std::uint32_t tasks = count_of(statistics.tasks, status);
    all += tasks;
    if (is_finished(status)) finished += tasks;
  }
  if (all == 0) return std::nullopt;
  return static_cast<double>(finished) / static_cast<double>(all);
}

// Calls emit(labels, value) for each sample of one family.
template <typename Emit>
void for_each_sample(const LiveJob& job, FamilyId id, const Emit& emit) {
  const JobView& view = *job.view;
  std::array<Label, 3> labels = {
      {{"account", job.key.account}, {"job_id", job.key.job_id}, {"status", ""}}};
  const Labels identity(labels.data(), 2);
  const auto by_status = [&](const auto& statuses, const auto& value) {
    for (const auto status : statuses) {
      labels[2].second = name(status);
      emit(Labels(labels), static_cast<double>(value(status)));
    }
  };
  const auto by_confidence = [&](std::string_view confidence, const std::optional<Wall>& when) {
    labels[2] = {"confidence", confidence};
    if (when) emit(Labels(labels), unix_seconds(*when));
  };
  if (id == FamilyId::kJobTasks && view.statistics) {
    by_status(kAllTaskStatuses, [&](TaskStatus s) { return count_of(view.statistics->tasks, s); });
  } else if (id == FamilyId::kJobStatisticsTime && view.statistics_read) {
    emit(identity, unix_seconds(*view.statistics_read));
  } else if (id == FamilyId::kJobProgress && view.statistics) {
    if (const auto ratio = progress(*view.statistics)) emit(identity, *ratio);
  } else if (id == FamilyId::kJobStatus && view.status_read) {
    by_status(kAllJobStatuses, [&](JobStatus s) { return view.status == s ? 1 : 0; });
  } else if (id == FamilyId::kJobInfo) {
    const std::string instance = label_text(view.instance);
    const std::string job_name = label_text(view.name);
    const std::string job_type = label_text(view.type);
    std::vector<Label> info = {labels[0],
                               {"iot_instance", instance},
                               labels[1],
                               {"job_name", job_name},
                               {"job_type", job_type}};
    StringMap configured = view.labels;
    for (auto& [label, text] : configured) {
      text = label_text(text);
      info.emplace_back(label, text);
    }
    emit(Labels(info), 1.0);
  } else if (id == FamilyId::kJobEta) {
    by_confidence("0.5", view.eta_half);
    by_confidence("0.9", view.eta_most);
  } else if (id == FamilyId::kJobStalled) {
    emit(identity, static_cast<double>(view.stalled));
  } else if (id == FamilyId::kJobOverdue && view.overdue) {
    constexpr std::array kUnfinished = {TaskStatus::kQueued, TaskStatus::kSent,
                                        TaskStatus::kInProgress, TaskStatus::kUnknown};
    by_status(kUnfinished, [&](TaskStatus s) { return count_of(*view.overdue, s); });
  } else if (id == FamilyId::kJobUnseenEnded && view.statistics) {
    emit(identity, static_cast<double>(view.unseen_ended));
  } else if (id == FamilyId::kJobOldestUnseenEnd && view.unseen_since) {
    emit(identity, unix_seconds(*view.unseen_since));
  } else if (id == FamilyId::kJobUnreconciled && view.statistics) {
    emit(identity, static_cast<double>(view.unreconciled));
  }
}

}  // namespace

std::vector<LiveJob> live_jobs(const DaemonStatus& status, Duration keep_finished, Wall now) {
  std::vector<LiveJob> jobs;
  std::set<JobKey> known;
  for (const AccountStatus& account : status.accounts) {
    for (const JobView& view : account.jobs) {
      if (view.ended && now - *view.ended >= keep_finished) continue;
      JobKey key{account.name, label_text(view.job_id)};
      if (known.insert(key).second) jobs.push_back({std::move(key), &view});
    }
  }
  return jobs;
}

void write_job_families(const std::vector<LiveJob>& jobs, MetricsWriter& page) {
  for (const FamilyId id : kJobFamilies) {
    page.begin(family(id));
    for (const LiveJob& job : jobs) {
      for_each_sample(job, id, [&](Labels labels, double value) { page.sample(labels, value); });
    }
  }
}

}  // namespace taskwatchd
