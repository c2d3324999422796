#include "simulator/scenario.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "simulator/client_config.h"
#include "simulator/model_control.h"
#include "simulator/model_job_state.h"

namespace iotsim {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::int64_t kBegin = 1'800'000'000'000;
constexpr std::int64_t kMinute = 60'000;

std::string slurp(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

Scenario load(const std::string& name) {
  const auto path = std::filesystem::path(TEST_DATA_DIR) / "scenarios" / name;
  return parse_scenario(slurp(path), name);
}

std::string error_of(const std::string& yaml) {
  try {
    parse_scenario(yaml, "s.yaml");
    return "";
  } catch (const ScenarioError& e) {
    return e.what();
  }
}

// A valid beginning of four lines; tests append lines from line 5 on.
const std::string kAccount =
    "accounts:\n"
    "  - name: a\n"
    "    keys:\n"
    "      - {id: k, secret: s}\n";
const std::string kJob = kAccount +
                         "    instances:\n"
                         "      - id: iot-1\n"
                         "        jobs:\n";

TEST(ScenarioErrors, NameThePlace) {
  EXPECT_EQ(error_of(kAccount), "");
  EXPECT_EQ(error_of(kAccount + "    colour: red\n"), "s.yaml:5:13: unknown key: colour");
  EXPECT_EQ(error_of("accounts: 5\n"), "s.yaml:1:11: must be a list");
  EXPECT_EQ(error_of("accounts: []\n"), "s.yaml:1:11: no accounts");
  EXPECT_EQ(error_of("seed: 1\n"), "s.yaml:1:1: missing key: accounts");
  EXPECT_EQ(error_of("[]"), "s.yaml:1:1: a scenario must be a map");
  EXPECT_THAT(error_of("accounts: [\n"), ::testing::StartsWith("s.yaml:2:1: "));
  EXPECT_EQ(error_of(kAccount + "    quota: {QueryTask: many}\n"),
            "s.yaml:5:24: must be a whole number: many");
  EXPECT_EQ(error_of(kAccount + "    quota: {QueryTask: 5, QueryTask: 6}\n"),
            "s.yaml:5:27: key used twice: QueryTask");
  EXPECT_EQ(error_of(kAccount + "switches: {cut: 2}\n"),
            "s.yaml:5:17: cut must be a number from 0 to 1");
  EXPECT_EQ(error_of(kAccount + "switches: {cutt: 1}\n"), "s.yaml:5:18: no such switch: cutt");
  EXPECT_EQ(error_of(kAccount + "schedule: [{at: soon, set: {cut: 1}}]\n"),
            "s.yaml:5:17: must be a duration such as 500ms, 30s, 5m or 1h30m: soon");
  EXPECT_EQ(error_of(kAccount + "  - name: a\n    keys: [{id: x, secret: y}]\n"),
            "s.yaml:5:5: account name used twice: a");
  EXPECT_EQ(error_of(kJob + "          - {devices: 1.5}\n"),
            "s.yaml:8:23: must be a whole number: 1.5");
  EXPECT_EQ(error_of(kJob + "          - {devices: -1}\n"), "s.yaml:8:23: out of range: -1");
  EXPECT_EQ(error_of(kJob + "          - {timeout: -1s}\n"),
            "s.yaml:8:23: must not be negative: -1s");
  EXPECT_EQ(error_of(kJob + "          - life: {failed: 0.7, hang: 0.7}\n"),
            "s.yaml:8:19: failed, hang, rejected and offline sum to more than 1");
  EXPECT_EQ(error_of(kJob + "          - life: {fails: 0.7}\n"),
            "s.yaml:8:27: unknown key in life: fails");
  EXPECT_EQ(error_of(kJob + "          - tasks: [{script: []}]\n"),
            "s.yaml:8:30: a script needs at least one step");
  EXPECT_EQ(error_of(kJob +
                     "          - tasks: [{script: [{at: 2s, status: A}, {at: 1s, status: B}]}]\n"),
            "s.yaml:8:57: steps must be in the order of time");
  EXPECT_EQ(error_of(kJob + "          - id: j\n          - id: j\n"),
            "s.yaml:9:13: job id used twice: j");
  EXPECT_THAT(error_of(kJob + "          - tasks: [{id: t, script: [{at: 0s, status: A}]}, "
                              "{id: t, script: [{at: 0s, status: A}]}]\n"),
              HasSubstr("task id used twice: t"));
}

TEST(Spans, AreReadExactly) {
  EXPECT_EQ(parse_span("500ms"), 500);
  EXPECT_EQ(parse_span("1h30m"), 90 * kMinute);
  EXPECT_EQ(parse_span("-2d"), -2 * 1440 * kMinute);
  EXPECT_EQ(parse_span("0"), 0);
  for (const char* const bad : {"", "5", "s", "5x", "5 s", "--5s", "1e3s", "99999999999s", "-"}) {
    EXPECT_EQ(parse_span(bad), std::nullopt) << bad;
  }
}

std::map<std::string, int> ends(World& world, std::int64_t t) {
  std::map<std::string, int> counts;
  for (std::size_t i = 0; i < world.task_count(); ++i) {
    const auto state = world.status_at(world.task_at(i), t);
    ++counts[state ? state->word : "none"];
  }
  return counts;
}

TEST(ShippedScenarios, DoWhatTheySay) {
  World demo(load("demo.yaml").seed.value());
  build(load("demo.yaml"), kBegin, demo);
  EXPECT_EQ(demo.task_count(), 40u);
  auto counts = ends(demo, kBegin + 3 * kMinute);
  for (const char* const word : {"SUCCEEDED", "FAILED", "REJECTED", "TIMED_OUT", "CANCELLED"}) {
    EXPECT_GT(counts[word], 0) << word;
  }
  EXPECT_EQ(counts["QUEUED"] + counts["SENT"] + counts["IN_PROGRESS"], 0);

  World ten(1), thousand(1), finished(1), rerun(1);
  build(load("ten.yaml"), kBegin, ten);
  EXPECT_EQ(ends(ten, kBegin + 1440 * kMinute), (std::map<std::string, int>{{"IN_PROGRESS", 10}}));
  build(load("thousand.yaml"), kBegin, thousand);
  EXPECT_EQ(ends(thousand, kBegin + 1440 * kMinute),
            (std::map<std::string, int>{{"IN_PROGRESS", 1000}}));
  build(load("finished.yaml"), kBegin, finished);
  counts = ends(finished, kBegin);
  EXPECT_EQ(counts["QUEUED"] + counts["SENT"] + counts["IN_PROGRESS"] + counts["none"], 0);
  build(load("rerun.yaml"), kBegin, rerun);
  EXPECT_EQ(ends(rerun, kBegin + kMinute), (std::map<std::string, int>{{"FAILED", 1}}));
  rerun.rerun("sGWotgRkutxRerun010001", kBegin + kMinute, RerunKind::kKeepTaskId);
  EXPECT_EQ(ends(rerun, kBegin + 2 * kMinute), (std::map<std::string, int>{{"SUCCEEDED", 1}}));
}

TEST(ShippedScenarios, DiscoveryHasManyOldJobsAndALiveOne) {
  World world(1);
  build(load("discovery.yaml"), kBegin, world);
  std::map<std::string, int> jobs;
  for (const Job& job : world.jobs()) {
    const auto state = job_state(world, job, kBegin + kMinute);
    ++jobs[std::string(state->word)];
    EXPECT_EQ(state->modified_ms < kBegin - 7 * 1440 * kMinute, state->word == "COMPLETED");
  }
  EXPECT_EQ(jobs, (std::map<std::string, int>{{"COMPLETED", 500}, {"IN_PROGRESS", 1}}));
  EXPECT_EQ(world.task_count(), 80'200u);
}

TEST(Repeat, MakesManyJobsOfOneEntry) {
  const Scenario scenario = parse_scenario(
      kJob +
          "          - {id: ota, name: up, devices: 3, repeat: 20, start: 10s, spread: 1h}\n"
          "          - {id: old, devices: 160, repeat: 5, start: -20d, created: -21d, spread: "
          "10d}\n"
          "          - {repeat: 1}\n",
      "s");
  ASSERT_EQ(scenario.jobs.size(), 26u);
  EXPECT_EQ(scenario.jobs[0].id, "ota01");
  EXPECT_EQ(scenario.jobs[0].name, "up-01");
  EXPECT_EQ(scenario.jobs[0].start_ms, 10'000);
  EXPECT_EQ(scenario.jobs[0].created_ms, 0);
  EXPECT_EQ(scenario.jobs[19].id, "ota20");
  EXPECT_EQ(scenario.jobs[19].start_ms, 10'000 + 57 * kMinute);
  EXPECT_EQ(scenario.jobs[19].created_ms, 0);
  EXPECT_EQ(scenario.jobs[20].id, "old1");
  EXPECT_EQ(scenario.jobs[24].start_ms, -12 * 1440 * kMinute);
  EXPECT_EQ(scenario.jobs[24].created_ms, -13 * 1440 * kMinute);
  World world(1);
  build(scenario, kBegin, world);
  EXPECT_EQ(world.task_count(), 20u * 3 + 5 * 160);

  EXPECT_EQ(error_of(kJob + "          - {repeat: 0}\n"), "s.yaml:8:22: out of range: 0");
  EXPECT_EQ(error_of(kJob + "          - {spread: 1h}\n"), "s.yaml:8:22: spread needs repeat");
  EXPECT_EQ(error_of(kJob + "          - {id: j1}\n          - {id: j, repeat: 2}\n"),
            "s.yaml:9:13: job id used twice: j1");
}

TEST(SpeedUp, ShortensEverySpan) {
  Scenario scenario = parse_scenario(
      kJob +
          "          - {devices: 10, rollout: 10, start: 10s, timeout: 30m}\n"
          "          - tasks: [{script: [{at: 0s, status: QUEUED}, {at: 20s, status: FAILED}]}]\n"
          "schedule: [{at: 60s, set: {cut: 1}}]\n",
      "s");
  speed_up(scenario, 10);
  EXPECT_EQ(scenario.jobs[0].start_ms, 1000);
  EXPECT_EQ(scenario.jobs[0].timeout_ms, 3 * kMinute);
  EXPECT_DOUBLE_EQ(scenario.jobs[0].rollout_per_minute, 100);
  EXPECT_DOUBLE_EQ(scenario.jobs[0].life.run_median, 18);
  EXPECT_DOUBLE_EQ(scenario.jobs[0].life.run_sigma, 0.6);
  EXPECT_EQ(scenario.jobs[1].scripts[0].attempts[0][1].offset_ms, 2000);
  EXPECT_EQ(scenario.schedule[0].after_ms, 6000);
  speed_up(scenario, 1e6);
  EXPECT_EQ(scenario.jobs[0].timeout_ms, 1);  // 0 would mean no timeout
}

TEST(ClientConfig, NamesEveryTaskAndKeepsSecretsApart) {
  World world(1);
  build(load("demo.yaml"), kBegin, world);
  ClientOptions options;
  options.endpoint = "http://127.0.0.1:8080";
  options.quota_share = "1.0";
  options.pace = "0s";
  options.signature = "v1";
  const auto files = client_config(world, options);
  ASSERT_EQ(files.size(), 2u);
  EXPECT_EQ(files[0].path, "keys/demo.secret");
  EXPECT_TRUE(files[0].is_secret);
  EXPECT_EQ(files[0].text, "demo-secret-not-a-real-one\n");
  const std::string& yaml = files[1].text;
  EXPECT_EQ(files[1].path, "taskwatchd.yaml");
  EXPECT_THAT(yaml, Not(HasSubstr("not-a-real-one")));
  for (const char* const part :
       {"endpoint: \"http://127.0.0.1:8080\"", "id: \"iot-cn-demo0001\"", "quota_share: 1.0",
        "pace:\n      task: 0s", "signature: v1", "access_key_id: \"LTAI5tDemoKey\""}) {
    EXPECT_THAT(yaml, HasSubstr(part));
  }
  for (std::size_t i = 0; i < world.task_count(); ++i) {
    EXPECT_THAT(yaml, HasSubstr("- \"" + world.task_at(i).id + "\"\n"));
  }
}

TEST(ClientConfig, WatchesJobsIfRequested) {
  World world(1);
  build(load("demo.yaml"), kBegin, world);
  ClientOptions options;
  options.endpoint = "http://127.0.0.1:1";
  options.watch = "jobs";
  options.pace = "0s";
  std::string yaml = client_config(world, options)[1].text;
  for (const Job& job : world.jobs()) EXPECT_THAT(yaml, HasSubstr("- \"" + job.spec.id + "\"\n"));
  EXPECT_THAT(yaml, HasSubstr("        jobs:\n"));
  EXPECT_THAT(yaml, HasSubstr("    pace:\n      task: 0s\n      job: 0s\n"));
  EXPECT_THAT(yaml, Not(HasSubstr("tasks:")));
  options.watch = "discover";
  yaml = client_config(world, options)[1].text;
  EXPECT_THAT(yaml, HasSubstr("        discover_jobs: true\n"));
  EXPECT_THAT(yaml, Not(HasSubstr(world.jobs()[0].spec.id)));
}

class Control : public ::testing::Test {
 protected:
  Control() {
    build(load("rerun.yaml"), kBegin, world);
    wall = kBegin + kMinute;
  }
  Response ask(const std::string& target) {
    return control(cloud, {"GET", target, {}, "", ""}, {wall, wall * 1000});
  }
  World world{1};
  ModelCloud cloud{world, 1};
  std::int64_t wall = 0;
};

TEST_F(Control, ShowsAndMovesTheTruth) {
  EXPECT_THAT(ask("/-/tasks?status=FAILED").body, HasSubstr("\"id\":\"MSnT9rerunTask1q010101\""));
  EXPECT_EQ(ask("/-/tasks?status=SENT").body, "{\"tasks\":[]}\n");
  EXPECT_THAT(ask("/-/jobs").body, HasSubstr("\"status\":\"COMPLETED\",\"tasks\":{\"FAILED\":1}"));
  EXPECT_EQ(ask("/-/rerun?job=sGWotgRkutxRerun010001&keep=true").body,
            "{\"tasks\":[\"MSnT9rerunTask1q010101\"]}\n");
  const std::string now = ask("/-/history?task=MSnT9rerunTask1q010101").body;
  EXPECT_THAT(now, HasSubstr("\"at\":\"" + utc_milliseconds(kBegin + 1000) +
                             "\",\"at_ms\":" + std::to_string(kBegin + 1000) +
                             ",\"status\":\"FAILED\",\"attempt\":1,\"progress\":\"30\"}"));
  EXPECT_THAT(now, HasSubstr("\"status\":\"QUEUED\",\"attempt\":2}]"));
  EXPECT_THAT(ask("/-/history?task=MSnT9rerunTask1q010101&all=true").body,
              HasSubstr("\"SUCCEEDED\""));
  EXPECT_EQ(ask("/-/cancel?job=sGWotgRkutxRerun010001").body, "{\"cancelled\":1}\n");
  EXPECT_EQ(ask("/-/remove?task=MSnT9rerunTask1q010101").status, 200);
  EXPECT_EQ(ask("/-/tasks?status=CANCELLED").body, "{\"tasks\":[]}\n");
  EXPECT_EQ(ask("/-/remove?job=sGWotgRkutxRerun010001").status, 200);
  EXPECT_THAT(ask("/-/jobs").body, HasSubstr("\"status\":\"\",\"tasks\":{}"));
}

TEST_F(Control, ReruningIntoNewTasksNamesThem) {
  EXPECT_THAT(ask("/-/rerun?job=sGWotgRkutxRerun010001&keep=false").body,
              Not(HasSubstr("MSnT9rerunTask1q010101")));
  EXPECT_EQ(world.task_count(), 2u);
}

TEST_F(Control, TurnsSwitchesAllOrNone) {
  EXPECT_EQ(ask("/-/switch?cut=0.5&slow_ms=10").status, 200);
  EXPECT_EQ(cloud.switches.cut, 0.5);
  EXPECT_THAT(ask("/-/switch").body, HasSubstr("\"cut\":\"0.5\""));
  const Response bad = ask("/-/switch?cut=0.1&slow=7");
  EXPECT_EQ(bad.status, 400);
  EXPECT_THAT(bad.body, HasSubstr("slow must be"));
  EXPECT_EQ(cloud.switches.cut, 0.5);
}

TEST_F(Control, CountsCalls) {
  CallRecord record;
  record.account = "demo";
  record.api = "QueryTask";
  record.task = "t\"1";
  record.status = 200;
  record.ok = true;
  record.mono_us = wall * 1000;
  cloud.log().add(record, 5);
  EXPECT_THAT(ask("/-/stats").body,
              HasSubstr("{\"account\":\"demo\",\"api\":\"QueryTask\",\"calls\":1,\"refused\":0,"
                        "\"accepted\":1,\"ok\":1,\"peak_received\":1,\"peak_accepted\":1,"));
  EXPECT_THAT(ask("/-/stats").body, HasSubstr("\"accounts\":[{\"account\":\"demo\",\"calls\":1,"));
  EXPECT_THAT(ask("/-/calls").body, HasSubstr("\"task\":\"t\\\"1\",\"status\":200"));
  ask("/-/stats/reset");
  EXPECT_THAT(ask("/-/stats").body, HasSubstr("\"apis\":[]"));
}

TEST_F(Control, ReportsUnknownNames) {
  for (const char* const path : {"/-/nothing", "/-/history?task=x", "/-/rerun?job=x",
                                 "/-/cancel?job=x", "/-/remove?task=x", "/-/remove?job=x"}) {
    EXPECT_EQ(ask(path).status, 404) << path;
  }
  EXPECT_EQ(ask("/-/switch?a=%").status, 400);
}

}  // namespace
}  // namespace iotsim
