#include "plan/report.h"

#include <gmock/gmock.h>
#include <simdjson.h>

#include "plan/simulate.h"

namespace taskwatchd::plan {
namespace {

using testing::HasSubstr;
using testing::Not;

AccountConfig account(std::size_t jobs, std::size_t ids) {
  AccountConfig account;
  account.name = "a";
  for (const Api api : kAllApis) account.quota[api] = 5;
  InstanceConfig instance;
  for (std::size_t i = 0; i < jobs; ++i) instance.jobs.push_back("job" + std::to_string(i));
  for (std::size_t i = 0; i < ids; ++i) instance.tasks.push_back("task" + std::to_string(i));
  account.instances.push_back(instance);
  return account;
}

TEST(Scenario, OneJobOfTenThousandByDefault) {
  Config config;
  config.accounts = {account(0, 0)};
  const Scenario scenario = scenario_of(config, {});
  EXPECT_EQ(scenario.jobs(), 1u);
  EXPECT_EQ(scenario.tasks(), 10'000u);
  EXPECT_EQ(scenario.named(), 0u);
}

TEST(Scenario, TheConfiguredJobsAndIds) {
  Config config;
  config.accounts = {account(3, 40), account(1, 0)};
  const Scenario scenario = scenario_of(config, {});
  EXPECT_EQ(scenario.jobs(), 5u) << "the ids share one";
  EXPECT_EQ(scenario.tasks(), 10'040u);
  EXPECT_EQ(scenario.named(), 40u);
  ASSERT_EQ(scenario.accounts.size(), 2u);
  EXPECT_EQ(scenario.accounts[1].jobs.at(0).tasks, 2500u);
}

TEST(Scenario, FlagsComeBeforeTheConfiguration) {
  Config config;
  config.accounts = {account(3, 40), account(1, 0)};
  const Scenario scenario = scenario_of(config, {.tasks = 1001, .jobs = 10});
  EXPECT_EQ(scenario.jobs(), 10u);
  EXPECT_EQ(scenario.tasks(), 1001u);
  EXPECT_EQ(scenario.named(), 0u);
}

TEST(Scenario, IdsAloneStayIds) {
  Config config;
  config.accounts = {account(0, 40)};
  EXPECT_EQ(scenario_of(config, {}).tasks(), 40u);
  EXPECT_EQ(scenario_of(config, {}).named(), 40u);
  EXPECT_EQ(scenario_of(config, {.tasks = 700}).named(), 700u);
}

TEST(Series, FollowPolicyAndLimits) {
  Config config;
  config.accounts = {account(2, 0)};
  config.task_series_limit = 100;
  const Scenario scenario = scenario_of(config, {.tasks = 1000, .jobs = 2});
  EXPECT_EQ(series_of(config, scenario, 0), 2u * 49);
  EXPECT_EQ(series_of(config, scenario, 60), 2u * 49 + 60 * 13);
  EXPECT_EQ(series_of(config, scenario, 1000), 2u * 49 + 100 * 13) << "the limit";
  config.task_series = TaskSeries::kNone;
  EXPECT_EQ(series_of(config, scenario, 1000), 2u * 49);
  config.task_series = TaskSeries::kAll;
  EXPECT_EQ(series_of(config, scenario, 0), 2u * 49 + 100 * 13);
  config.job_series_limit = 1;
  EXPECT_EQ(series_of(config, scenario, 0), 49 + 100u * 13);
}

TEST(Rows, HoldEveryDelayOnce) {
  const auto rows = rows_of({0.1, 0.25, 0.26, 4, 5000});
  EXPECT_EQ(rows[0], 2u);
  EXPECT_EQ(rows[1], 1u);
  EXPECT_EQ(rows[4], 1u);
  EXPECT_EQ(rows.back(), 1u);
}

class SmallRun : public testing::Test {
 protected:
  static Report run(Request request, std::optional<Duration> bound = {}) {
    Config config;
    config.accounts = {account(1, 0)};
    config.detection_delay_bound = bound;
    request.tasks = 200;
    return simulate(config, scenario_of(config, request), [](Order, Ms) {});
  }
};

TEST_F(SmallRun, JsonHasTheKeysThatProgramsReadAndNoOthers) {
  simdjson::dom::parser parser;
  simdjson::dom::object object = parser.parse(json(run({}))).get_object();
  std::vector<std::string> keys;
  for (const auto& field : object) keys.emplace_back(field.key);
  EXPECT_THAT(keys, testing::ElementsAre("scenario", "apis", "delay_seconds", "lost",
                                         "refused_ratio", "round_robin", "first_round_seconds",
                                         "series", "series_worst", "bounds_kept"));
  EXPECT_EQ(object["lost"]["bad"].get_uint64().value(), 0u);
  EXPECT_EQ(object["lost"]["all"].get_uint64().value(), 0u);
  EXPECT_EQ(object["refused_ratio"].get_double().value(), 0);
  for (const char* section : {"delay_seconds", "round_robin"}) {
    for (const char* which : {"bad", "all"}) {
      for (const char* figure : {"mean", "p50", "p99"}) {
        EXPECT_GT(object[section][which][figure].get_double().value(), 0) << section << which;
      }
    }
  }
  for (const char* api : {"QueryTask", "ListTask", "QueryJobStatistics", "QueryJob"}) {
    EXPECT_GT(object["apis"][api]["calls_per_second"].get_double().value(), 0) << api;
    const double used = object["apis"][api]["quota_used_ratio"];
    EXPECT_GT(used, 0) << api;
    EXPECT_LE(used, 0.8) << "the share";
  }
  EXPECT_TRUE(object["bounds_kept"].get_bool().value());
  EXPECT_EQ(object["scenario"]["tasks"].get_uint64().value(), 200u);
}

TEST_F(SmallRun, TheSameSeedReportsTheSame) {
  EXPECT_EQ(json(run({.seed = 3})), json(run({.seed = 3})));
  EXPECT_NE(json(run({.seed = 3})), json(run({.seed = 4})));
}

TEST_F(SmallRun, TheWorseOrderUnlessOneIsSet) {
  const Report id = run({.order = Order::kId}), oldest = run({.order = Order::kOldest});
  EXPECT_EQ(run({}).bad.p99, std::max(id.bad.p99, oldest.bad.p99));
  EXPECT_FALSE(id.worse_of_two);
  EXPECT_TRUE(run({}).worse_of_two);
}

TEST_F(SmallRun, BoundsAreComparedWithP99OfBad) {
  EXPECT_TRUE(run({}, std::chrono::seconds(30)).bounds_kept);
  const Report broken = run({}, std::chrono::milliseconds(10));
  EXPECT_FALSE(broken.bounds_kept);
  EXPECT_THAT(text(broken), HasSubstr("NOT MET"));
  EXPECT_THAT(json(broken), HasSubstr(R"("bounds_kept":false)"));
}

TEST_F(SmallRun, HoursEndTheRun) {
  const Report report = run({.hours = 0.05});
  EXPECT_LE(report.span, 180'000);
  EXPECT_GT(report.ahead, 50u);
  EXPECT_THAT(text(report), HasSubstr("unfinished by then"));
}

TEST_F(SmallRun, APlatformThatFailsIsNamedAndCounted) {
  Request request{.order = Order::kId};
  EXPECT_THAT(text(run(request)), Not(HasSubstr("Modelled faults")));
  request.hours = 0.5;  // longer runs would observe all completions
  request.shared_quota = true;
  request.failing_tasks = 0.3;
  request.faults.failing_calls = 0.5;
  request.faults.other_calls = 3;
  request.faults.statistics_lag = std::chrono::seconds(5);
  request.faults.jitter = std::chrono::milliseconds(10);
  const Report report = run(request);
  EXPECT_GT(report.refused_ratio, 0.5 / 3);
  EXPECT_LE(report.unseen_bad, report.unseen);
  EXPECT_GT(report.bad.count, 200 * 0.2);
  const std::string said = text(report);
  EXPECT_THAT(said, HasSubstr("50 % of the calls fail"));
  EXPECT_THAT(said, HasSubstr("30 % of the tasks fail"));
  EXPECT_THAT(said, HasSubstr("other programs call each API 3 times per second"));
  EXPECT_THAT(said, HasSubstr("all APIs share one quota"));
  EXPECT_THAT(said, HasSubstr("statistics are 5s late"));
  EXPECT_THAT(said, HasSubstr("the network delay in each direction is 10ms longer"));
  simdjson::dom::parser parser;
  const std::string line = json(report);
  simdjson::dom::object object = parser.parse(line).get_object();
  EXPECT_EQ(object["lost"]["all"].get_uint64().value(), report.unseen);
  EXPECT_EQ(object["lost"]["bad"].get_uint64().value(), report.unseen_bad);
  EXPECT_NEAR(object["refused_ratio"].get_double().value(), report.refused_ratio, 1e-5);
  EXPECT_EQ(object["scenario"]["failing_calls_ratio"].get_double().value(), 0.5);
  EXPECT_EQ(json(run(request)), line) << "the same seed";
}

TEST_F(SmallRun, TextHasAChart) {
  const std::string said = text(run({}));
  EXPECT_THAT(said, HasSubstr("failures by detection delay"));
  EXPECT_THAT(said, HasSubstr("█"));
  EXPECT_THAT(said, HasSubstr("round robin, failures"));
}

TEST(Report, WithoutAFailureThereIsNoFigure) {
  const Report report;
  EXPECT_THAT(json(report), HasSubstr(R"("bad":{"mean":null,"p50":null,"p99":null})"));
  EXPECT_THAT(text(report), Not(HasSubstr("by detection delay")));
}

}  // namespace
}  // namespace taskwatchd::plan
