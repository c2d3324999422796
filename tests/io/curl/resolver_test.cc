// Names resolved to addresses by name servers that return errors, are slow or fail.
#include "io/curl/resolver.h"

#include <gmock/gmock.h>

#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <future>
#include <thread>

#include "io/curl/curl_fixture.h"
#include "io/raw_server.h"

namespace taskwatchd {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::HasSubstr;

struct Fixture {
  boost::asio::io_context context;
  Resolver resolver;
  std::vector<Addresses> found;

  explicit Fixture(ResolverOptions options)
      : resolver(context.get_executor(), std::move(options)) {}
  static boost::asio::awaitable<void> ask(Fixture& me, std::string host) {
    Addresses addresses = co_await me.resolver.resolve(std::move(host));
    me.found.push_back(std::move(addresses));
  }
  void start(std::string host) {
    boost::asio::co_spawn(context, ask(*this, std::move(host)), boost::asio::detached);
  }
  Addresses resolve(std::string host) {
    found.clear();
    start(std::move(host));
    context.restart();
    context.run();
    return found.empty() ? Addresses{{}, "never came"} : found.front();
  }
  // Runs the loop for `time`, so that look-ups without a waiting caller finish.
  void settle(milliseconds time) {
    boost::asio::steady_timer timer(context, time);
    timer.async_wait([](auto) {});
    context.restart();
    context.run();
  }
};

// A name server controlled by the test. Shared: its threads may outlive the test.
struct Names {
  std::atomic<int> asked = 0;
  std::atomic<int> version = 1;
  std::atomic<bool> broken = false;
  std::atomic<int> delay_ms = 0;

