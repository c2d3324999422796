#include "notify/chat_merge.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

#include "notify/chat_pace.h"

namespace taskwatchd {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

const Wall kStart = *parse_utc("2026-11-28T01:00:00Z");

// A chat on a simulated clock: a step of 100 ms in which events happen, the merge is asked when it
// wants to be or when there is an event, and the service takes messages while it is up.
class Chat {
 public:
  explicit Chat(ChatPolicy policy = {}) : policy_(policy), merge_(policy, {}) {}

  struct Sent {
    Duration at{};  // since the start
    decltype(ChatNext::message) message;

    const JobNotice& job() const { return std::get<JobNotice>(message); }
    const AccountNotice& account() const { return std::get<AccountNotice>(message); }
    const ChatDigest& digest() const { return std::get<ChatDigest>(message); }
  };

  void watch(const std::string& job, std::uint32_t tasks) {
    JobCounts counts;
    counts.instance = "main";
    counts.job_name = "ota-" + job;
    count_of(counts.tasks, TaskStatus::kInProgress) = tasks;
    counts_[job] = counts;
  }
  TaskCounts& tasks(const std::string& job) { return counts_.at(job).tasks; }

  void emit(Event event) {
    event.id = ++last_id_;
    event.ts = now_;
    log_.push_back(event);
    merge_.add(event);
    is_due_ = true;
  }
  Event about(const std::string& job, std::string name) {
    Event event;
    event.name = std::move(name);
    event.add("account", "prod");
    event.add("iot_instance", "second");
    event.add("job_id", job);
    return event;
  }
  void fail(const std::string& job, const std::string& message = "", std::int64_t attempt = 1) {
    --count_of(tasks(job), TaskStatus::kInProgress);
    ++count_of(tasks(job), TaskStatus::kFailed);
    fail_event(job, message, attempt);
  }
  // Without a change of the counts.
  void fail_event(const std::string& job, const std::string& message = "",
                  std::int64_t attempt = 1) {
    Event event = about(job, "task_transition");
    event.add("task_id", "t" + std::to_string(last_id_));
    event.add("device_name", "dev" + std::to_string(last_id_));
    event.add("to", "FAILED");
    event.add("attempt", attempt);
    event.add("modified_at", rfc3339(now_));
    event.add("observed_at", rfc3339(now_));
    if (!message.empty()) event.add("status_message", message);
    emit(std::move(event));
  }
  void details(const std::string& task_id, const std::string& job) {
    Event event = about(job, "task_details");
    event.add("task_id", task_id);
    event.add("status_message", "battery low");
    emit(std::move(event));
  }
  void finish(const std::string& job) {
    count_of(tasks(job), TaskStatus::kSucceeded) += count_of(tasks(job), TaskStatus::kInProgress);
    count_of(tasks(job), TaskStatus::kInProgress) = 0;
    emit(about(job, "job_finished"));
  }
  void account_event(const std::string& name) {
    Event event;
    event.name = name;
    event.add("account", "prod");
    emit(std::move(event));
  }

  void run(Duration time) {
    const Wall end = now_ + std::chrono::duration_cast<milliseconds>(time);
    for (; now_ < end; now_ += milliseconds(100)) {
      if (mono() < pace.next_at() || mono() < retry_at_) continue;
      if (!is_due_ && !(ask_at_ && now_ >= *ask_at_)) continue;
      step();
    }
  }
  // kill -9: what was stored is read again; unsent events come again.
  void restart() {
    const auto state = chat_state_from_json(to_json(merge_.state()));
    ASSERT_TRUE(state);
    EXPECT_EQ(*state, merge_.state());
    merge_ = ChatMerge(policy_, *state);
    for (const Event& event : log_) {
      if (event.id > state->cursor) merge_.add(event);
    }
    is_due_ = true;
  }

