// How response headers are read.
#include <gtest/gtest.h>

#include "cloud/reply.h"
#include "cloud/reply_fixture.h"

namespace taskwatchd {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;

HttpReply with(const char* name, const char* value, int status = 200) {
  return {status, {{name, value}}, ""};
}

TEST(RetryAfter, MillisecondsOfThePlatformsOwnHeader) {
  const std::pair<const char*, std::optional<Duration>> cases[] = {
      {"2000", milliseconds(2000)}, {" 1 ", milliseconds(1)},
      {"0", std::nullopt},          {"-5", std::nullopt},
      {"", std::nullopt},           {"invalid", std::nullopt},
      {"inf", std::nullopt},        {"1.5", std::nullopt},
      {"2s", std::nullopt},         {"+7", std::nullopt},
      {"000", std::nullopt},        {"300000", minutes(5)},
      {"300001", minutes(5)},       {"99999999999999999999999", minutes(5)}};
  for (const auto& [text, wait] : cases) {
    EXPECT_EQ(retry_after(with("x-acs-retry-after", text)), wait) << text;
  }
  // No official client reads the standard header.
  EXPECT_EQ(retry_after(with("retry-after", "5")), std::nullopt);
}

TEST(RetryAfter, TimeLeftOnceNothingRemains) {
  const std::pair<const char*, std::optional<Duration>> cases[] = {
      {"Limit:1,Remain:0,TimeLeft:2000,Reset:1234", milliseconds(2000)},
      {"TimeLeft: 2000 , remain : 0", milliseconds(2000)},
      {"Limit:1,Remain:3,TimeLeft:2000", std::nullopt},
      {"Remain:0", std::nullopt},
      {"Remain:0,TimeLeft:-1", std::nullopt},
      {"Remain:,TimeLeft:5", std::nullopt},
      {"TimeLeft:5", std::nullopt},
      {",,:,x:", std::nullopt},
      {"", std::nullopt}};
  for (const char* name : {"x-ratelimit-user-api", "x-ratelimit-user"}) {
    for (const auto& [text, wait] : cases) {
      EXPECT_EQ(retry_after(with(name, text)), wait) << text;
    }
  }
}

TEST(RetryAfter, TheLongestCounts) {
  const HttpReply r{400,
                    {{"x-acs-retry-after", "100"},
                     {"x-ratelimit-user", "Remain:0,TimeLeft:700"},
                     {"x-ratelimit-user-api", "Remain:0,TimeLeft:300"}},
                    ""};
  EXPECT_EQ(retry_after(r), milliseconds(700));
}

TEST(RetryAfter, GoesIntoTheFailure) {
  HttpReply r = with("x-acs-retry-after", "1500", 503);
  r.body = R"({"Code":"ServiceUnavailable"})";
  Failure f = failure_of(r);
  EXPECT_EQ(f.reason, Reason::kServerError);
  EXPECT_EQ(f.retry_after, milliseconds(1500));
  // An unknown code with a wait in the header is treated as throttling.
  r.status = 400;
  r.body = R"({"Code":"Whatever"})";
  EXPECT_EQ(failure_of(r).reason, Reason::kThrottled);
  r.body = "busy";
  EXPECT_EQ(failure_of(r).reason, Reason::kThrottled);
  r.headers[0].second = "0";
  EXPECT_EQ(failure_of(r).reason, Reason::kProtocol);
  // A failure in a 200 response is the API's, not the gateway's, so the header does not count.
  r.headers[0].second = "1500";
  r.status = 200;
  r.body = R"({"Success":false,"Code":"iot.job.Whatever"})";
  EXPECT_EQ(failure_of(r).reason, Reason::kBadRequest);
}

TEST(ServerDate, OneFormOnly) {
  const auto date = server_date(with("date", "Sun, 06 Nov 1994 08:49:37 GMT"));
  ASSERT_TRUE(date);
  EXPECT_EQ(rfc3339(*date), "1994-11-06T08:49:37.000Z");
  EXPECT_EQ(rfc3339(*server_date(with("date", " Mon, 29 Jan 2024 23:59:59 GMT"))),
            "2024-01-29T23:59:59.000Z");
  for (const char* bad : {"", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994", "0",
                          "Sun, 06 Nov 1994 08:49:37 UTC", "Sun, 31 Feb 1994 08:49:37 GMT",
                          "Sun, 06 anF 1994 08:49:37 GMT", "Sun, -6 Nov 1994 08:49:37 GMT",
                          "Sun, 06 Nov 1994 25:49:37 GMT", "Sun; 06 Nov 1994 08:49:37 GMT"}) {
    EXPECT_FALSE(server_date(with("date", bad))) << bad;
  }
  EXPECT_FALSE(server_date(HttpReply{}));
}

}  // namespace
}  // namespace taskwatchd
