// The routes under /api/.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "server/web.h"
#include "server/web_text.h"

namespace taskwatchd {
namespace {

using testing::HasSubstr;

class WebApiTest : public testing::Test {
 protected:
  using Headers = std::vector<std::pair<std::string, std::string>>;
  WebResponse ask(const std::string& method, const std::string& target,
                  const std::string& host = "localhost:10120", Headers headers = {}) {
    headers.emplace_back("host", host);
    WebPages pages;
    pages.answered = [this](const std::string& handler, int code) {
      answered = handler + " " + std::to_string(code);
    };
    pages.api = [this](ApiQuestion question) { return answer(std::move(question)); };
    const Web web(options, pages);
    WebAnswer answer = web.handle({method, target, std::move(headers)});
    if (auto* const now = std::get_if<WebResponse>(&answer)) return *now;
    boost::asio::io_context context;
    WebResponse response;
    auto waiting = std::get<boost::asio::awaitable<WebResponse>>(std::move(answer));
    boost::asio::co_spawn(context, std::move(waiting),
                          [&](std::exception_ptr, WebResponse late) { response = late; });
    context.run();
    return response;
  }
  boost::asio::awaitable<ApiReply> answer(ApiQuestion question) {
    asked.push_back(question.id + "@" + question.parameter("account"));
    co_return reply;
  }

  WebOptions options;
  ApiReply reply{200, "{\"a\":1}", {}, {}};
  std::vector<std::string> asked;
  std::string answered;
};

TEST_F(WebApiTest, QueriesTheTaskInThePath) {
  const WebResponse response = ask("GET", "/api/v1/tasks/MSnT9a");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.content_type, "application/json");
  EXPECT_EQ(response.body, "{\"status\":\"success\",\"data\":{\"a\":1}}\n");
  EXPECT_EQ(answered, "/api/v1/tasks/ID 200") << "no id becomes a label";
  ask("HEAD", "/api/v1/tasks/a%2Fb%3F%25?x=1&account=pr%6Fd&account=2");
  ask("GET", "/api/v1/tasks/%2e%2E?account");
  options.route_prefix = "/iot";
  ask("GET", "/iot/api/v1/tasks/b");
  EXPECT_EQ(asked, (std::vector<std::string>{"MSnT9a@", "a/b?%@prod", "..@", "b@"}));
}

TEST_F(WebApiTest, DistributionsHaveRoutesOfTheirOwn) {
  ask("GET", "/api/v1/distributions?account=prod");
  EXPECT_EQ(answered, "/api/v1/distributions 200");
  reply.content_type = "text/csv";
  const WebResponse csv = ask("GET", "/api/v1/distributions/a%2Fb/failed.csv");
  EXPECT_EQ(answered, "/api/v1/distributions/ID/failed.csv 200");
  EXPECT_EQ(csv.content_type, "text/csv");
  EXPECT_EQ(csv.body, reply.data) << "as it stands";
  EXPECT_EQ(asked, (std::vector<std::string>{"@prod", "a/b@"}));
  EXPECT_EQ(ask("GET", "/api/v1/distributions/a").status, 404);
  EXPECT_EQ(ask("GET", "/api/v1/distributions//failed.csv").status, 404);
  EXPECT_EQ(ask("GET", "/api/v1/distributions/a/b/failed.csv").status, 404);
}

class NoStream : public WebStream {
  boost::asio::awaitable<std::string> next() override { co_return std::string(); }
  void end() override {}
};

// nginx buffers a response before it sends it on, unless a header forbids that.
TEST_F(WebApiTest, AStreamPassesProxiesAtOnce) {
  const std::pair<std::string, std::string> kAtOnce = {"X-Accel-Buffering", "no"};
  EXPECT_THAT(ask("GET", "/api/v1/events").headers, testing::Not(testing::Contains(kAtOnce)));
  reply.content_type = "text/event-stream";
  reply.stream = std::make_shared<NoStream>();
  EXPECT_THAT(ask("GET", "/api/v1/events").headers, testing::Contains(kAtOnce));
}

TEST_F(WebApiTest, TheRefusalOfAHostNamesTheFlag) {
  const WebResponse response = ask("GET", "/api/v1/jobs", "taskwatchd_upstream");
  EXPECT_EQ(response.status, 403);
  EXPECT_THAT(response.body, HasSubstr("--web.allowed-host"));
  EXPECT_EQ(ask("GET", "/api/v1/jobs", "localhost.:80").status, 200);
}

TEST_F(WebApiTest, ErrorsAreJsonToo) {
  reply = {404, {}, "not_found", "task \"x\" is not watched"};
  const WebResponse response = ask("GET", "/api/v1/tasks/x");
  EXPECT_EQ(response.status, 404);
  EXPECT_EQ(response.body,
            R"({"status":"error","errorType":"not_found","error":"task \"x\" is not watched"})"
            "\n");
  EXPECT_EQ(answered, "/api/v1/tasks/ID 404");
}

