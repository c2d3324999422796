#include "pipeline/sink_link.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/events/event_fields.h"
#include "fakes/notify_path.h"
#include "notify/delivery_retry.h"

namespace taskwatchd {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

class SinkLinkTest : public testing::Test {
 protected:
  static SinkConfig config() {
    SinkConfig sink = program_sink();
    sink.url.clear();
    sink.url_file = "/hook-url";
    sink.headers_file = "/headers";
    sink.proxy = "http://proxy.example:3128";
    sink.ca_file = "/ca.pem";
    return sink;
  }
  SinkLinkTest() {
    life.files.files["/hook-url"] = "https://hook.example/in\n";
    life.files.files["/headers"] = "Authorization: Bearer one\n";
  }
  static HttpRequest make(const SinkAccess& access, Wall) {
    HttpRequest request;
    request.method = "POST";
    request.url = access.url.reveal();
    for (const auto& [name, value] : access.headers) {
      request.headers.emplace_back(name, value.reveal());
    }
    return request;
  }
  std::optional<DeliveryVerdict> send() { return life.result_of(link.send(&make)); }
  std::string token() const { return life.http.requests().back().request.headers.at(0).second; }
  Duration wait() {
    const Mono now = life.clock.now().mono;
    return std::max(link.ready_at(), now) - now;
  }

  ShakyStore store;
  NotifyLife life{store};
  SinkLink link{life.ports, life.files, config()};
};

TEST_F(SinkLinkTest, ARequestHasTheLimitsTheProxyAndTheCaFile) {
  EXPECT_EQ(send(), DeliveryVerdict::kTaken);
  const HttpRequest& request = life.http.requests().back().request;
  EXPECT_EQ(request.url, "https://hook.example/in");
  EXPECT_EQ(request.proxy, "http://proxy.example:3128");
  EXPECT_EQ(request.ca_file, "/ca.pem");
  EXPECT_EQ(request.timeout, seconds(10));
  EXPECT_EQ(request.body_limit, std::size_t{65536});
  EXPECT_EQ(link.status().last_success, life.clock.now().wall);
  EXPECT_FALSE(link.status().failing_since);
  EXPECT_THAT(link.status().requests, ElementsAre(Pair("200", 1)));
}

TEST_F(SinkLinkTest, AFailureAndItsEndAreLoggedOnce) {
  const Wall since = life.clock.now().wall;
  life.status = 503;
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(send(), DeliveryVerdict::kSinkFault);
    life.clock.advance(minutes(1));
  }
  EXPECT_EQ(life.log.count("notify_failed"), 1u);
  EXPECT_EQ(link.status().failing_since, since);
  EXPECT_THAT(link.status().reason, HasSubstr("503"));
  const Event& failed = life.log.events.front();
  EXPECT_EQ(failed.level, Level::kWarn);
  EXPECT_EQ(text_field(failed, "sink"), "hook");

  life.status = 200;
  send();
  send();
  EXPECT_EQ(life.log.count("notify_recovered"), 1u);
  EXPECT_EQ(life.log.events.back().fields.back(), (Field{"failed_seconds", 240.0}));
  EXPECT_FALSE(link.status().failing_since);
  EXPECT_EQ(link.status().reason, "");
  EXPECT_THAT(link.status().requests, ElementsAre(Pair("200", 2), Pair("503", 4)));
}

TEST_F(SinkLinkTest, TheReasonIsTheNewestOne) {
  life.status = 503;
  send();
  life.status = 0;
  send();
  EXPECT_THAT(link.status().reason, HasSubstr("refused"));
  EXPECT_EQ(life.log.count("notify_failed"), 1u);
}

TEST_F(SinkLinkTest, WaitsGrowToAMinuteAndBeginAgainAfterASuccess) {
  life.status = 503;
  for (const int longest : {1, 2, 4, 8, 16, 32, 60, 60, 60}) {
    send();
    EXPECT_LE(wait(), seconds(longest));
    EXPECT_GE(wait(), std::chrono::milliseconds(749 * longest));
    life.clock.advance(wait());
  }
  life.status = 200;
  send();
  EXPECT_LE(wait(), seconds(0));
  life.status = 503;
  send();
  EXPECT_LE(wait(), seconds(1));
}

TEST_F(SinkLinkTest, WaitsAsLongAsTheReceiverAsks) {
  life.status = 429;
  life.answer_headers = {{"retry-after", "600"}};
  send();
  EXPECT_EQ(wait(), minutes(10));
}

// The requests to a receiver that restarts fail together: that is one failure, not eight.
TEST_F(SinkLinkTest, RequestsThatFailAtTheSameTimeCountOnce) {
  life.status = 503;
  life.http.set_delay(std::chrono::milliseconds(100));
  for (int i = 0; i < 8; ++i) send();
  life.clock.advance(std::chrono::milliseconds(100));
  EXPECT_THAT(link.status().requests, ElementsAre(Pair("503", 8)));
  EXPECT_LE(wait(), seconds(1));
}

