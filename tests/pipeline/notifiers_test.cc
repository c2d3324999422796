#include "pipeline/notifiers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakes/notify_path.h"

namespace taskwatchd {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// One run of the daemon with all its sinks.
struct Life : NotifyLife {
  explicit Life(ShakyStore& kept, Wall start = kNotifyStart) : NotifyLife(kept, start) {
    judge = [this](const HttpRequest& request) -> HttpResult {
      return HttpReply{request.url == failing_url ? 503 : 200, {}, "ok"};
    };
    on_events = [this](std::uint64_t last) { all.wake(last); };
    on_store_change = [this](const Event& event) { all.report(event); };
  }
  void configure(const std::vector<SinkConfig>& sinks) {
    all.configure(sinks);
    clock.settle();
  }
  void fail_tasks(int count) {
    std::vector<Event> events;
    for (int i = 0; i < count; ++i) events.push_back(failure("t" + std::to_string(i)));
    store_events(std::move(events));
  }
  std::optional<std::string> replay(const std::string& sink, Wall since = kNotifyStart) {
    const auto problem = result_of(all.replay(sink, since));
    return problem ? *problem : "no answer";
  }
  std::vector<std::string> running() const {
    std::vector<std::string> names;
    for (const SinkStatus& one : all.status()) names.push_back(one.name);
    return names;
  }
  // Begins a hand-over; true once it is complete.
  std::shared_ptr<bool> hand_over(const std::string& sink) {
    const auto done = std::make_shared<bool>(false);
    spawn(context.get_executor(), handing_over(sink, done));
    clock.settle();
    return done;
  }
  Awaitable<void> handing_over(std::string sink, std::shared_ptr<bool> done) {
    co_await all.hand_over(std::move(sink));
    *done = true;
  }

