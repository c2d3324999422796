// The modelled platform is consistent: the statistics match the lists.
#include "plan/world.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

namespace taskwatchd::plan {
namespace {

constexpr Wall kEpoch{};
constexpr std::size_t kLimit = 50;
constexpr Ms kMinute = 60'000;

struct Scan {
  std::multiset<std::string> ids;
  std::vector<TaskReply> rows;
};

Scan scan(World& world, std::size_t job, std::optional<TaskStatus> status, Ms at) {
  Scan scan;
  std::string token;
  do {
    TaskPage page = world.page(job, status, token, kLimit, at, kEpoch);
    EXPECT_LE(page.tasks.size(), kLimit);
    for (TaskReply& row : page.tasks) {
      scan.ids.insert(row.task_id);
      scan.rows.push_back(std::move(row));
    }
    token = page.next_token;
  } while (!token.empty());
  return scan;
}

class EveryOrder : public testing::TestWithParam<Order> {};

TEST_P(EveryOrder, CountsAreWhatTheListsShowAtAnyInstant) {
  World world({{300, 100, 0}, {120, 50, 10 * kMinute}}, {}, GetParam(), 7);
  for (const Ms at : {Ms{0}, kMinute, 4 * kMinute, 11 * kMinute, 40 * kMinute, 300 * kMinute}) {
    for (std::size_t job = 0; job < world.jobs(); ++job) {
      const JobStatistics counts = world.statistics(job, at);
      std::uint32_t sum = 0;
      std::set<std::string> all;
      for (const TaskStatus status : kAllTaskStatuses) {
        if (status == TaskStatus::kUnknown) continue;
        const Scan list = scan(world, job, status, at);
        EXPECT_EQ(list.ids.size(), count_of(counts.tasks, status)) << name(status) << " at " << at;
        sum += static_cast<std::uint32_t>(list.ids.size());
        for (const TaskReply& row : list.rows) {
          EXPECT_EQ(row.status, status);
          EXPECT_TRUE(all.insert(row.task_id).second) << row.task_id << " is shown twice";
        }
      }
      EXPECT_EQ(sum, counts.total);
      EXPECT_EQ(scan(world, job, std::nullopt, at).ids.size(), counts.total);
    }
  }
}

TEST_P(EveryOrder, OneTaskIsAsItsListShowsIt) {
  World world({{100, 100, 0}}, {}, GetParam(), 3);
  const Ms at = 5 * kMinute;
  for (const TaskReply& row : scan(world, 0, std::nullopt, at).rows) {
    const TaskReply alone = world.task(world.task_number(row.task_id), at, kEpoch);
    EXPECT_EQ(alone.task_id, row.task_id);
    EXPECT_EQ(alone.status, row.status);
    EXPECT_EQ(alone.modified, row.modified);
    EXPECT_FALSE(alone.listed);
    EXPECT_TRUE(row.listed);
  }
}

INSTANTIATE_TEST_SUITE_P(World, EveryOrder,
                         testing::Values(Order::kId, Order::kOldest, Order::kNewest, Order::kMixed),
                         [](const auto& info) { return std::string(name(info.param)); });

TEST(World, ListsStandInTheirOrder) {
  const Ms at = 60 * kMinute;
  for (const Order order : {Order::kOldest, Order::kNewest}) {
    World world({{500, 500, 0}}, {}, order, 1);
    const Scan list = scan(world, 0, TaskStatus::kSucceeded, at);
    ASSERT_GT(list.rows.size(), 300u);
    for (std::size_t i = 1; i < list.rows.size(); ++i) {
      if (order == Order::kOldest) {
        EXPECT_LE(list.rows[i - 1].modified, list.rows[i].modified);
      } else {
        EXPECT_GE(list.rows[i - 1].modified, list.rows[i].modified);
      }
    }
  }
}

TEST(World, AScanGoesOnWhileTheListGrows) {
  World world({{500, 500, 0}}, {}, Order::kNewest, 1);
  const Ms begun = 8 * kMinute;
  const TaskPage first = world.page(0, TaskStatus::kSucceeded, "", kLimit, begun, kEpoch);
  ASSERT_FALSE(first.next_token.empty());
  std::multiset<std::string> ids;
  for (const TaskReply& row : first.tasks) ids.insert(row.task_id);
  std::string token = first.next_token;
  while (!token.empty()) {
    const TaskPage page =
        world.page(0, TaskStatus::kSucceeded, token, kLimit, begun + kMinute, kEpoch);
    for (const TaskReply& row : page.tasks) ids.insert(row.task_id);
    token = page.next_token;
  }
  EXPECT_EQ(ids, scan(world, 0, TaskStatus::kSucceeded, begun).ids) << "as when it was begun";
}

TEST(World, TheSameSeedIsTheSameWorld) {
  const std::vector<JobPlan> jobs = {{200, 100, 0}};
  const World one(jobs, {}, Order::kId, 5), same(jobs, {}, Order::kOldest, 5),
      other(jobs, {}, Order::kId, 6);
  std::size_t differ = 0;
  for (std::size_t task = 0; task < one.tasks(); ++task) {
    EXPECT_EQ(one.ends(task), same.ends(task));
    differ += one.ends(task) != other.ends(task) ? 1 : 0;
  }
  EXPECT_GT(differ, 190u);
}

TEST(World, DurationsAreAsConfigured) {
  const World world({{20'000, 1000, 0}}, {}, Order::kId, 1);
  std::map<TaskStatus, double> share;
  for (std::size_t task = 0; task < world.tasks(); ++task)
    share[world.outcome(task)] += 1.0 / 20'000;
  EXPECT_NEAR(share[TaskStatus::kFailed], 0.04, 0.005);
  EXPECT_NEAR(share[TaskStatus::kTimedOut], 0.015, 0.004) << "and few that ran too long";
  EXPECT_NEAR(share[TaskStatus::kRejected], 0.005, 0.002);
}

}  // namespace
}  // namespace taskwatchd::plan
