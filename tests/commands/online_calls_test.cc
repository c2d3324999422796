#include "commands/online_calls.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakes/main_path.h"

namespace taskwatchd {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

AccountConfig account_with(InstanceConfig instance) {
  AccountConfig account = account_of({std::move(instance)});
  for (const Api api : kAllApis) account.quota[api] = 5;
  return account;
}

std::vector<std::pair<std::string, std::string>> asked(const AccountConfig& account) {
  std::vector<std::pair<std::string, std::string>> calls;
  for (const OnlineCall& one : online_calls(account)) {
    calls.emplace_back(name(one.call.api), one.id);
  }
  return calls;
}

TEST(OnlineCalls, TasksNeedQueryTaskAlone) {
  EXPECT_THAT(asked(account_with(instance_of("main", {"t1", "t2"}))),
              ElementsAre(Pair("QueryTask", "t1")));
}

TEST(OnlineCalls, WithoutListedIdsAMadeUpIdIsQueried) {
  const auto calls = online_calls(account_with(instance_of("main", {})));
  ASSERT_EQ(calls.size(), 1u);
  EXPECT_EQ(calls[0].id, "");
  EXPECT_EQ(calls[0].instance, 0u);
  ASSERT_EQ(calls[0].call.parameters.size(), 1u);
  EXPECT_EQ(calls[0].call.parameters[0].first, "TaskId");
  EXPECT_NE(calls[0].call.parameters[0].second, "");
}

TEST(OnlineCalls, JobsNeedThreeMoreAndFindingThemAFourth) {
  InstanceConfig instance = instance_of("main", {});
  instance.jobs = {"j1", "j2"};
  EXPECT_THAT(asked(account_with(instance)),
              ElementsAre(Pair("QueryTask", ""), Pair("ListTask", "j1"),
                          Pair("QueryJobStatistics", "j1"), Pair("QueryJob", "j1")));
  instance.jobs.clear();
  instance.discover_jobs.emplace();
  EXPECT_THAT(
      asked(account_with(instance)),
      ElementsAre(Pair("QueryTask", ""), Pair("ListTask", ""), Pair("QueryJobStatistics", ""),
                  Pair("QueryJob", ""), Pair("ListJob", "")));
}

TEST(OnlineCalls, ManyTasksMayBeObservedThroughTheirJob) {
  std::vector<std::string> tasks;
  for (std::size_t i = 1; i < AccountJobs::kAssistTasks; ++i)
    tasks.push_back("t" + std::to_string(i));
  EXPECT_EQ(asked(account_with(instance_of("main", tasks))).size(), 1u);
  tasks.push_back("last");
  EXPECT_THAT(asked(account_with(instance_of("main", tasks))),
              ElementsAre(Pair("QueryTask", "t1"), Pair("ListTask", ""),
                          Pair("QueryJobStatistics", ""), Pair("QueryJob", "")));
}

TEST(OnlineCalls, DistributionsAreTheAccountsAndTheirFileIsNotFetched) {
  AccountConfig account = account_of({instance_of("one", {"a"}), instance_of("two", {"b"})});
  for (const Api api : kAllApis) account.quota[api] = 5;
  account.distributions.ids = {"D1", "D2"};
  const auto calls = online_calls(account);
  EXPECT_THAT(asked(account), ElementsAre(Pair("QueryTask", "a"), Pair("QueryTask", "b"),
                                          Pair("QueryDeviceDistributeJob", "D1"),
                                          Pair("QueryDeviceDistributeDetail", "")));
  EXPECT_EQ(calls[0].instance, 0u);
  EXPECT_EQ(calls[1].instance, 1u);
  EXPECT_EQ(calls[2].instance, std::nullopt);
  EXPECT_EQ(calls[3].instance, std::nullopt);
  EXPECT_NE(calls[3].call.parameters[0].second, "D1");
}

TEST(OnlineCalls, WhatMayNotBeUsedIsNotCalled) {
  InstanceConfig instance = instance_of("main", {"t"});
  instance.jobs = {"j"};
  AccountConfig account = account_with(instance);
  account.quota[Api::kQueryTask] = 0;
  account.quota[Api::kQueryJob] = 0;
  EXPECT_THAT(asked(account), ElementsAre(Pair("ListTask", "j"), Pair("QueryJobStatistics", "j")));
  for (const Api api : kAllApis) account.quota[api] = 0;
  EXPECT_THAT(asked(account), IsEmpty());
}

TEST(OnlineCalls, ThePolicyNamesEachActionOnceAndNoOther) {
  AccountConfig account = account_of({instance_of("one", {"a"}), instance_of("two", {})});
  for (const Api api : kAllApis) account.quota[api] = 5;
  EXPECT_EQ(ram_policy(online_calls(account)),
            R"({"Version":"1","Statement":[{"Effect":"Allow","Action":["iot:QueryTask"],)"
            R"("Resource":"*"}]})");
  account.instances[1].jobs = {"j"};
  account.distributions.ids = {"D1"};
  EXPECT_EQ(ram_policy(online_calls(account)),
            R"({"Version":"1","Statement":[{"Effect":"Allow","Action":["iot:QueryTask",)"
            R"("iot:ListTask","iot:QueryJobStatistics","iot:QueryJob",)"
            R"("iot:QueryDeviceDistributeJob","iot:QueryDeviceDistributeDetail"],)"
            R"("Resource":"*"}]})");
}

TEST(OnlineCalls, HowFarAFailureReaches) {
  for (const Reason reason : kAllReasons) {
    const Failure failure = failure_of(reason);
    EXPECT_EQ(lacks_action(failure), reason == Reason::kForbidden) << name(reason);
    const bool of_all =
        reason == Reason::kAuth || reason == Reason::kOverdue || reason == Reason::kClockSkew;
    EXPECT_EQ(is_of_account(failure), of_all) << name(reason);
  }
  EXPECT_TRUE(lacks_action(failure_of(Reason::kForbidden, "Forbidden.RAM")));
  for (const char* code : {"Forbidden.AccessKeyDisabled", "forbidden.riskcontrol"}) {
    EXPECT_FALSE(lacks_action(failure_of(Reason::kForbidden, code))) << "no policy mends " << code;
    EXPECT_TRUE(is_of_account(failure_of(Reason::kForbidden, code))) << code;
  }
}

}  // namespace
}  // namespace taskwatchd