  std::string failing_url;
  Notifiers all{context.get_executor(), ports, recorder, files, notify_context()};
};

SinkConfig with_title(SinkConfig sink, const std::string& title) {
  sink.title = title;
  return sink;
}

TEST(Notifiers, EverySinkGetsEveryEvent) {
  ShakyStore store;
  Life life(store);
  life.configure({program_sink("a"), program_sink("b"), chat_sink("c")});
  life.fail_tasks(2);
  life.clock.advance(minutes(1));
  EXPECT_THAT(life.running(), ElementsAre("a", "b", "c"));
  EXPECT_EQ(life.count("\"id\":\"1\""), 2u);
  EXPECT_EQ(life.count("\"id\":\"2\""), 2u);
  EXPECT_GE(life.count("failed\\n"), 1u);
  for (const SinkStatus& one : life.all.status()) EXPECT_EQ(one.cursor, 2u) << one.name;
}

TEST(Notifiers, ASinkThatFailsDelaysOnlyItself) {
  ShakyStore store;
  Life life(store);
  SinkConfig other = program_sink("b");
  other.url = life.failing_url = "https://other.example/in";
  life.configure({program_sink("a"), other});
  life.fail_tasks(20);
  const std::vector<SinkStatus> status = life.all.status();
  EXPECT_EQ(status.at(0).cursor, 20u);
  EXPECT_EQ(status.at(1).cursor, 0u);
  EXPECT_TRUE(status.at(1).failing_since);
}

TEST(Notifiers, AnUnchangedSinkGoesOnUndisturbed) {
  ShakyStore store;
  Life life(store);
  life.configure({program_sink()});
  life.http.set_delay(seconds(5));
  life.fail_tasks(2);
  life.configure({program_sink(), chat_sink()});
  life.fail_tasks(2);
  EXPECT_EQ(life.count("\"id\""), 2u) << "the same two are in flight";
  life.clock.advance(minutes(1));
  EXPECT_EQ(life.count("\"id\""), 4u);
}

TEST(Notifiers, AChangedSinkBeginsAfterTheOldOneHasEnded) {
  for (const SinkConfig& config : {program_sink(), chat_sink()}) {
    ShakyStore store;
    Life life(store);
    life.configure({config});
    life.http.set_delay(seconds(5));
    life.store_events({life.failure("t", "first")});
    ASSERT_EQ(life.http.sent(), 1u);
    life.configure({with_title(config, "[new] ")});
    life.store_events({life.failure("t", "second")});
    life.clock.advance(milliseconds(4900));
    EXPECT_EQ(life.http.sent(), 1u) << "the old one has a request in flight";
    life.clock.advance(minutes(1));
    EXPECT_EQ(life.http.sent(), 2u) << "what the old one delivered is not sent again";
    EXPECT_THAT(life.last_body(), HasSubstr("second"));
    EXPECT_EQ(life.all.status().at(0).cursor, 2u);
  }
}

TEST(Notifiers, TwoChangesInARowWaitToo) {
  ShakyStore store;
  Life life(store);
  life.configure({program_sink()});
  life.http.set_delay(seconds(5));
  life.fail_tasks(1);
  life.configure({with_title(program_sink(), "1")});
  life.configure({with_title(program_sink(), "2")});
  life.clock.advance(minutes(1));
  EXPECT_THAT(life.ids(), ElementsAre("1"));
  life.fail_tasks(1);
  life.clock.advance(minutes(1));
  EXPECT_THAT(life.ids(), ElementsAre("1", "2"));
}

TEST(Notifiers, ASinkThatIsListedAgainAtOnceWaitsToo) {
  ShakyStore store;
  Life life(store);
  life.configure({program_sink()});
  life.http.set_delay(seconds(5));
  life.fail_tasks(1);
  life.configure({});
  EXPECT_THAT(life.running(), IsEmpty());
  life.configure({program_sink()});
  life.clock.advance(minutes(1));
  EXPECT_THAT(life.ids(), ElementsAre("1"));
}

TEST(Notifiers, ASinkThatIsListedAgainGoesOnFromItsCursor) {
  ShakyStore store;
  Life life(store);
  life.configure({program_sink()});
  life.fail_tasks(2);
  life.configure({});
  life.fail_tasks(2);
  life.clock.advance(hours(1));
  EXPECT_EQ(life.all.find("hook"), nullptr);
  life.configure({program_sink()});
  EXPECT_NE(life.all.find("hook"), nullptr);
  EXPECT_THAT(life.ids(), ElementsAre("1", "2", "3", "4"));
}

TEST(Notifiers, ARestartSendsNothingTwice) {
  ShakyStore store;
  {
    Life life(store);
    life.configure({program_sink(), chat_sink()});
    life.fail_tasks(3);
    life.clock.advance(minutes(1));
    life.all.stop();
    life.recorder.stop();
    life.clock.settle();
    EXPECT_THAT(life.running(), IsEmpty());
  }
  Life next(store, kNotifyStart + minutes(5));
  next.configure({program_sink(), chat_sink()});
  next.clock.advance(minutes(5));
  EXPECT_EQ(next.http.sent(), 0u);
}

TEST(Notifiers, TwoChatsWithOneUrlShareItsBudget) {
  ShakyStore store;
  Life life(store);
  std::vector<SinkConfig> chats = {chat_sink("a"), chat_sink("b")};
  for (SinkConfig& one : chats) one.max_per_minute = 6;
  life.configure(chats);
  for (int i = 0; i < 3; ++i) life.store_events({life.of_account("auth_failed")});
  life.clock.advance(minutes(2));
  ASSERT_EQ(life.http.sent(), 6u);
  for (std::size_t i = 1; i < 6; ++i) {
    EXPECT_GE(life.http.requests()[i].at - life.http.requests()[i - 1].at, seconds(10)) << i;
  }
}

TEST(Notifiers, OnlyChatsGetEventsThatAreNotStored) {
  ShakyStore store;
  Life life(store);
  life.configure({program_sink(), chat_sink()});
  store.is_down = true;
  life.fail_tasks(1);
  life.clock.advance(seconds(10));
  ASSERT_EQ(life.http.sent(), 1u);
  EXPECT_EQ(life.http.requests()[0].request.url, "https://chat.example/robot");
  EXPECT_THAT(life.last_body(), HasSubstr("cannot be written"));
}

TEST(Notifiers, WithReplicasASinkRunsWhileItsLeaseIsHeld) {
  ShakyStore store;
  Life life(store);
  life.all.share();
  life.all.acquire("hook");
  life.configure({program_sink(), chat_sink()});
  EXPECT_TRUE(life.all.runs_here("hook"));
  EXPECT_FALSE(life.all.runs_here("ops"));
  life.fail_tasks(1);
  EXPECT_EQ(life.http.sent(), 1u);
  life.all.lose("hook");
  EXPECT_FALSE(life.all.runs_here("hook"));
  life.fail_tasks(1);
  life.clock.advance(minutes(1));
  EXPECT_EQ(life.http.sent(), 1u);
  life.all.acquire("hook");
  life.clock.advance(minutes(1));
  EXPECT_THAT(life.ids(), ElementsAre("1", "2"));
}

TEST(Notifiers, AHandOverLeavesTheNextReplicaAtTheRightPlace) {
  ShakyStore store;
  Life first(store);
  first.all.share();
  first.all.acquire("hook");
  first.configure({program_sink()});
  first.http.set_delay(seconds(1));
  first.fail_tasks(3);
  const auto done = first.hand_over("hook");
  EXPECT_FALSE(*done) << "requests are in flight";
  first.clock.advance(milliseconds(1200));
  EXPECT_TRUE(*done);

  Life second(store);
  second.all.share();
  second.configure({program_sink()});
  second.all.acquire("hook");
  second.fail_tasks(1);
  EXPECT_THAT(second.ids(), ElementsAre("4"));
}

TEST(Notifiers, AHandOverDoesNotWaitForASlowReceiver) {
  ShakyStore store;
  Life life(store);
  life.all.share();
  life.all.acquire("hook");
  life.configure({program_sink()});
  life.http.set_delay(seconds(9));
  life.fail_tasks(1);
  const auto done = life.hand_over("hook");
  life.clock.advance(seconds(2));
  EXPECT_TRUE(*done);
  EXPECT_TRUE(*life.hand_over("unknown"));
}

TEST(Notifiers, AReplayAnswersWhatIsWrong) {
  ShakyStore store;
  Life life(store);
  life.configure({program_sink()});
  life.fail_tasks(3);
  store.is_down = true;
  EXPECT_THAT(life.replay("hook").value_or(""), HasSubstr("the state database does not respond"));
  store.is_down = false;
  life.http.set_delay(seconds(1));
  EXPECT_FALSE(life.replay("hook"));
  EXPECT_THAT(life.replay("hook").value_or(""), HasSubstr("the replay before is not finished"));
  life.clock.advance(seconds(5));
  EXPECT_EQ(life.count("replayed"), 3u);
  EXPECT_FALSE(life.replay("hook"));
}

TEST(Notifiers, AReplayOfASinkThatIsChangedMeanwhileIsRefused) {
  ShakyStore store;
  Life life(store);
  life.configure({program_sink()});
  life.fail_tasks(1);
  store.hold(MemoryStore::Hold::kBefore);
  const auto problem = std::make_shared<std::optional<std::optional<std::string>>>();
  spawn(life.context.get_executor(),
        NotifyLife::keep(life.all.replay("hook", kNotifyStart), problem));
  life.clock.settle();
  life.configure({});
  store.hold(MemoryStore::Hold::kNone);
  for (int i = 0; i < 20; ++i) {
    store.release(10);
    life.clock.settle();
  }
  ASSERT_TRUE(*problem);
  EXPECT_THAT((*problem)->value_or(""), HasSubstr("the sink was changed meanwhile"));
}

TEST(Notifiers, ATestSendsAMarkedFailureAndItsRecovery) {
  ShakyStore store;
  Life life(store);
  life.configure({program_sink(), chat_sink()});
  const auto program = life.result_of(life.all.test("hook", false));
  ASSERT_TRUE(program);
  ASSERT_EQ(program->size(), 2u);
  EXPECT_EQ(program->at(0).what, "failure");
  EXPECT_EQ(program->at(1).what, "recovery");
  EXPECT_EQ(program->at(1).result.verdict, DeliveryVerdict::kTaken);
  EXPECT_EQ(life.count(R"("test":true)"), 2u);
  const auto chat = life.result_of(life.all.test("ops", false));
  ASSERT_TRUE(chat);
  EXPECT_EQ(chat->size(), 2u);
  EXPECT_EQ(life.count("TEST, nothing failed"), 4u);
}

TEST(Notifiers, ATestOfASinkThatFailsShowsItsAnswer) {
  ShakyStore store;
  Life life(store);
  life.configure({program_sink(), chat_sink()});
  life.failing_url = "https://hook.example/in";
  const auto failed = life.result_of(life.all.test("hook", false));
  ASSERT_TRUE(failed);
  ASSERT_EQ(failed->size(), 1u) << "no second message";
  EXPECT_EQ(failed->at(0).result.code, "503");
  EXPECT_EQ(failed->at(0).answer, "ok");
  life.files.files.erase("/url");
  const auto unreadable = life.result_of(life.all.test("ops", false));
  ASSERT_TRUE(unreadable);
  ASSERT_EQ(unreadable->size(), 1u);
  EXPECT_EQ(unreadable->at(0).result.code, "configuration");
  EXPECT_THAT(unreadable->at(0).result.reason, HasSubstr("/url cannot be read"));
}

TEST(Notifiers, ATestCountsInTheBudgetOfTheChat) {
  ShakyStore store;
  Life life(store);
  SinkConfig chat = chat_sink();
  chat.max_per_minute = 6;
  life.configure({chat});
  life.result_of(life.all.test("ops", false));
  life.store_events({life.of_account("auth_failed")});
  EXPECT_EQ(life.http.sent(), 2u);
  life.clock.advance(seconds(11));
  EXPECT_EQ(life.http.sent(), 3u);
}

}  // namespace
}  // namespace taskwatchd
