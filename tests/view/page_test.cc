// Checks the complete metrics output with Prometheus' own promtool, with every family filled and
// with hostile responses.
#include <gmock/gmock.h>
#include <stdlib.h>
#include <sys/wait.h>

#include <chrono>
#include <cstdio>
#include <fstream>
#include <random>
#include <set>

#include "core/events/device_text.h"
#include "page_text.h"
#include "view/families.h"
#include "view_world.h"

namespace taskwatchd {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// Returns promtool's complaints about the metrics output; empty if there are none.
std::string promtool_complaints(const std::string& page) {
  char path[] = "/tmp/taskwatchd-page-XXXXXX";
  const int fd = mkstemp(path);
  if (fd < 0) return "no temporary file";
  close(fd);
  std::ofstream(path, std::ios::binary) << page;
  FILE* pipe = popen(("promtool check metrics <" + std::string(path) + " 2>&1").c_str(), "r");
  std::string said;
  char part[256];
  while (fgets(part, sizeof part, pipe)) said += part;
  const int status = pclose(pipe);
  unlink(path);
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) said += "promtool's status is not 0\n";
  return said;
}

// Sends one of each kind of input to the metrics, so that every family has a sample.
void fill(Metrics& metrics, const std::vector<std::string>& tasks) {
  Config config = config_with(tasks);
  config.detection_delay_bound = seconds(20);
  config.accounts[0].instances[0].labels = {{"team", "ota"}};
  metrics.configure(config);
  for (const std::string& task : tasks) {
    TaskChange change = transition(record_of(task, TaskStatus::kFailed), TaskStatus::kInProgress);
    change.queue_wait = seconds(3);
    change.execution = seconds(9);
    metrics.committed(change, kStart + seconds(2));
    metrics.counted(transition_to(TaskStatus::kFailed), kStart + seconds(2));
  }
  metrics.call_ended({"prod", Api::kQueryTask, Reason::kThrottled, milliseconds(80), true});
  metrics.anomaly("prod", Anomaly::kRegression);
  metrics.commit_took(milliseconds(5));
  metrics.notified("ops", milliseconds(700));
  metrics.loop_delayed(milliseconds(1));
  metrics.http_request("/metrics", 200);
  metrics.log_messages({1, 2, 3, 4}, 5);
}

DaemonStatus full_status_with_jobs(const std::vector<std::string>& tasks) {
  DaemonStatus status = full_status(tasks);
  status.accounts[0].jobs = {full_job("J1"), job_view("J2")};
  status.accounts[0].distributions = {full_distribution("D1")};
  return status;
}

TEST(Page, HasEveryFamilyAndPromtoolAccepts) {
  Metrics metrics(kBuild);
  fill(metrics, {"T1", "T2"});
  const std::string page =
      page_of(metrics, full_status_with_jobs({"T1", "T2"}), full_process(), kStart);
  const PageText read = read_page(page);
  EXPECT_THAT(read.problems, testing::IsEmpty());
  std::set<std::string> declared;
  for (const Family& f : all_families()) {
    declared.emplace(f.name);
    EXPECT_EQ(read.kinds.contains(std::string(f.name)), true) << f.name << " is not on the page";
    EXPECT_NE(page.find("# HELP " + std::string(f.name) + " " + std::string(f.help) + "\n"),
              std::string::npos)
        << f.name;
  }
  for (const auto& [shown, kind] : read.kinds) {
    EXPECT_TRUE(declared.contains(shown)) << shown << " is not declared";
  }
  EXPECT_EQ(promtool_complaints(page), "");
}

std::set<std::string> declared_labels(const Family& f) {
  std::set<std::string> names;
  std::string_view rest = f.labels;
  while (!rest.empty()) {
    const std::size_t comma = std::min(rest.find(", "), rest.size());
    names.emplace(rest.substr(0, comma));
    rest.remove_prefix(std::min(comma + 2, rest.size()));
  }
  return names;
}

