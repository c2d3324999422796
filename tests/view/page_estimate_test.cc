#include "view/page_estimate.h"

#include <gtest/gtest.h>

#include "view_world.h"

namespace taskwatchd {
namespace {

std::string id_of(std::size_t n) {
  return "MSnT9aaaaaaaa" + std::to_string(100'000 + n) + "q010101";
}

// Compares the estimate with the actual metrics output.
TEST(PageEstimate, IsAboutThePage) {
  std::vector<std::string> ids;
  for (std::size_t i = 0; i < 2000; ++i) ids.push_back(id_of(i));
  Config config = config_with(ids);
  config.accounts[0].instances[0].labels = {{"team", "ota"}};
  Metrics metrics(kBuild);
  metrics.configure(config);
  for (const std::string& id : ids) {
    const TaskRecord record =
        record_of(id, TaskStatus::kInProgress, "sGWotgRkutxXaaaaa0" + id.substr(0, 5));
    metrics.restore({record}, kStart);
  }
  const auto page = static_cast<double>(page_of(metrics, full_status(ids), {}, kStart).size());
  const auto estimate = static_cast<double>(named_tasks_bytes(config));
  EXPECT_GT(estimate, 0.95 * page);
  EXPECT_LT(estimate, 1.05 * page);
  std::printf("a task: %.0f bytes, reckoned %.0f\n", page / 2000, estimate / 2000);
}

TEST(PageEstimate, CountsWhatHasSeriesOnly) {
  Config config = config_with({id_of(0), id_of(1)});
  const std::size_t two = named_tasks_bytes(config);
  config.accounts.push_back(account_with("other", {id_of(2)}));
  EXPECT_GT(named_tasks_bytes(config), two * 5 / 4);
  config.task_series = TaskSeries::kNone;
  EXPECT_EQ(named_tasks_bytes(config), 0u);
  EXPECT_EQ(named_tasks_bytes(config_with({})), 0u);
}

}  // namespace
}  // namespace taskwatchd
