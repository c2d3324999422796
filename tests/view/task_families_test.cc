#include "view/task_families.h"

#include <gmock/gmock.h>
#include <prometheus/text_serializer.h>

#include <cmath>
#include <random>
#include <set>
#include <sstream>

#include "page_text.h"
#include "task_reference.h"
#include "view_world.h"

namespace taskwatchd {
namespace {

const StringMap kNoLabels;

std::string text_of(TaskFamilies& page) {
  return written([&](MetricsWriter& to) { write_task_families(page.share(), to); });
}

PageText shown(TaskFamilies& page) {
  PageText read = read_page(text_of(page));
  EXPECT_THAT(read.problems, testing::IsEmpty());
  return read;
}

// The order of tasks within a family does not matter.
std::multiset<std::string> lines_of(const std::string& text) {
  std::istringstream lines(text);
  std::multiset<std::string> all;
  for (std::string line; std::getline(lines, line);) all.insert(line);
  return all;
}

std::string random_bytes(std::mt19937_64& random, std::size_t most) {
  std::string bytes;
  for (auto n = random() % (most + 1); n > 0; --n) bytes += static_cast<char>(random());
  return bytes;
}

TaskRecord random_record(std::mt19937_64& random) {
  TaskRecord record =
      record_of("T" + std::to_string(random() % 200), kAllTaskStatuses[random() % 9]);
  record.last.job_id = random_bytes(random, 20);
  record.last.job_name = random_bytes(random, 300);
  record.last.product_key = random_bytes(random, 20);
  record.last.device_name = random_bytes(random, 40);
  record.last.progress.reset();
  if (random() % 2 == 0) record.last.progress = static_cast<double>(random() % 10001) / 100;
  record.last.queued += std::chrono::milliseconds(random() % 1'000'000'000);
  return record;
}

// Random changes with more tasks than a block has; earlier pictures stay as they were.
TEST(TaskFamilies, TextIsWhatPrometheusWritesOfTheSameSeries) {
  std::mt19937_64 random(7);
  for (int round = 0; round < 30; ++round) {
    TaskFamilies page;
    ShownTasks expected;
    std::vector<std::pair<TaskBlocks, std::string>> earlier;
    for (auto n = random() % 900; n > 0; --n) {
      const TaskRecord record = random_record(random);
      const auto known = expected.find(record.key);
      if (random() % 4 == 0) {
        page.erase(record.key);
        if (known != expected.end()) expected.erase(known);
      } else if (random() % 4 == 0) {
        const std::string instance = random_bytes(random, 20);
        const StringMap labels = {{"team", random_bytes(random, 20)}};
        page.rename(record.key, instance, labels);
        if (known != expected.end()) {
          known->second.instance = instance;
          known->second.labels = labels;
        }
      } else {
        page.put(record, "main", kNoLabels);
        expected[record.key] = {record, "main", kNoLabels};
      }
      if (random() % 200 == 0) earlier.emplace_back(page.share(), text_of(page));
    }
    for (const auto& block : page.share()) {
      for (std::size_t i = 0; i < kTaskFamilies.size(); ++i) {
        std::string lines;
        block->append_to(lines, i);
        ASSERT_EQ(block->bytes_of(i), lines.size());
      }
    }
    const std::string text = text_of(page);
    ASSERT_THAT(read_page(text).problems, testing::IsEmpty());
    ASSERT_EQ(lines_of(text),
              lines_of(prometheus::TextSerializer().Serialize(reference_of(expected))))
        << "round " << round;
    for (const auto& [blocks, then] : earlier) {
      ASSERT_EQ(written([&](MetricsWriter& to) { write_task_families(blocks, to); }), then);
    }
  }
}

// What a family's lines cost is remembered until they change, also in copies of the block.
TEST(TaskFamilies, RemembersTheLinesThatDidNotChange) {
  TaskFamilies page;
  TaskRecord record = record_of("T1", TaskStatus::kSent);
  page.put(record, "main", kNoLabels);
  const auto written_of = [&] {
    const TaskBlocks blocks = page.share();
    std::vector<WrittenLines*> all;
    for (std::size_t i = 0; i < kTaskFamilies.size(); ++i) all.push_back(&blocks[0]->written(i));
    return all;
  };
  const auto before = written_of();
  EXPECT_EQ(written_of(), before);
  page.put(record, "main", kNoLabels);
  EXPECT_EQ(written_of(), before) << "the same data";
  record.last.status = TaskStatus::kInProgress;
  record.last.modified += std::chrono::seconds(1);
  page.put(record, "main", kNoLabels);
  const auto after = written_of();
  EXPECT_NE(after[0], before[0]) << "status";
  EXPECT_EQ(after[1], before[1]) << "progress";
  EXPECT_EQ(after[2], before[2]) << "info";
  EXPECT_EQ(after[3], before[3]) << "queued";
  EXPECT_NE(after[4], before[4]) << "modified";
  page.rename(record.key, "other", kNoLabels);
  EXPECT_NE(written_of()[2], before[2]);
}

TEST(TaskFamilies, UnfinishedTasksAreTogether) {
  TaskFamilies page;
  for (int i = 0; i < 640; ++i) {
    const auto status = i % 10 == 0 ? TaskStatus::kSent : TaskStatus::kSucceeded;
    page.put(record_of("T" + std::to_string(i), status), "main", kNoLabels);
  }
  std::size_t blocks_with_unfinished = 0;
  for (const auto& block : page.share()) {
    bool any = false;
    for (std::size_t i = 0; i < block->size(); ++i) any |= !is_finished(block->values(i).status);
    blocks_with_unfinished += any;
  }
  EXPECT_EQ(blocks_with_unfinished, 1u);
}

TEST(TaskFamilies, ExactlyOneStatusIsOne) {
  for (const TaskStatus status : kAllTaskStatuses) {
    TaskFamilies page;
    page.put(record_of("T1", status), "main", kNoLabels);
    const PageText read = shown(page);
    double sum = 0;
    for (const auto& [series, value] : read.series) {
      if (series.starts_with("aliyun_iot_task_status{")) sum += value;
    }
    EXPECT_EQ(read.count("aliyun_iot_task_status{"), kTaskStatusCount);
    EXPECT_EQ(sum, 1);
    const std::string of_it =
        "aliyun_iot_task_status{account=\"prod\",job_id=\"J1\",task_id=\"T1\","
        "status=\"" +
        std::string(name(status)) + "\"}";
    EXPECT_EQ(read.at(of_it), 1) << of_it;
  }
}

TEST(TaskFamilies, ShowsNamesAndTimes) {
  TaskFamilies page;
  page.put(record_of("T1", TaskStatus::kSent), "main", {{"team", "ota"}});
  const PageText read = shown(page);
  const std::string task = "{account=\"prod\",job_id=\"J1\",task_id=\"T1\"}";
  EXPECT_EQ(read.at("aliyun_iot_task_progress_ratio" + task), 0.25);
  EXPECT_EQ(read.at("aliyun_iot_task_queued_timestamp_seconds" + task), 1763773323.004);
  EXPECT_EQ(read.at("aliyun_iot_task_modified_timestamp_seconds" + task), 1763776923.004);
  EXPECT_EQ(read.at("aliyun_iot_task_info{account=\"prod\",iot_instance=\"main\",job_id=\"J1\","
                    "task_id=\"T1\",job_name=\"ota\",product_key=\"pk\",device_name=\"dev-T1\","
                    "team=\"ota\"}"),
            1);
}

TEST(TaskFamilies, ProgressIsAbsentWhenNoneWasReportedAndStaysARatio) {
  const auto progress_of = [](std::optional<double> percent) {
    TaskRecord record = record_of("T1", TaskStatus::kInProgress);
    record.last.progress = percent;
    TaskFamilies page;
    page.put(record, "main", kNoLabels);
    return page.share().at(0)->values(0).progress;
  };
  EXPECT_EQ(progress_of(std::nullopt), std::nullopt);
  EXPECT_EQ(progress_of(0), 0);
  EXPECT_EQ(progress_of(100), 1);
  EXPECT_EQ(progress_of(140), 1);
  EXPECT_EQ(progress_of(-3), 0);
  EXPECT_EQ(progress_of(std::nan("")), std::nullopt);
  TaskRecord record = record_of("T1", TaskStatus::kInProgress);
  record.last.progress.reset();
  TaskFamilies page;
  page.put(record, "main", kNoLabels);
  EXPECT_EQ(shown(page).kinds.count("aliyun_iot_task_progress_ratio"), 0u);
}

TEST(TaskFamilies, SeriesEndWithTheTask) {
  TaskFamilies page;
  page.put(record_of("T1", TaskStatus::kSent), "main", kNoLabels);
  page.put(record_of("T2", TaskStatus::kSent), "main", kNoLabels);
  EXPECT_EQ(shown(page).series.size(), 26u);
  page.erase({"prod", "T1"});
  EXPECT_EQ(shown(page).series.size(), 13u);
  page.erase({"prod", "T1"});
  page.erase({"prod", "T2"});
  EXPECT_EQ(shown(page).kinds.size(), 0u);
}

TEST(WantsSeries, FollowsThePolicy) {
  using enum TaskSeries;
  const auto wanted = [](TaskSeries policy) {
    std::vector<bool> answers;
    for (const bool is_explicit : {true, false}) {
      for (const auto s :
           {TaskStatus::kFailed, TaskStatus::kSent, TaskStatus::kUnknown, TaskStatus::kSucceeded}) {
        answers.push_back(wants_series(policy, is_explicit, s));
      }
    }
    return answers;
  };
  using Bools = std::vector<bool>;
  EXPECT_EQ(wanted(kNone), Bools(8, false));
  EXPECT_EQ(wanted(kExplicit), (Bools{true, true, true, true, false, false, false, false}));
  EXPECT_EQ(wanted(kBad), (Bools{true, true, true, true, true, false, false, false}));
  EXPECT_EQ(wanted(kActive), (Bools{true, true, true, true, true, true, true, false}));
  EXPECT_EQ(wanted(kAll), Bools(8, true));
}

}  // namespace
}  // namespace taskwatchd
