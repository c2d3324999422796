// Pages of the task list in the API: each task appears once, even if tasks move between two pages.
#include "core/tracking/task_selection.h"

#include <gtest/gtest.h>

#include <memory>

namespace taskwatchd {
namespace {

using enum TaskStatus;

class TaskSelectionTest : public testing::Test {
 protected:
  void put(TaskTable& table, const std::string& id, TaskStatus status,
           const std::string& job = "job", const std::string& device = "pump") {
    auto slot = table.find(id);
    if (!slot) slot = table.add(id, context, Wall());
    TaskRecord record;
    record.last.task_id = id;
    record.last.job_id = job;
    record.last.product_key = "pk";
    record.last.device_name = device;
    record.last.status = status;
    table.assign(*slot, record);
  }
  static TaskFilter of_account(std::string name) {
    TaskFilter filter;
    filter.account = std::move(name);
    return filter;
  }
  static TaskFilter of_job(std::string id) {
    TaskFilter filter;
    filter.job_id = std::move(id);
    return filter;
  }
  static TaskFilter with(std::string text, TaskStatusSet statuses = {}) {
    TaskFilter filter;
    filter.text = std::move(text);
    filter.statuses = statuses;
    return filter;
  }
  TaskListing page(TaskFilter filter = {}, TaskKey after = {}, std::size_t limit = 100) {
    TaskSelection selection(std::move(filter), std::move(after), limit);
    // In parts of a few tasks.
    for (bool complete = false; !complete;) {
      TaskTable::Slot room = 3;
      complete = (selection.account() > "a" || selection.add("a", first, room)) &&
                 selection.add("b", second, room);
    }
    return selection.take();
  }
  static std::string ids(const TaskListing& listing) {
    std::string all;
    for (const ListedTask& task : listing.tasks) {
      all += (all.empty() ? "" : " ") + task.record.key.account + "/" + task.record.key.task_id;
    }
    return all;
  }