TEST_F(WebApiTest, AnErrorNamesTheHolder) {
  reply = {421, {}, "not_here", "account a is held by replica two"};
  reply.holder = "two";
  reply.holder_url = "https://two.example";
  const WebResponse response = ask("GET", "/api/v1/tasks/x");
  EXPECT_EQ(response.status, 421);
  EXPECT_EQ(
      response.body,
      R"({"status":"error","errorType":"not_here","error":"account a is held by replica two",)"
      R"("holder":"two","holder_url":"https://two.example"})"
      "\n");
}

TEST_F(WebApiTest, RefusesBeforeAnyQuery) {
  const std::string long_id(129, 'a');
  for (const std::string id :
       {"a%2", "a%zz", "%20", "a%0Ab", "%22", "a%00", "a#b", "%C3%A9", long_id.c_str()}) {
    const WebResponse response = ask("GET", "/api/v1/tasks/" + id);
    EXPECT_EQ(response.status, 400) << id;
    EXPECT_THAT(response.body, HasSubstr("\"errorType\":\"bad_data\"")) << id;
  }
  EXPECT_EQ(ask("GET", "/api/v1/tasks/a?account=%").status, 400);
  for (const char* path : {"/api/v1/tasks/", "/api/v1/task", "/api/v1/tasks/a/b", "/api/",
                           "/api/v2", "/api/v1/tasks//a"}) {
    EXPECT_EQ(ask("GET", path).status, 404) << path;
    EXPECT_THAT(ask("GET", path).body, HasSubstr("\"errorType\":\"not_found\"")) << path;
  }
  for (const char* method : {"POST", "PUT", "DELETE", "get"}) {
    EXPECT_EQ(ask(method, "/api/v1/tasks/a").status, 405) << method;
  }
  EXPECT_EQ(ask("GET", "/api/v1/tasks/a", "evil.example").status, 403);
  EXPECT_EQ(ask("GET", "/api/", "evil.example").status, 403);
  EXPECT_TRUE(asked.empty());
}

TEST_F(WebApiTest, AnAnswerThatIsHeldAlreadyIsNotSentAgain) {
  const auto header = [](const WebResponse& response, const std::string& name) {
    for (const auto& [key, value] : response.headers) {
      if (key == name) return value;
    }
    return std::string();
  };
  const WebResponse first = ask("GET", "/api/v1/jobs");
  const std::string tag = header(first, "ETag");
  EXPECT_THAT(tag, testing::MatchesRegex("W/\"[0-9a-f]{16}\""));
  EXPECT_EQ(header(first, "Cache-Control"), "no-cache");
  const auto again = [&](const std::string& known) {
    return ask("GET", "/api/v1/jobs", "localhost", {{"if-none-match", known}});
  };
  for (const std::string& known : {tag, "\"x\", " + tag, tag.substr(2), std::string("*")}) {
    EXPECT_EQ(again(known).status, 304) << known;
    EXPECT_EQ(again(known).body, "");
    EXPECT_EQ(header(again(known), "ETag"), tag);
  }
  EXPECT_EQ(again("W/\"0000000000000000\"").status, 200);
  reply.data = "{\"a\":2}";
  EXPECT_EQ(again(tag).status, 200) << "it has changed";
  reply = {404, {}, "not_found", "no"};
  EXPECT_EQ(header(again(tag), "ETag"), "") << "errors are not kept";
}

TEST_F(WebApiTest, LongAnswersArePacked) {
  reply.data = "\"" + std::string(5000, 'a') + "\"";
  const WebResponse packed =
      ask("GET", "/api/v1/tasks", "localhost", {{"accept-encoding", "br, gzip"}});
  EXPECT_LT(packed.body.size(), 200u);
  EXPECT_TRUE(packed.body.starts_with("\x1f\x8b"));
  EXPECT_EQ(ask("GET", "/api/v1/tasks", "localhost").body.size(), 5031u);
}

TEST(WebText, EncodesWhatItDecodes) {
  std::string all;
  for (int c = 0; c < 256; ++c) all += static_cast<char>(c);
  EXPECT_EQ(percent_decoded(percent_encoded(all)), all);
  EXPECT_EQ(percent_encoded("a.b/ä"), "a%2Eb%2F%C3%A4");
  EXPECT_EQ(percent_decoded("%"), std::nullopt);
  EXPECT_EQ(percent_decoded("a+b"), "a+b") << "a plus is a space in forms only";
}

}  // namespace
}  // namespace taskwatchd
