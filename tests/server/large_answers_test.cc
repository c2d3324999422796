#include "server/large_answers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <functional>
#include <future>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "io/http/gzip.h"

namespace taskwatchd {
namespace {

using testing::HasSubstr;
using Answer = std::optional<WebResponse>;

std::string body_of(const WebResponse& response) {
  std::string all;
  if (!response.parts) return response.body;
  for (auto part = response.parts->next(); !part.empty(); part = response.parts->next()) {
    all += part;
  }
  EXPECT_EQ(all.size(), response.parts->bytes());
  return all;
}

std::string header(const WebResponse& response, const std::string& name) {
  for (const auto& [key, value] : response.headers) {
    if (key == name) return value;
  }
  return {};
}

class LargeAnswersTest : public testing::Test {
 protected:
  void ask(LargeAnswers& answers, Answer& answer, std::function<std::string()> make,
           ContentNegotiation negotiated = {}) {
    ApiReply reply;
    reply.make_data = std::move(make);
    boost::asio::co_spawn(context, answers.write(std::move(reply), std::move(negotiated)),
                          [&](std::exception_ptr error, WebResponse response) {
                            EXPECT_FALSE(error);
                            answer = std::move(response);
                          });
  }
  void run() {
    context.restart();
    context.run();
  }

  boost::asio::io_context context;
};

TEST_F(LargeAnswersTest, AreWrittenAndCompressedOnAnotherThread) {
  LargeAnswers answers;
  const std::string list = "[\"" + std::string(300'000, 'x') + "\"]";
  std::thread::id thread;
  const auto make = [&] {
    thread = std::this_thread::get_id();
    return list;
  };
  Answer plain, packed, known;
  ask(answers, plain, make);
  ContentNegotiation negotiated;
  negotiated.gzip = true;
  ask(answers, packed, make, negotiated);
  run();
  ASSERT_TRUE(plain && packed);
  EXPECT_NE(thread, std::this_thread::get_id());
  const std::string text = "{\"status\":\"success\",\"data\":" + list + "}\n";
  EXPECT_EQ(plain->status, 200);
  EXPECT_EQ(body_of(*plain), text);
  EXPECT_EQ(header(*packed, "Content-Encoding"), "gzip");
  EXPECT_EQ(body_of(*packed), gzip(text));

  negotiated.known = header(*plain, "ETag");
  ask(answers, known, make, negotiated);
  run();
  ASSERT_TRUE(known);
  EXPECT_EQ(known->status, 304);
  EXPECT_EQ(body_of(*known), "");
}

TEST_F(LargeAnswersTest, TheLoopRunsMeanwhile) {
  LargeAnswers answers;
  std::promise<void> go;
  Answer answer;
  const auto future = go.get_future().share();
  ask(answers, answer, [future] {
    future.wait();
    return std::string("1");
  });
  boost::asio::post(context, [&] { go.set_value(); });
  run();
  ASSERT_TRUE(answer);
  EXPECT_EQ(body_of(*answer), "{\"status\":\"success\",\"data\":1}\n");
}

TEST_F(LargeAnswersTest, MemoryBeingSentIsLimited) {
  LargeAnswers answers(1000);
  const auto make = [] { return "\"" + std::string(2000, 'x') + "\""; };
  Answer first, second, third;
  ask(answers, first, make);
  run();
  ASSERT_TRUE(first);
  EXPECT_EQ(first->status, 200) << "a single one may be larger";
  ask(answers, second, make);
  run();
  ASSERT_TRUE(second);
  EXPECT_EQ(second->status, 503);
  EXPECT_EQ(header(*second, "Retry-After"), "1");
  EXPECT_THAT(second->body, HasSubstr("\"errorType\":\"unavailable\""));
  first.reset();  // sent, or its client is gone
  ask(answers, third, make);
  run();
  ASSERT_TRUE(third);
  EXPECT_EQ(third->status, 200);
}

TEST_F(LargeAnswersTest, OnesWrittenAtTheSameTimeAreLimitedToo) {
  LargeAnswers answers(5000);
  std::vector<Answer> all(10);
  for (Answer& one : all) {
    ask(answers, one, [] { return "\"" + std::string(2000, 'x') + "\""; });
  }
  run();
  const auto sent =
      std::count_if(all.begin(), all.end(), [](const Answer& one) { return one->status == 200; });
  EXPECT_EQ(sent, 3) << "the third exceeds 5000 bytes";
}

TEST_F(LargeAnswersTest, OneThatCannotBeWrittenIsNotSent) {
  LargeAnswers answers;
  Answer failed, next;
  ask(answers, failed, []() -> std::string { throw std::length_error("too long"); });
  ask(answers, next, [] { return std::string("1"); });
  run();
  ASSERT_TRUE(failed && next);
  EXPECT_EQ(failed->status, 503);
  EXPECT_EQ(next->status, 200);
}

TEST_F(LargeAnswersTest, AnAnswerMayOutliveItsMaker) {
  Answer answer;
  {
    LargeAnswers answers;
    ask(answers, answer, [] { return std::string("1"); });
    run();
  }
  ASSERT_TRUE(answer);
  EXPECT_THAT(body_of(*answer), HasSubstr("\"data\":1"));
}

}  // namespace
}  // namespace taskwatchd
