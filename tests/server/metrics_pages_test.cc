#include "server/metrics_pages.h"

#include <gmock/gmock.h>
#include <zlib.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <new>
#include <set>
#include <string>

#include "view/view_world.h"

namespace taskwatchd {
namespace {

constexpr OutputForm kPlain{MetricsFormat::kText, false};
constexpr OutputForm kGzip{MetricsFormat::kText, true};
constexpr OutputForm kOpenGzip{MetricsFormat::kOpenMetrics, true};
using Body = std::shared_ptr<WebParts>;

// Decompresses any number of members, as Go's compress/gzip and Python's gzip do.
std::string unpacked(std::string bytes) {
  z_stream stream{};
  inflateInit2(&stream, 15 + 16);
  stream.next_in = reinterpret_cast<Bytef*>(bytes.data());
  stream.avail_in = static_cast<uInt>(bytes.size());
  std::string all, room(1 << 16, '\0');
  int result = Z_OK;
  while (result == Z_OK || (result == Z_STREAM_END && stream.avail_in > 0)) {
    if (result == Z_STREAM_END) inflateReset(&stream);
    stream.next_out = reinterpret_cast<Bytef*>(room.data());
    stream.avail_out = static_cast<uInt>(room.size());
    result = inflate(&stream, Z_NO_FLUSH);
    all.append(room, 0, room.size() - stream.avail_out);
  }
  inflateEnd(&stream);
  return result == Z_STREAM_END ? all : "not gzip";
}

class MetricsPagesTest : public testing::Test {
 protected:
  MetricsPagesTest() {
    config.task_series = TaskSeries::kAll;
    config.task_series_limit = 1'000'000;
    metrics.configure(config);
  }
  // Gives these tasks of a job the status.
  void put(int from, int to, TaskStatus status = TaskStatus::kInProgress) {
    for (int i = from; i < to; ++i) {
      metrics.committed(of_job(first_observation(record_of("T" + std::to_string(i), status))),
                        kStart);
    }
  }
  boost::asio::awaitable<MetricsPages::Picture> picture_soon() {
    if (no_memory) throw std::bad_alloc();
    boost::system::error_code ignored;
    auto token = boost::asio::redirect_error(boost::asio::use_awaitable, ignored);
    if (takes_turns) co_await turn.async_wait(token);
    co_return picture();
  }
  // Each picture has another CPU time.
  std::shared_ptr<const MetricsPicture> picture() {
    ProcessStats process = full_process();
    process.cpu_seconds = ++taken;
    return metrics.picture(status_of_jobs({job_view("J1")}), process, kStart);
  }
  // Begins a request. The body is null if there is none, `pending` until the request is answered.
  void begin(Body& body, OutputForm form) {
    body = pending;
    boost::asio::co_spawn(context, pages->page(form),
                          [&body](const std::exception_ptr&, Body got) { body = std::move(got); });
    context.restart();
    context.poll();
  }
  void wait(const Body& body) {
    while (body == pending) {
      context.restart();
      context.run_one();
    }
  }
  Body ask(OutputForm form) {
    Body body;
    begin(body, form);
    wait(body);
    return body;
  }
  static std::string read(const Body& body) {
    if (!body) return "(none)";
    std::string all;
    for (auto part = body->next(); !part.empty(); part = body->next()) all += part;
    EXPECT_EQ(all.size(), body->bytes());
    return all;
  }
  std::string text(OutputForm form) {
    const std::string bytes = read(ask(form));
    return form.gzip ? unpacked(bytes) : bytes;
  }
  static int number(const std::string& text) {
    const std::string before = "process_cpu_seconds_total ";
    return std::stoi(text.substr(text.find("\n" + before) + 1 + before.size()));
  }
  std::string expected(MetricsFormat format = MetricsFormat::kText) {
    const auto now = picture();
    --taken;
    return written([&](MetricsWriter& page) { write_page(*now, page); }, format);
  }