  Wall now() const { return now_; }
  std::uint64_t last_id() const { return last_id_; }
  std::uint64_t cursor() const { return merge_.cursor(); }
  const Sent& last() const { return sent.back(); }
  std::size_t digests() const {
    return static_cast<std::size_t>(std::count_if(sent.begin(), sent.end(), [](const Sent& one) {
      return std::holds_alternative<ChatDigest>(one.message);
    }));
  }
  // What the messages said last of each job.
  std::map<std::string, std::uint32_t> reported() const {
    std::map<std::string, std::uint32_t> last;
    const auto note = [&](const JobNotice& job) { last[job.job_id] = job.bad; };
    for (const Sent& one : sent) {
      if (const auto* job = std::get_if<JobNotice>(&one.message)) note(*job);
      if (const auto* account = std::get_if<AccountNotice>(&one.message)) {
        for (const JobNotice& each : account->jobs) note(each);
      }
      if (const auto* digest = std::get_if<ChatDigest>(&one.message)) {
        for (const JobNotice& each : digest->jobs) note(each);
      }
    }
    return last;
  }

  std::vector<Sent> sent;
  ChatPace pace;
  double per_minute = 18;  // messages
  bool is_up = true;
  bool crash_before_confirm = false;  // the service took the message, the daemon did not note it

 private:
  Mono mono() const { return Mono(now_ - kStart); }

  void step() {
    is_due_ = false;
    const ChatNext next = merge_.next(now_, [this](const JobKey& key) -> std::optional<JobCounts> {
      const auto found = counts_.find(key.job_id);
      if (found == counts_.end()) return std::nullopt;
      return found->second;
    });
    ask_at_ = next.ask_at;
    if (!next.has_message()) {
      EXPECT_TRUE(!ask_at_ || *ask_at_ > now_);
      return;
    }
    pace.on_request(mono(), per_minute);
    is_due_ = true;
    if (!is_up) {
      backoff_ = std::min<Duration>(backoff_ * 2, minutes(1));
      retry_at_ = mono() + backoff_;
      return;
    }
    backoff_ = seconds(1);
    sent.push_back({now_ - kStart, next.message});
    if (crash_before_confirm) {
      crash_before_confirm = false;
      restart();
    } else {
      merge_.on_sent(now_);
    }
  }

