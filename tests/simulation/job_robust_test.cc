// Watched jobs when the platform is inconsistent, the daemon restarts, the job is large or all
// tasks are finished: what this costs, and that nothing is reported twice.
#include <gtest/gtest.h>

#include "simulation/sim_world.h"

namespace taskwatchd {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr double kGoal = 0.35;  // s; failures of a job of 1,000 if the platform is exact
constexpr double kLag = 5;      // s, of the statistics

SimOptions job_of(std::uint32_t tasks, double per_minute) {
  SimOptions options;
  options.watch = SimOptions::Watch::kJobs;
  options.tasks = tasks;
  options.rollout_per_minute = per_minute;
  return options;
}

void turn(iotsim::Switches& switches, const char* name, const char* value) {
  const auto wrong = iotsim::set_switch(switches, name, value);
  ASSERT_FALSE(wrong) << *wrong;
}

void expect_no_violation(const SimWorld& world) {
  for (const std::string& what : world.violations()) ADD_FAILURE() << what;
}

using Turned = std::pair<const char*, const char*>;

// Simulates a job of 1,000 tasks that may use the complete quota. Returns the mean delay of
// failures.
double bad_mean(const std::vector<Turned>& turned, std::uint64_t seed, double quota_total = 0) {
  SimOptions options = job_of(1000, 100);
  options.seed = seed;
  options.quota_share = 1.0;
  options.quota_total = quota_total;
  options.pace.task = options.pace.job = Duration::zero();
  std::string what;
  for (const auto& [name, value] : turned) {
    turn(options.calm, name, value);
    what += std::string(" ") + name + "=" + value;
  }
  SimWorld world(options);
  world.start();
  world.run(minutes(60));
  world.check_converged();
  expect_no_violation(world);
  EXPECT_GE(world.delays().bad.size(), 30u) << "too few to tell";
  const double bad = mean(world.delays().bad);
  std::printf("seed %d:%s: bad mean %.2f s of %zu, all mean %.2f s of %zu\n",
              static_cast<int>(seed), what.c_str(), bad, world.delays().bad.size(),
              mean(world.delays().all), world.delays().all.size());
  return bad;
}

TEST(JobRobustness, ExactPlatform) {
  EXPECT_LT(bad_mean({}, 1), kGoal + 0.05);
}

TEST(JobRobustness, EachInconsistencyAlone) {
  EXPECT_LT(bad_mean({{"statistics_lag_ms", "5000"}}, 2), kLag + 3 * kGoal);
  EXPECT_LT(bad_mean({{"page_order", "mixed"}}, 3), 3 * kGoal);
  EXPECT_LT(bad_mean({{"page_order", "newest"}, {"token_kind", "offset"}}, 4), 3 * kGoal);
  EXPECT_LT(bad_mean({{"page_order", "newest"}, {"progress_bumps_modified", "true"}}, 5),
            3 * kGoal);
  EXPECT_LT(bad_mean({{"list_skips", "0.1"}}, 6), 3 * kGoal);
  EXPECT_LT(bad_mean({{"common_quota", "5"}}, 7), kLag + 3 * kGoal);
}

TEST(JobRobustness, AllInconsistenciesAtOnce) {
  for (const std::uint64_t seed : {8, 9, 10}) {
    const std::vector<Turned> turned = {{"statistics_lag_ms", "5000"},
                                        {"page_order", seed == 8 ? "mixed" : "per_list"},
                                        {"token_kind", "offset"},
                                        {"progress_bumps_modified", "true"},
                                        {"common_quota", "5"}};
    EXPECT_LT(bad_mean(turned, seed, 5), kLag + 3 * kGoal) << "seed " << seed;
    EXPECT_LT(bad_mean(turned, seed), kLag + 3 * kGoal) << "seed " << seed << ", found";
  }
}

TEST(JobRobustness, ARestartInTheMiddleOfTenThousandTasks) {
  SimOptions options = job_of(10'000, 1000);
  SimWorld world(options);
  world.start();
  world.run(minutes(5));
  for (int i = 0; i < 3; ++i) {
    world.crash();
    world.start();
    const std::uint64_t before = world.calls_of(Api::kListTask);
    const std::size_t events = world.store().events().size();
    world.run(seconds(5));
    EXPECT_GE(world.calls_of(Api::kListTask), before + 10) << "the work goes on";
    EXPECT_GT(world.store().events().size(), events);
    world.run(minutes(1));
  }
  world.run(minutes(60));
  world.check_converged();
  expect_no_violation(world);
  EXPECT_LE(world.most_in_a_second(), 4u);
}

TEST(JobRobustness, TheFirstObservationCostsItsPages) {
  constexpr std::uint32_t kTasks = 100'000;
  for (const hours start : {hours(24), hours(-48)}) {
    for (const char* const order : {"id", "newest", "oldest"}) {
      SimOptions options = job_of(kTasks, 1000);
      options.start_in = start;
      options.life.offline = 0;
      turn(options.calm, "page_order", order);
      SimWorld world(options);
      world.start();
      for (int i = 0; i < 60 && world.store().records().size() < kTasks; ++i) {
        world.run(seconds(30));
      }
      EXPECT_EQ(world.store().records().size(), kTasks);
      const std::uint64_t pages = world.calls_of(Api::kListTask);
      std::printf("%s, starts in %d h: %d tasks in %d pages\n", order,
                  static_cast<int>(start.count()), static_cast<int>(kTasks),
                  static_cast<int>(pages));
      EXPECT_LE(pages, kTasks / 50 * 11 / 10) << order;
      expect_no_violation(world);
    }
  }
}

TEST(JobRobustness, ARerunIsSeenWithinAMinute) {
  for (const auto kind : {iotsim::RerunKind::kKeepTaskId, iotsim::RerunKind::kNewTaskId}) {
    int worst = 0;
    for (std::uint64_t seed = 1; seed <= 25; ++seed) {
      SimOptions options = job_of(100, 1000);
      options.seed = seed;
      options.start_in = hours(-3);
      options.life.offline = 0;
      options.life.failed = 0.1;
      SimWorld world(options);
      world.start();
      world.run(minutes(3) + seconds(7 * seed));
      ASSERT_EQ(world.store().records().size(), 100u);
      const auto live = [&] {
        int n = 0;
        for (const auto& [key, record] : world.store().records()) {
          n += !is_finished(record.last.status) || record.attempt > 1 ? 1 : 0;
        }
        return n;
      };
      ASSERT_EQ(live(), 0);
      world.rerun(kind);
      int waited = 0;
      for (; waited < 300 && live() == 0; ++waited) world.run(seconds(1));
      worst = std::max(worst, waited);
      expect_no_violation(world);
    }
    std::printf("a rerun that %s: seen within %d s\n",
                kind == iotsim::RerunKind::kKeepTaskId ? "keeps the ids" : "makes new tasks",
                worst);
    EXPECT_LE(worst, 61);
  }
}

TEST(JobRobustness, FinishedJobsCostACallAMinuteEach) {
  SimOptions options = job_of(120, 1000);
  options.jobs = 3;
  options.start_in = hours(-3);
  options.life.offline = 0;
  SimWorld world(options);
  world.start();
  world.run(minutes(5));
  world.check_converged();
  expect_no_violation(world);
  const std::uint64_t before = world.calls();
  world.run(hours(1));
  EXPECT_LE(world.calls() - before, 3u * 60);
  EXPECT_GE(world.calls() - before, 3u * 55);
}

}  // namespace
}  // namespace taskwatchd
