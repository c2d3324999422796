#include "core/forecast/forecast.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <string>

#include "core/forecast/forecast_world.h"

namespace taskwatchd {
namespace {

using namespace std::chrono_literals;
using forecast_world::Asked;
using forecast_world::Job;
using forecast_world::Result;
using forecast_world::World;

const Wall kNow{std::chrono::milliseconds(1'700'000'000'000)};

Mono at(int s) {
  return Mono(std::chrono::seconds(s));
}

TaskSample sample(TaskStatus status, std::chrono::seconds age, std::chrono::seconds seen_ago) {
  return {status, kNow - age, kNow - seen_ago};
}

JobStatistics counts(std::uint32_t queued, std::uint32_t sent, std::uint32_t running,
                     std::uint32_t succeeded) {
  JobStatistics s;
  count_of(s.tasks, TaskStatus::kQueued) = queued;
  count_of(s.tasks, TaskStatus::kSent) = sent;
  count_of(s.tasks, TaskStatus::kInProgress) = running;
  count_of(s.tasks, TaskStatus::kSucceeded) = succeeded;
  s.total = queued + sent + running + succeeded;
  return s;
}

JobForecast ahead(Forecast& forecast, int s) {
  return forecast.estimate(ForecastSurvey(kNow), {at(s), kNow});
}

// Adds `ended` successful runs of 100 s, each seen from its beginning.
void teach_runs(Forecast& forecast, int ended) {
  for (int i = 0; i < ended; ++i) {
    const TaskSample before = sample(TaskStatus::kInProgress, 100s, 100s);
    forecast.observe(&before, {TaskStatus::kSucceeded, kNow, kNow});
  }
}

// How often the true value was within the estimate, and the relative error.
struct Tally {
  int asked = 0, estimates = 0, within_half = 0, within_most = 0;
  std::vector<double> off_half, off_most;  // (estimate - truth) / truth

  void add(const Asked& a) {
    ++asked;
    if (!a.half || !a.most) return;
    ++estimates;
    within_half += *a.half >= a.truth;
    within_most += *a.most >= a.truth;
    off_half.push_back((*a.half - a.truth) / a.truth);
    off_most.push_back((*a.most - a.truth) / a.truth);
  }
  static double median(std::vector<double> values) {
    if (values.empty()) return 0;
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    return *middle;
  }
  double half() const { return static_cast<double>(within_half) / std::max(1, estimates); }
  double most() const { return static_cast<double>(within_most) / std::max(1, estimates); }
  void print(const char* name) const {
    std::printf(
        "%-10s queried %4d forecast %4d within 0.5: %.3f 0.9: %.3f off 0.5: %+.2f 0.9: %+.2f\n",
        name, asked, estimates, half(), most(), median(off_half), median(off_most));
  }
};

constexpr std::array<const char*, 4> kMoments = {"50 %", "80 %", "95 %", "all but 5"};

struct Season {
  std::array<Tally, 4> by_moment;
  Tally all;
  Result stalls;