  ChatPolicy policy_;
  ChatMerge merge_;
  Wall now_ = kStart;
  std::map<std::string, JobCounts> counts_;
  std::vector<Event> log_;
  std::uint64_t last_id_ = 0;
  std::optional<Wall> ask_at_;
  bool is_due_ = false;
  Mono retry_at_;
  Duration backoff_ = seconds(1);
};

TEST(ChatMerge, OneFailureIsOneMessageAndOneWhenTheJobIsOver) {
  Chat chat;
  chat.watch("j", 10);
  chat.run(seconds(1));
  chat.fail("j");
  chat.run(minutes(20));
  ASSERT_EQ(chat.sent.size(), 1u);
  EXPECT_LE(chat.last().at, seconds(1) + seconds(2));
  const JobNotice& first = chat.last().job();
  EXPECT_EQ(first.kind, JobNoticeKind::kFailures);
  EXPECT_EQ(first.account, "prod");
  EXPECT_EQ(first.instance, "main");
  EXPECT_EQ(first.job_name, "ota-j");
  EXPECT_EQ(first.bad, 1u);
  ASSERT_EQ(first.devices.size(), 1u);
  EXPECT_EQ(first.devices[0].status, TaskStatus::kFailed);
  EXPECT_EQ(first.devices[0].seen_at, kStart + seconds(1));

  chat.finish("j");
  chat.run(hours(3));
  ASSERT_EQ(chat.sent.size(), 2u);
  EXPECT_EQ(chat.last().job().kind, JobNoticeKind::kFinished);
  EXPECT_EQ(chat.last().job().bad, 1u);
  EXPECT_EQ(chat.cursor(), chat.last_id());
}

TEST(ChatMerge, TheFirstMessageWaitsTwoSecondsForTheDeviceMessage) {
  Chat chat;
  chat.watch("j", 10);
  chat.fail("j");
  chat.run(milliseconds(500));
  EXPECT_TRUE(chat.sent.empty());
  chat.details("t0", "j");
  chat.run(milliseconds(200));
  ASSERT_EQ(chat.sent.size(), 1u);
  EXPECT_EQ(chat.last().job().devices.at(0).message, "battery low");

  Chat known;
  known.watch("j", 10);
  known.fail("j", "no space");
  known.run(milliseconds(100));
  ASSERT_EQ(known.sent.size(), 1u);
  EXPECT_EQ(known.last().job().devices.at(0).message, "no space");
}

TEST(ChatMerge, ThousandsOfFailuresAreAFewMessages) {
  Chat chat;
  chat.watch("j", 10'000);
  for (int i = 0; i < 4000; ++i) {
    chat.fail("j");
    if (i * 600 / 4000 != (i + 1) * 600 / 4000) chat.run(milliseconds(100));  // 60 s in all
  }
  chat.run(minutes(2));
  EXPECT_LE(chat.sent.front().at, seconds(2));
  EXPECT_LE(chat.sent.size(), 8u);
  EXPECT_GE(chat.sent.size(), 3u);
  EXPECT_EQ(chat.last().job().bad, 4000u);
  EXPECT_EQ(count_of(*chat.last().job().counts, TaskStatus::kInProgress), 6000u);
  EXPECT_EQ(chat.cursor(), chat.last_id());
}

TEST(ChatMerge, AFirstListWithThousandsOfFailuresIsTwoMessages) {
  for (const bool at_once : {true, false}) {
    Chat chat;
    chat.watch("j", 10'000);
    // The statistics know them before the list, which takes 80 pages at 5 per second.
    count_of(chat.tasks("j"), TaskStatus::kInProgress) = 6000;
    count_of(chat.tasks("j"), TaskStatus::kFailed) = 4000;
    for (int page = 0; page < 80; ++page) {
      for (int i = 0; i < 50; ++i) chat.fail_event("j");
      if (!at_once) chat.run(milliseconds(200));
    }
    chat.run(minutes(10));
    EXPECT_EQ(chat.sent.size(), 1u);
    chat.finish("j");
    chat.run(hours(2));
    EXPECT_EQ(chat.sent.size(), 2u);
    EXPECT_EQ(chat.last().job().bad, 4000u);
    EXPECT_EQ(chat.cursor(), chat.last_id());
  }
}

TEST(ChatMerge, HourlyWhileItGoesOn) {
  Chat chat;
  chat.watch("j", 10'000);
  for (int i = 0; i < 6 * 90; ++i) {  // one each 40 s for 6 hours
    chat.fail("j");
    chat.run(seconds(40));
  }
  EXPECT_GE(chat.sent.size(), 8u);
  EXPECT_LE(chat.sent.size(), 14u);
  chat.run(hours(2));
  EXPECT_EQ(chat.last().job().bad, 540u);
}

TEST(ChatMerge, ALaterBurstBeginsAtOnce) {
  Chat chat;
  chat.watch("j", 10'000);
  for (int i = 0; i < 30; ++i) chat.fail("j");
  chat.run(hours(3));
  const std::size_t before = chat.sent.size();
  chat.fail("j");
  chat.run(seconds(3));
  EXPECT_EQ(chat.sent.size(), before + 1);
  EXPECT_EQ(chat.last().job().newly_bad, 1u);
}

TEST(ChatMerge, AHundredJobsAreOneMessageForTheAccount) {
  Chat chat;
  for (int i = 0; i < 100; ++i) chat.watch("j" + std::to_string(i), 10);
  for (int i = 0; i < 100; ++i) {
    chat.fail("j" + std::to_string(i));
    chat.run(milliseconds(600));
  }
  chat.run(minutes(20));
  EXPECT_LE(chat.sent.size(), 10u);
  EXPECT_EQ(chat.reported().size(), 100u);
  EXPECT_EQ(chat.cursor(), chat.last_id());
}

TEST(ChatMerge, AHundredJobsWithinAMinuteAreAtMostTenMessages) {
  for (const double per_minute : {0.0, 60.0, 18.0}) {
    Chat chat;
    chat.per_minute = per_minute;
    for (int i = 0; i < 100; ++i) {
      const std::string name = "j" + std::to_string(i);
      chat.watch(name, 20);
      chat.fail(name);
      chat.run(milliseconds(600));
    }
    chat.run(minutes(5));
    EXPECT_LE(chat.sent.size(), 10u) << per_minute;
    EXPECT_EQ(chat.reported().size(), 100u) << "each job is in a message";
  }
}

TEST(ChatMerge, FiveJobsAreFiveMessagesAndSixAreOne) {
  for (const int jobs : {5, 6}) {
    Chat chat;
    for (int i = 0; i < jobs; ++i) chat.watch("j" + std::to_string(i), 10);
    for (int i = 0; i < jobs; ++i) chat.fail("j" + std::to_string(i), "bad");
    chat.run(minutes(5));
    EXPECT_EQ(chat.sent.size(), jobs == 5 ? 5u : 1u);
    EXPECT_EQ(chat.reported().size(), static_cast<std::size_t>(jobs));
  }
}

TEST(ChatMerge, AfterAnHourWithoutTheServiceThereIsOneDigest) {
  Chat chat;
  for (int i = 0; i < 20; ++i) chat.watch("j" + std::to_string(i), 1000);
  chat.is_up = false;
  for (int minute = 0; minute < 60; ++minute) {
    chat.fail("j" + std::to_string(minute % 20));
    if (minute % 10 == 0) chat.account_event("blind_interval");
    chat.run(minutes(1));
  }
  chat.is_up = true;
  chat.run(minutes(10));
  EXPECT_EQ(chat.sent.size(), 1u);
  ASSERT_EQ(chat.digests(), 1u);
  const ChatDigest& digest = chat.last().digest();
  EXPECT_EQ(digest.reason, ChatDigest::Reason::kLate);
  EXPECT_EQ(digest.jobs.size(), 20u);
  EXPECT_EQ(digest.events.size(), 6u);
  EXPECT_EQ(digest.from, kStart);
  EXPECT_EQ(digest.to, kStart + minutes(59));
  EXPECT_EQ(chat.cursor(), chat.last_id());
}

TEST(ChatMerge, AShortOutageDelaysOnly) {
  Chat chat;
  chat.watch("j", 10);
  chat.is_up = false;
  chat.fail("j");
  chat.run(minutes(10));
  EXPECT_EQ(chat.cursor(), 0u);
  chat.is_up = true;
  chat.run(minutes(3));
  ASSERT_EQ(chat.sent.size(), 1u);
  EXPECT_EQ(chat.last().job().bad, 1u);
}

TEST(ChatMerge, ARerunThatSucceedsIsReported) {
  Chat chat;
  chat.watch("j", 2);
  chat.fail("j");
  chat.finish("j");
  chat.run(minutes(5));
  ASSERT_EQ(chat.sent.size(), 1u);  // the failure and the end in one
  EXPECT_EQ(chat.last().job().kind, JobNoticeKind::kFinished);

  count_of(chat.tasks("j"), TaskStatus::kFailed) = 0;
  count_of(chat.tasks("j"), TaskStatus::kQueued) = 1;
  chat.run(minutes(5));
  EXPECT_EQ(chat.sent.size(), 1u);  // it is not known yet how it ends
  count_of(chat.tasks("j"), TaskStatus::kQueued) = 0;
  count_of(chat.tasks("j"), TaskStatus::kSucceeded) = 2;
  chat.run(minutes(2));
  ASSERT_EQ(chat.sent.size(), 2u);
  EXPECT_EQ(chat.last().job().kind, JobNoticeKind::kRecovered);
  chat.run(hours(5));
  EXPECT_EQ(chat.sent.size(), 2u);
}

TEST(ChatMerge, ARerunThatFailsIsReportedAtOnce) {
  Chat chat;
  chat.watch("j", 100);
  for (int i = 0; i < 9; ++i) chat.fail("j");
  chat.run(minutes(5));
  const std::size_t before = chat.sent.size();
  chat.fail_event("j", "again", 2);  // the count is the same as before
  chat.run(seconds(1));
  ASSERT_EQ(chat.sent.size(), before + 1);
  EXPECT_EQ(chat.last().job().bad, 9u);
}

TEST(ChatMerge, AJobIsReportedOnceItsShareIsReached) {
  ChatPolicy policy;
  policy.from = {.tasks = 20, .ratio = 0.05};
  Chat chat(policy);
  chat.watch("j", 1000);
  for (int i = 0; i < 49; ++i) chat.fail("j");
  chat.run(minutes(5));
  EXPECT_TRUE(chat.sent.empty());
  EXPECT_EQ(chat.cursor(), chat.last_id());  // nothing waits for ever
  chat.fail("j");
  chat.run(seconds(3));
  ASSERT_EQ(chat.sent.size(), 1u);
  EXPECT_EQ(chat.last().job().bad, 50u);

  chat.watch("small", 10);
  chat.finish("small");
  chat.finish("j");
  chat.run(minutes(5));
  ASSERT_EQ(chat.sent.size(), 2u);
  EXPECT_EQ(chat.last().job().job_id, "j");
}

TEST(ChatMerge, PeopleAreMentionedOnce) {
  ChatPolicy policy;
  policy.mention = {.tasks = 20, .ratio = 0};
  Chat chat(policy);
  chat.watch("j", 1000);
  chat.fail("j", "x");
  chat.run(seconds(1));
  for (int i = 0; i < 25; ++i) chat.fail("j");
  chat.run(minutes(2));
  for (int i = 0; i < 100; ++i) chat.fail("j");
  chat.run(minutes(2));
  ASSERT_EQ(chat.sent.size(), 3u);
  EXPECT_FALSE(chat.sent[0].job().may_mention);
  EXPECT_TRUE(chat.sent[1].job().may_mention);
  EXPECT_FALSE(chat.sent[2].job().may_mention);
}

TEST(ChatMerge, JobEventsAndAJobThatIsNotWatched) {
  Chat chat;
  chat.watch("j", 10);
  chat.emit(chat.about("j", "job_stalled"));
  chat.run(seconds(1));
  ASSERT_EQ(chat.sent.size(), 1u);
  EXPECT_EQ(chat.last().job().kind, JobNoticeKind::kStalled);

  Event timed_out = chat.about("j", "job_transition");
  timed_out.add("to", "TIMED_OUT");
  chat.emit(timed_out);
  chat.run(seconds(10));
  EXPECT_EQ(chat.last().job().kind, JobNoticeKind::kTimedOut);

  for (int i = 0; i < 3; ++i) chat.emit(chat.about("j", "task_overdue"));
  chat.run(seconds(10));
  EXPECT_EQ(chat.last().job().kind, JobNoticeKind::kOverdue);
  EXPECT_EQ(chat.last().job().overdue, 3u);

  chat.fail_event("explicit", "x");
  chat.run(seconds(10));
  EXPECT_EQ(chat.last().job().job_id, "explicit");
  EXPECT_EQ(chat.last().job().instance, "second");
  EXPECT_EQ(chat.last().job().bad, 1u);
  EXPECT_FALSE(chat.last().job().counts);
  EXPECT_EQ(chat.cursor(), chat.last_id());
}

TEST(ChatMerge, EventsWithoutAJobAreSentSinglyUntilThereAreMany) {
  Chat chat;
  for (int i = 0; i < 3; ++i) chat.account_event("account_unreachable");
  chat.run(minutes(1));
  EXPECT_EQ(chat.sent.size(), 3u);
  for (int i = 0; i < 1000; ++i) {
    chat.account_event("account_unreachable");
    chat.run(milliseconds(100));
  }
  chat.run(minutes(5));
  EXPECT_LE(chat.sent.size(), 12u);
  std::size_t all = 0;
  for (const Chat::Sent& one : chat.sent) all += std::get<ChatEvents>(one.message).count();
  EXPECT_EQ(all, 1003u);
  EXPECT_EQ(chat.cursor(), chat.last_id());
}

TEST(ChatMerge, ARestartInTheMiddleRepeatsNothingThatWasSent) {
  Chat chat;
  chat.watch("j", 10'000);
  chat.account_event("auth_failed");
  for (int i = 0; i < 40; ++i) {
    chat.fail("j");
    chat.run(seconds(1));
    chat.restart();
  }
  chat.run(minutes(5));
  EXPECT_LE(chat.sent.size(), 6u);
  EXPECT_EQ(chat.last().job().bad, 40u);
}

TEST(ChatMerge, ALostConfirmationRepeatsTheMessage) {
  Chat chat;
  chat.watch("j", 10);
  chat.fail("j");
  chat.crash_before_confirm = true;
  chat.run(minutes(5));
  ASSERT_EQ(chat.sent.size(), 2u);
  EXPECT_EQ(chat.sent[0].job().bad, chat.sent[1].job().bad);
}

TEST(ChatMerge, TheClockIsSetBack) {
  ChatMerge merge({}, {});
  const auto counts = [](const JobKey&) -> std::optional<JobCounts> { return std::nullopt; };
  Event event;
  event.id = 1;
  event.ts = kStart + hours(5);
  event.name = "auth_failed";
  merge.add(event);
  EXPECT_TRUE(merge.next(kStart, counts).has_message());
  merge.on_sent(kStart);
  event.id = 2;
  event.name = "task_transition";
  event.fields = {{"job_id", "j"}, {"to", "FAILED"}};
  merge.add(event);
  const ChatNext waits = merge.next(kStart, counts);
  ASSERT_TRUE(waits.ask_at);
  EXPECT_LE(*waits.ask_at, kStart + seconds(2));
}

// Whatever happens, in the end every job's last message has its final count, and no event waits.
TEST(ChatMerge, NothingIsMissingAfterOutagesAndRestarts) {
  for (unsigned seed = 0; seed < 8; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    const auto below = [&](unsigned n) { return static_cast<unsigned>(random() % n); };
    Chat chat;
    const unsigned jobs = 1 + below(12);
    for (unsigned i = 0; i < jobs; ++i) chat.watch("j" + std::to_string(i), 100'000);
    std::set<std::string> failed;
    for (int step = 0; step < 200; ++step) {
      const std::string job = "j" + std::to_string(below(jobs));
      const unsigned failures = below(4) == 0 ? below(200) : below(3);
      for (unsigned i = 0; i < failures; ++i) chat.fail(job, below(2) == 0 ? "x" : "");
      if (failures > 0) failed.insert(job);
      if (below(20) == 0) chat.is_up = !chat.is_up;
      if (below(10) == 0) chat.restart();
      if (below(30) == 0) chat.crash_before_confirm = true;
      chat.run(milliseconds(100 * below(below(10) == 0 ? 3000 : 50)));
    }
    chat.is_up = true;
    chat.run(hours(3));
    EXPECT_EQ(chat.cursor(), chat.last_id());
    const auto reported = chat.reported();
    for (const std::string& job : failed) {
      ASSERT_TRUE(reported.contains(job)) << job;
      EXPECT_EQ(reported.at(job), count_of(chat.tasks(job), TaskStatus::kFailed)) << job;
    }
  }
}

TEST(ChatPace, NoBurst) {
  ChatPace pace;
  EXPECT_LE(pace.next_at(), Mono{});
  pace.on_request(Mono(seconds(10)), 20);
  EXPECT_EQ(pace.next_at(), Mono(seconds(13)));
  pace.wait_until(Mono(minutes(10)));
  EXPECT_EQ(pace.next_at(), Mono(minutes(10)));
  pace.wait_until(Mono(seconds(1)));
  EXPECT_EQ(pace.next_at(), Mono(minutes(10)));
  ChatPace unlimited;
  unlimited.on_request(Mono(seconds(10)), 0);
  EXPECT_LE(unlimited.next_at(), Mono(seconds(10)));
}

TEST(ChatState, AForeignTextIsRefused) {
  for (const char* text : {"", "{}", "[]", "x", R"({"cursor":1,"events_covered":0})",
                           R"({"cursor":-1,"events_covered":0,"jobs":[]})",
                           R"({"cursor":1,"events_covered":0,"jobs":[{}]})"}) {
    EXPECT_FALSE(chat_state_from_json(text)) << text;
  }
  const auto empty = chat_state_from_json(R"({"cursor":1,"events_covered":2,"jobs":[],"new":0})");
  ASSERT_TRUE(empty);
  EXPECT_EQ(empty->cursor, 1u);
}

}  // namespace
}  // namespace taskwatchd
