// The command line of `taskwatchd plan`, and what the shell sees of its end.
#include "plan_command.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>

#include "flags.h"

namespace taskwatchd {
namespace {

TEST(PlanFlags, AllOfThem) {
  const Command command =
      parse_flags({"plan", "--config.file=f.yaml", "--tasks=500", "--jobs", "20", "--hours=1.5",
                   "--seed=7", "--page-order=newest", "--rtt=200ms", "--format=json"});
  const auto* plan = std::get_if<PlanOptions>(&command);
  ASSERT_NE(plan, nullptr);
  EXPECT_EQ(plan->config_file, "f.yaml");
  EXPECT_EQ(plan->request.tasks, 500u);
  EXPECT_EQ(plan->request.jobs, 20u);
  EXPECT_EQ(plan->request.hours, 1.5);
  EXPECT_EQ(plan->request.seed, 7u);
  EXPECT_EQ(plan->request.order, plan::Order::kNewest);
  EXPECT_EQ(plan->request.rtt, Duration(std::chrono::milliseconds(200)));
  EXPECT_TRUE(plan->json);
}

TEST(PlanFlags, NoneOfThem) {
  const Command command = parse_flags({"plan"});
  const auto* plan = std::get_if<PlanOptions>(&command);
  ASSERT_NE(plan, nullptr);
  EXPECT_FALSE(plan->request.tasks || plan->request.jobs || plan->request.hours);
  EXPECT_FALSE(plan->request.order);
  EXPECT_FALSE(plan->json);
}

TEST(PlanFlags, RefusesWhatCannotBeModelled) {
  for (const char* flag : {"--tasks=0", "--jobs=0", "--hours=0", "--page-order=x", "--rtt=0s",
                           "--format=xml", "--tasks=2000000", "--taks=5"}) {
    const Command command = parse_flags({"plan", flag});
    const auto* end = std::get_if<FlagsEnd>(&command);
    ASSERT_NE(end, nullptr) << flag;
    EXPECT_EQ(end->exit_code, kExitConfig) << flag;
  }
  const Command more_jobs = parse_flags({"plan", "--tasks=3", "--jobs=5"});
  EXPECT_TRUE(std::holds_alternative<FlagsEnd>(more_jobs));
}

class PlanCommand : public testing::Test {
 protected:
  int run(const std::string& bounds) {
    const std::string path = testing::TempDir() + "plan_command_test.yaml";
    std::ofstream(path) << "accounts:\n  - name: a\n    instances:\n      - region: cn-shanghai\n"
                        << "        jobs: [sGWotgRkutxXaaaaa010001]\nstate: {path: /tmp/none.db}\n"
                        << bounds;
    PlanOptions options;
    options.config_file = path;
    options.request.tasks = 100;
    options.request.order = plan::Order::kId;
    const int exit_code = plan_command(options);
    std::remove(path.c_str());
    return exit_code;
  }
};

TEST_F(PlanCommand, EndsWithTwoWhenTheBoundIsNotKept) {
  EXPECT_EQ(run(""), kExitOk);
  EXPECT_EQ(run("bounds: {detection_delay: 1m}\n"), kExitOk);
  EXPECT_EQ(run("bounds: {detection_delay: 10ms}\n"), kExitSomeBad);
  EXPECT_EQ(run("bounds: {detection_delay: soon}\n"), kExitConfig);
}

}  // namespace
}  // namespace taskwatchd
