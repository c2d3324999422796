#include "notify/event_filter.h"

#include <gtest/gtest.h>

namespace taskwatchd {
namespace {

Event event(std::string name, std::vector<Field> fields, Level level = Level::kInfo) {
  Event made;
  made.name = std::move(name);
  made.level = level;
  made.fields = std::move(fields);
  return made;
}

Event transition(std::string to) {
  return event(
      "task_transition",
      {{"account", "prod"}, {"job_id", "j1"}, {"job_name", "ota-7"}, {"to", std::move(to)}});
}

SinkConfig chat() {
  SinkConfig sink;
  sink.format = SinkFormat::kDingTalk;
  return sink;
}

TEST(EventFilter, AProgramGetsEveryEvent) {
  const SinkConfig sink;
  EXPECT_TRUE(accepts(sink, transition("SUCCEEDED")));
  EXPECT_TRUE(accepts(sink, event("task_baseline", {{"status", "QUEUED"}})));
  EXPECT_TRUE(accepts(sink, event("job_baseline", {})));
}

TEST(EventFilter, AChatGetsFailuresOnly) {
  EXPECT_TRUE(accepts(chat(), transition("FAILED")));
  EXPECT_TRUE(accepts(chat(), transition("TIMED_OUT")));
  EXPECT_FALSE(accepts(chat(), transition("SUCCEEDED")));
  EXPECT_FALSE(accepts(chat(), event("job_baseline", {})));
  EXPECT_TRUE(accepts(chat(), event("job_finished", {})));
  EXPECT_TRUE(accepts(chat(), event("account_recovered", {{"account", "prod"}})));
}

TEST(EventFilter, AChatGetsABaselineOnlyIfTheTaskFailedWhileWatched) {
  EXPECT_FALSE(accepts(chat(), event("task_baseline", {{"status", "FAILED"}})));
  EXPECT_TRUE(accepts(chat(), event("task_baseline", {{"status", "FAILED"}}, Level::kWarn)));
  EXPECT_FALSE(accepts(chat(), event("job_transition", {{"to", "COMPLETED"}})));
  EXPECT_TRUE(accepts(chat(), event("job_transition", {{"to", "TIMED_OUT"}}, Level::kWarn)));
}

TEST(EventFilter, ToSelectsStatuses) {
  SinkConfig sink;
  sink.to = {TaskStatus::kSucceeded};
  EXPECT_TRUE(accepts(sink, transition("SUCCEEDED")));
  EXPECT_FALSE(accepts(sink, transition("FAILED")));
  EXPECT_FALSE(accepts(sink, event("task_baseline", {{"status", "FAILED"}})));
  EXPECT_TRUE(accepts(sink, event("job_finished", {{"job_id", "j1"}})));
}

TEST(EventFilter, JobsMatchIdOrName) {
  SinkConfig sink;
  sink.jobs = {"ota-*", "x1"};
  EXPECT_TRUE(accepts(sink, transition("FAILED")));
  sink.jobs = {"j?"};
  EXPECT_TRUE(accepts(sink, transition("FAILED")));
  sink.jobs = {"other"};
  EXPECT_FALSE(accepts(sink, transition("FAILED")));
  EXPECT_TRUE(accepts(sink, event("auth_failed", {{"account", "prod"}})));
}

TEST(EventFilter, AccountsAndLabels) {
  SinkConfig sink;
  sink.accounts = {"test"};
  EXPECT_FALSE(accepts(sink, transition("FAILED")));
  sink.accounts = {"test", "prod"};
  EXPECT_TRUE(accepts(sink, transition("FAILED")));

  sink.labels = {{"team", "ota"}};
  EXPECT_FALSE(accepts(sink, transition("FAILED")));
  Event labelled = transition("FAILED");
  labelled.add("labels", StringMap{{"site", "1"}, {"team", "ota"}});
  EXPECT_TRUE(accepts(sink, labelled));
  EXPECT_TRUE(accepts(sink, event("blind_interval", {{"account", "prod"}})));
}

}  // namespace
}  // namespace taskwatchd
