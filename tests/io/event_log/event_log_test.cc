#include "io/event_log/event_log.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <csignal>
#include <exception>
#include <map>
#include <optional>
#include <string>
#include <thread>

#include "core/events/event_text.h"

namespace taskwatchd {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

Event make(std::uint64_t id, Level level = Level::kInfo, std::string msg = "changed") {
  Event event;
  event.id = id;
  event.ts = Wall(milliseconds(1'800'000'000'000));
  event.level = level;
  event.name = "task_transition";
  event.msg = std::move(msg);
  event.fields = {{"account", std::string("prod")}, {"task_id", std::string("t1")}};
  return event;
}

std::vector<Event> many(std::uint64_t first, std::uint64_t count) {
  std::vector<Event> events;
  for (std::uint64_t i = 0; i < count; ++i) events.push_back(make(first + i));
  return events;
}

class EventLogTest : public testing::Test {
 protected:
  EventLogTest() {
    std::signal(SIGPIPE, SIG_IGN);
    EXPECT_EQ(::pipe2(pipe_, O_CLOEXEC), 0);
  }
  ~EventLogTest() override {
    close_end(0);
    close_end(1);
  }
  void close_end(int end) {
    if (pipe_[end] >= 0) ::close(pipe_[end]);
    pipe_[end] = -1;
  }
  EventLog& start(LogFormat format = LogFormat::kJson, Level lowest = Level::kDebug) {
    log_.emplace(context_.get_executor(), format, lowest, pipe_[1]);
    return *log_;
  }
  // Starts a delivery. Its result is stored in `answer` while the loop runs.
  void deliver(std::vector<Event> events, std::optional<bool>& answer) {
    const auto take = [&answer](std::exception_ptr, bool delivered) { answer = delivered; };
    boost::asio::co_spawn(context_, log_->sink().deliver(std::move(events)), take);
  }
  void run_until(const std::optional<bool>& answer, seconds limit = seconds(20)) {
    const auto end = steady_clock::now() + limit;
    context_.restart();
    while (!answer && steady_clock::now() < end) context_.run_one_for(milliseconds(50));
  }
  bool delivered(std::vector<Event> events) {
    std::optional<bool> answer;
    deliver(std::move(events), answer);
    run_until(answer);
    EXPECT_TRUE(answer.has_value());
    return answer.value_or(false);
  }
  // Starts a thread that reads the pipe until its write end is closed.
  void read_all() {
    reader_ = std::thread([this] {
      char buffer[65536];
      ssize_t n = 0;
      while ((n = ::read(pipe_[0], buffer, sizeof buffer)) > 0) {
        text_.append(buffer, static_cast<std::size_t>(n));
      }
    });
  }
  // Stops the log and closes the pipe. Returns the lines that were written.
  std::vector<std::string> lines() {
    if (!reader_.joinable()) read_all();
    log_->stop(seconds(10));
    close_end(1);
    reader_.join();
    std::vector<std::string> found;
    std::size_t from = 0, to = 0;
    while ((to = text_.find('\n', from)) != std::string::npos) {
      found.push_back(text_.substr(from, to - from));
      from = to + 1;
    }
    EXPECT_EQ(from, text_.size()) << "a line without its end";
    return found;
  }

