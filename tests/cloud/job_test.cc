// Responses of QueryJob and ListJob.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cloud/reply_fixture.h"

namespace taskwatchd {
namespace {

using std::chrono::minutes;
using testing::HasSubstr;
using testing::Not;

const std::string kJob = R"("JobId":"J1","UtcCreate":"2019-05-21T13:00:00.000Z",)"
                         R"("UtcModified":"2019-05-21T13:03:53.000Z")";

std::optional<JobReply> job_of(const std::string& body) {
  return answer_of<JobReply>(Api::kQueryJob, body);
}

std::optional<JobReply> job_with(const std::string& more) {
  return job_of(good_body(kJob + R"(,"Status":"WAITING",)" + more));
}

std::string list(const std::string& rows, const std::string& counts = R"("Page":1,"Total":2)") {
  return R"({"Success":true,)" + counts + R"(,"Data":{"data":[)" + rows + "]}}";
}

std::string all_of(const JobReply& job) {
  return job.job_id + job.job_name + job.type + job.status_text;
}

TEST(QueryJobReply, AJobAsTheClientsKnowIt) {
  const auto j = job_of(sample("query_job.json"));
  ASSERT_TRUE(j);
  EXPECT_EQ(j->job_id, "sGWotgRkutxX*****");
  EXPECT_EQ(j->job_name, "MyTestJobIax6Eq");
  EXPECT_EQ(j->type, "CUSTOM_JOB");
  EXPECT_EQ(j->status, JobStatus::kInProgress);
  EXPECT_EQ(j->status_text, "");
  EXPECT_EQ(j->timeout, minutes(60));
  EXPECT_EQ(j->rollout_per_minute, 1000.0);
  ASSERT_TRUE(j->scheduled);
  EXPECT_EQ(rfc3339(*j->scheduled), "2019-05-21T13:00:00.000Z");
  EXPECT_EQ(rfc3339(j->created), "2019-05-21T13:00:00.000Z");
  EXPECT_EQ(rfc3339(j->modified), "2019-05-21T13:03:53.000Z");
  // The job document, the description and the file's address are not stored.
  EXPECT_THAT(all_of(*j), Not(HasSubstr("MARK")));
}

// A rejected response does not quote any of them either.
TEST(QueryJobReply, AFailureHoldsNoneOfThemEither) {
  std::string body = sample("query_job.json");
  body.replace(body.find("IN_PROGRESS") - 1, 13, "3");
  const Failure f = failure_of(reply(200, body), Api::kQueryJob);
  EXPECT_EQ(f.reason, Reason::kProtocol);
  EXPECT_THAT(f.message + f.code + f.request_id, Not(HasSubstr("MARK")));
}

TEST(QueryJobReply, SettingsAreOptional) {
  const auto j = job_with(R"("Type":"PUB")");
  ASSERT_TRUE(j);
  EXPECT_EQ(j->timeout, std::nullopt);
  EXPECT_EQ(j->rollout_per_minute, std::nullopt);
  EXPECT_EQ(j->scheduled, std::nullopt);
}

TEST(QueryJobReply, SettingsInEachForm) {
  const auto j = job_with(
      R"("ScheduledTime":"1558443600000","TimeoutConfig":{"inProgressTimeoutInMinutes":"90"},)"
      R"("RolloutConfig":{"maximumPerMinute":" 50 "})");
  ASSERT_TRUE(j);
  EXPECT_EQ(j->timeout, minutes(90));
  EXPECT_EQ(j->rollout_per_minute, 50.0);
  EXPECT_EQ(j->scheduled, parse_utc("2019-05-21T13:00:00Z"));
}

TEST(QueryJobReply, ASettingThatIsNoneIsLeftOut) {
  for (const char* value : {"0", "-1", "null", "\"\"", "\"soon\"", "true", "[]", "{}", "1e300",
                            "\"nan\"", "18446744073709551615"}) {
    const std::string v = value;
    const auto j =
        job_with("\"ScheduledTime\":" + v + R"(,"TimeoutConfig":{"InProgressTimeoutInMinutes":)" +
                 v + R"(},"RolloutConfig":{"MaximumPerMinute":)" + v + '}');
    ASSERT_TRUE(j) << value;
    EXPECT_EQ(j->timeout, std::nullopt) << value;
    EXPECT_EQ(j->rollout_per_minute, std::nullopt) << value;
    EXPECT_EQ(j->scheduled, std::nullopt) << value;
  }
  const auto twice =
      job_with(R"("TimeoutConfig":{"InProgressTimeoutInMinutes":1,"inProgressTimeoutInMinutes":2},)"
               R"("RolloutConfig":[7])");
  ASSERT_TRUE(twice);
  EXPECT_EQ(twice->timeout, std::nullopt);
  EXPECT_EQ(twice->rollout_per_minute, std::nullopt);
}

TEST(QueryJobReply, EachStatusAndUnknownOnes) {
  for (const JobStatus status : kAllJobStatuses) {
    const auto j = job_of(good_body(kJob + ",\"Status\":\"" + std::string(name(status)) + '"'));
    ASSERT_TRUE(j);
    EXPECT_EQ(j->status, status);
  }
  for (const char* word : {"PAUSED", "completed", "", "UNKNOWN"}) {
    const auto j = job_of(good_body(kJob + ",\"Status\":\"" + word + '"'));
    ASSERT_TRUE(j);
    EXPECT_EQ(j->status, JobStatus::kUnknown);
    EXPECT_EQ(j->status_text, word);
  }
}

TEST(QueryJobReply, WhatIsNeededMustBeThereAndSound) {
  for (const std::string& body :
       {std::string(R"({"Success":true})"), std::string(R"({"Success":true,"Data":{}})"),
        std::string(R"({"Success":true,"Data":"x"})"), good_body(kJob),
        good_body(kJob + R"(,"Status":null)"),
        good_body(kJob + R"(,"Status":"WAITING","Type":"A")") + "x",
        good_body(kJob + R"(,"Status":"WAITING","JobId":"J2")"),
        good_body(kJob + R"(,"Status":"WAITING","RolloutConfig":{},"RolloutConfig":{})"),
        good_body(R"("JobId":"J1","Status":"WAITING","UtcCreate":"2019-05-21T13:00:00.000Z")"),
        good_body(R"("JobId":"J1","Status":"WAITING","UtcModified":"2019-05-21T13:00:00.000Z")")}) {
    EXPECT_EQ(failure_of(reply(200, body), Api::kQueryJob).reason, Reason::kProtocol) << body;
  }
}

TEST(ListJobReply, APageAsTheClientsKnowIt) {
  const auto p = answer_of<JobPage>(Api::kListJob, sample("list_job.json"));
  ASSERT_TRUE(p);
  EXPECT_EQ(p->page, 1u);
  EXPECT_EQ(p->total, 2u);
  EXPECT_EQ(p->unreadable, 0u);
  ASSERT_EQ(p->jobs.size(), 2u);
  EXPECT_EQ(p->jobs[0].status, JobStatus::kCompleted);
  EXPECT_EQ(p->jobs[0].job_name, "MyTestJobIax6Eq");
  ASSERT_TRUE(p->jobs[0].scheduled);
  EXPECT_EQ(p->jobs[1].job_id, "7dWotgRkutxX*****");
  EXPECT_EQ(p->jobs[1].job_name, "\xE8\xAE\xBE\xE5\xA4\x87\xE5\x8D\x87\xE7\xBA\xA7");
  EXPECT_EQ(p->jobs[1].type, "INVOKE_SERVICE");
  EXPECT_EQ(p->jobs[1].scheduled, std::nullopt);
  EXPECT_EQ(p->jobs[1].timeout, std::nullopt);
  EXPECT_THAT(all_of(p->jobs[0]), Not(HasSubstr("MARK")));
}

TEST(ListJobReply, OddRowsAreLeftOutAndCounted) {
  const std::string good = '{' + kJob + R"(,"Status":"WAITING"})";
  const auto p = answer_of<JobPage>(Api::kListJob, list(good + ",{},7," + good));
  ASSERT_TRUE(p);
  EXPECT_EQ(p->jobs.size(), 2u);
  EXPECT_EQ(p->unreadable, 2u);
}

TEST(ListJobReply, AnAccountWithoutJobs) {
  const auto p =
      answer_of<JobPage>(Api::kListJob, R"({"Success":true,"Page":"1","PageSize":50,"Total":"0"})");
  ASSERT_TRUE(p);
  EXPECT_TRUE(p->jobs.empty());
  EXPECT_EQ(p->total, 0u);
}

// Without the page number and the total, the last page could not be recognized.
TEST(ListJobReply, PageAndTotalAreNeeded) {
  EXPECT_TRUE(answer_of<JobPage>(Api::kListJob, list("")));
  for (const char* counts : {R"("Page":1)", R"("Total":2)", R"("Page":1,"Total":-2)",
                             R"("Page":"x","Total":2)", R"("Page":1,"Total":2,"Total":3)"}) {
    EXPECT_EQ(failure_of(reply(200, list("", counts)), Api::kListJob).reason, Reason::kProtocol)
        << counts;
  }
}

}  // namespace
}  // namespace taskwatchd