TEST_F(SinkLinkTest, AnotherFailureDoesNotShortenWhatTheReceiverAskedFor) {
  life.http.set_delay(std::chrono::milliseconds(100));
  life.status = 503;
  bool first = true;
  life.judge = [&](const HttpRequest&) -> HttpResult {
    if (std::exchange(first, false)) return HttpReply{429, {{"retry-after", "600"}}, ""};
    return HttpReply{503, {}, ""};
  };
  send();
  send();
  life.clock.advance(std::chrono::milliseconds(100));
  EXPECT_EQ(wait(), minutes(10));
}

TEST_F(SinkLinkTest, ARejectedEventIsNotAFailureOfTheSink) {
  life.status = 422;
  life.body = "no such field";
  EXPECT_EQ(send(), DeliveryVerdict::kEventFault);
  EXPECT_FALSE(link.status().failing_since);
  EXPECT_LE(wait(), seconds(0));
  EXPECT_TRUE(life.log.events.empty());

  link.drop("rejected", 1, 7, 7);
  ASSERT_EQ(life.log.count("notify_dropped"), 1u);
  const Event& dropped = life.log.events.back();
  EXPECT_EQ(dropped.level, Level::kError);
  EXPECT_THAT(dropped.msg, HasSubstr("1 event was dropped (rejected)"));
  EXPECT_THAT(dropped.msg, HasSubstr("422"));
  EXPECT_THAT(dropped.fields,
              ElementsAre(Field{"sink", "hook"}, Field{"reason", "rejected"},
                          Field{"count", std::int64_t{1}}, Field{"first_id", std::int64_t{7}},
                          Field{"last_id", std::int64_t{7}}));
}

TEST_F(SinkLinkTest, DroppedEventsAreCountedByReason) {
  link.drop("too_old", 3, 1, 5);
  link.drop("too_old", 2, 6, 7);
  link.drop("rejected", 1, 8, 8);
  EXPECT_THAT(link.status().dropped, ElementsAre(Pair("rejected", 1), Pair("too_old", 5)));
  EXPECT_THAT(life.log.events.front().msg, HasSubstr("3 events were dropped (too_old)"));
}

TEST_F(SinkLinkTest, AMissingFileIsAFailureUntilItIsThere) {
  life.files.files.erase("/hook-url");
  EXPECT_EQ(link.url(), "");
  EXPECT_EQ(send(), DeliveryVerdict::kSinkFault);
  EXPECT_EQ(life.http.sent(), 0u);
  EXPECT_THAT(link.status().reason, HasSubstr("/hook-url cannot be read"));
  EXPECT_EQ(life.log.count("notify_failed"), 1u);
  EXPECT_GT(wait(), seconds(0));

  life.files.files["/hook-url"] = "https://hook.example/new";
  life.clock.advance(wait());
  EXPECT_EQ(link.url(), "https://hook.example/new");
  EXPECT_EQ(send(), DeliveryVerdict::kTaken);
  EXPECT_EQ(life.log.count("notify_recovered"), 1u);
}

TEST_F(SinkLinkTest, FilesAreReadAgainAfterThirtySeconds) {
  send();
  life.files.files["/headers"] = "Authorization: Bearer two\n";
  life.clock.advance(seconds(29));
  send();
  EXPECT_EQ(token(), "Bearer one");
  life.clock.advance(seconds(1));
  send();
  EXPECT_EQ(token(), "Bearer two");
}

TEST_F(SinkLinkTest, ASecretThatIsReplacedWhileTheSinkFailsIsReadAtTheNextAttempt) {
  life.status = 401;
  send();
  EXPECT_EQ(token(), "Bearer one");
  life.files.files["/headers"] = "Authorization: Bearer two\n";
  life.status = 200;
  life.clock.advance(wait());
  EXPECT_EQ(send(), DeliveryVerdict::kTaken);
  EXPECT_EQ(token(), "Bearer two");
}

TEST_F(SinkLinkTest, WhatWasReadLastWorksOnWhileAFileIsIncomplete) {
  send();
  life.files.files["/headers"] = "";
  life.files.unreadable = {"/hook-url"};
  life.clock.advance(minutes(5));
  EXPECT_EQ(send(), DeliveryVerdict::kTaken);
  EXPECT_EQ(token(), "Bearer one");
  EXPECT_FALSE(link.status().failing_since);
}

TEST_F(SinkLinkTest, TheAgeOfADeliveredEventIsNeverNegative) {
  const Wall now = life.clock.now().wall;
  link.delivered(now - minutes(2));
  link.delivered(now + minutes(2));
  EXPECT_THAT(life.observer.ages, ElementsAre(minutes(2), seconds(0)));
}

TEST_F(SinkLinkTest, TheLastSuccessOfAnEarlierRunIsKnown) {
  const Wall before = life.clock.now().wall - minutes(5);
  link.restore(before);
  EXPECT_EQ(link.status().last_success, before);
  EXPECT_EQ(link.status().name, "hook");
  EXPECT_EQ(link.status().format, "cloudevents");
}

}  // namespace
}  // namespace taskwatchd
