#include "notify/direct_chats.h"

#include <gtest/gtest.h>

namespace taskwatchd {
namespace {

using Direct = std::map<std::string, bool>;

const Wall kNow = *parse_utc("2026-11-28T01:00:00Z");

SinkConfig chat(const std::string& name = "ops") {
  SinkConfig sink;
  sink.name = name;
  sink.format = SinkFormat::kDingTalk;
  return sink;
}
SinkStatus works(const std::string& name = "ops") {
  SinkStatus status;
  status.name = name;
  status.last_success = kNow;
  return status;
}

// "" is any.
Mute mute_of(const std::string& sink, const std::string& account = "",
             const std::string& job = "") {
  Mute mute;
  mute.sink = sink;
  mute.account = account;
  mute.job = job;
  return mute;
}

TEST(DirectChats, AWorkingChatNotifiesOfEveryAccount) {
  EXPECT_EQ(directly_notified({"prod", "lab"}, {chat()}, {works()}, {}),
            (Direct{{"prod", true}, {"lab", true}}));
}

TEST(DirectChats, WithoutChatsThereIsNoAnswer) {
  SinkConfig program = chat("hook");
  program.format = SinkFormat::kCloudEvents;
  EXPECT_TRUE(directly_notified({"prod"}, {program}, {works("hook")}, {}).empty());
  EXPECT_TRUE(directly_notified({"prod"}, {}, {}, {}).empty());
}

TEST(DirectChats, AChatCountsOnlyAfterASuccessAndUntilItFails) {
  SinkStatus fresh = works();
  fresh.last_success.reset();
  EXPECT_EQ(directly_notified({"prod"}, {chat()}, {fresh}, {}), (Direct{{"prod", false}}));
  SinkStatus fails = works();
  fails.failing_since = kNow;
  EXPECT_EQ(directly_notified({"prod"}, {chat()}, {fails}, {}), (Direct{{"prod", false}}));
  EXPECT_EQ(directly_notified({"prod"}, {chat()}, {}, {}), (Direct{{"prod", false}}))
      << "it does not run here";
}

TEST(DirectChats, AChatOfSomeAccountsCountsForThese) {
  SinkConfig some = chat();
  some.accounts = {"prod"};
  EXPECT_EQ(directly_notified({"prod", "lab"}, {some}, {works()}, {}),
            (Direct{{"prod", true}, {"lab", false}}));
}

TEST(DirectChats, AnyOtherFilterHidesFailures) {
  std::vector<SinkConfig> filtered(6, chat());
  filtered[0].events = {"job_finished"};
  filtered[1].to = {TaskStatus::kFailed};
  filtered[2].jobs = {"*"};
  filtered[3].labels = {{"team", "ota"}};
  filtered[4].from.tasks = 2;
  filtered[5].from.ratio = 0.01;
  for (std::size_t i = 0; i < filtered.size(); ++i) {
    EXPECT_EQ(directly_notified({"prod"}, {filtered[i]}, {works()}, {}), (Direct{{"prod", false}}))
        << i;
  }
  SinkConfig quiet = chat();
  quiet.mention.from.tasks = 1000;
  EXPECT_EQ(directly_notified({"prod"}, {quiet}, {works()}, {}), (Direct{{"prod", true}}))
      << "whom it mentions is another matter";
}

TEST(DirectChats, OneOfTwoChatsIsEnough) {
  SinkStatus fails = works("b");
  fails.failing_since = kNow;
  for (const auto& sinks : {std::vector{chat("a"), chat("b")}, std::vector{chat("b"), chat("a")}}) {
    EXPECT_EQ(directly_notified({"prod"}, sinks, {works("a"), fails}, {}),
              (Direct{{"prod", true}}));
  }
}

TEST(DirectChats, AMuteOfTheAccountCountsThere) {
  const auto with = [](const Mute& mute) {
    return directly_notified({"prod", "lab"}, {chat()}, {works()}, {mute});
  };
  EXPECT_EQ(with(Mute{}), (Direct{{"prod", false}, {"lab", false}}));
  EXPECT_EQ(with(mute_of("ops")), (Direct{{"prod", false}, {"lab", false}}));
  EXPECT_EQ(with(mute_of("", "prod")), (Direct{{"prod", false}, {"lab", true}}));
  EXPECT_EQ(with(mute_of("other")), (Direct{{"prod", true}, {"lab", true}}));
  EXPECT_EQ(with(mute_of("", "prod", "ota-*")), (Direct{{"prod", true}, {"lab", true}}))
      << "these jobs are to stay quiet, also in Prometheus";
}

TEST(DirectChats, AMuteOfOneChatLeavesTheOther) {
  EXPECT_EQ(
      directly_notified({"prod"}, {chat("a"), chat("b")}, {works("a"), works("b")}, {mute_of("a")}),
      (Direct{{"prod", true}}));
}

}  // namespace
}  // namespace taskwatchd
