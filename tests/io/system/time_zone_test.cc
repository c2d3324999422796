#include "io/system/time_zone.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

namespace taskwatchd {
namespace {

Wall unix_time(std::int64_t seconds) {
  return Wall(std::chrono::seconds(seconds));
}

constexpr std::int64_t kJanuary = 1'767'225'600;  // 2026-01-01T00:00:00Z
constexpr std::int64_t kJuly = 1'782'864'000;     // 2026-07-01T00:00:00Z

TEST(TimeZones, OffsetsOfTheHostsDatabase) {
  TimeZones zones;
  if (!zones.knows("Asia/Shanghai")) GTEST_SKIP() << "the package tzdata is not installed";
  EXPECT_EQ(zones.offset("Asia/Shanghai", unix_time(kJanuary)), 480);
  EXPECT_EQ(zones.offset("Asia/Shanghai", unix_time(kJuly)), 480);
  EXPECT_EQ(zones.offset("Asia/Kolkata", unix_time(kJuly)), 330);
  EXPECT_EQ(zones.offset("Europe/Berlin", unix_time(kJanuary)), 60);
  EXPECT_EQ(zones.offset("Europe/Berlin", unix_time(kJuly)), 120);
  // The hour changes at 2026-03-29T01:00:00Z.
  EXPECT_EQ(zones.offset("Europe/Berlin", unix_time(1'774'746'000) - std::chrono::milliseconds(1)),
            60);
  EXPECT_EQ(zones.offset("Europe/Berlin", unix_time(1'774'746'000)), 120);
  EXPECT_EQ(zones.offset("America/New_York", unix_time(kJanuary)), -300);
  EXPECT_EQ(zones.offset("UTC", unix_time(kJuly)), 0);
}

TEST(TimeZones, AnUnknownNameIsTheHostsZone) {
  TimeZones zones;
  EXPECT_FALSE(zones.knows("Mars/Olympus"));
  EXPECT_EQ(zones.offset("Mars/Olympus", unix_time(kJuly)), zones.offset("", unix_time(kJuly)));
  EXPECT_FALSE(zones.knows("."));
}

TEST(TimeZone, NoTruncatedFileIsAccepted) {
  std::ifstream file("/usr/share/zoneinfo/Europe/Berlin", std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  if (bytes.empty()) GTEST_SKIP() << "the package tzdata is not installed";
  ASSERT_TRUE(TimeZone::parse(bytes));
  std::size_t accepted = 0;
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    accepted += TimeZone::parse(std::string_view(bytes).substr(0, size)) ? 1 : 0;
  }
  EXPECT_LT(accepted, 100u) << "only what lacks a part of the names or the footer";
  std::string wrong = bytes;
  for (std::size_t i = 0; i < wrong.size(); i += 7) wrong[i] = '\xff';
  EXPECT_FALSE(TimeZone::parse(wrong));
}

}  // namespace
}  // namespace taskwatchd
