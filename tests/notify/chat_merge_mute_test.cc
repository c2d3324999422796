#include <gtest/gtest.h>

#include "notify/chat_merge.h"

namespace taskwatchd {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

const Wall kStart = *parse_utc("2026-11-28T01:00:00Z");

// "" is any.
Mute mute_of(const std::string& sink, const std::string& account = "",
             const std::string& job = "") {
  Mute mute;
  mute.sink = sink;
  mute.account = account;
  mute.job = job;
  return mute;
}

// A chat that is asked each second and takes every message while it is up.
class Chat {
 public:
  using Message = decltype(ChatNext::message);

  void watch(const std::string& job, std::uint32_t tasks) {
    JobCounts counts;
    counts.instance = "main";
    counts.job_name = "ota-" + job;
    count_of(counts.tasks, TaskStatus::kInProgress) = tasks;
    counts_[job] = counts;
  }
  void fail(const std::string& job, const std::string& account = "prod") {
    if (counts_.contains(job)) {
      --count_of(counts_.at(job).tasks, TaskStatus::kInProgress);
      ++count_of(counts_.at(job).tasks, TaskStatus::kFailed);
    }
    Event event;
    event.name = "task_transition";
    event.fields = {{"account", account}, {"iot_instance", "main"},
                    {"job_id", job},      {"task_id", "t" + std::to_string(last_id_)},
                    {"to", "FAILED"},     {"status_message", "no space"}};
    emit(std::move(event));
  }
  void rerun_succeeds(const std::string& job) {
    TaskCounts& tasks = counts_.at(job).tasks;
    count_of(tasks, TaskStatus::kSucceeded) +=
        count_of(tasks, TaskStatus::kFailed) + count_of(tasks, TaskStatus::kInProgress);
    count_of(tasks, TaskStatus::kFailed) = count_of(tasks, TaskStatus::kInProgress) = 0;
  }
  void account_event(const std::string& account, const std::string& name = "auth_failed") {
    Event event;
    event.name = name;
    event.fields = {{"account", account}};
    emit(std::move(event));
  }
  void mute(Mute mute, Duration time) {
    mute.id = "m" + std::to_string(mutes_.size());
    mute.created = now_;
    mute.until = now_ + std::chrono::duration_cast<milliseconds>(time);
    mutes_.push_back(mute);
    set_mutes();
  }
  void run(Duration time) {
    const Wall end = now_ + std::chrono::duration_cast<milliseconds>(time);
    for (; now_ < end; now_ += seconds(1)) {
      set_mutes();
      while (true) {
        ChatNext next = merge_.next(now_, [this](const JobKey& key) { return counts_of(key); });
        if (!next.has_message() || !is_up) break;
        sent.push_back(std::move(next.message));
        merge_.on_sent(now_);
      }
    }
  }
  // kill -9: events above the cursor are read again.
  void restart() {
    const auto state = chat_state_from_json(to_json(merge_.state()));
    ASSERT_TRUE(state);
    EXPECT_EQ(*state, merge_.state());
    merge_ = ChatMerge({}, *state);
    set_mutes();
    for (const Event& event : log_) {
      if (event.id > state->cursor) merge_.add(event);
    }
  }

  ChatState state() const { return merge_.state(); }
  std::uint64_t cursor() const { return merge_.cursor(); }
  std::uint64_t last_id() const { return last_id_; }
  Wall now() const { return now_; }
  const ChatDigest& digest() const { return std::get<ChatDigest>(sent.back()); }
  const JobNotice& job() const { return std::get<JobNotice>(sent.back()); }

  std::vector<Message> sent;
  bool is_up = true;

