// Stored events in the API: pages, and streams that resume where they ended.
#include "server/event_answers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>

#include "fakes/fake_clock.h"
#include "fakes/main_path.h"
#include "fakes/memory_store.h"
#include "ports.h"

namespace taskwatchd {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;
using testing::StartsWith;

class EventAnswersTest : public testing::Test {
 protected:
  void happen(int events) {
    Commit commit;
    for (int i = 0; i < events; ++i) {
      Event event = event_named("task_transition");
      event.ts = clock.now().wall;
      event.fields = {{"account", std::string("prod")}, {"task_id", std::string("t1")}};
      commit.events.push_back(event);
    }
    commit.cursors.emplace_back("log", UINT64_MAX);
    spawn(context.get_executor(), store_all(std::move(commit)));
    clock.settle();
    answers.wake();
    clock.settle();
  }
  Awaitable<void> store_all(Commit commit) { co_await store.commit(std::move(commit)); }
  void prune() {
    spawn(context.get_executor(), drop_all());
    clock.settle();
  }
  Awaitable<void> drop_all() { co_await store.prune(clock.now().wall + seconds(1), {}); }

  ApiReply ask(ApiRoute route, std::vector<std::pair<std::string, std::string>> query = {},
               std::string last = "") {
    ApiQuestion question;
    question.route = route;
    question.query = std::move(query);
    question.last_event_id = std::move(last);
    ApiReply reply;
    spawn(context.get_executor(), keep(std::move(question), reply));
    clock.settle();
    return reply;
  }
  Awaitable<void> keep(ApiQuestion question, ApiReply& reply) {
    if (question.route == ApiRoute::kEvents) {
      reply = co_await answers.stream(std::move(question));
    } else {
      reply = co_await answers.transitions(std::move(question));
    }
  }
  // The text that a connection receives until the stream ends.
  struct Reader {
    std::string text;
    bool ended = false;
  };
  std::shared_ptr<Reader> listen(const ApiReply& reply) {
    auto reader = std::make_shared<Reader>();
    spawn(context.get_executor(), read_all(reply.stream, reader));
    clock.settle();
    return reader;
  }
  static Awaitable<void> read_all(std::shared_ptr<WebStream> stream,
                                  std::shared_ptr<Reader> reader) {
    for (;;) {
      const std::string part = co_await stream->next();
      if (part.empty()) break;
      reader->text += part;
    }
    reader->ended = true;
  }
  static std::string ids_of(const std::string& text) {
    std::string ids;
    for (std::size_t at = 0; (at = text.find("id: ", at)) != std::string::npos; at += 4) {
      ids += text.substr(at + 4, text.find('\n', at) - at - 4) + " ";
    }
    return ids;
  }