  SharedContext context = std::make_shared<const TaskContext>(TaskContext{"main", {}});
  TaskTable first, second;
};

TEST_F(TaskSelectionTest, EachTaskOnceWhileTheyMove) {
  for (int i = 0; i < 50; ++i) put(i % 2 ? first : second, "t" + std::to_string(i), kQueued);
  for (const std::size_t limit : {1, 2, 7, 24, 25, 26, 49, 50, 51}) {
    std::string all;
    std::size_t pages = 0;
    TaskKey after;
    for (bool more = true; more; ++pages) {
      const TaskListing listing = page({}, after, limit);
      EXPECT_EQ(listing.total, 50u) << limit;
      EXPECT_LE(listing.tasks.size(), limit);
      all += (all.empty() ? "" : " ") + ids(listing);
      more = listing.next.has_value();
      if (more) after = *listing.next;
      put(first, "t1", kFailed);  // the tasks of the first page move to later pages
    }
    EXPECT_EQ(pages, (50 + limit - 1) / limit);
    EXPECT_EQ(all, ids(page()));
  }
  EXPECT_TRUE(ids(page()).starts_with("a/t1 a/t11 a/t13")) << ids(page());
}

TEST_F(TaskSelectionTest, Filters) {
  put(first, "x1", kFailed, "ota", "pump-7");
  put(first, "x2", kSucceeded, "ota", "valve-7");
  put(second, "x3", kFailed, "other", "pump-8");
  put(second, "pump", kUnknown, "other", "door");
  second.add("x9", context, Wall());
  EXPECT_EQ(ids(page()), "a/x1 a/x2 b/pump b/x3 b/x9");
  EXPECT_EQ(ids(page(of_account("b"))), "b/pump b/x3 b/x9");
  EXPECT_EQ(ids(page(of_job("ota"))), "a/x1 a/x2");
  EXPECT_EQ(ids(page(of_job("ot"))), "");
  EXPECT_EQ(ids(page(with("pump"))), "a/x1 b/pump b/x3");
  EXPECT_EQ(ids(page(with("Pump"))), "");
  TaskStatusSet bad;
  bad.set(static_cast<std::size_t>(kFailed));
  EXPECT_EQ(ids(page(with("", bad))), "a/x1 b/x3") << "a task never seen has no status";
  bad.set(static_cast<std::size_t>(kUnknown));
  const TaskListing both = page(with("pump", bad), {}, 2);
  EXPECT_EQ(ids(both), "a/x1 b/pump");
  EXPECT_EQ(both.total, 3u);
  ASSERT_TRUE(both.next);
  EXPECT_EQ(ids(page(with("pump", bad), *both.next, 2)), "b/x3");
}

TEST_F(TaskSelectionTest, StatesOfTasksWithoutAReply) {
  const auto gone = first.add("gone", context, Wall());
  first.row(gone).gone = true;
  first.row(first.add("new", context, Wall())).explicit_id = true;
  const TaskListing listing = page();
  ASSERT_EQ(listing.tasks.size(), 2u);
  EXPECT_EQ(listing.tasks[0].state, WatchState::kGone);
  EXPECT_EQ(listing.tasks[1].state, WatchState::kPending);
  EXPECT_TRUE(listing.tasks[1].explicit_id);
  EXPECT_FALSE(listing.tasks[1].seen);
  EXPECT_EQ(listing.tasks[1].record.instance, "main");

  put(first, "seen", kFailed);
  TaskFilter filter;
  filter.pending = true;
  EXPECT_EQ(ids(page(filter)), "a/new");
  filter.gone = true;
  EXPECT_EQ(ids(page(filter)), "a/gone a/new");
  filter.statuses.set(static_cast<std::size_t>(kFailed));
  EXPECT_EQ(ids(page(filter)), "a/gone a/new a/seen");
}

TEST_F(TaskSelectionTest, NothingIsLeftAfterTheLast) {
  put(first, "x1", kFailed);
  EXPECT_EQ(ids(page({}, {"a", "x1"})), "");
  EXPECT_EQ(ids(page({}, {"a", "x0"})), "a/x1");
  EXPECT_EQ(ids(page({}, {"0", "zzz"})), "a/x1");
  EXPECT_EQ(ids(page({}, {"zz", ""})), "");
}

// Between two parts, tasks may be removed and added, and an account may go.
TEST_F(TaskSelectionTest, TasksMayChangeBetweenTwoParts) {
  for (int i = 0; i < 10; ++i) put(first, "t" + std::to_string(i), TaskStatus::kSent);
  put(second, "u", TaskStatus::kSent);
  TaskSelection selection({}, {}, 100);
  TaskTable::Slot room = 5;
  EXPECT_FALSE(selection.add("a", first, room));
  EXPECT_EQ(room, 0u);
  EXPECT_EQ(selection.account(), "a");
  first.remove(*first.find("t1"));
  first.remove(*first.find("t8"));
  put(first, "t99", TaskStatus::kSent);  // in the place of t8
  room = 1000;
  EXPECT_TRUE(selection.add("a", first, room));
  EXPECT_TRUE(selection.add("b", second, room));
  EXPECT_EQ(ids(selection.take()), "a/t0 a/t2 a/t3 a/t4 a/t5 a/t6 a/t7 a/t9 a/t99 b/u");

  TaskSelection removed({}, {}, 4);
  room = 10;
  EXPECT_FALSE(removed.add("a", first, room)) << "t0, t2, t3, t4 and t5 are chosen, none is listed";
  first.remove(*first.find("t5"));
  room = 1000;
  EXPECT_TRUE(removed.add("a", first, room));
  EXPECT_TRUE(removed.add("b", second, room));
  EXPECT_EQ(removed.take().next, (TaskKey{"a", "t4"})) << "there are more";

  TaskSelection shrunk({}, {}, 100);
  room = 5;
  EXPECT_FALSE(shrunk.add("a", first, room));
  room = 1000;
  EXPECT_TRUE(shrunk.add("a", second, room)) << "the account was removed and added again";
  EXPECT_EQ(shrunk.take().total, 4u);

  TaskSelection gone({}, {}, 100);
  room = 5;
  EXPECT_FALSE(gone.add("a", first, room));
  room = 1000;
  EXPECT_TRUE(gone.add("b", second, room)) << "the account a is not polled here any more";
  EXPECT_EQ(ids(gone.take()), "b/u");
}

}  // namespace
}  // namespace taskwatchd
