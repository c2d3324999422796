#include "notify/delivery_retry.h"

#include <gtest/gtest.h>

namespace taskwatchd {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

TEST(DeliveryRetry, WaitsDoubleUpToAMinute) {
  const std::vector<int> wanted = {1, 2, 4, 8, 16, 32, 60, 60, 60};
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    EXPECT_EQ(retry_wait(static_cast<std::uint32_t>(i + 1), 0, std::nullopt), seconds(wanted[i]));
  }
  EXPECT_EQ(retry_wait(4'000'000'000U, 0, std::nullopt), seconds(60));
  EXPECT_EQ(retry_wait(0, 0, std::nullopt), seconds(1));
}

TEST(DeliveryRetry, JitterShortensByAQuarterAtMost) {
  EXPECT_EQ(retry_wait(1, 0.5, std::nullopt), milliseconds(875));
  EXPECT_GE(retry_wait(9, 0.999999, std::nullopt), seconds(45));
  EXPECT_LT(retry_wait(9, 0.999999, std::nullopt), seconds(46));
}

TEST(DeliveryRetry, ThePauseOfTheReceiverIsTheLeast) {
  EXPECT_EQ(retry_wait(1, 0, minutes(10)), minutes(10));
  EXPECT_EQ(retry_wait(1, 0.9, minutes(10)), minutes(10));
  EXPECT_EQ(retry_wait(9, 0, seconds(5)), seconds(60));
}

TEST(DeliveryRetry, ARejectedEventIsTriedFiveTimes) {
  EXPECT_FALSE(is_rejected_for_good(4));
  EXPECT_TRUE(is_rejected_for_good(5));
}

TEST(DeliveryRetry, AnEventIsDroppedByItsAge) {
  const Wall at{hours(500'000)};
  EXPECT_FALSE(is_too_old(at, at + hours(6), hours(6)));
  EXPECT_TRUE(is_too_old(at, at + hours(6) + milliseconds(1), hours(6)));
  EXPECT_FALSE(is_too_old(at, at - hours(100), hours(6)));
}

}  // namespace
}  // namespace taskwatchd