  void play(const World& world, std::uint64_t seed) {
    const std::uint32_t n = world.tasks;
    const Result result = Job(world, seed).play({n / 2, n * 8 / 10, n * 95 / 100, n - 5});
    for (const Asked& asked : result.asked) {
      all.add(asked);
      by_moment[asked.moment].add(asked);
    }
    stalls.hanging += result.hanging;
    stalls.hanging_stalled += result.hanging_stalled;
    stalls.others += result.others;
    stalls.others_stalled += result.others_stalled;
  }
  void play_sizes(World world, std::uint64_t seeds, const std::vector<std::uint32_t>& sizes) {
    for (const std::uint32_t tasks : sizes) {
      for (const double rollout : {50.0, 200.0, 1000.0}) {
        for (std::uint64_t seed = 0; seed < seeds; ++seed) {
          world.tasks = tasks;
          world.rollout_per_minute = rollout;
          play(world, 7919 * seed + tasks + static_cast<std::uint64_t>(rollout));
        }
      }
    }
  }
  double hanging_stalled() const {
    return stalls.hanging_stalled / std::max<double>(1, stalls.hanging);
  }
  double others_stalled() const {
    return stalls.others_stalled / std::max<double>(1, stalls.others);
  }
  void print() const {
    for (std::size_t i = 0; i < by_moment.size(); ++i) by_moment[i].print(kMoments[i]);
    all.print("all");
    std::printf("stalled: hanging %.3f of %u, others %.4f of %u\n", hanging_stalled(),
                stalls.hanging, others_stalled(), stalls.others);
  }
};

TEST(ForecastTest, CoversTheTruthAsOftenAsStated) {
  Season season;
  season.play_sizes({}, 10, {100, 300, 1000});
  season.play_sizes({}, 4, {3000});
  season.play_sizes({}, 1, {10000});
  season.print();
  EXPECT_GT(season.all.estimates, 150);
  EXPECT_GE(season.all.most(), 0.85);
  EXPECT_LE(season.all.most(), 0.95);
  EXPECT_GE(season.all.half(), 0.40);
  EXPECT_LE(season.all.half(), 0.60);
  // The estimate is the maximum of 5 exponential times with known h: its 0.9 quantile is 1.9 times
  // the median.
  EXPECT_LE(std::abs(Tally::median(season.all.off_half)), 0.15);
  EXPECT_LE(Tally::median(season.all.off_most), 1.0);
  for (std::size_t i = 0; i < season.by_moment.size(); ++i) {
    SCOPED_TRACE(kMoments[i]);
    EXPECT_GE(season.by_moment[i].most(), 0.80);
    EXPECT_GE(season.by_moment[i].half(), 0.30);
    EXPECT_LE(season.by_moment[i].half(), 0.70);
  }
  EXPECT_GT(season.by_moment[2].estimates, season.by_moment[2].asked / 2);
  EXPECT_GT(season.by_moment[3].estimates, season.by_moment[3].asked / 2);
  EXPECT_GE(season.hanging_stalled(), 0.90);
  EXPECT_LE(season.others_stalled(), 0.02);
}

// With all devices online, only the roll-out, the runs and the timeout matter: the forecast is
// nearly exact.
TEST(ForecastTest, WithoutDevicesThatAreAwayItIsAbsentHardlyEver) {
  World world;
  world.offline = 0;
  Season season;
  season.play_sizes(world, 6, {300, 1000, 3000});
  season.print();
  EXPECT_GE(season.all.estimates, 0.9 * season.all.asked);
  EXPECT_LE(std::abs(Tally::median(season.all.off_half)), 0.15);
  EXPECT_LE(std::abs(Tally::median(season.all.off_most)), 0.15);
  EXPECT_GE(season.hanging_stalled(), 0.90);
  EXPECT_LE(season.others_stalled(), 0.02);
}

TEST(ForecastTest, EveryDeviceAway) {
  World world;
  world.offline = 1;
  Season season;
  season.play_sizes(world, 4, {100, 300});
  season.print();
  EXPECT_GE(season.all.estimates, 0.7 * season.all.asked);
  EXPECT_GE(season.all.most(), 0.80);
  EXPECT_LE(season.all.most(), 0.97);
  EXPECT_LE(Tally::median(season.all.off_most), 1.5);
  EXPECT_LE(season.others_stalled(), 0.02);
}

// Unfinished tasks are never listed. The statistics alone give a forecast, but later.
TEST(ForecastTest, StatisticsAlone) {
  World world;
  world.reads_unfinished = false;
  Season season;
  season.play_sizes(world, 6, {300, 1000});
  season.print();
  EXPECT_GT(season.by_moment[2].estimates, season.by_moment[2].asked / 2);
  EXPECT_GE(season.all.most(), 0.82);
  EXPECT_LE(season.all.most(), 0.97);
  EXPECT_EQ(season.stalls.others_stalled, 0U);
}

// Some tasks hang for hours, and no timeout ends them. The forecast learns this late, but it does.
TEST(ForecastTest, NoTimeout) {
  World world;
  world.timeout.reset();
  Season season;
  season.play_sizes(world, 4, {300, 1000});
  season.print();
  EXPECT_GE(season.by_moment[3].most(), 0.5);
  EXPECT_LE(Tally::median(season.all.off_most), 1.5);
  EXPECT_GE(season.hanging_stalled(), 0.80);
  EXPECT_LE(season.others_stalled(), 0.02);
}

TEST(ForecastTest, NothingIsKnownOfAJobNotRead) {
  Forecast forecast;
  const JobForecast estimate = ahead(forecast, 0);
  EXPECT_FALSE(estimate.half || estimate.most);
  EXPECT_FALSE(estimate.stalled_sent || estimate.stalled_in_progress);
}

TEST(ForecastTest, AbsentBeforeEnoughTasksEnded) {
  Forecast forecast;
  forecast.statistics(counts(0, 0, 100, 0), at(0));
  forecast.statistics(counts(0, 0, 81, 19), at(100));
  EXPECT_FALSE(ahead(forecast, 100).half);
  forecast.statistics(counts(0, 0, 80, 20), at(101));
  EXPECT_TRUE(ahead(forecast, 101).half);
}

TEST(ForecastTest, AbsentWhenAllTasksAreFinished) {
  Forecast forecast;
  forecast.statistics(counts(0, 0, 100, 0), at(0));
  forecast.statistics(counts(0, 0, 1, 99), at(100));
  EXPECT_TRUE(ahead(forecast, 100).half);
  forecast.statistics(counts(0, 0, 0, 100), at(200));
  EXPECT_FALSE(ahead(forecast, 200).half);
}

// The roll-out decides: 3000 queued tasks at the measured 60 per minute take 50 minutes, whatever
// rate is configured. A run of 100 s follows.
TEST(ForecastTest, QueuedTasksLeaveAtTheMeasuredRate) {
  Forecast forecast;
  forecast.describe(std::nullopt, 1000);
  teach_runs(forecast, 200);
  for (std::uint32_t s = 0; s <= 300; ++s) {
    const std::uint32_t ended = s > 100 ? s - 100 : 0;
    forecast.statistics(counts(3300 - s, 0, s - ended, ended), at(static_cast<int>(s)));
  }
  const JobForecast estimate = ahead(forecast, 300);
  ASSERT_TRUE(estimate.half);
  EXPECT_GT(seconds(*estimate.half), 3100);
  EXPECT_LT(seconds(*estimate.most), 3700);
}

TEST(ForecastTest, AbsentWhileNothingLeavesTheQueue) {
  Forecast forecast;
  forecast.describe(std::nullopt, 1000);
  forecast.statistics(counts(50, 0, 50, 0), at(0));
  for (int s = 1; s <= 50; ++s) {
    const auto ended = static_cast<std::uint32_t>(s);
    forecast.statistics(counts(50, 0, 50 - ended, ended), at(10 * s));
  }
  EXPECT_FALSE(ahead(forecast, 500).half);
}

// 100 devices are offline and return at a constant hazard. The estimate uses the last 64 events.
TEST(ForecastTest, DevicesThatAreAwayComeBackAtTheHazardSeen) {
  Forecast forecast;
  teach_runs(forecast, 100);
  forecast.statistics(counts(0, 100, 0, 100), at(0));
  forecast.statistics(counts(0, 100, 0, 100), at(60));
  for (std::uint32_t i = 1; i <= 4; ++i) {
    forecast.statistics(counts(0, 100 - i, 0, 100 + i), at(60 + static_cast<int>(i) * 10));
  }
  EXPECT_FALSE(ahead(forecast, 100).half);
  for (std::uint32_t i = 5; i <= 50; ++i) {
    const int s = 60 + static_cast<int>(10 * std::log(100.0 / (100 - i)) * 100);
    forecast.statistics(counts(0, 100 - i, 1, 99 + i), at(s));
  }
  // h = 1/1000 s: the median of the maximum of 50 is 1000 s * ln(50 / ln 2), and a run.
  const JobForecast estimate = ahead(forecast, 800);
  ASSERT_TRUE(estimate.half);
  EXPECT_NEAR(seconds(*estimate.half), 4380, 500);
  EXPECT_GT(seconds(*estimate.most), 5700);
  EXPECT_LT(seconds(*estimate.most), 8000);
}

// The devices return less and less often, and the last ones give no information yet.
TEST(ForecastTest, AbsentWhileTheHazardFalls) {
  Forecast forecast;
  forecast.statistics(counts(0, 200, 0, 100), at(0));
  forecast.statistics(counts(0, 200, 0, 100), at(60));
  int s = 60;
  for (std::uint32_t i = 1; i <= 60; ++i) {
    s += i <= 30 ? 1 : 20;
    forecast.statistics(counts(0, 200 - i, 1, 99 + i), at(s));
  }
  EXPECT_FALSE(ahead(forecast, s).half);
  EXPECT_FALSE(ahead(forecast, s).stalled_sent);
}

// A hang ends at its timeout: at age 1500 s of 1800 s, 300 s are left.
TEST(ForecastTest, TheTimeoutEndsAHang) {
  Forecast forecast;
  forecast.describe(1800s, std::nullopt);
  teach_runs(forecast, 200);
  forecast.statistics(counts(0, 0, 200, 0), at(0));
  forecast.statistics(counts(0, 0, 1, 199), at(1500));
  ForecastSurvey survey(kNow);
  survey.add(sample(TaskStatus::kInProgress, 1500s, 0s));
  const JobForecast estimate = forecast.estimate(survey, {at(1500), kNow});
  ASSERT_TRUE(estimate.half);
  EXPECT_GE(seconds(*estimate.most), 300);
  EXPECT_LE(seconds(*estimate.most), 312);
}

TEST(ForecastTest, StalledIsWhatTakesMuchLongerThanTheOthersDid) {
  Forecast forecast;
  teach_runs(forecast, 29);
  EXPECT_FALSE(ahead(forecast, 0).stalled_in_progress);
  teach_runs(forecast, 1);
  const JobForecast estimate = ahead(forecast, 0);
  ASSERT_TRUE(estimate.stalled_in_progress);
  EXPECT_GE(*estimate.stalled_in_progress, 144s);  // 1.5 times the bucket from 96 to 112 s
  EXPECT_LE(*estimate.stalled_in_progress, 168s);
  const auto running = TaskStatus::kInProgress;
  EXPECT_TRUE(estimate.is_stalled(running, kNow - 170s, kNow - 100s, kNow));
  EXPECT_FALSE(estimate.is_stalled(running, kNow - 140s, kNow, kNow));
  EXPECT_FALSE(estimate.is_stalled(TaskStatus::kQueued, kNow - 1000h, kNow, kNow));
  EXPECT_FALSE(estimate.is_stalled(TaskStatus::kSucceeded, kNow - 1000h, kNow, kNow));
  // It is not known how long a task may stay SENT.
  EXPECT_FALSE(estimate.is_stalled(TaskStatus::kSent, kNow - 1000h, kNow, kNow));
}

// Runs that hang until the timeout do not raise the limit for the others.
TEST(ForecastTest, HangsDoNotRaiseTheLimit) {
  Forecast forecast;
  forecast.describe(1800s, std::nullopt);
  teach_runs(forecast, 100);
  const JobForecast before = ahead(forecast, 0);
  const TaskSample hang = sample(TaskStatus::kInProgress, 1802s, 1802s);
  for (int i = 0; i < 4; ++i) forecast.observe(&hang, {TaskStatus::kTimedOut, kNow, kNow});
  const JobForecast after = ahead(forecast, 0);
  ASSERT_TRUE(before.stalled_in_progress && after.stalled_in_progress);
  EXPECT_NEAR(seconds(*after.stalled_in_progress), seconds(*before.stalled_in_progress), 10);
}

// While a tenth of the tasks are IN_PROGRESS, it is not known whether they hang.
TEST(ForecastTest, NoLimitWhileManyStillRun) {
  Forecast forecast;
  teach_runs(forecast, 90);
  forecast.statistics(counts(0, 0, 10, 90), at(0));
  ForecastSurvey survey(kNow);
  for (int i = 0; i < 10; ++i) survey.add(sample(TaskStatus::kInProgress, 300s, 300s));
  EXPECT_FALSE(forecast.estimate(survey, {at(0), kNow}).stalled_in_progress);
}

// A rerun, a much older response, a clock that is wrong: none may cause a failure.
TEST(ForecastTest, OddInput) {
  Forecast forecast;
  forecast.describe(Duration::zero(), -1);
  forecast.statistics(counts(0, 5, 5, 90), at(100));
  forecast.statistics(counts(90, 5, 5, 0), at(50));
  forecast.statistics(counts(90, 5, 5, 0), at(200));
  forecast.statistics({}, at(300));
  const TaskSample later = sample(TaskStatus::kInProgress, -1000s, -500s);
  forecast.observe(&later, sample(TaskStatus::kSucceeded, 1000s, 0s));
  forecast.observe(&later, sample(TaskStatus::kQueued, 0s, 0s));
  forecast.observe(nullptr, sample(TaskStatus::kSent, -5s, 0s));
  ForecastSurvey survey(kNow);
  survey.add(later);
  survey.add(sample(TaskStatus::kSent, 5'000'000s, 1s));
  EXPECT_FALSE(forecast.estimate(survey, {at(300), kNow}).half);
  EXPECT_FALSE(forecast.estimate(survey, {at(200), kNow}).half);
}

TEST(LifeTableTest, BucketsAreQuartersOfOctaves) {
  EXPECT_EQ(LifeTable::bucket(-1), 0U);
  EXPECT_EQ(LifeTable::bucket(0.99), 0U);
  EXPECT_EQ(LifeTable::bucket(1e12), LifeTable::kBuckets - 1);
  for (std::size_t b = 0; b < LifeTable::kBuckets; ++b) {
    EXPECT_EQ(LifeTable::bucket(LifeTable::start(b)), b);
    EXPECT_EQ(LifeTable::bucket(LifeTable::start(b + 1) * (1 - 1e-12)), b);
  }
}

TEST(LifeTableTest, ExposureIsTheTimeSpentInEachBucket) {
  LifeTable table;
  table.stay(0.5, 7.5);
  table.stay(2, 2.25);
  const auto exposure = table.exposure();
  double sum = 0;
  for (const double e : exposure) sum += e;
  EXPECT_DOUBLE_EQ(sum, 7.25);
  EXPECT_DOUBLE_EQ(exposure[0], 0.5);
  EXPECT_DOUBLE_EQ(exposure[LifeTable::bucket(2)], 0.75);
  EXPECT_DOUBLE_EQ(exposure[LifeTable::bucket(7)], 0.5);
}

}  // namespace
}  // namespace taskwatchd