  // Stands for a request that is not answered yet.
  struct Nothing : WebParts {
    std::size_t bytes() const override { return 0; }
    std::string_view next() override { return {}; }
  };
  const Body pending = std::make_shared<Nothing>();
  Config config = config_with({});
  Metrics metrics{kBuild};
  int taken = 0;
  Mono now{std::chrono::hours(1)};
  PageLimits limits{.shared_bytes = 100'000};
  boost::asio::io_context context{1};
  bool no_memory = false;
  bool takes_turns = false;
  boost::asio::steady_timer turn{context, boost::asio::steady_timer::time_point::max()};
  std::unique_ptr<MetricsPages> pages = made();

  std::unique_ptr<MetricsPages> made() {
    return std::make_unique<MetricsPages>(
        context.get_executor(), [this] { return picture_soon(); }, [this] { return now; }, limits);
  }
};

TEST_F(MetricsPagesTest, IsTheSameTextInEveryForm) {
  for (const int tasks : {0, 1, 64, 65, 1000}) {
    put(0, tasks);
    put(0, tasks / 2, TaskStatus::kSucceeded);
    for (const bool gzip : {false, true}) {
      const std::string plain = expected();
      EXPECT_TRUE(text({MetricsFormat::kText, gzip}) == plain) << tasks;
      const std::string open = expected(MetricsFormat::kOpenMetrics);
      EXPECT_TRUE(open.ends_with("# EOF\n"));
      EXPECT_TRUE(text({MetricsFormat::kOpenMetrics, gzip}) == open) << tasks;
      now += std::chrono::seconds(2);
    }
  }
}

// Lines that did not change come from members that were packed before.
TEST_F(MetricsPagesTest, ShowsEachChangeInEveryForm) {
  put(0, 1000);
  for (int round = 0; round < 20; ++round) {
    now += std::chrono::seconds(2);
    put(round * 10, round * 10 + 1, TaskStatus::kSucceeded);
    if (round % 3 == 0) put(500 + round, 500 + 2 * round, TaskStatus::kFailed);
    if (round % 4 == 0) metrics.forget({"prod", "T" + std::to_string(900 + round)});
    if (round == 10) put(1000, 1100);
    for (const OutputForm form : {kGzip, kPlain}) {
      const std::string plain = expected();
      EXPECT_TRUE(text(form) == plain) << round;
    }
    const std::string open = expected(MetricsFormat::kOpenMetrics);
    EXPECT_TRUE(text(kOpenGzip) == open) << round;
  }
}

TEST_F(MetricsPagesTest, ALargeOneIsSharedWhileItIsFresh) {
  put(0, 1000);
  const Body first = ask(kGzip);
  const Body second = ask(kGzip);
  EXPECT_EQ(taken, 1);
  const std::size_t one = pages->held_bytes();
  EXPECT_GE(one, first->bytes());
  EXPECT_LT(one, 2 * first->bytes()) << "held once, however many take it";
  EXPECT_TRUE(read(first) == read(second));
  EXPECT_EQ(number(text(kOpenGzip)), 2) << "another format is another output";
  EXPECT_EQ(number(text(kPlain)), 3);
  now += std::chrono::milliseconds(1001);
  EXPECT_EQ(number(text(kGzip)), 4);
  EXPECT_EQ(number(text(kGzip)), 4);
}

TEST_F(MetricsPagesTest, ClientsOfALargeOneWaitForTheSame) {
  put(0, 1000);
  ask(kGzip);
  now += std::chrono::seconds(2);
  std::vector<Body> bodies(4);
  for (Body& body : bodies) begin(body, kGzip);
  for (const Body& body : bodies) wait(body);
  EXPECT_EQ(taken, 2);
  for (const Body& body : bodies) EXPECT_EQ(number(unpacked(read(body))), 2);
}

TEST_F(MetricsPagesTest, ASmallOneIsWrittenForEach) {
  EXPECT_EQ(number(text(kPlain)), 1);
  EXPECT_EQ(number(text(kPlain)), 2);
  std::vector<Body> bodies(4);
  for (Body& body : bodies) begin(body, kGzip);
  std::set<int> numbers;
  for (const Body& body : bodies) {
    wait(body);
    numbers.insert(number(unpacked(read(body))));
  }
  EXPECT_EQ(numbers, (std::set<int>{3, 4, 5, 6})) << "none is older than its request";
  bodies.clear();
  EXPECT_EQ(pages->held_bytes(), 0u);
}

// The picture is of the moment of the request, whatever changes while it is written or sent.
TEST_F(MetricsPagesTest, ChangesWhileItIsSentDoNotShow) {
  put(0, 1000);
  const std::string before = expected();
  const Body plain = ask(kPlain);
  put(0, 1000, TaskStatus::kFailed);
  metrics.forget({"prod", "T1"});
  EXPECT_TRUE(read(plain) == before);
}

TEST_F(MetricsPagesTest, PlainTextOfTasksIsNotHeld) {
  put(0, 1000);
  const Body plain = ask(kPlain);
  EXPECT_GT(plain->bytes(), 1'000'000u);
  EXPECT_LT(pages->held_bytes(), plain->bytes() / 5);
}

// Families of many accounts are held compressed.
TEST_F(MetricsPagesTest, LargeFirstFamiliesAreHeldPacked) {
  limits.plain_bytes = 20'000;
  pages = made();
  for (int i = 0; i < 20; ++i) {
    config.accounts.push_back(account_with("a" + std::to_string(i), {}));
  }
  metrics.configure(config);
  put(0, 100);
  const std::string plain = expected();
  EXPECT_GT(plain.size(), 500'000u);
  const Body body = ask(kPlain);
  EXPECT_LT(pages->held_bytes(), plain.size() / 10);
  EXPECT_TRUE(read(body) == plain);
}

TEST_F(MetricsPagesTest, ReleasesWhatNoClientReads) {
  put(0, 1000);
  Body body = ask(kGzip);
  const std::size_t one = pages->held_bytes();
  EXPECT_GT(one, 0u);
  now += std::chrono::milliseconds(1001);
  pages->drop_old();
  EXPECT_EQ(pages->held_bytes(), one) << "somebody takes it";
  body.reset();
  EXPECT_EQ(pages->held_bytes(), 0u);
}

// Clients that do not read, each with its own output: beyond the budget, there is none.
TEST_F(MetricsPagesTest, BytesOnTheirWayAreBounded) {
  for (const OutputForm form : {kGzip, kPlain}) {
    put(0, 1000);
    limits.held_bytes = 1'000'000'000;
    pages = made();
    const Body one = ask(form);
    limits.held_bytes = 3 * pages->held_bytes() + 10'000;
    pages = made();
    std::vector<Body> bodies;
    for (int i = 0; i < 10; ++i) {
      put(0, 1000, i % 2 == 0 ? TaskStatus::kSent : TaskStatus::kQueued);
      Body body = ask(form);
      if (!body) break;
      bodies.push_back(std::move(body));
      now += std::chrono::seconds(2);
    }
    EXPECT_GE(bodies.size(), 3u);
    EXPECT_LT(bodies.size(), 8u);
    EXPECT_LE(pages->held_bytes(), limits.held_bytes);
    EXPECT_EQ(ask(form), nullptr);
    bodies.clear();
    EXPECT_NE(ask(form), nullptr);
  }
}

// Outputs with the same lines share them: 40 clients that do not read hold little more than one.
TEST_F(MetricsPagesTest, LinesThatDidNotChangeAreHeldOnce) {
  put(0, 1000);
  for (const OutputForm form : {kGzip, kPlain}) {
    std::vector<Body> bodies = {ask(form)};
    const std::size_t one = pages->held_bytes();
    for (int i = 0; i < 3; ++i) {
      now += std::chrono::seconds(2);
      put(i, i + 1, TaskStatus::kFailed);
      bodies.push_back(ask(form));
    }
    EXPECT_LT(pages->held_bytes(), 2 * one + 200'000);
  }
}

TEST_F(MetricsPagesTest, OneAloneMayBeLarger) {
  limits.held_bytes = 1;
  pages = made();
  put(0, 1000);
  const Body first = ask(kGzip);
  ASSERT_NE(first, nullptr);
  EXPECT_NE(ask(kGzip), nullptr) << "the same";
  now += std::chrono::seconds(2);
  EXPECT_EQ(ask(kGzip), nullptr);
}

TEST_F(MetricsPagesTest, OnlySoManyWait) {
  limits.waiting = 0;
  pages = made();
  EXPECT_EQ(ask(kPlain), nullptr);
  EXPECT_EQ(ask(kGzip), nullptr);
  limits.waiting = 1;
  pages = made();
  EXPECT_NE(ask(kPlain), nullptr);
}

TEST_F(MetricsPagesTest, ABodyMayOutliveThem) {
  put(0, 1000);
  const std::string before = expected();
  const Body plain = ask(kPlain);
  const Body packed = ask(kGzip);
  pages.reset();
  EXPECT_TRUE(read(plain) == before);
  EXPECT_EQ(number(unpacked(read(packed))), 2);
}

TEST_F(MetricsPagesTest, APictureMayTakeTurnsAndIsTakenOnceForAllClients) {
  put(0, 1000);
  ask(kPlain);
  now += std::chrono::seconds(2);
  takes_turns = true;
  Body first, second;
  begin(first, kPlain);
  begin(second, kPlain);
  EXPECT_EQ(first, pending);
  turn.cancel();
  wait(first);
  wait(second);
  EXPECT_EQ(number(read(first)), 2);
  EXPECT_EQ(number(read(second)), 2);
}

TEST_F(MetricsPagesTest, EndsWhileAPictureIsTaken) {
  takes_turns = true;
  Body body;
  begin(body, kPlain);
  pages.reset();
  turn.cancel();
  context.restart();
  context.poll();
  EXPECT_EQ(body, pending) << "its client is disconnected with the server";
  EXPECT_EQ(taken, 1);
}

TEST_F(MetricsPagesTest, WhatWasNotWrittenTakesNoRoom) {
  put(0, 2000);
  limits.held_bytes = 500'000;
  pages = made();
  EXPECT_NE(ask(kGzip), nullptr);
  now += std::chrono::seconds(2);
  no_memory = true;
  for (int i = 0; i < 100; ++i) EXPECT_EQ(ask(kGzip), nullptr);
  no_memory = false;
  EXPECT_NE(ask(kGzip), nullptr);
}

TEST_F(MetricsPagesTest, EndsWhileAnOutputIsWritten) {
  put(0, 5000);
  Body body;
  begin(body, kGzip);
  pages.reset();
  context.restart();
  context.poll();
  EXPECT_EQ(body, pending) << "its client is disconnected with the server";
}

}  // namespace
}  // namespace taskwatchd