TEST(Page, SeriesHaveTheLabelsThatAreDeclared) {
  Metrics metrics(kBuild);
  fill(metrics, {"T1"});
  const PageText read =
      read_page(page_of(metrics, full_status_with_jobs({"T1"}), full_process(), kStart));
  for (const Family& f : all_families()) {
    std::set<std::string> expected = declared_labels(f);
    if (f.id == FamilyId::kTaskInfo) expected.insert("team");  // configured
    const std::string suffix = f.kind == MetricKind::kHistogram ? "_count" : "";
    const std::string sample = std::string(f.name) + suffix;
    std::size_t found = 0;
    for (const auto& [series, value] : read.series) {
      if (series.substr(0, series.find('{')) != sample) continue;
      // J2 has no configured labels.
      if (f.id == FamilyId::kJobInfo && series.find("\"J2\"") == std::string::npos) {
        expected.insert("team");
      } else if (f.id == FamilyId::kJobInfo) {
        expected.erase("team");
      }
      EXPECT_EQ(label_names(series), expected) << series;
      ++found;
    }
    EXPECT_GT(found, 0u) << f.name;
  }
}

// promtool itself must be able to reject.
TEST(Page, PromtoolRefusesABrokenPage) {
  EXPECT_NE(promtool_complaints("# TYPE a counter\na{b=\"\xff\"} 1\n"), "");
}

std::string hostile(std::mt19937_64& random) {
  static const std::vector<std::string> kOdd = {"\"} 1\n# TYPE evil gauge\nevil 1\n",
                                                "\\",
                                                "\\\"",
                                                "\n",
                                                std::string("\0", 1),
                                                "\x1b[31m",
                                                "\xff\xfe",
                                                "\xed\xa0\x80",
                                                "\xf4\x90\x80\x80",
                                                "\xe2\x80\xae",
                                                "{}",
                                                "# EOF",
                                                ""};
  std::string text;
  for (auto n = random() % 6; n > 0; --n) {
    text += random() % 2 ? kOdd[random() % kOdd.size()]
                         : std::string(random() % 90, static_cast<char>(random()));
  }
  return text;
}

TEST(Page, HostileRepliesBreakNothingAndAddNoSeries) {
  std::mt19937_64 random(42);
  std::size_t expected = 0;
  for (int round = 0; round < 20; ++round) {
    Metrics metrics(kBuild);
    fill(metrics, {"T1", "T2"});
    for (const char* task : {"T1", "T2"}) {
      TaskRecord record = record_of(task, kAllTaskStatuses[random() % kTaskStatusCount]);
      record.last.job_id = hostile(random);
      record.last.job_name = hostile(random);
      record.last.product_key = hostile(random);
      record.last.device_name = hostile(random);
      record.last.message = hostile(random);
      record.last.status_detail = hostile(random);
      record.last.status_text = hostile(random);
      metrics.committed(transition(record, TaskStatus::kSent), kStart);
      metrics.counted({{"prod", record.last.job_id, Counter::kTransitions, record.last.status}, 1},
                      kStart);
    }
    const std::string page = page_of(metrics, full_status({"T1", "T2"}), full_process(), kStart);
    const PageText read = read_page(page);
    ASSERT_THAT(read.problems, testing::IsEmpty()) << "round " << round;
    // There are two jobs, unless both tasks got the same random id.
    const std::size_t jobs = read.count("aliyun_iot_task_transitions_total{") / kTaskStatusCount;
    const std::size_t others = read.series.size() - jobs * 2 * kTaskStatusCount;
    if (expected == 0) expected = others;
    ASSERT_EQ(others, expected) << "round " << round;
    ASSERT_EQ(repair_utf8(page), page) << "round " << round;
    ASSERT_EQ(promtool_complaints(page), "") << "round " << round;
  }
}

