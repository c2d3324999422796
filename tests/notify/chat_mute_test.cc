#include "notify/chat_mute.h"

#include <gtest/gtest.h>

namespace taskwatchd {
namespace {

// "" is any.
Mute mute_of(const std::string& sink, const std::string& account = "",
             const std::string& job = "") {
  Mute mute;
  mute.sink = sink;
  mute.account = account;
  mute.job = job;
  return mute;
}

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
  EXPECT_TRUE(covers_all(mute_of("ops")));
  EXPECT_FALSE(covers_all(mute_of("", "prod")));
  EXPECT_FALSE(covers_all(mute_of("", "", "*")));
}

TEST(ChatMute, AnAccountIsCoveredWithItsJobsAndItsOwnEvents) {
  const Mute mute = mute_of("", "prod");
  EXPECT_TRUE(covers(mute, JobKey{"prod", "j"}, "ota"));
  EXPECT_FALSE(covers(mute, JobKey{"lab", "j"}, "ota"));
  EXPECT_TRUE(covers(mute, event_of({{"account", "prod"}})));
  EXPECT_FALSE(covers(mute, event_of({{"account", "lab"}})));
  EXPECT_FALSE(covers(mute, event_of({}))) << "an event of the daemon concerns every account";
}

TEST(ChatMute, AJobIsFoundByItsIdOrItsName) {
  const Mute mute = mute_of("", "", "ota-*");
  EXPECT_TRUE(covers(mute, JobKey{"prod", "ota-1"}, ""));
  EXPECT_TRUE(covers(mute, JobKey{"prod", "x"}, "ota-2"));
  EXPECT_FALSE(covers(mute, JobKey{"prod", "x"}, ""));
  EXPECT_FALSE(covers(mute, JobKey{"prod", "x"}, "my-ota-2")) << "the whole name must match";
  EXPECT_TRUE(covers(mute, event_of({{"job_id", "x"}, {"job_name", "ota-3"}})));
}

TEST(ChatMute, AnAccountAndAJobMustBothMatch) {
  const Mute mute = mute_of("", "prod", "ota-*");
  EXPECT_TRUE(covers(mute, JobKey{"prod", "ota-1"}, ""));
  EXPECT_FALSE(covers(mute, JobKey{"lab", "ota-1"}, ""));
  EXPECT_FALSE(covers(mute, JobKey{"prod", "other"}, ""));
}

// `*` names every job, and an event without one is not about a job.
TEST(ChatMute, AJobPatternDoesNotCoverEventsWithoutAJob) {
  const Mute mute = mute_of("", "", "*");
  EXPECT_TRUE(covers(mute, event_of({{"account", "prod"}, {"job_id", "j"}})));
  EXPECT_FALSE(covers(mute, event_of({{"account", "prod"}})));
  EXPECT_FALSE(covers(mute, event_of({{"distribution_id", "d"}})));
}

TEST(ChatMute, AnUnknownJobNameIsNotCompared) {
  EXPECT_TRUE(covers(mute_of("", "", "*"), JobKey{"lab", "j"}, "")) << "by its id";
  EXPECT_FALSE(covers(mute_of("", "", "**x"), JobKey{"lab", "j"}, ""));
}

TEST(ChatMute, ASinkHasItsOwnMutesAndThoseOfAllSinks) {
  const std::vector<Mute> all = {mute_of(""), mute_of("ops"), mute_of("x")};
  const std::vector<Mute> found = mutes_of(all, "ops");
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].sink, "");
  EXPECT_EQ(found[1].sink, "ops");
  EXPECT_EQ(mutes_of(all, "other").size(), 1u);
  EXPECT_TRUE(mutes_of({}, "ops").empty());
}

}  // namespace
}  // namespace taskwatchd
