#include "notify/chat_message.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace taskwatchd {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

const Wall kAt = *parse_utc("2026-11-28T01:00:05.678Z");
const ChatStyle kEnglish{Language::kEnglish, 8 * 60};
const ChatStyle kChinese{Language::kChinese, 8 * 60};

TaskCounts counts(std::uint32_t failed, std::uint32_t rejected, std::uint32_t succeeded) {
  TaskCounts made{};
  count_of(made, TaskStatus::kFailed) = failed;
  count_of(made, TaskStatus::kRejected) = rejected;
  count_of(made, TaskStatus::kSucceeded) = succeeded;
  return made;
}

JobNotice notice() {
  JobNotice made;
  made.account = "prod";
  made.instance = "main";
  made.job_id = "sGWotgRkutx";
  made.job_name = "ota-7";
  made.counts = counts(11, 1, 9988);
  made.bad = 12;
  made.newly_bad = 5;
  ChatDevice device;
  device.task_id = "MSnT9";
  device.name = "lock-17";
  device.message = "battery low";
  device.status = TaskStatus::kFailed;
  device.changed_at = kAt;
  device.seen_at = kAt + std::chrono::seconds(1);
  made.devices = {device};
  made.job_url = "https://watch.example/#/jobs/sGWotgRkutx";
  made.runbook_url = "https://watch.example/runbooks/TaskwatchdTasksBad";
  return made;
}

Event event(std::string name, std::vector<Field> fields, std::string msg = "") {
  Event made;
  made.name = std::move(name);
  made.ts = kAt;
  made.msg = std::move(msg);
  made.fields = std::move(fields);
  return made;
}

std::string all_text(const ChatMessage& message) {
  std::string text = message.headline;
  for (const std::string& line : message.lines) text += "\n" + line;
  return text;
}

TEST(ChatMessage, LocalTimeHasItsOffset) {
  EXPECT_EQ(local_time(kAt, 8 * 60), "2026-11-28 09:00:05 +08:00");
  EXPECT_EQ(local_time(kAt, 0), "2026-11-28 01:00:05 +00:00");
  EXPECT_EQ(local_time(kAt, -(3 * 60 + 30)), "2026-11-27 21:30:05 -03:30");
}

TEST(ChatMessage, FailuresOfAJobInEnglish) {
  const ChatMessage message = job_message(notice(), kEnglish);
  EXPECT_EQ(message.headline, "ota-7: 12 of 10000 tasks failed, 5 of them new");
  EXPECT_THAT(message.lines,
              ElementsAre("Account prod, instance main", "Job ota-7, id sGWotgRkutx",
                          "Tasks: SUCCEEDED 9988, FAILED 11, REJECTED 1",
                          "• lock-17 FAILED: battery low; changed 2026-11-28 09:00:05 +08:00; "
                          "first observed 2026-11-28 09:00:06 +08:00"));
  EXPECT_THAT(message.links, ElementsAre(ChatLink{"Job", notice().job_url},
                                         ChatLink{"Runbook", notice().runbook_url}));
  ASSERT_EQ(message.sizes.size(), 1u);
  EXPECT_EQ(message.sizes[0].bad, 12u);
  EXPECT_EQ(message.sizes[0].total, 10000u);
}

TEST(ChatMessage, FailuresOfAJobInChinese) {
  const ChatMessage message = job_message(notice(), kChinese);
  EXPECT_EQ(message.headline, "ota-7：10000 个作业中 12 个异常，新增 5 个");
  EXPECT_THAT(message.lines,
              ElementsAre("账号 prod，实例 main", "任务 ota-7，ID sGWotgRkutx",
                          "作业：已成功 9988，失败 11，已拒绝 1",
                          "• lock-17 失败：battery low；变化时间 2026-11-28 09:00:05 "
                          "+08:00；首次发现 2026-11-28 09:00:06 +08:00"));
}

TEST(ChatMessage, EachKindHasItsHeadline) {
  const auto headline = [](JobNoticeKind kind, std::uint32_t bad, const ChatStyle& style) {
    JobNotice made = notice();
    made.kind = kind;
    made.bad = made.newly_bad = bad;
    made.overdue = 1;
    return job_message(made, style).headline;
  };
  EXPECT_EQ(headline(JobNoticeKind::kFailures, 1, kEnglish), "ota-7: 1 of 10000 tasks failed");
  EXPECT_EQ(headline(JobNoticeKind::kOverdue, 0, kEnglish), "ota-7: 1 task past the deadline");
  EXPECT_EQ(headline(JobNoticeKind::kStalled, 0, kEnglish), "ota-7: stalled");
  EXPECT_EQ(headline(JobNoticeKind::kTimedOut, 0, kEnglish), "ota-7: the job timed out");
  EXPECT_EQ(headline(JobNoticeKind::kFinished, 0, kEnglish), "ota-7: finished, no failed tasks");
  EXPECT_EQ(headline(JobNoticeKind::kFinished, 12, kEnglish),
            "ota-7: finished, 12 of 10000 tasks failed");
  EXPECT_EQ(headline(JobNoticeKind::kRecovered, 0, kEnglish),
            "ota-7: recovered, no failed tasks after a rerun");
  EXPECT_EQ(headline(JobNoticeKind::kOverdue, 0, kChinese), "ota-7：1 个作业逾期");
  EXPECT_EQ(headline(JobNoticeKind::kFinished, 12, kChinese),
            "ota-7：已结束，10000 个作业中 12 个异常");
}