TEST(Page, HostileJobsBreakNothing) {
  std::mt19937_64 random(43);
  for (int round = 0; round < 20; ++round) {
    Metrics metrics(kBuild);
    metrics.configure(config_with({}));
    std::vector<JobView> jobs;
    for (int i = 0; i < 4; ++i) {
      JobView& job = jobs.emplace_back(full_job(hostile(random)));
      job.instance = hostile(random);
      job.labels = {{"team", hostile(random)}};
      job.name = hostile(random);
      job.type = hostile(random);
      TaskRecord record = record_of("T" + std::to_string(i), TaskStatus::kFailed, job.job_id);
      record.last.device_name = hostile(random);
      metrics.committed(of_job(first_observation(record)), kStart);
    }
    const std::string page = page_of(metrics, status_of_jobs(jobs), full_process(), kStart);
    const PageText read = read_page(page);
    ASSERT_THAT(read.problems, testing::IsEmpty()) << "round " << round;
    ASSERT_GT(read.count("aliyun_iot_job_info{"), 0u);
    ASSERT_EQ(read.series.at("taskwatchd_jobs{account=\"prod\",state=\"watched\"}"), 4);
    ASSERT_EQ(repair_utf8(page), page) << "round " << round;
    ASSERT_EQ(promtool_complaints(page), "") << "round " << round;
  }
}

// The size of the parts does not change the text, and no part is much larger than requested.
TEST(Page, InPartsIsWhatItIsAtOnce) {
  Metrics metrics(kBuild);
  std::vector<std::string> tasks;
  for (int i = 0; i < 300; ++i) tasks.push_back("T" + std::to_string(i));
  fill(metrics, tasks);
  const DaemonStatus status = full_status_with_jobs(tasks);
  const auto picture = metrics.picture(status, full_process(), kStart);
  const auto write = [&](MetricsWriter& page) { write_page(*picture, page); };
  for (const MetricsFormat format : {MetricsFormat::kText, MetricsFormat::kOpenMetrics}) {
    const std::string whole = written(write, format, std::size_t{100} * 1024 * 1024);
    EXPECT_GT(whole.size(), 300'000u);
    for (const std::size_t part_bytes : {1u, 1000u, 10'000u, 128u * 1024}) {
      std::size_t largest = 0;
      std::size_t broken = 0;
      std::string all;
      MetricsWriter page(
          format,
          [&](std::string_view part) {
            largest = std::max(largest, part.size());
            broken += part.ends_with('\n') ? 0 : 1;
            all += part;
          },
          part_bytes);
      write(page);
      EXPECT_EQ(broken, 0u) << "whole lines only";
      EXPECT_LT(largest, part_bytes + 128u * 1024) << "one family of a block of tasks at most";
      EXPECT_TRUE(all == whole) << part_bytes;
    }
  }
}

// A coarse check against quadratic work or slow work per series: measured times are far below.
TEST(Page, AThousandTasksAreQuick) {
  Metrics metrics(kBuild);
  std::vector<std::string> tasks;
  for (int i = 0; i < 1000; ++i) tasks.push_back("MSnT9aaaaaaaaaaaaq01" + std::to_string(i));
  metrics.configure(config_with(tasks));
  for (const std::string& task : tasks) {
    metrics.committed(first_observation(record_of(task, TaskStatus::kSent, "job-of-" + task)),
                      kStart);
  }
  const DaemonStatus status = full_status(tasks);
  auto best = std::chrono::nanoseconds::max();
  std::size_t bytes = 0;
  for (int i = 0; i < 5; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    bytes = page_of(metrics, status, full_process(), kStart).size();
    best = std::min<std::chrono::nanoseconds>(best, std::chrono::steady_clock::now() - begin);
  }
  RecordProperty("render_us", static_cast<int>(best.count() / 1000));
  std::printf("rendered %zu bytes in %.2f ms\n", bytes, static_cast<double>(best.count()) / 1e6);
  EXPECT_LT(best, milliseconds(250));
}

}  // namespace
}  // namespace taskwatchd
