// All other tests rely on the fakes, so the fakes are tested too.
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <memory>
#include <string>
#include <vector>

#include "fakes/fake_clock.h"
#include "fakes/fake_entropy.h"
#include "fakes/fake_http.h"
#include "fakes/fake_result_files.h"

namespace taskwatchd {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

struct Story {
  boost::asio::io_context context;
  FakeClock clock{context};
  Mono start = clock.now().mono;
  std::vector<std::string> lines;

  void tell(const std::string& who) {
    const auto passed = std::chrono::duration_cast<milliseconds>(clock.now().mono - start);
    lines.push_back(who + "@" + std::to_string(passed.count()));
  }
};

Awaitable<void> sleeper(Story& story, std::string who, Duration step, int times) {
  const auto alarm = story.clock.make_alarm();
  for (int i = 0; i < times; ++i) {
    co_await alarm->wait_until(story.clock.now().mono + step);
    story.tell(who);
  }
}

Awaitable<void> wait_once(Story& story, Alarm& alarm, Duration from_start) {
  co_await alarm.wait_until(story.start + from_start);
  story.tell("woke");
}

TEST(FakeClock, WakesInTheOrderOfTimeThenOfSetting) {
  Story story;
  boost::asio::co_spawn(story.context, sleeper(story, "a", seconds(2), 2), boost::asio::detached);
  boost::asio::co_spawn(story.context, sleeper(story, "b", seconds(1), 3), boost::asio::detached);
  story.clock.advance(seconds(3));
  EXPECT_EQ(story.lines, (std::vector<std::string>{"b@1000", "a@2000", "b@2000", "b@3000"}));
  EXPECT_EQ(story.clock.next_due(), story.start + seconds(4));
  story.clock.advance(seconds(10));
  EXPECT_EQ(story.lines.back(), "a@4000");
  EXPECT_FALSE(story.clock.next_due());
  EXPECT_EQ(story.clock.now().mono, story.start + seconds(13));
}

TEST(FakeClock, RingEndsAWaitAndIsRememberedOnce) {
  Story story;
  const auto alarm = story.clock.make_alarm();
  boost::asio::co_spawn(story.context, wait_once(story, *alarm, seconds(5)), boost::asio::detached);
  story.clock.advance(seconds(1));
  alarm->ring();
  story.clock.settle();
  EXPECT_EQ(story.lines, (std::vector<std::string>{"woke@1000"}));
  alarm->ring();
  alarm->ring();
  boost::asio::co_spawn(story.context, wait_once(story, *alarm, seconds(5)), boost::asio::detached);
  story.clock.settle();
  EXPECT_EQ(story.lines.size(), 2U);
  boost::asio::co_spawn(story.context, wait_once(story, *alarm, seconds(5)), boost::asio::detached);
  story.clock.advance(seconds(3));
  EXPECT_EQ(story.lines.size(), 2U);
  story.clock.advance(seconds(1));
  EXPECT_EQ(story.lines.back(), "woke@5000");
}

TEST(FakeClock, WallMovesWithMonoAndJumpsAlone) {
  Story story;
  const Now before = story.clock.now();
  for (int i = 0; i < 4000; ++i) story.clock.advance(Duration(250));
  EXPECT_EQ(story.clock.now().wall - before.wall, seconds(1));
  story.clock.jump_wall(std::chrono::hours(-1));
  EXPECT_EQ(story.clock.now().mono - before.mono, seconds(1));
  EXPECT_EQ(story.clock.now().wall - before.wall, seconds(1) - std::chrono::hours(1));
}

TEST(FakeClock, DiesWithWaitersInEitherOrder) {
  {
    Story story;  // the clock is destroyed before the loop and its waiter
    boost::asio::co_spawn(story.context, sleeper(story, "a", seconds(1), 1), boost::asio::detached);
    story.clock.settle();
  }
  Story story;
  auto alarm = story.clock.make_alarm();
  boost::asio::co_spawn(story.context, wait_once(story, *alarm, seconds(5)), boost::asio::detached);
  story.clock.settle();
  alarm.reset();  // ends the wait of anyone still waiting
  story.clock.settle();
  EXPECT_EQ(story.lines, (std::vector<std::string>{"woke@0"}));
}

Awaitable<void> ask(Story& story, FakeHttp& http, std::string url) {
  HttpRequest request;
  request.url = std::move(url);
  const HttpResult result = co_await http.send(std::move(request));
  story.tell(std::get<HttpReply>(result).body);
}

TEST(FakeHttp, AnswersAfterItsDelaysAndRemembers) {
  Story story;
  FakeHttp http(story.clock, [&](const HttpRequest& request) {
    story.tell("arrived");
    return HttpReply{200, {}, request.url};
  });
  http.set_delay(milliseconds(20), milliseconds(30));
  boost::asio::co_spawn(story.context, ask(story, http, "x"), boost::asio::detached);
  story.clock.settle();
  EXPECT_EQ(http.in_flight(), 1U);
  story.clock.advance(seconds(1));
  EXPECT_EQ(story.lines, (std::vector<std::string>{"arrived@20", "x@50"}));
  ASSERT_EQ(http.requests().size(), 1U);
  EXPECT_EQ(http.requests()[0].at, story.start);
  EXPECT_EQ(http.in_flight(), 0U);
}

TEST(FakeHttp, DiesWithACallInFlight) {
  Story story;
  FakeHttp http(story.clock, [](const HttpRequest&) { return HttpReply{}; });
  http.set_delay(seconds(1));
  boost::asio::co_spawn(story.context, ask(story, http, "x"), boost::asio::detached);
  story.clock.settle();
  EXPECT_EQ(http.most_in_flight(), 1U);
}

TEST(FakeEntropy, RepeatsBySeed) {
  FakeEntropy a(7);
  FakeEntropy b(7);
  FakeEntropy c(8);
  const auto first = a.next();
  EXPECT_EQ(first, b.next());
  EXPECT_NE(first, c.next());
  EXPECT_NE(first, a.next());
}

Awaitable<void> fetch_once(Story& story, FakeResultFiles& files) {
  ResultRequest request;
  request.key = {"demo", "Ubms"};
  const auto answer = co_await files.fetch(std::move(request));
  const auto* const result = std::get_if<DistributionResult>(&answer);
  story.tell(result == nullptr ? "failed" : "ok=" + std::to_string(result->ok));
}

TEST(FakeResultFiles, AnswersAsScriptedAndLate) {
  Story story;
  FakeResultFiles files(story.clock, [](const ResultRequest&) { return understood(3); });
  files.set_delay(seconds(2));
  boost::asio::co_spawn(story.context, fetch_once(story, files), boost::asio::detached);
  story.clock.advance(seconds(3));
  files.set_answer([](const ResultRequest&) { return ResultFailure{true, "expired"}; });
  boost::asio::co_spawn(story.context, fetch_once(story, files), boost::asio::detached);
  story.clock.advance(seconds(3));
  EXPECT_EQ(story.lines, (std::vector<std::string>{"ok=3@2000", "failed@5000"}));
  ASSERT_EQ(files.asked().size(), 2U);
  EXPECT_EQ(files.asked()[0].request.key.distribution_id, "Ubms");
}

}  // namespace
}  // namespace taskwatchd
