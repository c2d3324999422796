// A day of a thousand tasks, simulated in seconds, and what the API quota allows without faults.
#include <gtest/gtest.h>

#include "simulation/sim_world.h"

namespace taskwatchd {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

TEST(Simulation, ADayOfAThousandTasks) {
  SimOptions options;
  options.seed = 42;
  options.tasks = 1000;
  options.rollout_per_minute = 100;
  SimWorld world(options);
  world.start();
  world.run(hours(24));
  world.check_converged();
  for (const std::string& what : world.violations()) ADD_FAILURE() << what;
  EXPECT_LE(world.most_in_a_second(), 4u);
  EXPECT_GE(world.store().events().size(), 2000u);
  const AccountStatus status = world.status();
  EXPECT_TRUE(status.up);
  EXPECT_EQ(status.finished + status.unfinished, 1000u);
  EXPECT_EQ(status.blind_seconds, 0);
}

TEST(Simulation, TheQuotaIsUsedWhileThereIsWork) {
  SimOptions options;
  options.tasks = 1000;
  options.rollout_per_minute = 1;  // nearly all stay QUEUED
  options.quota_share = 1.0;
  options.pace.task = Duration::zero();
  SimWorld world(options);
  world.start();
  world.run(minutes(10));
  EXPECT_LE(world.most_in_a_second(), 5u);
  EXPECT_GE(static_cast<double>(world.calls()), 0.97 * 5 * 600);
  EXPECT_LE(world.logged_events("api_throttled"), 1u);
}

TEST(Simulation, AWorldWhoseTasksAreDoneCostsACallAMinute) {
  SimOptions options;
  options.tasks = 20;
  options.life.offline = 0;
  options.timeout_ms = 10 * 60 * 1000;
  SimWorld world(options);
  world.start();
  world.run(hours(2));
  ASSERT_EQ(world.status().unfinished, 0u);
  const std::uint64_t before = world.calls();
  world.run(hours(1));
  EXPECT_LE(world.calls() - before, 60u);
  EXPECT_GE(world.calls() - before, 55u) << "the heartbeat";
}

TEST(Simulation, ARestartIsNoSecondBaselineAndGoesOnAtOnce) {
  SimOptions options;
  options.tasks = 100;
  SimWorld world(options);
  world.start();
  world.run(minutes(3));
  const std::size_t before = world.store().events().size();
  world.crash();
  world.start();
  world.run(seconds(5));
  EXPECT_GE(world.status().unfinished + world.status().finished, 100u);
  world.run(minutes(60));
  world.check_converged();
  EXPECT_GT(world.store().events().size(), before);
  for (const std::string& what : world.violations()) ADD_FAILURE() << what;
}

TEST(Simulation, ADaemonThatWasDownReportsWhatItMissed) {
  SimOptions options;
  options.tasks = 20;
  SimWorld world(options);
  world.start();
  world.run(minutes(2));
  world.crash();
  world.sleep(minutes(10));
  world.start();
  world.run(minutes(2));
  EXPECT_EQ(world.logged_events("blind_interval"), 1u);
  EXPECT_NEAR(world.status().blind_seconds, 600, 15);
}

TEST(Simulation, AJumpOfTheWallClockChangesNothingButWhatIsWritten) {
  SimOptions options;
  options.tasks = 30;
  options.life.offline_mean = 300;
  SimWorld world(options);
  world.start();
  world.run(minutes(2));
  const std::uint64_t before = world.calls();
  world.jump_own_clock(hours(3));
  world.run(minutes(1));
  EXPECT_GE(world.calls(), before + 30) << "polling goes on";
  EXPECT_LE(world.most_in_a_second(), 4u);
  world.run(minutes(60));
  EXPECT_EQ(world.logged_events("blind_interval"), 0u);
}

TEST(Simulation, OthersThatEatTheQuotaAreGivenWay) {
  SimOptions options;
  options.tasks = 200;
  options.rollout_per_minute = 1;
  options.quota_share = 1.0;
  options.pace.task = Duration::zero();
  SimWorld world(options);
  iotsim::set_switch(world.cloud().switches, "competitor", "4");
  world.start();
  world.run(minutes(10));
  const std::uint64_t calls = world.calls();
  world.run(minutes(30));
  const auto& stats = world.cloud().log().stats({0, 0});
  const auto& query = stats.begin()->second;
  // One call per second is left. A probe about every 20 s and the search for the rate below the
  // ceiling cost about a sixth of that. In tests/core/polling/limiter_share_test.cc it is 7 % with
  // evenly spaced calls of others; here they are not evenly spaced.
  EXPECT_LT(static_cast<double>(query.throttled), 0.2 * static_cast<double>(query.calls));
  EXPECT_GT(world.calls() - calls, 30u * 60 / 3) << "about one call a second is left";
}

}  // namespace
}  // namespace taskwatchd
