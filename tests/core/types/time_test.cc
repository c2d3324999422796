#include "core/types/time.h"

#include <gtest/gtest.h>

#include <random>

namespace taskwatchd {
namespace {

using std::chrono::milliseconds;

Wall at(std::int64_t millis) {
  return Wall(milliseconds(millis));
}

TEST(Time, WritesRfc3339) {
  EXPECT_EQ(rfc3339(at(0)), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(rfc3339(at(1795309323004)), "2026-11-22T01:02:03.004Z");
  EXPECT_EQ(rfc3339(at(-1)), "1969-12-31T23:59:59.999Z");
  EXPECT_EQ(rfc3339_seconds(at(1795309323999)), "2026-11-22T01:02:03Z");
  EXPECT_EQ(rfc3339_seconds(at(-1)), "1969-12-31T23:59:59Z");
}

TEST(Time, ReadsWhatThePlatformWrites) {
  EXPECT_EQ(parse_utc("2026-11-22T01:02:03.004Z"), at(1795309323004));
  EXPECT_EQ(parse_utc("2026-11-22T01:02:03Z"), at(1795309323000));
  EXPECT_EQ(parse_utc("2026-11-22T01:02:03.5Z"), at(1795309323500));
  EXPECT_EQ(parse_utc("2026-11-22T01:02:03.123999Z"), at(1795309323123)) << "cut, not rounded";
  EXPECT_EQ(parse_utc("2024-02-29T00:00:00Z"), at(1709164800000)) << "a leap year";
  EXPECT_EQ(parse_utc("0001-01-01T00:00:00Z"), at(-62135596800000));
  EXPECT_TRUE(parse_utc("9999-12-31T23:59:59.999Z"));
  EXPECT_TRUE(parse_utc("2026-11-22T01:02:03." + std::string(1000, '9') + 'Z'));
}

TEST(Time, RefusesAllElse) {
  for (const char* text : {"",
                           "Z",
                           "2026-11-22",
                           "2026-11-22T01:02:03",
                           "2026-11-22T01:02:03.Z",
                           "2026-11-22T01:02:03.004",
                           "2026-11-22T01:02:03.004z",
                           "2026-11-22t01:02:03.004Z",
                           "2026-11-22 01:02:03.004Z",
                           "2026-11-22T01:02:03,004Z",
                           "2026-11-22T01:02:03.004ZZ",
                           " 2026-11-22T01:02:03.004Z",
                           "2026-11-22T01:02:03.004Z ",
                           "2026-11-22T01:02:03.0 4Z",
                           "2026-11-22T01:02:03.004+00:00",
                           "2026-11-22T01:02:03.-04Z",
                           "2026-13-22T01:02:03Z",
                           "2026-00-22T01:02:03Z",
                           "2026-11-00T01:02:03Z",
                           "2026-11-31T01:02:03Z",
                           "2023-02-29T01:02:03Z",
                           "2026-11-22T24:02:03Z",
                           "2026-11-22T01:60:03Z",
                           "2026-11-22T01:02:60Z",
                           "-026-11-22T01:02:03Z",
                           "+026-11-22T01:02:03Z",
                           "2026-+1-22T01:02:03Z",
                           "2026-1-22T01:02:03Z",
                           "20261122T010203Z",
                           "2026/11/22T01:02:03Z",
                           "2026-11-22T01-02-03Z"}) {
    EXPECT_FALSE(parse_utc(text)) << text;
  }
  EXPECT_FALSE(parse_utc(std::string_view("2026-11-22T01:02:03\0Z", 21)));
}

TEST(Time, EveryMillisecondReadsBack) {
  std::mt19937_64 random(1);
  constexpr std::int64_t kFirst = -62135596800000;  // 0001-01-01
  constexpr std::int64_t kLast = 253402300799999;   // 9999-12-31
  std::uniform_int_distribution<std::int64_t> any(kFirst, kLast);
  for (int i = 0; i < 20000; ++i) {
    const Wall t = at(any(random));
    ASSERT_EQ(parse_utc(rfc3339(t)), t) << t.time_since_epoch().count();
  }
}

TEST(Time, Seconds) {
  EXPECT_DOUBLE_EQ(seconds(milliseconds(1500)), 1.5);
  EXPECT_DOUBLE_EQ(unix_seconds(at(1795309323004)), 1795309323.004);
  EXPECT_EQ(from_seconds(1.5), Duration(1500000));
}

}  // namespace
}  // namespace taskwatchd
