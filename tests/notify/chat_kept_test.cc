#include "notify/chat_kept.h"

#include <gtest/gtest.h>

namespace taskwatchd {
namespace {

using std::chrono::minutes;

const Wall kStart = *parse_utc("2026-11-28T01:00:00Z");
const auto kNotWatched = [](const JobKey&) -> std::optional<JobCounts> { return std::nullopt; };

JobNotice notice_of(const std::string& job, std::uint32_t bad, std::uint32_t newly_bad) {
  JobNotice notice;
  notice.account = "prod";
  notice.instance = "main";
  notice.job_id = job;
  notice.job_name = "ota-" + job;
  notice.bad = bad;
  notice.newly_bad = newly_bad;
  notice.may_mention = false;
  return notice;
}

Event event_of(const std::string& name, std::vector<Field> fields, Wall at = kStart) {
  Event event;
  event.id = 1;
  event.ts = at;
  event.name = name;
  event.fields = std::move(fields);
  return event;
}

Event job_event(const std::string& name, std::vector<Field> more = {}) {
  std::vector<Field> fields = {
      {"account", "prod"}, {"iot_instance", "main"}, {"job_id", "j"}, {"job_name", "ota-j"}};
  fields.insert(fields.end(), more.begin(), more.end());
  return event_of(name, fields);
}

ChatDigest digest_now(const ChatKept& kept, std::optional<JobCounts> counts) {
  return digest_of(kept, ChatDigest::Reason::kMuteEnded,
                   [&](const JobKey&) -> std::optional<JobCounts> { return counts; });
}

JobCounts counts_of(std::uint32_t failed, std::uint32_t succeeded) {
  JobCounts counts;
  counts.instance = "main";
  counts.job_name = "ota-j";
  count_of(counts.tasks, TaskStatus::kFailed) = failed;
  count_of(counts.tasks, TaskStatus::kSucceeded) = succeeded;
  return counts;
}

TEST(ChatKept, SeveralNoticesOfAJobAreOneWithTheNewestState) {
  ChatKept kept;
  EXPECT_TRUE(kept.empty());
  JobNotice first = notice_of("j", 3, 3);
  first.may_mention = true;
  keep(kept, first, kStart + minutes(5), kStart + minutes(6));
  JobNotice second = notice_of("j", 8, 5);
  second.kind = JobNoticeKind::kFinished;
  second.overdue = 2;
  keep(kept, second, kStart, kStart + minutes(9));
  keep(kept, notice_of("k", 1, 1), kStart + minutes(1), kStart + minutes(1));

  EXPECT_FALSE(kept.empty());
  ASSERT_EQ(kept.jobs.size(), 2u);
  EXPECT_EQ(kept.jobs[0].kind, JobNoticeKind::kFinished);
  EXPECT_EQ(kept.jobs[0].bad, 8u);
  EXPECT_EQ(kept.jobs[0].newly_bad, 8u) << "of both";
  EXPECT_EQ(kept.jobs[0].overdue, 2u);
  EXPECT_TRUE(kept.jobs[0].may_mention) << "the first was large enough";
  EXPECT_EQ(kept.from, kStart);
  EXPECT_EQ(kept.to, kStart + minutes(9));
}

TEST(ChatKept, JobsOfTwoAccountsWithOneIdAreTwo) {
  ChatKept kept;
  JobNotice notice = notice_of("j", 1, 1);
  keep(kept, notice, kStart, kStart);
  notice.account = "lab";
  keep(kept, notice, kStart, kStart);
  EXPECT_EQ(kept.jobs.size(), 2u);
}

TEST(ChatKept, FailedTasksOfAJobAreCounted) {
  ChatKept kept;
  keep(kept, job_event("task_transition", {{"to", "FAILED"}}));
  keep(kept, job_event("task_transition", {{"to", "TIMED_OUT"}}));
  keep(kept, job_event("task_baseline", {{"status", "REJECTED"}}));
  ASSERT_EQ(kept.jobs.size(), 1u);
  EXPECT_TRUE(kept.events.empty());
  EXPECT_EQ(kept.jobs[0].kind, JobNoticeKind::kFailures);
  EXPECT_EQ(kept.jobs[0].bad, 3u);
  EXPECT_EQ(kept.jobs[0].newly_bad, 3u);
  EXPECT_EQ(kept.jobs[0].instance, "main");
  EXPECT_EQ(kept.jobs[0].job_name, "ota-j");
}

TEST(ChatKept, TheNewestEventOfAJobDecidesWhatHappenedToIt) {
  const std::vector<std::pair<Event, JobNoticeKind>> all = {
      {job_event("job_stalled"), JobNoticeKind::kStalled},
      {job_event("job_transition", {{"to", "TIMED_OUT"}}), JobNoticeKind::kTimedOut},
      {job_event("task_overdue"), JobNoticeKind::kOverdue},
      {job_event("job_finished"), JobNoticeKind::kFinished}};
  ChatKept kept;
  for (const auto& [event, kind] : all) {
    keep(kept, event);
    ASSERT_EQ(kept.jobs.size(), 1u);
    EXPECT_EQ(kept.jobs[0].kind, kind) << event.name;
  }
  EXPECT_EQ(kept.jobs[0].overdue, 1u);
  EXPECT_EQ(kept.jobs[0].bad, 0u);
}

// A sink may select more than the default of chats: `to: [SUCCEEDED]`.
TEST(ChatKept, ATaskThatSucceededIsNotAFailure) {
  ChatKept kept;
  keep(kept, job_event("task_transition", {{"to", "SUCCEEDED"}}));
  keep(kept, job_event("task_baseline", {{"status", "IN_PROGRESS"}}));
  keep(kept, job_event("job_transition", {{"to", "COMPLETED"}}));
  EXPECT_TRUE(kept.jobs.empty());
  EXPECT_EQ(kept.events.size(), 3u);
}

TEST(ChatKept, OtherEventsAreKeptOneByOneThenCounted) {
  ChatKept kept;
  keep(kept, job_event("job_discovered"));  // a digest says nothing of its job
  for (int i = 1; i < 50; ++i) {
    keep(kept, event_of("auth_failed", {{"account", "prod"}}, kStart + minutes(i)));
  }
  EXPECT_TRUE(kept.jobs.empty());
  EXPECT_EQ(kept.events.size(), 20u);
  EXPECT_EQ(kept.further_events, 30u);
  EXPECT_EQ(kept.events.front().name, "job_discovered");
  EXPECT_EQ(kept.from, kStart);
  EXPECT_EQ(kept.to, kStart + minutes(49));

  const ChatDigest digest = digest_now(kept, {});
  EXPECT_EQ(digest.events.size(), 20u);
  EXPECT_EQ(digest.further_events, 30u);
}

TEST(ChatKept, ADigestHasTheNumbersOfNow) {
  ChatKept kept;
  keep(kept, notice_of("j", 9, 9), kStart, kStart + minutes(1));
  JobCounts counts = counts_of(4, 6);
  counts.job_name = "renamed";
  counts.overdue = 7;
  const ChatDigest digest = digest_now(kept, counts);
  EXPECT_EQ(digest.reason, ChatDigest::Reason::kMuteEnded);
  EXPECT_EQ(digest.from, kStart);
  EXPECT_EQ(digest.to, kStart + minutes(1));
  ASSERT_EQ(digest.jobs.size(), 1u);
  const JobNotice& job = digest.jobs[0];
  EXPECT_EQ(job.kind, JobNoticeKind::kFailures);
  EXPECT_EQ(job.bad, 4u);
  EXPECT_EQ(job.newly_bad, 4u) << "no more are new than are bad";
  EXPECT_EQ(job.overdue, 7u);
  EXPECT_EQ(job.job_name, "renamed");
  ASSERT_TRUE(job.counts);
  EXPECT_EQ(*job.counts, counts.tasks);
}

TEST(ChatKept, AJobWhoseRerunLeftNoFailureHasRecovered) {
  ChatKept kept;
  keep(kept, notice_of("j", 9, 9), kStart, kStart);
  EXPECT_EQ(digest_now(kept, counts_of(0, 10)).jobs.at(0).kind, JobNoticeKind::kRecovered);
  keep(kept, job_event("job_finished"));
  EXPECT_EQ(digest_now(kept, counts_of(0, 10)).jobs.at(0).kind, JobNoticeKind::kFinished);
}

TEST(ChatKept, AJobThatIsNotWatchedKeepsItsNumbers) {
  ChatKept kept;
  keep(kept, notice_of("j", 9, 5), kStart, kStart);
  const ChatDigest digest = digest_of(kept, ChatDigest::Reason::kReplayed, kNotWatched);
  EXPECT_EQ(digest.reason, ChatDigest::Reason::kReplayed);
  ASSERT_EQ(digest.jobs.size(), 1u);
  EXPECT_EQ(digest.jobs[0].bad, 9u);
  EXPECT_EQ(digest.jobs[0].newly_bad, 5u);
  EXPECT_EQ(digest.jobs[0].instance, "main");
  EXPECT_FALSE(digest.jobs[0].counts);
}

}  // namespace
}  // namespace taskwatchd
