// A command to a daemon follows the reference to another replica once.
#include "commands/daemon_ask.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "commands/explain.h"
#include "commands/explain_text.h"
#include "fakes/fake_http.h"
#include "fakes/main_path.h"
#include "ports.h"

namespace taskwatchd {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

HttpReply found() {
  return {200,
          {},
          R"({"status":"success","data":{"task_id":"t","account":"prod","state":"pending",)"
          R"("last":null,"history":[],"next":[]}})"};
}

HttpReply not_here(const std::string& url, const std::string& holder = "two") {
  return {
      421,
      {},
      R"({"status":"error","errorType":"not_here","error":"account prod is held by replica two")"
      R"(,"holder":")" +
          holder + R"(","holder_url":")" + url + R"("})"};
}

class DaemonAskTest : public testing::Test {
 protected:
  DaemonText ask() {
    DaemonText said;
    spawn(context.get_executor(), keep(said));
    clock.settle();
    return said;
  }
  Awaitable<void> keep(DaemonText& said) {
    said = co_await ask_daemon(http, options.daemon, explain_request(options), Secret("hush"),
                               &explain_text);
  }
  std::vector<std::string> urls() {
    std::vector<std::string> all;
    for (const FakeHttp::Sent& one : http.requests()) all.push_back(one.request.url);
    return all;
  }
  HttpResult answer(const HttpRequest& request) {
    for (const auto& [begin, result] : replies) {
      if (request.url.starts_with(begin)) return result;
    }
    return TransportFailure{};
  }

  boost::asio::io_context context;
  FakeClock clock{context};
  std::vector<std::pair<std::string, HttpResult>> replies;
  FakeHttp http{clock, [this](const HttpRequest& request) { return answer(request); }};
  ExplainOptions options = [] {
    ExplainOptions made;
    made.task_id = "t";
    made.account = "prod";
    made.daemon.user = "bob";
    made.daemon.ca_file = "/ca.pem";
    return made;
  }();
};

TEST_F(DaemonAskTest, TheHolderIsQueriedAndNamed) {
  replies = {{options.daemon.url, not_here("https://two.example/iot")},
             {"https://two.example", found()}};
  const DaemonText said = ask();
  EXPECT_EQ(said.exit_code, 0);
  EXPECT_THAT(said.text, HasSubstr("t of account prod: not observed yet\n"));
  EXPECT_THAT(said.text,
              HasSubstr("\nThe response is from replica two at https://two.example/iot\n"));
  EXPECT_THAT(urls(), ElementsAre("http://127.0.0.1:10120/api/v1/tasks/t?account=prod",
                                  "https://two.example/iot/api/v1/tasks/t?account=prod"));
  EXPECT_EQ(http.requests()[1].request.headers, http.requests()[0].request.headers);
  EXPECT_EQ(http.requests()[1].request.ca_file, "/ca.pem");
}

TEST_F(DaemonAskTest, OnlyOnce) {
  replies = {{options.daemon.url, not_here("https://two.example")},
             {"https://two.example", not_here(options.daemon.url)}};
  const DaemonText said = ask();
  EXPECT_EQ(said.exit_code, 1);
  EXPECT_EQ(urls().size(), 2u);
  EXPECT_THAT(said.text, HasSubstr("(replica two at https://two.example)"));
}

// A password must not leave unencrypted, and curl knows more schemes.
TEST_F(DaemonAskTest, OtherUrlsAreNotFollowed) {
  for (const char* url : {"file:///etc/passwd", "javascript:alert(1)", "ftp://two.example",
                          "http://two.example:10120", "https://eve@two.example", "two.example"}) {
    http.set_answer([&](const HttpRequest&) { return HttpResult(not_here(url)); });
    const std::size_t before = http.sent();
    const DaemonText said = ask();
    EXPECT_EQ(said.exit_code, 1) << url;
    EXPECT_EQ(http.sent(), before + 1) << url;
    EXPECT_THAT(said.text, HasSubstr("held by replica two; this URL is not followed"));
  }
}

TEST_F(DaemonAskTest, AHolderThatCannotBeReached) {
  replies = {{options.daemon.url, not_here("https://two.example", "t\\u001bwo")}};
  const DaemonText said = ask();
  EXPECT_EQ(said.exit_code, 69);
  EXPECT_THAT(said.text, HasSubstr("cannot reach the daemon at https://two.example: "));
  EXPECT_THAT(said.text, HasSubstr("(replica t\\x1bwo at https://two.example)"));
}

TEST_F(DaemonAskTest, WithoutAReferenceThereIsOneQuery) {
  replies = {{options.daemon.url, found()}};
  EXPECT_EQ(ask().exit_code, 0);
  EXPECT_EQ(urls().size(), 1u);
}

}  // namespace
}  // namespace taskwatchd
