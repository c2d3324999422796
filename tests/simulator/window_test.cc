#include "simulator/model_window.h"

#include <gtest/gtest.h>

#include "simulator/model_random.h"
#include "simulator/model_stats.h"

namespace iotsim {
namespace {

constexpr std::int64_t kMs = 1000;

TEST(RateWindow, SlidingHoldsAnySecond) {
  RateWindow window;
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(window.accept(i * 100 * kMs, 5, WindowKind::kSliding));
  EXPECT_FALSE(window.accept(999'999, 5, WindowKind::kSliding));
  EXPECT_EQ(window.wait_us(999'999, 5, WindowKind::kSliding), 1);
  // The first call has left the window; the throttled call did not count.
  EXPECT_TRUE(window.accept(1'000'000, 5, WindowKind::kSliding));
  EXPECT_FALSE(window.accept(1'050'000, 5, WindowKind::kSliding));
}

TEST(RateWindow, FixedForgetsAtTheSecond) {
  RateWindow window;
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(window.accept(990 * kMs, 5, WindowKind::kFixed));
  EXPECT_FALSE(window.accept(999 * kMs, 5, WindowKind::kFixed));
  EXPECT_EQ(window.wait_us(999 * kMs, 5, WindowKind::kFixed), 1 * kMs);
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(window.accept(1000 * kMs, 5, WindowKind::kFixed));
}

TEST(RateWindow, BucketRefillsEvenly) {
  RateWindow window;
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(window.accept(0, 5, WindowKind::kBucket));
  EXPECT_FALSE(window.accept(199 * kMs, 5, WindowKind::kBucket));
  EXPECT_EQ(window.wait_us(199 * kMs, 5, WindowKind::kBucket), 1 * kMs);
  EXPECT_TRUE(window.accept(200 * kMs, 5, WindowKind::kBucket));
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(window.accept(100'000 * kMs, 5, WindowKind::kBucket));
  EXPECT_FALSE(window.accept(100'000 * kMs, 5, WindowKind::kBucket));
}

TEST(RateWindow, CompetitorEatsItsPart) {
  RateWindow window;
  Random random(3);
  int passed = 0;
  for (int i = 0; i < 4000; ++i) {  // 4 calls/s and 3/s of the competitor: some are throttled
    const auto now = static_cast<std::int64_t>((i + 0.2 * random.unit()) * 250'000);
    window.compete(now, 3, 5, WindowKind::kSliding);
    passed += window.accept(now, 5, WindowKind::kSliding) ? 1 : 0;
  }
  EXPECT_GT(passed, 4000 / 2);
  EXPECT_LT(passed, 4000 * 9 / 10);
  // After a long silence, only the competitor's calls of the last two seconds are simulated.
  window.compete(1'000'000'000'000, 1000, 5, WindowKind::kSliding);
  EXPECT_FALSE(window.accept(1'000'000'000'000, 5, WindowKind::kSliding));
}

TEST(RateWindow, NoQuotaRefusesAll) {
  RateWindow window;
  for (const auto kind : {WindowKind::kSliding, WindowKind::kFixed, WindowKind::kBucket}) {
    EXPECT_FALSE(window.accept(5, 0, kind));
  }
}

TEST(WindowPeak, AgreesWithCountingEveryWindow) {
  Random random(7);
  WindowPeak peak;
  std::vector<std::int64_t> times;
  std::int64_t now = 0;
  for (int i = 0; i < 2000; ++i) {
    now += static_cast<std::int64_t>(random.exponential(200'000));
    times.push_back(now);
    peak.add(now);
  }
  std::size_t most = 0;
  for (std::size_t i = 0; i < times.size(); ++i) {
    std::size_t n = 0;
    for (std::size_t k = i; k < times.size() && times[k] < times[i] + 1'000'000; ++k) ++n;
    most = std::max(most, n);
  }
  EXPECT_EQ(peak.peak(), most);
  EXPECT_GT(most, 5u);
}

TEST(CallLog, CountsPerAccountAndApi) {
  CallLog log;
  for (int i = 0; i < 11; ++i) {
    CallRecord record;
    record.account = "a";
    record.api = "QueryTask";
    record.mono_us = i * 200 * kMs;
    record.throttled = i == 5;
    record.ok = i != 5;
    log.add(record, 5);
  }
  const auto stats = log.stats({0, 2'000'000}).at({"a", "QueryTask"});
  EXPECT_EQ(stats.calls, 11u);
  EXPECT_EQ(stats.throttled, 1u);
  EXPECT_EQ(stats.accepted, 10u);
  EXPECT_EQ(stats.ok, 10u);
  EXPECT_EQ(stats.peak_received, 5u);
  EXPECT_EQ(stats.peak_accepted, 5u);
  EXPECT_DOUBLE_EQ(stats.span_seconds, 2.0);
  EXPECT_DOUBLE_EQ(stats.goodput, 1.0);
  EXPECT_EQ(stats.last_10s, 11u);
  EXPECT_EQ(log.stats({0, 10'300'000}).at({"a", "QueryTask"}).last_10s, 9u);
  EXPECT_EQ(log.recent().size(), 11u);
  log.reset();
  EXPECT_TRUE(log.stats({0, 0}).empty());
}

TEST(CallLog, KeepsTheLastTenThousand) {
  CallLog log;
  for (int i = 0; i < 10'005; ++i) {
    CallRecord record;
    record.mono_us = i;
    log.add(record, 5);
  }
  EXPECT_EQ(log.recent().size(), CallLog::kKept);
  EXPECT_EQ(log.recent().front().mono_us, 5);
}

}  // namespace
}  // namespace iotsim
