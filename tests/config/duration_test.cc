#include <gtest/gtest.h>

#include "config/duration.h"

namespace taskwatchd {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

TEST(Duration, ReadsEachUnitAndTheirSums) {
  EXPECT_EQ(parse_duration("500ms"), milliseconds(500));
  EXPECT_EQ(parse_duration("30s"), seconds(30));
  EXPECT_EQ(parse_duration("5m"), minutes(5));
  EXPECT_EQ(parse_duration("1h"), hours(1));
  EXPECT_EQ(parse_duration("30d"), hours(30 * 24));
  EXPECT_EQ(parse_duration("2w"), hours(14 * 24));
  EXPECT_EQ(parse_duration("1y"), hours(365 * 24));
  EXPECT_EQ(parse_duration("1h30m"), minutes(90));
  EXPECT_EQ(parse_duration("1d1ms"), hours(24) + milliseconds(1));
  EXPECT_EQ(parse_duration("0s"), seconds(0));
  EXPECT_EQ(parse_duration("0"), seconds(0));
  EXPECT_EQ(parse_duration("007s"), seconds(7));
}

TEST(Duration, RefusesWhatPrometheusRefuses) {
  for (const char* text :
       {"",     " ",    "5",      "s",  "1.5s", "-5s", "+5s",  "5 s",  " 5s",  "5s ", "5S",
        "1s1m", "1m1m", "1h 30m", "5x", "5ss",  "ms",  "1e3s", "0x5s", "1h30", "5us"}) {
    EXPECT_EQ(parse_duration(text), std::nullopt) << "'" << text << "'";
  }
}

TEST(Duration, EndsWhereNanosecondsInSixtyFourBitsEnd) {
  EXPECT_TRUE(parse_duration("292y"));
  EXPECT_FALSE(parse_duration("293y"));
  EXPECT_FALSE(parse_duration("292y52w"));
  EXPECT_FALSE(parse_duration("9223372036854775807ms"));
  EXPECT_FALSE(parse_duration("99999999999999999999999s"));
}

TEST(Duration, IsWrittenAsItIsRead) {
  for (const char* text : {"0s", "1ms", "500ms", "30s", "1m", "1h30m", "1d12h", "30d", "400d"}) {
    EXPECT_EQ(format_duration(parse_duration(text).value()), text);
  }
}

}  // namespace
}  // namespace taskwatchd
