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

TEST(Duration, ReadsGosForm) {
  using std::chrono::microseconds;
  EXPECT_EQ(parse_go_duration("0"), Duration(0));
  EXPECT_EQ(parse_go_duration("1s"), seconds(1));
  EXPECT_EQ(parse_go_duration("1.5s"), milliseconds(1500));
  EXPECT_EQ(parse_go_duration("1h15m30.918s"), milliseconds(4530918));
  EXPECT_EQ(parse_go_duration("5m1h"), minutes(65)) << "in any order";
  EXPECT_EQ(parse_go_duration("-1.s"), seconds(-1));
  EXPECT_EQ(parse_go_duration("+.5s"), milliseconds(500));
  for (const char* micro : {"100us", "100\u00b5s", "100\u03bcs", "100000ns"}) {
    EXPECT_EQ(parse_go_duration(micro), microseconds(100)) << micro;
  }
  for (const char* bad : {"", "-", "1", "1d", "s", ".s", "1.2.3s", "1 s", "1e3s", "9999999999h"}) {
    EXPECT_EQ(parse_go_duration(bad), std::nullopt) << bad;
  }
}

}  // namespace
}  // namespace taskwatchd
