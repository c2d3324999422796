#include "account/forecast_pass.h"

#include <gtest/gtest.h>

#include "account/account.h"
#include "account/status.h"
#include "fakes/main_path.h"

namespace taskwatchd {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;

// A restart with that many stored tasks of one job, all SENT; every third is past its deadline.
class ForecastPassTest : public testing::Test {
 protected:
  void open(std::size_t tasks) {
    config = account_of({instance_of("main", {})});
    config.instances[0].jobs = {"job"};
    config.instances[0].deadline = hours(1);
    for (const Api api : kAllApis) config.quota[api] = 5;
    Stored stored;
    JobRecord job;
    job.key = {config.name, "job"};
    job.instance = "main";
    job.last.job_id = "job";
    job.last.status = JobStatus::kInProgress;
    job.first_seen = job.last_seen = now.wall;
    stored.jobs.push_back(job);
    for (std::size_t i = 0; i < tasks; ++i) {
      TaskRecord record;
      record.key = {config.name, "t" + std::to_string(i)};
      record.instance = "main";
      record.last = reply_of(record.key.task_id, TaskStatus::kSent, now.wall - minutes(10));
      record.last.job_id = "job";
      record.last.queued = now.wall - (i % 3 == 0 ? hours(2) : hours(0));
      record.first_seen = record.last_seen = now.wall;
      stored.records.push_back(record);
    }
    account.emplace(config, stored, now);
  }
  std::uint32_t overdue() const {
    const AccountStatus status = status_of(account->parts(), now);
    return count_of(*status.jobs.at(0).overdue, TaskStatus::kSent);
  }

  AccountConfig config;
  Now now{Mono(hours(1)), Wall(hours(400'000))};
  std::optional<Account> account;
};

TEST_F(ForecastPassTest, SmallAccountsAreDoneAtOnce) {
  open(300);
  account->survey(now);
  EXPECT_FALSE(account->is_surveying());
  EXPECT_EQ(overdue(), 100u);
}

TEST_F(ForecastPassTest, LargeOnesAreDoneInSteps) {
  const std::size_t tasks = 3 * ForecastPass::kRows + 300;
  open(tasks);
  int steps = 0;
  do {
    EXPECT_EQ(overdue(), 0u) << "not known yet";
    account->survey(now);
    ++steps;
    ASSERT_LT(steps, 20);
  } while (account->is_surveying());
  EXPECT_EQ(steps, 8) << "two passes of four parts";
  EXPECT_EQ(overdue(), tasks / 3);
  account->survey(now);
  EXPECT_FALSE(account->is_surveying()) << "the next pass is due in 10 s";
}

// The job of the pass may be gone before its last step.
TEST_F(ForecastPassTest, AReloadBetweenTwoStepsMayRemoveTheJob) {
  open(3 * ForecastPass::kRows);
  account->survey(now);
  ASSERT_TRUE(account->is_surveying());
  AccountConfig without = config;
  without.instances[0].jobs.clear();
  account->configure(without, {}, now);
  for (int steps = 0; account->is_surveying(); ++steps) {
    account->survey(now);
    ASSERT_LT(steps, 20);
  }
  account->configure(config, {}, now);
  now.mono += minutes(1);
  account->survey(now);
  EXPECT_EQ(overdue(), 0u);
}

}  // namespace
}  // namespace taskwatchd
