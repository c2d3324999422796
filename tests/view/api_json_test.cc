// The JSON of /api/v1/status, /api/v1/jobs and /api/v1/tasks.
#include <gtest/gtest.h>

#include "view/jobs_json.h"
#include "view/status_json.h"
#include "view/tasks_json.h"
#include "view_world.h"

namespace taskwatchd {
namespace {

const Wall kNoon{std::chrono::hours(400'000)};
const std::string kNoonText = "\"" + rfc3339(kNoon) + "\"";

TEST(ApiJson, Status) {
  DaemonStatus status;
  AccountStatus account;
  account.name = "prod";
  account.up = true;
  account.failure_reason = "no_keys";
  account.instances = {{"main", false, "auth"}, {"other", true}};
  account.apis = {{Api::kListTask, 3.5, 4, kNoon, true, 9, {{Reason::kForbidden, 2}}},
                  {Api::kQueryTask, 4, 4, {}}};
  account.delays = {{"bad", 3, 1.5, {{0.25, 1}, {30, 3}}}};
  account.unseen = 1;
  account.unfinished = 2;
  account.finished = 3;
  account.gone = 4;
  account.jobs.resize(2);
  account.jobs_skipped = 5;
  account.clock_offset_seconds = -0.25;
  account.detection_delay_bound = std::chrono::seconds(30);
  account.oldest_observation = kNoon;
  status.accounts = {account};
  status.events_pending["log"] = 7;
  status.last_reload_success = kNoon;
  EXPECT_EQ(status_json(status, {"1.2.3", kNoon}),
            "{\"version\":\"1.2.3\",\"started\":" + kNoonText +
                ",\"ready\":true,\"accounts\":[{\"name\":\"prod\",\"up\":true,"
                "\"failure_reason\":\"no_keys\",\"clock_offset_seconds\":-0.25,"
                "\"detection_delay_bound_seconds\":30,"
                "\"blind_seconds\":0,\"oldest_observation\":" +
                kNoonText +
                ",\"instances\":[{\"name\":\"main\",\"up\":false,\"failure_reason\":\"auth\"},"
                "{\"name\":\"other\",\"up\":true}],\"apis\":["
                "{\"action\":\"ListTask\",\"rate_limit\":3.5,\"configured\":4,\"last_success\":" +
                kNoonText +
                ",\"denied\":true,\"calls\":9,\"failures\":{\"forbidden\":2}},"
                "{\"action\":\"QueryTask\",\"rate_limit\":4,\"configured\":4,\"denied\":false,"
                "\"calls\":0,\"failures\":{}}],\"detection_delay\":[{\"class\":\"bad\","
                "\"count\":3,\"sum_seconds\":1.5,\"up_to\":[[0.25,1],[30,3]]}],"
                "\"tasks\":{\"unseen\":1,\"unfinished\":2,\"finished\":3,\"gone\":4},"
                "\"jobs\":{\"watched\":2,\"skipped\":5}}],\"store\":{\"up\":true},"
                "\"sinks\":{\"log\":7},\"config\":{\"last_reload_successful\":true,"
                "\"last_reload_success\":" +
                kNoonText + "}}");
  EXPECT_EQ(status_json({}, {"", kNoon}).find("last_reload_success\":"), std::string::npos);
}

TEST(ApiJson, StatusShowsSinksIfThereAreAny) {
  DaemonStatus status;
  EXPECT_EQ(status_json(status, {"", kNoon}).find("notify"), std::string::npos);
  SinkStatus failing;
  failing.name = "ops";
  failing.format = "slack";
  failing.pending = 2;
  failing.failing_since = kNoon;
  failing.reason = "HTTP 503";
  failing.dropped = {{"rejected", 1}, {"too_old", 2}};
  SinkStatus works;
  works.name = "hook";
  works.format = "cloudevents";
  works.last_success = kNoon;
  works.cursor = 7;
  works.muted = true;
  status.mutes = {{"0000002a", "ops", "", "ota-*", "upgrade", "berta from ::1", kNoon, kNoon}};
  status.sinks = {failing, works};
  EXPECT_NE(
      status_json(status, {"", kNoon})
          .find("\"notify\":[{\"name\":\"ops\",\"format\":\"slack\",\"cursor\":0,\"up\":false,"
                "\"pending\":2,"
                "\"failing_since\":" +
                kNoonText +
                ",\"reason\":\"HTTP 503\",\"dropped\":3},{\"name\":\"hook\",\"format\":"
                "\"cloudevents\",\"cursor\":7,\"up\":true,\"pending\":0,\"last_success\":" +
                kNoonText +
                ",\"dropped\":0,\"muted\":true}],\"mutes\":[{\"id\":\"0000002a\",\"sink\":\"ops\","
                "\"job\":\"ota-*\",\"comment\":\"upgrade\",\"created_by\":\"berta from ::1\","
                "\"created\":" +
                kNoonText + ",\"until\":" + kNoonText + "}]"),
      std::string::npos)
      << status_json(status, {"", kNoon});
}

TEST(ApiJson, StatusShowsReplicasIfThereAreAny) {
  DaemonStatus status;
  EXPECT_EQ(status_json(status, {"", kNoon}).find("replicas"), std::string::npos);
  EXPECT_EQ(status_json(status, {"", kNoon}).find("leases"), std::string::npos);
  status.replication = full_replication();
  const std::string json = status_json(status, {"", kNoon});
  const std::string expected =
      "\"accounts\":[],\"leases\":[{\"account\":\"prod\",\"held\":true,\"elsewhere\":false,"
      "\"epoch\":7,\"transitions\":2},{\"account\":\"test\",\"held\":false,\"elsewhere\":true,"
      "\"holder\":\"two\",\"holder_url\":\"https://two.example/iot\",\"epoch\":3,"
      "\"transitions\":0}],\"replicas\":[{\"name\":\"one\",\"self\":true,"
      "\"accounts\":[\"prod\"],\"age_seconds\":1.5},{\"name\":\"two\","
      "\"url\":\"https://two.example/iot\",\"self\":false,\"accounts\":[\"test\"],"
      "\"age_seconds\":2}],\"store\":";
  EXPECT_NE(json.find(expected), std::string::npos) << json;
  status.replication->replicas.resize(1000);
  EXPECT_LT(status_json(status, {"", kNoon}).size(), 10'000u) << "at most 100 are listed";
}

TEST(ApiJson, Jobs) {
  EXPECT_EQ(jobs_json({}), "{\"jobs\":[]}");
  JobView job;
  job.job_id = "J1";
  job.instance = "main";
  job.labels = {{"team", "ota\""}};
  job.statistics.emplace();
  count_of(job.statistics->tasks, TaskStatus::kFailed) = 3;
  count_of(job.statistics->tasks, TaskStatus::kSent) = 1;
  job.statistics->total = 4;
  job.statistics_read = kNoon;
  job.eta_most = kNoon;
  job.overdue.emplace();
  count_of(*job.overdue, TaskStatus::kQueued) = 2;
  count_of(*job.overdue, TaskStatus::kSent) = 1;
  count_of(job.known, TaskStatus::kFailed) = 2;
  job.unseen_ended = 1;
  job.unseen_since = kNoon;
  AccountStatus account;
  account.name = "prod";
  account.jobs = {job};
  const std::string counts =
      "\"IN_PROGRESS\":0,\"SUCCEEDED\":0,\"FAILED\":3,\"REJECTED\":0,\"TIMED_OUT\":0,"
      "\"CANCELLED\":0,\"UNKNOWN\":0}";
  EXPECT_EQ(jobs_json({account}),
            "{\"jobs\":[{\"account\":\"prod\",\"iot_instance\":\"main\",\"job_id\":\"J1\","
            "\"labels\":{\"team\":\"ota\\\"\"},\"total\":4,\"progress_ratio\":0.75,"
            "\"statistics_at\":" +
                kNoonText + ",\"eta_most_at\":" + kNoonText +
                ",\"stalled\":0,\"overdue\":3,\"unseen_ended\":1,\"unseen_since\":" + kNoonText +
                ",\"unreconciled\":0,\"tasks\":{\"QUEUED\":0,\"SENT\":1," + counts +
                ",\"observed\":{\"QUEUED\":0,\"SENT\":0,\"IN_PROGRESS\":0,\"SUCCEEDED\":0,"
                "\"FAILED\":2,\"REJECTED\":0,\"TIMED_OUT\":0,\"CANCELLED\":0,\"UNKNOWN\":0}}]}");
}

TEST(ApiJson, TasksKeepADeviceMessageAsData) {
  TaskListing listing;
  ListedTask unseen;
  unseen.record.key = {"prod", "t1"};
  unseen.record.instance = "main";
  unseen.explicit_id = true;
  ListedTask seen = unseen;
  seen.seen = true;
  seen.state = WatchState::kWatched;
  seen.record.last.status = TaskStatus::kFailed;
  seen.record.last.progress = 62;
  seen.record.last.message = "</script>\n\"";
  listing.tasks = {unseen, seen};
  listing.total = 9;
  const std::string json = tasks_json(listing, "6162");
  EXPECT_TRUE(json.starts_with(
      "{\"total\":9,\"next_cursor\":\"6162\",\"tasks\":[{\"account\":\"prod\","
      "\"iot_instance\":\"main\",\"task_id\":\"t1\",\"state\":\"pending\",\"explicit\":true},"
      "{\"account\":\"prod\",\"iot_instance\":\"main\",\"task_id\":\"t1\",\"state\":\"watched\","
      "\"explicit\":true,\"status\":\"FAILED\",\"progress\":62,"))
      << json;
  EXPECT_EQ(json.find('\n'), std::string::npos);
  EXPECT_EQ(tasks_json({}, ""), "{\"total\":0,\"tasks\":[]}");
}

}  // namespace
}  // namespace taskwatchd
