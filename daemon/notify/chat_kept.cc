#include "notify/chat_kept.h"

#include <algorithm>

#include "core/events/event_fields.h"
#include "notify/chat_words.h"

namespace taskwatchd {
namespace {

constexpr std::size_t kKeptSingly = 20;  // events; twice as many as a digest lists

void include(ChatKept& kept, Wall from, Wall to) {
  const bool is_first = kept.empty();
  kept.from = is_first ? from : std::min(kept.from, from);
  kept.to = is_first ? to : std::max(kept.to, to);
}

KeptJob& job_of(ChatKept& kept, const JobKey& key) {
  for (KeptJob& job : kept.jobs) {
    if (job.key == key) return job;
  }
  KeptJob& job = kept.jobs.emplace_back();
  job.key = key;
  return job;
}

// What the event says about its job; nullopt if it says nothing that a digest lists.
std::optional<JobNoticeKind> kind_of(const Event& event) {
  if (event.name == "job_stalled") return JobNoticeKind::kStalled;
  if (event.name == "job_finished") return JobNoticeKind::kFinished;
  if (event.name == "task_overdue") return JobNoticeKind::kOverdue;
  // A sink may select other statuses too.
  const std::string_view status =
      text_field(event, event.name == "task_baseline" ? "status" : "to");
  if (event.name == "job_transition" && parse_job_status(status) == JobStatus::kTimedOut) {
    return JobNoticeKind::kTimedOut;
  }
  const bool is_of_task = event.name == "task_transition" || event.name == "task_baseline";
  if (is_of_task && is_bad(parse_task_status(status))) return JobNoticeKind::kFailures;
  return std::nullopt;
}

JobNotice notice_of(const KeptJob& job, const std::optional<JobCounts>& counts) {
  JobNotice notice;
  notice.kind = job.kind;
  notice.account = job.key.account;
  notice.instance = job.instance;
  notice.job_id = job.key.job_id;
  notice.job_name = job.job_name;
  notice.bad = job.bad;
  notice.newly_bad = job.newly_bad;
  notice.overdue = job.overdue;
  notice.may_mention = job.may_mention;
  if (!counts) return notice;
  notice.instance = counts->instance;
  notice.job_name = counts->job_name;
  notice.counts = counts->tasks;
  notice.bad = static_cast<std::uint32_t>(bad_of(counts->tasks));
  notice.newly_bad = std::min(notice.newly_bad, notice.bad);
  if (counts->overdue) notice.overdue = *counts->overdue;
  // They failed, and a rerun left none.
  if (notice.kind == JobNoticeKind::kFailures && notice.bad == 0) {
    notice.kind = JobNoticeKind::kRecovered;
  }
  return notice;
}

}  // namespace

void keep(ChatKept& kept, const JobNotice& notice, Wall from, Wall to) {
  include(kept, from, to);
  KeptJob& job = job_of(kept, {notice.account, notice.job_id});
  job.kind = notice.kind;
  job.instance = notice.instance;
  job.job_name = notice.job_name;
  job.bad = notice.bad;
  job.newly_bad += notice.newly_bad;
  job.overdue = notice.overdue;
  job.may_mention = job.may_mention || notice.may_mention;
}

void keep(ChatKept& kept, const Event& event) {
  include(kept, event.ts, event.ts);
  const std::string job_id(text_field(event, "job_id"));
  const auto kind = job_id.empty() ? std::nullopt : kind_of(event);
  if (!kind) {
    if (kept.events.size() < kKeptSingly) {
      kept.events.push_back(event);
    } else {
      ++kept.further_events;
    }
    return;
  }
  KeptJob& job = job_of(kept, {std::string(text_field(event, "account")), job_id});
  job.kind = *kind;
  job.instance = text_field(event, "iot_instance");
  job.job_name = text_field(event, "job_name");
  if (*kind == JobNoticeKind::kFailures) job.newly_bad = ++job.bad;
  if (*kind == JobNoticeKind::kOverdue) ++job.overdue;
}

void keep(ChatKept& kept, const NewEvents& further) {
  if (further.count == 0) return;
  include(kept, further.first_at, further.last_at);
  kept.further_events += further.count;
}

ChatDigest digest_of(const ChatKept& kept, ChatDigest::Reason reason,
                     const std::function<std::optional<JobCounts>(const JobKey&)>& counts_of) {
  ChatDigest digest;
  digest.reason = reason;
  digest.from = kept.from;
  digest.to = kept.to;
  for (const KeptJob& job : kept.jobs) digest.jobs.push_back(notice_of(job, counts_of(job.key)));
  digest.events = kept.events;
  digest.further_events = kept.further_events;
  return digest;
}

}  // namespace taskwatchd
