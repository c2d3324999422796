#include "notify/chat_state.h"

#include <gtest/gtest.h>

namespace taskwatchd {
namespace {

using std::chrono::minutes;

const Wall kStart = *parse_utc("2026-11-28T01:00:00Z");

TEST(ChatState, MutedRecordsAreReadAsTheyWereWritten) {
  ChatState state;
  state.cursor = 9;
  MutedRecord record;
  record.mute_id = "00c0ffee";
  record.kept.from = kStart;
  record.kept.to = kStart + minutes(3);
  record.kept.jobs = {{.key = {"prod", "j\"1"},
                       .kind = JobNoticeKind::kRecovered,
                       .instance = "main",
                       .job_name = "设备\n升级",
                       .bad = 4,
                       .newly_bad = 3,
                       .overdue = 2,
                       .may_mention = true}};
  Event event;
  event.id = 7;
  event.ts = kStart;
  event.level = Level::kError;
  event.name = "blind_interval";
  event.msg = "gap \x1B[2J";
  event.fields = {{"account", "prod"},
                  {"transitions", std::int64_t{3}},
                  {"share", 0.5},
                  {"reason_known", true},
                  {"failed_devices", StringList{"a", "b"}},
                  {"labels", StringMap{{"team", "ota"}}}};
  record.kept.events = {event};
  record.kept.further_events = 12;
  state.muted = {record, MutedRecord{.mute_id = "1", .kept = {kStart, kStart, {}, {}, 1}}};
  const auto read = chat_state_from_json(to_json(state));
  ASSERT_TRUE(read);
  EXPECT_EQ(*read, state);
}

TEST(ChatState, AnOlderTextHasNoMutedRecords) {
  const auto read = chat_state_from_json(R"({"cursor":3,"events_covered":2,"jobs":[]})");
  ASSERT_TRUE(read);
  EXPECT_TRUE(read->muted.empty());
  EXPECT_EQ(to_json(*read).find("muted"), std::string::npos) << "an older version can read it";
}

TEST(ChatState, ABrokenMutedRecordIsRefused) {
  const auto read = [](const std::string& muted) {
    return chat_state_from_json(R"({"cursor":3,"events_covered":2,"jobs":[],"muted":)" + muted +
                                "}");
  };
  const std::string head = R"([{"mute":"1","from_ms":1,"to_ms":2,"jobs":[)";
  EXPECT_TRUE(read(head + R"(],"events":[],"further":0}])"));
  for (const std::string& muted :
       {std::string("7"), std::string("[{}]"), head + R"(],"events":[]}])",
        head + R"({}],"events":[],"further":0}])", head + R"(],"events":[],"further":-1}])"}) {
    EXPECT_FALSE(read(muted)) << muted;
  }
  const auto counted = read(head + R"(],"events":[{"x":1}],"further":4}])");
  ASSERT_TRUE(counted);
  EXPECT_EQ(counted->muted.at(0).kept.further_events, 5u) << "an unreadable event is counted";
}

}  // namespace
}  // namespace taskwatchd