  boost::asio::io_context context_;
  int pipe_[2] = {-1, -1};
  std::optional<EventLog> log_;
  std::thread reader_;
  std::string text_;
};

TEST_F(EventLogTest, JsonAndLogfmtAreWhatTheCoreRenders) {
  for (const auto format : {LogFormat::kJson, LogFormat::kLogfmt}) {
    text_.clear();
    if (pipe_[1] < 0) {
      close_end(0);
      ASSERT_EQ(::pipe2(pipe_, O_CLOEXEC), 0);
    }
    start(format);
    EXPECT_TRUE(delivered({make(7)}));
    log_->write(make(0, Level::kError));
    const auto text = [format](const Event& event) {
      return format == LogFormat::kJson ? to_json(event) : to_logfmt(event);
    };
    EXPECT_THAT(lines(), testing::ElementsAre(text(make(7)), text(make(0, Level::kError))));
    EXPECT_THAT(log_->written(), testing::ElementsAre(0, 1, 0, 1));
    EXPECT_EQ(log_->pending(), 0u);
    EXPECT_EQ(log_->dropped(), 0u);
  }
}

TEST_F(EventLogTest, BelowTheLevelNothingIsWrittenAndEventsCountAsDelivered) {
  start(LogFormat::kJson, Level::kWarn);
  log_->write(make(0, Level::kInfo));
  EXPECT_TRUE(delivered({make(1, Level::kInfo), make(2, Level::kDebug)}));
  EXPECT_TRUE(delivered({make(3, Level::kInfo), make(4, Level::kWarn), make(5, Level::kError)}));
  EXPECT_THAT(lines(), testing::ElementsAre(to_json(make(4, Level::kWarn)),
                                            to_json(make(5, Level::kError))));
  EXPECT_EQ(log_->dropped(), 0u);
}

TEST_F(EventLogTest, NoTextCanForgeALineOrAFormat) {
  start(LogFormat::kLogfmt);
  const std::string evil =
      "{} {0} %s %n {:>99999999}\nts=2026 level=info event=task_transition\r\n\x1b[2J\x07";
  Event event = make(1, Level::kWarn);
  event.fields.push_back({"status_message", evil});
  EXPECT_TRUE(delivered({event}));
  log_->write(make(0, Level::kInfo, evil));
  const auto found = lines();
  ASSERT_EQ(found.size(), 2u);
  EXPECT_THAT(found[0], testing::HasSubstr("{:>99999999}"));
  for (const std::string& line : found) {
    for (const char c : line) EXPECT_TRUE(static_cast<unsigned char>(c) >= 0x20) << line;
  }
}

TEST_F(EventLogTest, AStalledPipeDropsOldDiagnosticsAndDelaysNothing) {
  constexpr std::uint64_t kLines = 20'000;
  start();
  int slow = 0;
  for (std::uint64_t i = 1; i <= kLines; ++i) {
    const auto before = steady_clock::now();
    log_->write(make(i));
    if (steady_clock::now() - before > milliseconds(100)) ++slow;
  }
  EXPECT_LE(slow, 3) << "a busy machine may take the processor away, but nothing blocks";
  EXPECT_LE(log_->pending(), EventLog::kWaitingDiagnostics + 1);
  const auto found = lines();
  EXPECT_EQ(found.size() + log_->dropped(), kLines);
  EXPECT_GT(log_->dropped(), 0u);
  EXPECT_EQ(event_from_json(found.back())->id, kLines) << "the newest stay";
}

TEST_F(EventLogTest, AStalledPipeLosesNoEvent) {
  constexpr std::uint64_t kEvents = 5000, kBatch = 100;
  start();
  std::map<std::uint64_t, std::optional<bool>> answers;
  for (std::uint64_t first = 1; first <= kEvents; first += kBatch) {
    deliver(many(first, kBatch), answers[first]);
    log_->write(make(0, Level::kDebug, "between"));
  }
  context_.restart();
  context_.run_for(milliseconds(300));
  EXPECT_FALSE(answers.rbegin()->second.has_value()) << "not delivered while the pipe is full";
  EXPECT_GT(log_->pending(), 0u);
  read_all();
  run_until(answers.rbegin()->second);
  for (const auto& [first, answer] : answers) EXPECT_EQ(answer, true) << first;
  std::uint64_t next = 1;
  for (const std::string& line : lines()) {
    const auto event = event_from_json(line);
    ASSERT_TRUE(event) << line;
    if (event->id != 0) {
      EXPECT_EQ(event->id, next++);
    }
  }
  EXPECT_EQ(next, kEvents + 1);
}

TEST_F(EventLogTest, DeliveredMeansWritten) {
  start();
  read_all();
  for (std::uint64_t i = 1; i <= 50; ++i) {
    EXPECT_TRUE(delivered({make(i)}));
    EXPECT_EQ(log_->written().at(1), i);
  }
  EXPECT_EQ(lines().size(), 50u);
}

TEST_F(EventLogTest, AClosedPipeIsReportedAfterAPause) {
  start();
  close_end(0);
  const auto before = steady_clock::now();
  EXPECT_FALSE(delivered({make(1)}));
  EXPECT_GE(steady_clock::now() - before, EventLog::kPause);
  log_->write(make(0));
  EXPECT_TRUE(log_->stop(seconds(5)));
  EXPECT_EQ(log_->dropped(), 1u);
  EXPECT_EQ(log_->pending(), 0u);
}

TEST_F(EventLogTest, StopIsBoundedWithAStalledPipe) {
  start();
  std::optional<bool> answer;
  deliver(many(1, 2000), answer);
  context_.poll();
  for (int i = 0; i < 100; ++i) log_->write(make(0));
  const auto before = steady_clock::now();
  EXPECT_FALSE(log_->stop(milliseconds(300)));
  EXPECT_LT(steady_clock::now() - before, seconds(5));
  run_until(answer);
  EXPECT_EQ(answer, false);
  EXPECT_EQ(log_->dropped(), 100u);
  EXPECT_EQ(log_->pending(), 0u);
  EXPECT_FALSE(delivered({make(9)})) << "after the stop";
  log_->write(make(0));
  EXPECT_EQ(log_->dropped(), 101u);
}

TEST_F(EventLogTest, StopWritesWhatWaits) {
  start();
  for (std::uint64_t i = 1; i <= 500; ++i) log_->write(make(i));
  EXPECT_EQ(lines().size(), 500u);
}

TEST_F(EventLogTest, ALineLongerThanThePipeComesWhole) {
  start();
  read_all();
  Event event = make(1);
  event.fields.push_back({"labels", StringMap{{"long", std::string(300'000, 'x')}}});
  EXPECT_TRUE(delivered({event, make(2)}));
  const auto found = lines();
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(event_from_json(found[0]), event);
}

TEST_F(EventLogTest, SocketsWorkAndStayBlockingForOthers) {
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  close_end(0);
  close_end(1);
  pipe_[0] = ends[0];
  pipe_[1] = ends[1];
  const int flags = ::fcntl(ends[1], F_GETFL);
  start();
  EXPECT_TRUE(delivered(many(1, 10)));
  EXPECT_EQ(::fcntl(ends[1], F_GETFL), flags);
  EXPECT_EQ(lines().size(), 10u);
}

TEST_F(EventLogTest, MoreBatchesThanTheLimitMustRetry) {
  start();
  std::map<std::size_t, std::optional<bool>> answers;
  for (std::size_t i = 0; i < EventLog::kWaitingBatches + 5; ++i) {
    deliver(many(1, 500), answers[i]);
  }
  run_until(answers.rbegin()->second);
  EXPECT_EQ(answers.rbegin()->second, false);
  log_->stop(milliseconds(0));
}

TEST_F(EventLogTest, ALoopThatEndsFirstIsNoHarm) {
  for (int round = 0; round < 20; ++round) {
    boost::asio::io_context loop;
    EventLog log(loop.get_executor(), LogFormat::kJson, Level::kDebug, pipe_[1]);
    const auto ignore = [](std::exception_ptr, bool) {};
    boost::asio::co_spawn(loop, log.sink().deliver(many(1, 20)), ignore);
    loop.poll();
  }
}

TEST(StderrIsJournal, ComparesDeviceAndInode) {
  struct stat info {};
  ASSERT_EQ(::fstat(2, &info), 0);
  const std::string here = std::to_string(info.st_dev) + ":" + std::to_string(info.st_ino);
  ::setenv("JOURNAL_STREAM", here.c_str(), 1);
  EXPECT_TRUE(stderr_is_journal());
  ::setenv("JOURNAL_STREAM", (here + "1").c_str(), 1);
  EXPECT_FALSE(stderr_is_journal());
  ::unsetenv("JOURNAL_STREAM");
  EXPECT_FALSE(stderr_is_journal());
}

}  // namespace
}  // namespace taskwatchd