 private:
  void emit(Event event) {
    event.id = ++last_id_;
    event.ts = now_;
    log_.push_back(event);
    merge_.add(event);
  }
  void set_mutes() {
    std::vector<Mute> active;
    for (const Mute& one : mutes_) {
      if (one.until > now_) active.push_back(one);
    }
    merge_.set_mutes(std::move(active));
  }
  std::optional<JobCounts> counts_of(const JobKey& key) const {
    const auto found = counts_.find(key.job_id);
    return found == counts_.end() ? std::nullopt : std::optional(found->second);
  }

  ChatMerge merge_{{}, {}};
  Wall now_ = kStart;
  std::uint64_t last_id_ = 0;
  std::vector<Event> log_;
  std::vector<Mute> mutes_;
  std::map<std::string, JobCounts> counts_;
};

TEST(ChatMergeMute, WhatIsDueUnderAMuteGoesIntoOneDigestAtItsEnd) {
  Chat chat;
  chat.watch("a", 100);
  chat.watch("b", 100);
  chat.mute({}, hours(1));
  for (int i = 0; i < 10; ++i) {
    chat.fail("a");
    chat.run(minutes(2));
  }
  chat.fail("b");
  chat.account_event("prod");
  chat.run(minutes(39));
  EXPECT_TRUE(chat.sent.empty());

  chat.run(minutes(5));
  ASSERT_EQ(chat.sent.size(), 1u);
  EXPECT_EQ(chat.digest().reason, ChatDigest::Reason::kMuteEnded);
  ASSERT_EQ(chat.digest().jobs.size(), 2u);
  EXPECT_EQ(chat.digest().jobs[0].bad, 10u);
  EXPECT_EQ(chat.digest().jobs[0].newly_bad, 10u);
  EXPECT_EQ(chat.digest().jobs[1].bad, 1u);
  EXPECT_EQ(chat.digest().events.size(), 1u);
  EXPECT_EQ(chat.digest().from, kStart);
  EXPECT_EQ(chat.digest().to, kStart + minutes(20));
  EXPECT_TRUE(chat.state().muted.empty());
  EXPECT_EQ(chat.cursor(), chat.last_id());
  chat.run(hours(3));
  EXPECT_EQ(chat.sent.size(), 1u);
}

TEST(ChatMergeMute, WithoutEventsThereIsNoDigest) {
  Chat chat;
  chat.mute({}, minutes(10));
  chat.run(minutes(20));
  EXPECT_TRUE(chat.sent.empty());
}

TEST(ChatMergeMute, LaterFailuresAreReportedOnce) {
  Chat chat;
  chat.watch("a", 100);
  chat.mute({}, minutes(10));
  for (int i = 0; i < 5; ++i) chat.fail("a");
  chat.run(minutes(11));
  ASSERT_EQ(chat.sent.size(), 1u);
  chat.run(hours(2));
  chat.fail("a");
  chat.run(hours(3));
  ASSERT_EQ(chat.sent.size(), 2u);
  EXPECT_EQ(chat.job().kind, JobNoticeKind::kFailures);
  EXPECT_EQ(chat.job().bad, 6u);
  EXPECT_EQ(chat.job().newly_bad, 1u) << "the digest reported the others";
  EXPECT_EQ(chat.cursor(), chat.last_id());
}

TEST(ChatMergeMute, AFailureJustBeforeTheEndIsInTheDigestOnly) {
  Chat chat;
  chat.watch("a", 100);
  chat.mute({}, minutes(10));
  chat.fail("a");
  chat.run(minutes(9) + seconds(58));
  chat.fail("a");  // its message would be due later than the end
  chat.run(hours(2));
  ASSERT_EQ(chat.sent.size(), 1u);
  EXPECT_EQ(chat.digest().jobs.at(0).bad, 2u);
  EXPECT_EQ(chat.digest().jobs.at(0).newly_bad, 2u);
}

TEST(ChatMergeMute, AJobPatternLeavesOtherJobsAndEventsAlone) {
  Chat chat;
  chat.watch("a", 100);
  chat.watch("b", 100);
  chat.mute(mute_of("", "", "ota-a"), minutes(30));
  chat.fail("a");
  chat.fail("b");
  chat.account_event("prod");
  chat.run(minutes(29));
  ASSERT_EQ(chat.sent.size(), 2u);
  for (const Chat::Message& message : chat.sent) {
    const auto* const job = std::get_if<JobNotice>(&message);
    EXPECT_TRUE(job == nullptr || job->job_id == "b");
    EXPECT_FALSE(std::holds_alternative<ChatDigest>(message));
  }
  chat.run(minutes(2));
  ASSERT_EQ(chat.sent.size(), 3u);
  ASSERT_EQ(chat.digest().jobs.size(), 1u);
  EXPECT_EQ(chat.digest().jobs[0].job_id, "a");
  EXPECT_TRUE(chat.digest().events.empty());
}

TEST(ChatMergeMute, AnAccountLeavesOtherAccountsAlone) {
  Chat chat;
  chat.mute(mute_of("", "lab"), minutes(30));
  chat.account_event("lab");
  chat.account_event("prod");
  chat.fail("x", "lab");
  chat.fail("y", "prod");
  chat.run(minutes(20));
  EXPECT_EQ(chat.sent.size(), 2u);
  chat.run(minutes(20));
  ASSERT_EQ(chat.sent.size(), 3u);
  EXPECT_EQ(chat.digest().jobs.at(0).job_id, "x");
  EXPECT_EQ(chat.digest().events.size(), 1u);
}

TEST(ChatMergeMute, NoDigestIsSentWhileAnotherMuteCoversEverything) {
  Chat chat;
  chat.watch("a", 100);
  chat.mute(mute_of("", "", "*a"), minutes(10));
  chat.fail("a");
  chat.run(minutes(5));
  chat.mute({}, minutes(30));
  chat.account_event("prod");
  chat.run(minutes(29));
  EXPECT_TRUE(chat.sent.empty());
  chat.run(minutes(5));
  ASSERT_EQ(chat.sent.size(), 2u) << "one for each mute";
  EXPECT_EQ(std::get<ChatDigest>(chat.sent[0]).jobs.size(), 1u);
  EXPECT_EQ(std::get<ChatDigest>(chat.sent[1]).events.size(), 1u);
}

TEST(ChatMergeMute, ADigestThatWasNotConfirmedIsSentAgain) {
  Chat chat;
  chat.watch("a", 100);
  chat.mute({}, minutes(10));
  chat.fail("a");
  chat.run(minutes(9));
  chat.is_up = false;
  chat.run(minutes(10));
  chat.fail("a");
  chat.run(minutes(1));
  chat.is_up = true;
  chat.run(hours(1));
  ASSERT_EQ(chat.sent.size(), 1u);
  EXPECT_EQ(chat.digest().reason, ChatDigest::Reason::kMuteEnded);
  EXPECT_EQ(chat.digest().jobs.at(0).bad, 2u);
  EXPECT_EQ(chat.digest().jobs.at(0).newly_bad, 2u) << "each failure counts once";
  EXPECT_EQ(chat.cursor(), chat.last_id());
}

TEST(ChatMergeMute, AJobThatRecoveredMeanwhileHasNoSecondMessage) {
  Chat chat;
  chat.watch("a", 10);
  chat.mute({}, minutes(30));
  chat.fail("a");
  chat.run(minutes(5));
  chat.rerun_succeeds("a");
  chat.run(hours(2));
  ASSERT_EQ(chat.sent.size(), 1u);
  EXPECT_EQ(chat.digest().jobs.at(0).kind, JobNoticeKind::kRecovered);
}

TEST(ChatMergeMute, WhatWaitedWhenTheMuteBeganIsNotSent) {
  Chat chat;
  chat.is_up = false;
  chat.account_event("prod");
  chat.fail("x");
  chat.run(minutes(1));
  chat.mute({}, minutes(30));
  chat.is_up = true;
  chat.run(minutes(29));
  EXPECT_TRUE(chat.sent.empty());
  EXPECT_EQ(chat.cursor(), chat.last_id());
  chat.run(minutes(5));
  ASSERT_EQ(chat.sent.size(), 1u);
  EXPECT_EQ(chat.digest().jobs.size(), 1u);
  EXPECT_EQ(chat.digest().events.size(), 1u);
}

TEST(ChatMergeMute, ManyEventsWithoutAJobAreListedInPartAndAllCounted) {
  Chat chat;
  chat.is_up = false;
  for (int i = 0; i < 40; ++i) chat.account_event("prod");
  chat.mute({}, minutes(30));
  for (int i = 0; i < 40; ++i) chat.account_event("prod");
  chat.is_up = true;
  chat.run(hours(1));
  ASSERT_EQ(chat.sent.size(), 1u);
  EXPECT_EQ(chat.digest().events.size() + chat.digest().further_events, 80u);
}

TEST(ChatMergeMute, AMuteThatEndsEarlyReleasesItsDigest) {
  Chat chat;
  chat.mute({}, minutes(1));
  chat.account_event("prod");
  chat.run(minutes(2));
  chat.mute({}, minutes(1));
  chat.account_event("prod");
  chat.run(minutes(2));
  EXPECT_EQ(chat.sent.size(), 2u);
}

TEST(ChatMergeMute, ARestartForgetsAndRepeatsNothing) {
  Chat chat;
  chat.watch("a", 100);
  chat.mute({}, minutes(10));
  for (int i = 0; i < 5; ++i) {
    chat.fail("a");
    chat.account_event("prod");
    chat.run(minutes(1));
    chat.restart();
  }
  chat.run(minutes(4));
  chat.restart();
  EXPECT_TRUE(chat.sent.empty());
  chat.run(hours(1));
  ASSERT_EQ(chat.sent.size(), 1u);
  EXPECT_EQ(chat.digest().jobs.at(0).newly_bad, 5u);
  EXPECT_EQ(chat.digest().events.size(), 5u);
}

TEST(ChatMergeMute, ARestartAfterTheEndSendsTheDigest) {
  Chat chat;
  chat.mute({}, minutes(10));
  chat.account_event("prod");
  chat.run(minutes(9));
  chat.is_up = false;
  chat.run(minutes(5));
  chat.restart();
  chat.is_up = true;
  chat.run(minutes(1));
  ASSERT_EQ(chat.sent.size(), 1u);
  EXPECT_EQ(chat.digest().events.size(), 1u);
}

// The cursor stays below an event of `prod` that waits, so the muted one after it is read again.
TEST(ChatMergeMute, ARestartKeepsAMutedEventOnce) {
  Chat chat;
  chat.mute(mute_of("", "lab"), minutes(10));
  chat.is_up = false;
  chat.account_event("prod");
  chat.account_event("lab");
  chat.run(minutes(1));
  chat.restart();
  chat.run(minutes(1));
  chat.restart();
  chat.is_up = true;
  chat.run(hours(1));
  ASSERT_EQ(chat.sent.size(), 2u);
  EXPECT_EQ(chat.digest().events.size(), 1u);
  EXPECT_EQ(chat.cursor(), chat.last_id());
}

TEST(ChatMergeMute, TheDigestWaitsForAnotherMuteOfTheSameJob) {
  Chat chat;
  chat.watch("a", 10);
  chat.mute(mute_of("", "", "ota-a"), minutes(5));
  chat.mute(mute_of("", "prod"), minutes(20));
  chat.fail("a");
  chat.run(minutes(19));
  EXPECT_TRUE(chat.sent.empty());
  chat.run(minutes(2));
  ASSERT_EQ(chat.sent.size(), 1u);
  EXPECT_EQ(chat.digest().jobs.at(0).job_id, "a");
}

}  // namespace
}  // namespace taskwatchd
