// The lists of a job's tasks by status agree with the rows, whatever happened to these.
#include "core/tracking/task_table.h"

#include <gtest/gtest.h>

#include <random>
#include <set>
#include <string>

namespace taskwatchd {
namespace {

using Ids = std::multiset<std::string>;
constexpr std::size_t kJobs = 40;

std::string job(std::size_t number) {
  return "J" + std::to_string(number);
}

class TaskTableTest : public testing::Test {
 protected:
  void add(const std::string& id) {
    table.add(id, std::make_shared<const TaskContext>(TaskContext{"main", {}}), Wall{});
  }
  void assign(const std::string& id, const std::string& job_id, TaskStatus status,
              bool gone = false) {
    TaskRecord record;
    record.last.task_id = id;
    record.last.job_id = job_id;
    record.last.job_name = job("J0" == job_id ? 1 : 0);  // texts and their numbers are shared
    record.last.status = status;
    record.gone = gone;
    table.assign(*table.find(id), record);
  }
  // What a look at all rows finds, and what the lists contain.
  Ids scanned(const std::string& job_id, std::optional<TaskStatus> status) const {
    Ids ids;
    table.for_each(0, table.end_slot(), [&](const TaskRow& row) {
      if (!row.seen || table.job_id(row) != job_id) return;
      if (!status || (row.status == *status && !row.gone)) ids.insert(row.id);
    });
    return ids;
  }
  Ids listed(const std::string& job_id, std::optional<TaskStatus> status) const {
    Ids ids;
    const auto add = [&](const TaskRow& row) { ids.insert(row.id); };
    if (status) {
      table.for_each(job_id, *status, add);
    } else {
      table.for_each(job_id, add);
    }
    return ids;
  }
  void compare() const {
    for (std::size_t i = 0; i < kJobs; ++i) {
      const TaskCounts counts = table.counts(job(i));
      EXPECT_EQ(listed(job(i), std::nullopt), scanned(job(i), std::nullopt)) << job(i);
      for (const TaskStatus status : kAllTaskStatuses) {
        const Ids ids = scanned(job(i), status);
        EXPECT_EQ(listed(job(i), status), ids) << job(i) << " " << name(status);
        EXPECT_EQ(count_of(counts, status), ids.size()) << job(i) << " " << name(status);
      }
    }
  }
  void change_at_random(std::size_t tasks, std::size_t jobs) {
    std::mt19937_64 random(1);
    const auto below = [&](std::size_t n) { return static_cast<std::size_t>(random() % n); };
    for (int step = 0; step < 5'000; ++step) {
      const std::string id = "T" + std::to_string(below(tasks));
      const auto slot = table.find(id);
      if (!slot) {
        add(id);
      } else if (below(10) == 0) {
        table.remove(*slot);
      } else {
        assign(id, job(below(jobs)), kAllTaskStatuses[below(kTaskStatusCount)], below(8) == 0);
      }
      if (step % 10 == 0) compare();
      if (HasFailure()) FAIL() << "after step " << step;
    }
    for (std::size_t i = 0; i < tasks; ++i) {
      if (const auto slot = table.find("T" + std::to_string(i))) table.remove(*slot);
    }
    compare();
    EXPECT_EQ(table.texts(), 0u);
  }
  TaskTable table;
};

TEST_F(TaskTableTest, ListsHaveWhatALookAtAllRowsFinds) {
  // Many tasks of few jobs; few tasks of many jobs, whose numbers are reused.
  change_at_random(60, 4);
  change_at_random(6, 40);
}

TEST_F(TaskTableTest, TheLastAssignedTaskComesFirst) {
  for (const std::string id : {"A", "B", "C"}) {
    add(id);
    assign(id, "J0", TaskStatus::kSent);
  }
  for (const std::string id : {"C", "A"}) assign(id, "J0", TaskStatus::kInProgress);
  std::string order;
  table.for_each("J0", TaskStatus::kInProgress, [&](const TaskRow& row) { order += row.id; });
  EXPECT_EQ(order, "AC");
}

TEST_F(TaskTableTest, AnUnknownJobHasNoTasks) {
  add("T1");
  EXPECT_EQ(listed("J0", std::nullopt), Ids{}) << "T1 is not observed yet";
  EXPECT_EQ(listed("J0", TaskStatus::kUnknown), Ids{});
}

}  // namespace
}  // namespace taskwatchd
