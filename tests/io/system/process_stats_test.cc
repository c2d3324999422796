#include "io/system/process_stats.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <thread>
#include <vector>

namespace taskwatchd {
namespace {

TEST(ProcessStats, ReadsThisProcess) {
  const ProcessStatsReader reader;
  const ProcessStats stats = reader.read();
  ASSERT_TRUE(stats.cpu_seconds && stats.resident_bytes && stats.virtual_bytes && stats.open_fds &&
              stats.threads && stats.start_time);
  EXPECT_GT(*stats.resident_bytes, 1u << 20);
  EXPECT_GT(*stats.virtual_bytes, *stats.resident_bytes);
  EXPECT_GE(*stats.threads, 1u);
  EXPECT_GE(*stats.open_fds, 3u);
}

TEST(ProcessStats, CountsDescriptorsAndThreads) {
  const ProcessStatsReader reader;
  const ProcessStats before = reader.read();
  const int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
  ASSERT_GE(fd, 0);
  std::jthread thread([](const std::stop_token& stop) {
    while (!stop.stop_requested()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  });
  const ProcessStats during = reader.read();
  close(fd);
  EXPECT_EQ(*during.open_fds, *before.open_fds + 1);
  EXPECT_EQ(*during.threads, *before.threads + 1);
}

TEST(ProcessStats, StartTimeIsInThePastAndDoesNotWaver) {
  const ProcessStatsReader reader;
  const double now =
      std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
  const double started = *reader.read().start_time;
  EXPECT_LE(started, now + 0.02);
  EXPECT_GT(started, now - 3600);
  EXPECT_EQ(*reader.read().start_time, started);
}

TEST(ProcessStats, CpuTimeRises) {
  const ProcessStatsReader reader;
  const double before = *reader.read().cpu_seconds;
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(5);
  double after = before;
  while (after <= before && std::chrono::steady_clock::now() < until) {
    after = *reader.read().cpu_seconds;
  }
  EXPECT_GT(after, before);
}

}  // namespace
}  // namespace taskwatchd
