#include "notify/chat_mute.h"

#include <gtest/gtest.h>

namespace taskwatchd {
namespace {

Event event_of(std::vector<Field> fields) {
  Event event;
  event.name = "task_transition";
  event.fields = std::move(fields);
  return event;
}

TEST(ChatMute, WithoutAnAccountAndAJobItCoversEverything) {
  const Mute all;
  EXPECT_TRUE(covers_all(all));
  EXPECT_TRUE(covers(all, JobKey{"prod", "j"}, ""));
  EXPECT_TRUE(covers(all, event_of({{"account", "prod"}, {"job_id", "j"}})));
  EXPECT_TRUE(covers(all, event_of({}))) << "store_down has neither";
}

TEST(ChatMute, ASinkAloneDoesNotNarrowWhatItCovers) {
  EXPECT_TRUE(covers_all(Mute{.sink = "ops"}));
  EXPECT_FALSE(covers_all(Mute{.account = "prod"}));
  EXPECT_FALSE(covers_all(Mute{.job = "*"}));
}

TEST(ChatMute, AnAccountIsCoveredWithItsJobsAndItsOwnEvents) {
  const Mute mute{.account = "prod"};
  EXPECT_TRUE(covers(mute, JobKey{"prod", "j"}, "ota"));
  EXPECT_FALSE(covers(mute, JobKey{"lab", "j"}, "ota"));
  EXPECT_TRUE(covers(mute, event_of({{"account", "prod"}})));
  EXPECT_FALSE(covers(mute, event_of({{"account", "lab"}})));
  EXPECT_FALSE(covers(mute, event_of({}))) << "an event of the daemon concerns every account";
}

TEST(ChatMute, AJobIsFoundByItsIdOrItsName) {
  const Mute mute{.job = "ota-*"};
  EXPECT_TRUE(covers(mute, JobKey{"prod", "ota-1"}, ""));
  EXPECT_TRUE(covers(mute, JobKey{"prod", "x"}, "ota-2"));
  EXPECT_FALSE(covers(mute, JobKey{"prod", "x"}, ""));
  EXPECT_FALSE(covers(mute, JobKey{"prod", "x"}, "my-ota-2")) << "the whole name must match";
  EXPECT_TRUE(covers(mute, event_of({{"job_id", "x"}, {"job_name", "ota-3"}})));
}

TEST(ChatMute, AnAccountAndAJobMustBothMatch) {
  const Mute mute{.account = "prod", .job = "ota-*"};
  EXPECT_TRUE(covers(mute, JobKey{"prod", "ota-1"}, ""));
  EXPECT_FALSE(covers(mute, JobKey{"lab", "ota-1"}, ""));
  EXPECT_FALSE(covers(mute, JobKey{"prod", "other"}, ""));
}

// `*` names every job, and an event without one is not about a job.
TEST(ChatMute, AJobPatternDoesNotCoverEventsWithoutAJob) {
  const Mute mute{.job = "*"};
  EXPECT_TRUE(covers(mute, event_of({{"account", "prod"}, {"job_id", "j"}})));
  EXPECT_FALSE(covers(mute, event_of({{"account", "prod"}})));
  EXPECT_FALSE(covers(mute, event_of({{"distribution_id", "d"}})));
}

TEST(ChatMute, AnUnknownJobNameIsNotCompared) {
  EXPECT_TRUE(covers(Mute{.job = "*"}, JobKey{"lab", "j"}, "")) << "by its id";
  EXPECT_FALSE(covers(Mute{.job = "**x"}, JobKey{"lab", "j"}, ""));
}

TEST(ChatMute, ASinkHasItsOwnMutesAndThoseOfAllSinks) {
  const std::vector<Mute> all = {{.id = "1"}, {.id = "2", .sink = "ops"}, {.id = "3", .sink = "x"}};
  const std::vector<Mute> found = mutes_of(all, "ops");
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].id, "1");
  EXPECT_EQ(found[1].id, "2");
  EXPECT_EQ(mutes_of(all, "other").size(), 1u);
  EXPECT_TRUE(mutes_of({}, "ops").empty());
}

}  // namespace
}  // namespace taskwatchd