TEST(ChatMessage, AJobWithoutCountsOrName) {
  JobNotice made = notice();
  made.counts.reset();
  made.job_name.clear();
  made.newly_bad = made.bad;
  EXPECT_EQ(job_message(made, kEnglish).headline, "sGWotgRkutx: 12 tasks failed");
  EXPECT_EQ(job_message(made, kChinese).headline, "sGWotgRkutx：12 个作业异常");
}

TEST(ChatMessage, WhatDevicesAndThePlatformWroteIsMadeSafe) {
  JobNotice made = notice();
  made.job_name = "@all\n# [x](http://evil.example)";
  made.job_id = "<!channel>";
  made.devices[0].name = "<at user_id=\"all\">";
  made.devices[0].message = "\x1b[31m@all www.evil.example\r\nFake: line";
  made.devices.resize(5, made.devices[0]);
  for (const ChatStyle& style : {kEnglish, kChinese}) {
    const ChatMessage message = job_message(made, style);
    const std::string text = all_text(message);
    EXPECT_EQ(text.find_first_of("@<>[]()`*#|&\r\x1b"), std::string::npos) << text;
    EXPECT_THAT(text, Not(HasSubstr("://")));
    EXPECT_THAT(text, Not(HasSubstr("www.")));
    for (const std::string& line : message.lines) EXPECT_EQ(line.find('\n'), std::string::npos);
    EXPECT_EQ(message.lines.size(), 3u + 3u);  // three devices at most
  }
}

TEST(ChatMessage, ManyJobsOfAnAccountAreListedShortly) {
  AccountNotice made;
  made.account = "prod";
  for (int i = 0; i < 12; ++i) {
    made.jobs.push_back(notice());
    made.jobs.back().may_mention = i == 11;
  }
  const ChatMessage message = account_message(made, kEnglish);
  EXPECT_EQ(message.headline, "account prod: 12 jobs changed");
  ASSERT_EQ(message.lines.size(), 11u);
  EXPECT_EQ(message.lines[0], "• ota-7: 12 of 10000 tasks failed, 5 of them new");
  EXPECT_EQ(message.lines[10], "• and 2 jobs more");
  EXPECT_EQ(message.sizes.size(), 1u);  // of the last one, though it is not listed
}

TEST(ChatMessage, ADigestIsMarkedLate) {
  ChatDigest made;
  made.from = kAt - std::chrono::hours(1);
  made.to = kAt;
  made.jobs = {notice()};
  made.events = {event("auth_failed", {{"account", "prod"}})};
  made.further_events = 3;
  const ChatMessage late = digest_message(made, kEnglish);
  EXPECT_EQ(late.headline, "LATE, this could not be sent in time: 1 job, 4 other notifications");
  EXPECT_THAT(late.lines,
              ElementsAre("From 2026-11-28 08:00:05 +08:00 to 2026-11-28 09:00:05 +08:00",
                          "• prod / ota-7: 12 of 10000 tasks failed, 5 of them new",
                          "• account prod: no valid credentials, it is not monitored; "
                          "2026-11-28 09:00:05 +08:00",
                          "• and 3 more"));
  EXPECT_THAT(digest_message(made, kChinese).headline, HasSubstr("延迟"));
  made.reason = ChatDigest::Reason::kMuteEnded;
  EXPECT_THAT(digest_message(made, kEnglish).headline, HasSubstr("mute ended"));
  made.reason = ChatDigest::Reason::kReplayed;
  EXPECT_THAT(digest_message(made, kEnglish).headline, HasSubstr("REPLAYED"));
}