  static Lookup lookup(const std::shared_ptr<Names>& names) {
    return [names](const std::string&) {
      ++names->asked;
      std::this_thread::sleep_for(milliseconds(names->delay_ms));
      if (names->broken) return Addresses{{}, "server failure"};
      return Addresses{{"192.0.2." + std::to_string(names->version)}, {}};
    };
  }
};

ResolverOptions options_for(const std::shared_ptr<Names>& names) {
  ResolverOptions options;
  options.lookup = Names::lookup(names);
  options.keep = milliseconds(100);
  options.keep_failure = milliseconds(50);
  options.wait = milliseconds(200);
  return options;
}

TEST(Resolver, OneLookupServesAllCallers) {
  const auto names = std::make_shared<Names>();
  names->delay_ms = 30;
  Fixture fixture(options_for(names));
  for (int i = 0; i < 100; ++i) fixture.start("a.example");
  fixture.context.run();
  ASSERT_EQ(fixture.found.size(), 100U);
  for (const auto& found : fixture.found) EXPECT_THAT(found.list, ElementsAre("192.0.2.1"));
  EXPECT_EQ(names->asked, 1);
  EXPECT_THAT(fixture.resolve("a.example").list, ElementsAre("192.0.2.1"));
  EXPECT_EQ(names->asked, 1);
}

TEST(Resolver, AnOldAddressIsUsedWhileItIsRenewed) {
  const auto names = std::make_shared<Names>();
  Fixture fixture(options_for(names));
  fixture.resolve("a.example");
  fixture.settle(milliseconds(120));
  names->version = 2;
  names->delay_ms = 50;
  const Stopwatch watch;
  EXPECT_THAT(fixture.resolve("a.example").list, ElementsAre("192.0.2.1"));
  EXPECT_LT(watch.passed(), milliseconds(40));
  fixture.settle(milliseconds(80));
  EXPECT_THAT(fixture.resolve("a.example").list, ElementsAre("192.0.2.2"));
  EXPECT_EQ(names->asked, 2);
}

TEST(Resolver, TheLastGoodAddressOutlivesFailures) {
  const auto names = std::make_shared<Names>();
  Fixture fixture(options_for(names));
  fixture.resolve("a.example");
  names->broken = true;
  for (int i = 0; i < 4; ++i) {
    fixture.settle(milliseconds(60));
    EXPECT_THAT(fixture.resolve("a.example").list, ElementsAre("192.0.2.1"));
  }
  EXPECT_GE(names->asked, 2);
}

TEST(Resolver, FailuresAreKeptShortly) {
  const auto names = std::make_shared<Names>();
  names->broken = true;
  Fixture fixture(options_for(names));
  for (int i = 0; i < 20; ++i) EXPECT_EQ(fixture.resolve("a.example").error, "server failure");
  EXPECT_LE(names->asked, 2);
  names->broken = false;
  fixture.settle(milliseconds(60));
  EXPECT_THAT(fixture.resolve("a.example").list, ElementsAre("192.0.2.1"));
}

TEST(Resolver, ASilentServerIsWaitedForOnceAndNotLong) {
  const auto names = std::make_shared<Names>();
  names->delay_ms = 600;
  Fixture fixture(options_for(names));
  const Stopwatch watch;
  EXPECT_THAT(fixture.resolve("a.example").error, HasSubstr("did not respond"));
  EXPECT_GE(watch.passed(), milliseconds(190));
  EXPECT_LT(watch.passed(), milliseconds(500));
  for (int i = 0; i < 10; ++i) fixture.start("a.example");
  fixture.settle(milliseconds(1));
  EXPECT_EQ(names->asked, 1);
  EXPECT_EQ(fixture.found.size(), 11U);
}

TEST(Resolver, ThreadsAreBounded) {
  const auto names = std::make_shared<Names>();
  names->delay_ms = 100;
  auto options = options_for(names);
  options.lookups = 4;
  Fixture fixture(options);
  for (int i = 0; i < 50; ++i) fixture.start("h" + std::to_string(i) + ".example");
  fixture.context.run();
  EXPECT_EQ(fixture.found.size(), 50U);
  EXPECT_EQ(names->asked, 4);
}

TEST(Resolver, HostsAreBounded) {
  const auto names = std::make_shared<Names>();
  auto options = options_for(names);
  options.hosts = 8;
  options.keep = std::chrono::hours(1);
  Fixture fixture(options);
  for (int i = 0; i < 40; ++i) {
    EXPECT_EQ(fixture.resolve("h" + std::to_string(i) + ".example").list.size(), 1U);
  }
  EXPECT_EQ(names->asked, 40);
}

TEST(Resolver, AThrowingLookupIsAFailure) {
  ResolverOptions options;
  options.lookup = [](const std::string&) -> Addresses { throw std::runtime_error("no luck"); };
  Fixture fixture(options);
  EXPECT_EQ(fixture.resolve("a.example").error, "no luck");
}

TEST(Resolver, ItsEndWaitsForNoLookup) {
  const auto names = std::make_shared<Names>();
  names->delay_ms = 300;
  const Stopwatch watch;
  {
    auto options = options_for(names);
    options.wait = std::chrono::seconds(30);
    Fixture fixture(options);
    for (int i = 0; i < 5; ++i) fixture.start("h" + std::to_string(i) + ".example");
    fixture.context.run_for(milliseconds(20));
    fixture.resolver.close();
    fixture.context.restart();
    fixture.context.run();
    EXPECT_EQ(fixture.found.size(), 5U);
  }
  EXPECT_LT(watch.passed(), milliseconds(250));
  // The look-up threads finish after their event loop has been destroyed.
  std::this_thread::sleep_for(milliseconds(400));
}

TEST(SystemLookup, KnowsWhatNeedsNoNameServer) {
  EXPECT_THAT(system_lookup("127.0.0.1").list, ElementsAre("127.0.0.1"));
  const Addresses none = system_lookup("no such name");
  EXPECT_TRUE(none.list.empty());
  EXPECT_FALSE(none.error.empty());
}

}  // namespace
}  // namespace taskwatchd
