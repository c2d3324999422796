// The command line of `taskwatchd plan`, and its exit codes.
#include "commands/plan_command.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>

#include "commands/flags.h"
#include "core/types/exit_code.h"

namespace taskwatchd {
namespace {

TEST(PlanFlags, AllOfThem) {
  const Command command =
      parse_flags({"plan", "--config.file=f.yaml", "--tasks=500", "--jobs", "20", "--hours=1.5",
                   "--seed=7", "--page-order=newest", "--rtt=200ms", "--failing-calls=2%",
                   "--other-calls=3", "--shared-quota", "--statistics-lag=5s",
                   "--failing-tasks=0.3", "--jitter", "10ms", "--format=json"});
  const auto* plan = std::get_if<PlanOptions>(&command);
  ASSERT_NE(plan, nullptr);
  EXPECT_EQ(plan->config_file, "f.yaml");
  EXPECT_EQ(plan->request.tasks, 500u);
  EXPECT_EQ(plan->request.jobs, 20u);
  EXPECT_EQ(plan->request.hours, 1.5);
  EXPECT_EQ(plan->request.seed, 7u);
  EXPECT_EQ(plan->request.order, plan::Order::kNewest);
  EXPECT_EQ(plan->request.rtt, Duration(std::chrono::milliseconds(200)));
  EXPECT_DOUBLE_EQ(plan->request.faults.failing_calls, 0.02);
  EXPECT_TRUE(plan->request.faults.mixed);
  EXPECT_EQ(plan->request.faults.other_calls, 3);
  EXPECT_TRUE(plan->request.shared_quota);
  EXPECT_EQ(plan->request.faults.statistics_lag, Duration(std::chrono::seconds(5)));
  EXPECT_EQ(plan->request.failing_tasks, 0.3);
  EXPECT_EQ(plan->request.faults.jitter, Duration(std::chrono::milliseconds(10)));
  EXPECT_TRUE(plan->json);
}

TEST(PlanFlags, NoneOfThem) {
  const Command command = parse_flags({"plan"});
  const auto* plan = std::get_if<PlanOptions>(&command);
  ASSERT_NE(plan, nullptr);
  EXPECT_FALSE(plan->request.tasks || plan->request.jobs || plan->request.hours);
  EXPECT_FALSE(plan->request.order);
  EXPECT_FALSE(plan->json);
  const plan::Faults& faults = plan->request.faults;
  EXPECT_EQ(faults.failing_calls + faults.other_calls, 0);
  EXPECT_EQ(faults.statistics_lag + faults.jitter, Duration::zero());
  EXPECT_FALSE(plan->request.shared_quota);
  EXPECT_DOUBLE_EQ(plan->request.failing_tasks, plan::Life{}.failed);
}

// A share of 1 or more needs the percent sign: 2 may mean 2 %, and 1 may mean all.
TEST(PlanFlags, SharesAndRatesAreReadStrictly) {
  for (const char* value :
       {"2", "1", "101%", "-2%", "2%%", "%", "2 %", "1e-2", "nan", "inf", ".", "0x1%", "two"}) {
    for (const char* flag : {"--failing-calls=", "--failing-tasks="}) {
      const Command command = parse_flags({"plan", std::string(flag) + value});
      const auto* end = std::get_if<FlagsEnd>(&command);
      ASSERT_NE(end, nullptr) << flag << value;
      EXPECT_EQ(end->exit_code, kExitConfig);
      EXPECT_NE(end->text.find("must be a share such as 2% or 0.02"), std::string::npos)
          << end->text;
    }
  }
  for (const auto& [value, share] : {std::pair{"0%", 0.0},
                                     {"100%", 1.0},
                                     {"2.5%", 0.025},
                                     {"0", 0.0},
                                     {"0.02", 0.02},
                                     {".5", 0.5}}) {
    const Command command = parse_flags({"plan", std::string("--failing-calls=") + value});
    ASSERT_TRUE(std::holds_alternative<PlanOptions>(command)) << value;
    EXPECT_DOUBLE_EQ(std::get<PlanOptions>(command).request.faults.failing_calls, share) << value;
  }
  for (const char* flag :
       {"--other-calls=-1", "--other-calls=nan", "--other-calls=2000", "--other-calls=3/s",
        "--statistics-lag=5", "--statistics-lag=-5s", "--jitter=ten", "--shared-quota=x"}) {
    EXPECT_TRUE(std::holds_alternative<FlagsEnd>(parse_flags({"plan", flag}))) << flag;
  }
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
  int run(const std::string& bounds, const std::string& account = "", const std::string& ca = "") {
    const std::string path = testing::TempDir() + "plan_command_test.yaml";
    std::ofstream(path) << "accounts:\n  - name: a\n"
                        << account << "    instances:\n      - region: cn-shanghai\n"
                        << ca
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

TEST_F(PlanCommand, NeedsNoKeyOrCaFile) {
  EXPECT_EQ(run("",
                "    credentials:\n      access_key_id: LTAI0000\n"
                "      access_key_secret_file: $CREDENTIALS_DIRECTORY/nowhere\n",
                "        ca_file: /nowhere/ca.pem\n"),
            kExitOk);
  EXPECT_EQ(run("", "    credentials: {access_key_id: LTAI0000}\n"), kExitConfig)
      << "what is written must still be right";
}

}  // namespace
}  // namespace taskwatchd