TEST(ChatMessage, EventsOfAnAccount) {
  const ChatMessage denied =
      event_message(event("api_forbidden", {{"account", "prod"}, {"iot_instance", "main"}},
                          "QueryTask: Forbidden.RAM (request 1A2B); see https://x.example"),
                    kEnglish);
  EXPECT_EQ(denied.headline, "account prod: the API denies permission");
  EXPECT_THAT(denied.lines, ElementsAre("Account prod, instance main",
                                        "Reason: QueryTask: Forbidden．RAM （request 1A2B）; see "
                                        "https：／／x．example",
                                        "At 2026-11-28 09:00:05 +08:00"));
  const ChatMessage gap =
      event_message(event("blind_interval", {{"account", "prod"},
                                             {"since", "2026-11-28T00:00:00.000Z"},
                                             {"until", "2026-11-28T00:10:00.000Z"},
                                             {"transitions", std::int64_t{7}}}),
                    kChinese);
  EXPECT_EQ(gap.headline, "账号 prod：监控中断");
  EXPECT_THAT(gap.lines[1], HasSubstr("2026-11-28 08:00:00 +08:00 至 2026-11-28 08:10:00 +08:00"));
  EXPECT_THAT(gap.lines[1], HasSubstr("7 个"));
  for (const char* name :
       {"auth_failed", "account_unreachable", "account_recovered", "store_down"}) {
    EXPECT_NE(event_message(event(name, {{"account", "prod"}}), kEnglish).headline, "") << name;
    EXPECT_NE(event_message(event(name, {{"account", "prod"}}), kChinese).headline,
              event_message(event(name, {{"account", "prod"}}), kEnglish).headline);
  }
}

TEST(ChatMessage, EventsOfADistribution) {
  const Event result =
      event("distribution_result", {{"account", "prod"},
                                    {"distribution_id", "d1"},
                                    {"result", "read"},
                                    {"failed", std::int64_t{5}},
                                    {"failed_devices", StringList{"pk/@all 500", "b", "c", "d"}}});
  const ChatMessage message = event_message(result, kEnglish);
  EXPECT_EQ(message.headline, "distribution d1: 5 devices failed");
  EXPECT_THAT(message.lines, ElementsAre("Account prod", "• pk/＠all 500", "• b", "• c",
                                         "At 2026-11-28 09:00:05 +08:00"));
  EXPECT_EQ(event_message(
                event("distribution_transition", {{"distribution_id", "d1"}, {"to", "ABORTED"}}),
                kChinese)
                .headline,
            "设备分发 d1 已中止");
}

TEST(ChatMessage, AnyOtherEventHasItsOwnSentence) {
  const ChatMessage message =
      event_message(event("task_gone", {{"account", "prod"}}, "task @t is not known"), kEnglish);
  EXPECT_EQ(message.headline, "task ＠t is not known");
  EXPECT_EQ(message.lines.size(), 2u);  // the sentence once
}

TEST(ChatMessage, TheHeartbeatIsOneLine) {
  ChatHeartbeat heartbeat{2, 31, 1, {}};
  EXPECT_EQ(heartbeat_message(heartbeat, kEnglish).headline,
            "taskwatchd is running: 2 accounts, 31 jobs, 1 job with failed tasks; sinks failing: "
            "none");
  heartbeat.sinks_failing = {"siem", "ops"};
  const ChatMessage message = heartbeat_message(heartbeat, kChinese);
  EXPECT_EQ(message.headline,
            "taskwatchd 运行正常：2 个账号，31 个任务，其中 1 个有异常作业；投递失败：siem, ops");
  EXPECT_TRUE(message.lines.empty());
}

TEST(ChatMessage, ATestIsMarkedAndMentionsOnlyOnRequest) {
  const BadShare largest{.tasks = 1'000'000, .ratio = 1};
  const ChatMessage quiet = sample_message(false, false, kAt, kEnglish);
  EXPECT_THAT(quiet.headline, HasSubstr("TEST"));
  EXPECT_TRUE(quiet.sizes.empty());
  const ChatMessage loud = sample_message(false, true, kAt, kChinese);
  EXPECT_THAT(loud.headline, HasSubstr("测试"));
  ASSERT_EQ(loud.sizes.size(), 1u);
  EXPECT_TRUE(reaches(largest, loud.sizes[0]));
  EXPECT_THAT(sample_message(true, true, kAt, kEnglish).headline, HasSubstr("recovered"));
  EXPECT_TRUE(sample_message(true, true, kAt, kEnglish).sizes.empty());
}

TEST(ChatMessage, AShareNeedsBothParts) {
  const BadShare share{.tasks = 20, .ratio = 0.05};
  EXPECT_FALSE(reaches(share, {19, 20}));
  EXPECT_FALSE(reaches(share, {20, 401}));
  EXPECT_TRUE(reaches(share, {20, 400}));
  EXPECT_TRUE(reaches(share, {20, 0}));  // the total is not known
}

}  // namespace
}  // namespace taskwatchd
