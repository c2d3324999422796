// QueryJob, QueryJobStatistics and ListJob, and the switches that affect all calls about jobs.
#include <map>
#include <set>

#include "simulator/job_fixture.h"

namespace iotsim {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

TEST_F(Jobs, StatisticsCountWhatIsTrueOrWas) {
  const Job& job = add_job("job-1", 500, 1000);
  std::map<std::string, std::string> names = {
      {"QUEUED", "Queued"},       {"SENT", "Sent"},          {"IN_PROGRESS", "InProgress"},
      {"SUCCEEDED", "Succeeded"}, {"FAILED", "Failed"},      {"REJECTED", "Rejected"},
      {"TIMED_OUT", "TimeOut"},   {"CANCELLED", "Cancelled"}};
  const auto expect_counts = [&](const std::string& body) {
    EXPECT_THAT(body, HasSubstr("\"Data\":{\"Total\":500,\"Queued\":"));
    for (const auto& [word, name] : names) {
      EXPECT_THAT(body,
                  HasSubstr('"' + name + "\":" + std::to_string(in_status(job, word).size())));
    }
  };
  for (const std::int64_t after : {5'000, 60'000, 180'000, 2'000'000}) {
    wall = kStart + after;
    expect_counts(ask("QueryJobStatistics", {{"JobId", "job-1"}}).body);
  }
  wall = kStart + 3 * kMinute;
  step();
  const Request get = client.v1("GET", "QueryJobStatistics", {{"JobId", "job-1"}}, wall);
  expect_counts(cloud.handle(get, now()).body);
  turn("statistics_lag_ms", "60000");
  const std::string late = ask("QueryJobStatistics", {{"JobId", "job-1"}}).body;
  wall -= 60'000;
  expect_counts(late);
  // Lists do not lag.
  EXPECT_EQ(list({{"JobId", "job-1"}, {"Limit", "50"}, {"Status", "FAILED"}}),
            in_status(job, "FAILED"));
  turn("statistics_case", "lower");
  EXPECT_THAT(ask("QueryJobStatistics", {{"JobId", "job-1"}}).body,
              HasSubstr("\"Data\":{\"total\":500,\"queued\":"));
  EXPECT_THAT(ask("QueryJobStatistics", {{"JobId", "job-1"}}).body, HasSubstr("\"timeOut\":"));
  EXPECT_EQ(code("QueryJobStatistics", {{"JobId", "nobody"}}), "iot.job.JobNotFound");
  EXPECT_EQ(code("QueryJobStatistics", {}), "MissingJobId");
}

TEST_F(Jobs, QueryJobReportsHowTheJobStands) {
  JobSpec spec;
  spec.id = "job-1";
  spec.name = "ota";
  spec.created_ms = kStart;
  spec.start_ms = kStart + kMinute;
  spec.devices = 50;
  spec.rollout_per_minute = 250;
  spec.timeout_ms = 45 * kMinute;
  spec.life.offline = 0;
  world.add(spec);
  const Pairs call = {{"JobId", "job-1"}};
  wall = kStart - 500;
  EXPECT_EQ(code("QueryJob", call), "iot.job.JobNotFound");
  wall = kStart;
  const std::string body = ask("QueryJob", call).body;
  EXPECT_THAT(body, HasSubstr("\"Data\":{\"JobId\":\"job-1\",\"JobName\":\"ota\",\"Type\":"
                              "\"CUSTOM_JOB\",\"Status\":\"INITIALIZING\",\"UtcCreate\":\"" +
                              utc_milliseconds(kStart) + "\""));
  EXPECT_THAT(body, HasSubstr("\"RolloutConfig\":{\"MaximumPerMinute\":250}"));
  EXPECT_THAT(body, HasSubstr("\"TimeoutConfig\":{\"InProgressTimeoutInMinutes\":45}"));
  EXPECT_THAT(body, HasSubstr("\"ScheduledTime\":" + std::to_string(kStart + kMinute)));
  wall = kStart + 30'000;
  EXPECT_EQ(one(ask("QueryJob", call).body, "Status"), "WAITING");
  wall = kStart + 2 * kMinute;
  EXPECT_EQ(one(ask("QueryJob", call).body, "Status"), "IN_PROGRESS");
  EXPECT_EQ(one(ask("QueryJob", call).body, "UtcModified"), utc_milliseconds(spec.start_ms));
  std::int64_t end = 0;
  for (const Task* const task : world.job("job-1")->tasks) {
    end = std::max(end, world.history(*task).back().at_ms);
  }
  wall = end + 1000;
  EXPECT_EQ(one(ask("QueryJob", call).body, "Status"), "COMPLETED");
  EXPECT_EQ(one(ask("QueryJob", call).body, "UtcModified"), utc_milliseconds(end));
  const std::int64_t again = wall;
  ASSERT_FALSE(world.rerun("job-1", again, RerunKind::kKeepTaskId).empty());
  EXPECT_EQ(one(ask("QueryJob", call).body, "Status"), "IN_PROGRESS");
  EXPECT_EQ(one(ask("QueryJob", call).body, "UtcModified"), utc_milliseconds(again));
  world.cancel("job-1", wall);
  EXPECT_EQ(one(ask("QueryJob", call).body, "Status"), "CANCELLED");
  world.remove_job("job-1", wall);
  EXPECT_EQ(code("QueryJob", call), "iot.job.JobNotFound");
  EXPECT_EQ(code("QueryTask", {{"TaskId", world.job("job-1")->tasks[0]->id}}),
            "iot.job.TaskNotFound");
}

TEST_F(Jobs, OnlyCustomJobsReportATimeout) {
  JobSpec spec;
  spec.id = "job-1";
  spec.type = "SET_PROPERTY";
  spec.created_ms = spec.start_ms = kStart;
  spec.devices = 1;
  world.add(spec);
  spec.id = "job-2";
  spec.type = "CUSTOM_JOB";
  spec.timeout_ms = 0;
  world.add(spec);
  for (const char* const id : {"job-1", "job-2"}) {
    EXPECT_THAT(ask("QueryJob", {{"JobId", id}}).body, Not(HasSubstr("TimeoutConfig"))) << id;
  }
}

TEST_F(Jobs, ListJobPagesThroughThemNewestFirst) {
  for (int i = 0; i < 120; ++i) {
    JobSpec spec;
    spec.id = "job-" + std::to_string(1000 + i);
    spec.created_ms = spec.start_ms = kStart - 1000 * kMinute * (i % 60) - i;
    spec.devices = 2;
    spec.life.offline = 0;
    spec.instance = i == 7 ? 1 : 0;
    world.add(spec);
  }
  JobSpec future;
  future.id = "future";
  future.created_ms = future.start_ms = kStart + 1000 * kMinute;
  world.add(future);
  std::vector<std::string> ids, created;
  for (int page = 1; page <= 4; ++page) {
    const std::string body =
        ask("ListJob", {{"CurrentPage", std::to_string(page)}, {"PageSize", "50"}}).body;
    EXPECT_THAT(body, HasSubstr("\"Page\":" + std::to_string(page) +
                                ",\"PageSize\":50,\"Total\":119,\"Data\":{\"data\":["));
    for (auto& id : all(body, "JobId")) ids.push_back(std::move(id));
    for (auto& time : all(body, "UtcCreate")) created.push_back(std::move(time));
  }
  EXPECT_EQ(ids.size(), 119u);
  EXPECT_EQ(std::set<std::string>(ids.begin(), ids.end()).size(), 119u);
  EXPECT_THAT(ids, Not(::testing::Contains("job-1007")));
  EXPECT_TRUE(std::is_sorted(created.rbegin(), created.rend()));

  std::size_t sum = 0;
  for (const char* const word : {"IN_PROGRESS", "COMPLETED"}) {
    const std::string body =
        ask("ListJob", {{"CurrentPage", "1"}, {"PageSize", "50"}, {"Status", word}}).body;
    for (const std::string& status : all(body, "Status")) EXPECT_EQ(status, word);
    const std::size_t at = body.find("\"Total\":") + 8;
    sum += std::stoul(body.substr(at));
    EXPECT_GT(std::stoul(body.substr(at)), 1u);
  }
  EXPECT_EQ(sum, 119u);
  EXPECT_EQ(code("ListJob", {{"CurrentPage", "1"}}), "MissingPageSize");
  EXPECT_EQ(code("ListJob", {{"PageSize", "1"}}), "MissingCurrentPage");
  for (const char* const bad : {"0", "51", "x"}) {
    EXPECT_EQ(code("ListJob", {{"CurrentPage", "1"}, {"PageSize", bad}}),
              "iot.common.InvalidPageParams");
  }
  EXPECT_EQ(code("ListJob", {{"CurrentPage", "1"}, {"PageSize", "5"}, {"Status", "SENT"}}),
            "iot.common.InvalidParam");
}

TEST_F(Jobs, EachApiHasItsOwnQuotaUnlessThereIsACommonOne) {
  add_job("job-1", 10);
  wall = kStart + 10'000;
  const auto burst = [&](int n) {
    mono_us += 2'000'000;
    int good = 0;
    for (int i = 0; i < n; ++i) {
      for (const char* const api : {"ListTask", "QueryJob", "QueryJobStatistics", "ListJob"}) {
        mono_us += 1000;
        const Response r = cloud.handle(
            client.v3(api,
                      {{"JobId", "job-1"}, {"Limit", "1"}, {"CurrentPage", "1"}, {"PageSize", "1"}},
                      wall),
            now());
        good += r.status == 200 ? 1 : 0;
      }
    }
    return good;
  };
  EXPECT_EQ(burst(8), 20);
  turn("common_quota", "7");
  EXPECT_EQ(burst(8), 7);
  EXPECT_EQ(cloud.log().account_stats(now()).at("a").peak_accepted, 20u);
  turn("common_quota", "100");
  EXPECT_EQ(burst(8), 20);
  // A call that one limit throttles does not count for the other limit.
  turn("common_quota", "1");
  EXPECT_EQ(burst(1), 1);
  turn("retry_after_ms", "-1");
  const Response r = cloud.handle(client.v3("QueryJob", {{"JobId", "job-1"}}, wall), now());
  EXPECT_EQ(*r.header("x-acs-retry-after"), "997");
  mono_us += 996'000;
  EXPECT_EQ(cloud.handle(client.v3("QueryJob", {{"JobId", "job-1"}}, wall), now()).status, 400);
  mono_us += 1000;
  EXPECT_EQ(cloud.handle(client.v3("QueryJob", {{"JobId", "job-1"}}, wall), now()).status, 200);
}

TEST_F(Jobs, ApisMayBeDenied) {
  add_job("job-1", 10);
  wall = kStart + 10'000;
  world.account("a")->denied = {"ListJob"};
  turn("denied", "ListTask,QueryJobStatistics");
  const Pairs page = {{"CurrentPage", "1"}, {"PageSize", "1"}};
  const Pairs job = {{"JobId", "job-1"}, {"Limit", "1"}};
  EXPECT_EQ(ask("ListTask", job).status, 403);
  EXPECT_EQ(code("ListTask", job), "Forbidden.RAM");
  EXPECT_EQ(code("QueryJobStatistics", job), "Forbidden.RAM");
  EXPECT_EQ(code("ListJob", page), "Forbidden.RAM");
  EXPECT_EQ(ask("QueryJob", job).status, 200);
  turn("denied_form", "in_band");
  EXPECT_EQ(code("ListTask", job), "iot.common.RamActionPermissionDeny");
  EXPECT_EQ(code("ListJob", page), "iot.common.RamActionPermissionDeny");
  turn("denied", "");
  EXPECT_EQ(ask("ListTask", job).status, 200);
  turn("get_only", "true");
  turn("only_api", "QueryJobStatistics");
  EXPECT_EQ(ask("ListTask", job).status, 200);
  EXPECT_EQ(code("QueryJobStatistics", job), "UnsupportedHTTPMethod");
}

TEST_F(Jobs, MixUpsAndUnknownStatusesReachListsToo) {
  add_job("job-1", 40);
  const Job& other = add_job("job-2", 40);
  wall = kStart + 30'000;
  const Pairs call = {{"JobId", "job-1"}, {"Limit", "50"}, {"Status", "IN_PROGRESS"}};
  turn("wrong_task", "1");
  EXPECT_EQ(list(call), in_status(other, "IN_PROGRESS"));
  EXPECT_EQ(one(ask("QueryJob", call).body, "JobId"), "job-2");
  turn("wrong_task", "0");
  turn("unknown_status", "1");
  EXPECT_THAT(list(call), IsEmpty());
  EXPECT_THAT(ask("ListTask", {{"JobId", "job-1"}, {"Limit", "50"}}).body,
              HasSubstr("\"Status\":\"PAUSED\""));
  EXPECT_EQ(cloud.log().recent().back().task, "job-1");
}

}  // namespace
}  // namespace iotsim
