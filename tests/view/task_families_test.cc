#include "view/task_families.h"

#include <gmock/gmock.h>
#include <prometheus/text_serializer.h>

#include <cmath>
#include <random>

#include "page_text.h"
#include "view_world.h"

namespace taskwatchd {
namespace {

const StringMap kNoLabels;

PageText shown(const TaskFamilies& page) {
  const std::string text = written([&](PageWriter& to) { page.append_to(to); });
  PageText read = read_page(text);
  EXPECT_THAT(read.problems, testing::IsEmpty());
  return read;
}

std::string random_bytes(std::mt19937_64& random, std::size_t most) {
  std::string bytes;
  for (auto n = random() % (most + 1); n > 0; --n) bytes += static_cast<char>(random());
  return bytes;
}

TaskRecord random_record(std::mt19937_64& random) {
  TaskRecord record =
      record_of("T" + std::to_string(random() % 40), kAllTaskStatuses[random() % 9]);
  record.last.job_id = random_bytes(random, 20);
  record.last.job_name = random_bytes(random, 300);
  record.last.product_key = random_bytes(random, 20);
  record.last.device_name = random_bytes(random, 40);
  record.last.progress.reset();
  if (random() % 2 == 0) record.last.progress = static_cast<double>(random() % 10001) / 100;
  record.last.queued += std::chrono::milliseconds(random() % 1'000'000'000);
  return record;
}

TEST(TaskFamilies, TextIsWhatPrometheusWritesOfTheSameSeries) {
  std::mt19937_64 random(7);
  for (int round = 0; round < 60; ++round) {
    TaskFamilies page;
    for (auto n = random() % 60; n > 0; --n) {
      const TaskRecord record = random_record(random);
      if (random() % 4 == 0) {
        page.erase(record.key);
      } else if (random() % 4 == 0) {
        page.rename(record.key, random_bytes(random, 20), {{"team", random_bytes(random, 20)}});
      } else {
        page.put(record, "main", kNoLabels);
      }
    }
    const std::string text = written([&](PageWriter& to) { page.append_to(to); });
    ASSERT_EQ(text, prometheus::TextSerializer().Serialize(page.Collect())) << "round " << round;
  }
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
    return page.find(record.key)->progress;
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