  boost::asio::io_context context;
  FakeClock clock{context};
  MemoryStore store;
  EventAnswers answers{store, clock};
};

TEST_F(EventAnswersTest, PagesOfTransitions) {
  EXPECT_EQ(ask(ApiRoute::kTransitions).data, R"({"next":0,"more":false,"events":[]})");
  happen(250);
  const ApiReply newest = ask(ApiRoute::kTransitions, {{"limit", "2"}});
  EXPECT_THAT(newest.data, StartsWith(R"({"next":250,"more":false,"events":[{"ts":)"));
  EXPECT_THAT(newest.data, HasSubstr(R"("id":249)"));
  EXPECT_THAT(ask(ApiRoute::kTransitions, {{"since", "0"}, {"limit", "2"}}).data,
              StartsWith(R"({"next":2,"more":true,)"));
  EXPECT_THAT(ask(ApiRoute::kTransitions, {{"since", "150"}}).data,
              StartsWith(R"({"next":250,"more":false,)"));
  EXPECT_THAT(ask(ApiRoute::kTransitions, {{"since", "149"}}).data,
              StartsWith(R"({"next":249,"more":true,)"));
  EXPECT_EQ(ask(ApiRoute::kTransitions, {{"since", "250"}}).data,
            R"({"next":250,"more":false,"events":[]})");
}

TEST_F(EventAnswersTest, NamesTheParameterThatIsWrong) {
  const auto refused = [&](std::string name, std::string value) {
    const ApiReply reply = ask(ApiRoute::kTransitions, {{name, value}});
    EXPECT_EQ(reply.status, 400) << name << "=" << value;
    EXPECT_THAT(reply.error, StartsWith("parameter " + name + ": "));
  };
  refused("limit", "0");
  refused("limit", "1001");
  refused("limit", "1e2");
  refused("since", "-1");
  refused("since", "99999999999999999999");
  refused("sinc", "1");
  const ApiReply twice = ask(ApiRoute::kTransitions, {{"since", "1"}, {"since", "2"}});
  EXPECT_EQ(twice.error, "parameter since: set it once");
  EXPECT_EQ(ask(ApiRoute::kEvents, {}, "x").status, 400);
}

TEST_F(EventAnswersTest, AStreamReportsEachEventOnce) {
  happen(3);
  const auto reader = listen(ask(ApiRoute::kEvents));
  EXPECT_EQ(reader->text, "retry: 2000\nid: 3\n\n");
  happen(1);
  EXPECT_THAT(reader->text, HasSubstr("\n\nid: 4\nevent: task_transition\ndata: {\"ts\":"));
  happen(450);
  std::string expected;
  for (int id = 3; id <= 454; ++id) expected += std::to_string(id) + " ";
  EXPECT_EQ(ids_of(reader->text), expected);
  EXPECT_FALSE(reader->ended);
}

TEST_F(EventAnswersTest, GoesOnAfterTheIdThatTheClientHas) {
  happen(250);
  const auto from_header = listen(ask(ApiRoute::kEvents, {{"last_event_id", "5"}}, "247"));
  EXPECT_EQ(ids_of(from_header->text), "247 248 249 250 ") << "the header is the newer one";
  EXPECT_EQ(ids_of(listen(ask(ApiRoute::kEvents, {{"last_event_id", "249"}}))->text), "249 250 ");
  EXPECT_TRUE(ids_of(listen(ask(ApiRoute::kEvents, {}, "0"))->text).starts_with("0 1 2 3 "));
}

TEST_F(EventAnswersTest, WhatIsNotKeptIsGone) {
  happen(5);
  EXPECT_EQ(ask(ApiRoute::kEvents, {}, "6").status, 410) << "never given by this state";
  prune();
  ASSERT_TRUE(store.events().empty());
  happen(2);
  for (const char* id : {"1", "5"}) {
    EXPECT_EQ(ask(ApiRoute::kEvents, {}, id).status, 410) << id;
    EXPECT_EQ(ask(ApiRoute::kTransitions, {{"since", id}}).status, 410) << id;
  }
  EXPECT_EQ(ids_of(listen(ask(ApiRoute::kEvents, {}, "6"))->text), "6 7 ");
  EXPECT_EQ(ids_of(listen(ask(ApiRoute::kEvents, {}, "0"))->text), "0 6 7 ");
}

TEST_F(EventAnswersTest, ASilentStreamBeats) {
  const auto reader = listen(ask(ApiRoute::kEvents));
  clock.run_until(clock.now().mono + seconds(31));
  EXPECT_EQ(reader->text, "retry: 2000\nid: 0\n\n:\n\n:\n\n");
}

TEST_F(EventAnswersTest, StreamsAreBoundedAndEnd) {
  std::vector<std::shared_ptr<Reader>> readers;
  std::vector<ApiReply> replies;
  for (std::size_t i = 0; i < EventAnswers::kStreams; ++i) {
    replies.push_back(ask(ApiRoute::kEvents));
    readers.push_back(listen(replies.back()));
  }
  EXPECT_EQ(ask(ApiRoute::kEvents).status, 503);
  replies.back().stream->end();
  replies.pop_back();
  clock.settle();
  EXPECT_TRUE(readers.back()->ended);
  const ApiReply room = ask(ApiRoute::kEvents);
  EXPECT_EQ(room.status, 200);
  const auto last = listen(room);
  answers.stop();
  clock.settle();
  for (const auto& reader : readers) EXPECT_TRUE(reader->ended);
  EXPECT_TRUE(last->ended);
  EXPECT_EQ(ask(ApiRoute::kEvents).status, 503);
}

}  // namespace
}  // namespace taskwatchd
