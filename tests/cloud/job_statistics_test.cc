// Responses of QueryJobStatistics.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cloud/reply_fixture.h"

namespace taskwatchd {
namespace {

constexpr Api kApi = Api::kQueryJobStatistics;

std::optional<JobStatistics> statistics_of(const std::string& members) {
  return answer_of<JobStatistics>(kApi, good_body(members));
}

TEST(JobStatisticsReply, ASampleInTheDocumentsSpelling) {
  const auto s = answer_of<JobStatistics>(kApi, sample("query_job_statistics.json"));
  ASSERT_TRUE(s);
  EXPECT_EQ(s->total, 1000u);
  const std::pair<TaskStatus, std::uint32_t> counts[] = {
      {TaskStatus::kQueued, 300},    {TaskStatus::kSent, 150},    {TaskStatus::kInProgress, 50},
      {TaskStatus::kSucceeded, 470}, {TaskStatus::kFailed, 12},   {TaskStatus::kRejected, 3},
      {TaskStatus::kTimedOut, 8},    {TaskStatus::kCancelled, 5}, {TaskStatus::kUnknown, 2}};
  for (const auto& [status, count] : counts) {
    EXPECT_EQ(count_of(s->tasks, status), count) << name(status);
  }
}

TEST(JobStatisticsReply, NamesInAnyLetterCase) {
  for (const char* word : {"TimeOut", "timeout", "timeOut", "TIMEOUT", "Timeout"}) {
    const auto s = statistics_of(R"("total":9,")" + std::string(word) + R"(":4)");
    ASSERT_TRUE(s) << word;
    EXPECT_EQ(count_of(s->tasks, TaskStatus::kTimedOut), 4u) << word;
    EXPECT_EQ(s->total, 9u);
  }
  // No document lists this spelling, so it is counted as unknown.
  EXPECT_EQ(count_of(statistics_of(R"("Total":9,"TIMED_OUT":4)")->tasks, TaskStatus::kTimedOut),
            0u);
}

TEST(JobStatisticsReply, NumbersOrTheirDigits) {
  const auto s = statistics_of(R"("Total":"100000","Failed":" 7 ","Sent":"0","Queued":null)");
  ASSERT_TRUE(s);
  EXPECT_EQ(s->total, 100000u);
  EXPECT_EQ(count_of(s->tasks, TaskStatus::kFailed), 7u);
  EXPECT_EQ(count_of(s->tasks, TaskStatus::kUnknown), 99993u);
}

TEST(JobStatisticsReply, MissingCountsAreNone) {
  const auto s = statistics_of(R"("Total":0)");
  ASSERT_TRUE(s);
  EXPECT_EQ(*s, JobStatistics{});
}

TEST(JobStatisticsReply, TheUnknownAreNeverBelowNone) {
  const auto s = statistics_of(R"("Total":3,"Failed":2,"Succeeded":2)");
  ASSERT_TRUE(s);
  EXPECT_EQ(count_of(s->tasks, TaskStatus::kUnknown), 0u);
  EXPECT_EQ(s->total, 3u);
  const auto most = statistics_of(
      R"("Total":4294967295,"Failed":4294967295,"Succeeded":4294967295,"Sent":4294967295)");
  ASSERT_TRUE(most);
  EXPECT_EQ(count_of(most->tasks, TaskStatus::kUnknown), 0u);
}

TEST(JobStatisticsReply, WhatIsNoCountIsRefused) {
  for (const char* value : {"-1", "\"-1\"", "1.5", "\"1.5\"", "\"\"", "\"x\"", "\"+1\"", "\"0x1\"",
                            "true", "[]", "{}", "4294967296", "\"4294967296\"", "1e3", "1e300",
                            "18446744073709551616", "\"99999999999999999999\""}) {
    for (const char* name : {"Total", "Failed", "inprogress"}) {
      const std::string total = std::string(name) == "Total" ? "" : "\"Total\":5,";
      const std::string body = good_body(total + '"' + name + "\":" + value);
      EXPECT_EQ(failure_of(reply(200, body), kApi).reason, Reason::kProtocol) << body;
    }
  }
}

TEST(JobStatisticsReply, WithoutATotalThereAreNone) {
  for (const std::string& body :
       {good_body(""), good_body(R"("Failed":1)"), good_body(R"("Total":null)"),
        good_body(R"("Total":1,"Total":1)"),
        // JSON readers differ in which of the two they use.
        good_body(R"("Total":1,"total":2)"),
        good_body(R"("Total":9,"InProgress":1,"inProgress":2)"), std::string(R"({"Success":true})"),
        std::string(R"({"Success":true,"Data":null})"),
        std::string(R"({"Success":true,"Data":[]})")}) {
    EXPECT_EQ(failure_of(reply(200, body), kApi).reason, Reason::kProtocol) << body;
  }
}

}  // namespace
}  // namespace taskwatchd
