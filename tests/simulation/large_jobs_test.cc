// Jobs of 100 list pages and more while calls fail: each completion is observed, no call is lost,
// and the quota is respected as the platform counts calls.
#include <gtest/gtest.h>

#include "simulation/sim_world.h"

namespace taskwatchd {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::uint32_t kManyTasks = 5000;  // 100 list pages

SimOptions job_of(std::uint32_t tasks, double per_minute) {
  SimOptions options;
  options.watch = SimOptions::Watch::kJobs;
  options.tasks = tasks;
  options.rollout_per_minute = per_minute;
  options.timeout_ms = 5 * 60 * 1000;
  options.life.offline_mean = 300;
  options.life.failed = 0.1;
  options.life.hang = 0.02;
  options.quota_share = 1.0;
  options.pace.task = options.pace.job = Duration::zero();
  return options;
}

void turn(iotsim::Switches& switches, const std::string& name, const std::string& value) {
  const auto wrong = iotsim::set_switch(switches, name, value);
  ASSERT_FALSE(wrong) << *wrong;
}

void expect_no_violation(const SimWorld& world) {
  for (const std::string& what : world.violations()) ADD_FAILURE() << what;
}

// Makes `share` of the calls fail, in five ways.
void fail_calls(iotsim::Switches& switches, double share) {
  for (const char* const fault : {"server_error", "throttled", "drop", "cut", "html"}) {
    turn(switches, fault, std::to_string(share / 5));
  }
}

TEST(LargeJobs, EveryEndIsSeenWhenCallsFail) {
  std::uint64_t seed = 1;
  for (const double share : {0.0, 0.02, 0.2}) {
    for (const char* const order : {"id", "oldest", "newest"}) {
      SimOptions options = job_of(kManyTasks, 1000);
      options.seed = seed++;
      turn(options.calm, "page_order", order);
      fail_calls(options.calm, share);
      SimWorld world(options);
      world.start();
      world.run(minutes(30));
      world.check_known(minutes(2));
      world.check_converged();
      expect_no_violation(world);
      EXPECT_EQ(world.store().records().size(), kManyTasks) << order;
      EXPECT_LE(world.most_in_a_second(), 5u) << order;
      std::printf("%.0f %% fail, pages by %s: bad mean %.2f s of %zu, all mean %.2f s of %zu\n",
                  100 * share, order, mean(world.delays().bad), world.delays().bad.size(),
                  mean(world.delays().all), world.delays().all.size());
      EXPECT_LT(mean(world.delays().bad), 8) << order;
    }
  }
}

TEST(LargeJobs, OtherProgramsAndOneBudgetForAll) {
  for (const char* const what : {"competitor", "common_quota"}) {
    SimOptions options = job_of(kManyTasks, 500);
    turn(options.calm, what, what == std::string("competitor") ? "3" : "5");
    SimWorld world(options);
    world.start();
    world.run(minutes(40));
    world.check_known(minutes(5));
    expect_no_violation(world);
    EXPECT_EQ(world.store().records().size(), kManyTasks) << what;
  }
}

// If the platform rejects the pagination token of a failed list page, each observed task's
// completion is still observed, by QueryTask.
TEST(LargeJobs, ObservedTasksAreSeenToFinishWhateverBecomesOfTokens) {
  struct Case {
    const char* name;
    const char* value;
  };
  for (const Case& one : {Case{"refused_tokens", "1"}, Case{"refused_tokens", "0.3"},
                          Case{"single_use_tokens", "true"}, Case{"token_ms", "100"}}) {
    SimOptions options = job_of(1500, 1000);
    SimWorld world(options);
    world.start();
    world.run(minutes(4));  // most are observed before they finish
    turn(world.cloud().switches, one.name, one.value);
    fail_calls(world.cloud().switches, 0.05);
    world.run(minutes(40));
    world.check_known(minutes(12));
    expect_no_violation(world);
    EXPECT_GT(world.store().records().size(), 1000u);
  }
}

TEST(LargeJobs, AListWithoutEndDoesNotStarveTheOthers) {
  for (const char* const kind : {"same", "fresh"}) {
    SimOptions options = job_of(200, 1000);
    options.jobs = 9;
    turn(options.calm, "endless_list", kind);
    turn(options.calm, "endless_job", "job-1");
    SimWorld world(options);
    world.start();
    world.run(minutes(25));
    world.check_known(minutes(5));
    world.check_converged();
    expect_no_violation(world);
    const auto found = world.anomalies().find(Anomaly::kEndlessList);
    ASSERT_NE(found, world.anomalies().end()) << kind;
    EXPECT_LE(found->second, 8 * 25) << "each list backs off";
    EXPECT_EQ(world.logged_events("endless_list"), 1u) << "logged once";
    world.run(minutes(2));
    const std::uint64_t before = world.calls_of(Api::kListTask);
    world.run(minutes(10));
    EXPECT_LE(world.calls_of(Api::kListTask) - before, 400u) << kind;
  }
}

// Each API fails in each way for three minutes, in a separate simulation.
TEST(LargeJobs, EachApiFailsInEachWay) {
  for (const Api api :
       {Api::kQueryTask, Api::kListTask, Api::kQueryJobStatistics, Api::kQueryJob}) {
    for (const char* const fault : {"server_error", "throttled", "drop", "html", "empty",
                                    "system_exception", "broken_json", "cut", "drip"}) {
      SimOptions options = job_of(130, 600);
      options.watch = SimOptions::Watch::kBoth;
      SimWorld world(options);
      world.start();
      world.run(seconds(20));
      turn(world.cloud().switches, "only_api", std::string(name(api)));
      turn(world.cloud().switches, fault, "1");
      const std::uint64_t before = world.calls_of(api);
      world.run(minutes(3));
      EXPECT_LE(world.calls_of(api) - before, 3u * 60 * 5) << name(api) << ' ' << fault;
      world.calm_down();
      world.run(minutes(20));
      world.check_converged();
      for (const std::string& what : world.violations()) {
        ADD_FAILURE() << name(api) << ' ' << fault << ": " << what;
      }
      EXPECT_LE(world.most_in_a_second(), 5u) << name(api) << ' ' << fault;
    }
  }
}

TEST(LargeJobs, ARenamedInstanceLosesNoCall) {
  SimOptions options = job_of(kManyTasks, 1000);
  options.one_way = milliseconds(400);  // many calls are in flight
  fail_calls(options.calm, 0.05);
  SimWorld world(options);
  world.start();
  for (int i = 0; i < 60; ++i) {
    world.run(seconds(7));
    world.rename_instance("main-" + std::to_string(i % 3));
  }
  world.run(minutes(30));
  world.check_known(minutes(5));
  world.check_converged();
  expect_no_violation(world);
  EXPECT_LE(world.most_in_a_second(), 5u);
}

TEST(LargeJobs, ASlowNameLookupMakesNoBurst) {
  for (const bool fails : {false, true}) {
    SimOptions options = job_of(400, 1000);
    options.watch = SimOptions::Watch::kBoth;
    options.name_lookup = fails ? seconds(3) : milliseconds(2900);
    options.name_lookup_fails = fails;
    SimWorld world(options);
    world.start();
    world.run(minutes(20));
    world.check_converged();
    expect_no_violation(world);
    EXPECT_LE(world.most_in_a_second(), 5u) << fails;
  }
}

}  // namespace
}  // namespace taskwatchd
