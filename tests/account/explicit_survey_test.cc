#include "account/explicit_survey.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "account/account.h"
#include "account/status.h"
#include "fakes/main_path.h"

namespace taskwatchd {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

std::vector<std::string> ids(std::size_t count) {
  std::vector<std::string> all;
  for (std::size_t i = 0; i < count; ++i) all.push_back("t" + std::to_string(i));
  return all;
}

class ExplicitSurveyTest : public testing::Test {
 protected:
  void open(std::size_t tasks) {
    account.emplace(account_of({instance_of("main", ids(tasks))}), Stored{}, now);
  }
  void pass(Duration span) {
    now.mono += span;
    now.wall += std::chrono::duration_cast<milliseconds>(span);
  }
  // Makes calls, each with a good response, until `count` tasks were observed.
  void observe(std::size_t count) {
    while (count > 0) {
      const NextCall choice = account->next(now);
      if (!choice.call) {
        pass(milliseconds(10));
        continue;
      }
      send(*account, *choice.call, now);
      CallResult answer;
      answer.call = *choice.call;
      answer.outcome = reply_of(choice.call->task_id, TaskStatus::kInProgress, now.wall);
      account->apply(answer, now, 0.5);
      --count;
    }
  }
  AccountStatus status() const { return status_of(account->parts(), now); }

  Now now{Mono(std::chrono::hours(1)), Wall(std::chrono::hours(400'000))};
  std::optional<Account> account;
};

TEST_F(ExplicitSurveyTest, AFewTasksAreCurrentWithEachStatus) {
  open(ExplicitSurvey::kTasks);
  observe(1);
  const Wall first = now.wall;
  observe(1);
  EXPECT_EQ(status().unseen, ExplicitSurvey::kTasks - 2);
  EXPECT_EQ(status().unfinished, 2u);
  EXPECT_EQ(status().oldest_observation, first);
  account->survey(now);
  EXPECT_FALSE(account->is_surveying());
}

TEST_F(ExplicitSurveyTest, VeryManyTasksAreSurveyedInSteps) {
  const std::size_t many = 2 * ExplicitSurvey::kTasks + 5;
  open(many);
  EXPECT_EQ(status().unseen, many) << "complete at once after the configuration";
  ASSERT_EQ(status().explicit_tasks->size(), many);
  EXPECT_EQ(status().explicit_tasks, status().explicit_tasks) << "shared, not copied";
  observe(2);
  EXPECT_EQ(status().unseen, many) << "the last survey";
  account->survey(now);
  EXPECT_TRUE(account->is_surveying());
  account->survey(now);
  EXPECT_EQ(status().unseen, many);
  account->survey(now);
  EXPECT_FALSE(account->is_surveying());
  EXPECT_EQ(status().unseen, many - 2);
  EXPECT_EQ(status().unfinished, 2u);
  EXPECT_EQ(
      std::count_if(status().explicit_tasks->begin(), status().explicit_tasks->end(),
                    [](const ExplicitTask& one) { return one.state == WatchState::kWatched; }),
      2);
}

TEST_F(ExplicitSurveyTest, AReloadDuringASurveyBeginsAgain) {
  const std::size_t many = 2 * ExplicitSurvey::kTasks + 5;
  open(many);
  account->survey(now);
  ASSERT_TRUE(account->is_surveying());
  account->configure(account_of({instance_of("main", ids(many - 3))}), Stored{}, now);
  EXPECT_FALSE(account->is_surveying());
  EXPECT_EQ(status().unseen, many - 3);
  account->configure(account_of({instance_of("main", ids(3))}), Stored{}, now);
  EXPECT_EQ(status().unseen, 3u);
  observe(1);
  EXPECT_EQ(status().unseen, 2u) << "few again";
}

}  // namespace
}  // namespace taskwatchd
