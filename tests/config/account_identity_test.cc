#include "config/account_identity.h"

#include <gtest/gtest.h>

#include <functional>

namespace taskwatchd {
namespace {

AccountConfig account() {
  AccountConfig made;
  made.name = "prod";
  made.quota = {{Api::kQueryTask, 5}};
  InstanceConfig instance;
  instance.name = "main";
  instance.region = "cn-shanghai";
  instance.tasks = {"t2", "t1"};
  instance.jobs = {"j1"};
  made.instances = {instance};
  return made;
}

TEST(AccountIdentity, TheOrderOfIdsDoesNotMatter) {
  AccountConfig other = account();
  std::swap(other.instances[0].tasks[0], other.instances[0].tasks[1]);
  EXPECT_EQ(account_identity(account()), account_identity(other));
}

TEST(AccountIdentity, WhatBelongsToTheHostDoesNotMatter) {
  AccountConfig other = account();
  other.credentials.access_key_id = "LTAIsecret";
  other.credentials.access_key_secret_file = "/other/secret";
  other.ca_file = "/other/ca.pem";
  other.instances[0].ca_file = "/other/ca.pem";
  other.instances[0].task_files = {"/other/*.txt"};
  other.proxy = "http://proxy:3128";
  EXPECT_EQ(account_identity(account()), account_identity(other));
}

TEST(AccountIdentity, WhatIsPolledMatters) {
  const std::vector<std::function<void(AccountConfig&)>> changes = {
      [](AccountConfig& one) { one.name = "test"; },
      [](AccountConfig& one) { one.quota[Api::kQueryTask] = 4; },
      [](AccountConfig& one) { one.quota_total = 5; },
      [](AccountConfig& one) { one.quota_share = 0.5; },
      [](AccountConfig& one) { one.pace.task += std::chrono::seconds(1); },
      [](AccountConfig& one) { one.pace.job += std::chrono::seconds(1); },
      [](AccountConfig& one) { one.pace.finished += std::chrono::seconds(1); },
      [](AccountConfig& one) { one.instances[0].name = "other"; },
      [](AccountConfig& one) { one.instances[0].region = "us-east-1"; },
      [](AccountConfig& one) { one.instances[0].id = "iot-1"; },
      [](AccountConfig& one) { one.instances[0].endpoint = "https://other"; },
      [](AccountConfig& one) { one.instances[0].tasks.push_back("t3"); },
      [](AccountConfig& one) { one.instances[0].jobs.clear(); },
      [](AccountConfig& one) { one.instances[0].discover_jobs = DiscoverJobs{}; },
      [](AccountConfig& one) { one.instances[0].deadline = std::chrono::hours(1); },
      [](AccountConfig& one) {
        one.instances[0].labels = {{"team", "ota"}};
      },
      [](AccountConfig& one) { one.instances.push_back(one.instances[0]); },
      [](AccountConfig& one) { one.distributions.ids = {"d1"}; },
      [](AccountConfig& one) { one.distributions.endpoint = "https://other"; },
      [](AccountConfig& one) { one.distributions.file_hosts = {"*.aliyuncs.com"}; },
  };
  for (std::size_t i = 0; i < changes.size(); ++i) {
    AccountConfig other = account();
    changes[i](other);
    EXPECT_NE(account_identity(account()), account_identity(other)) << i;
  }
}

}  // namespace
}  // namespace taskwatchd
