// Responses in parts, and requests that are answered whatever other connections do.
#include <gmock/gmock.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "io/http/http_fixture.h"
#include "io/http/http_server.h"

namespace taskwatchd {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

// Sends parts of 1 kB. /short ends before the announced length.
class TestParts : public WebParts {
 public:
  TestParts(std::size_t count, std::size_t announced) : left_(count), announced_(announced) {}
  std::size_t bytes() const override { return announced_ * 1024; }
  std::string_view next() override {
    if (left_ == 0) return {};
    --left_;
    part_.assign(1023, static_cast<char>('a' + left_ % 26));
    part_ += '\n';
    return part_;
  }

 private:
  std::size_t left_;
  std::size_t announced_;
  std::string part_;
};

class HttpPartsTest : public testing::Test {
 protected:
  HttpPartsTest() : server_(context_.get_executor(), answer, limits()) {
    address_ = server_.listen("127.0.0.1:0").address;
    thread_ = std::thread([this] { context_.run(); });
  }
  ~HttpPartsTest() override {
    boost::asio::post(context_, [this] { server_.stop(); });
    thread_.join();
  }
  static WebLimits limits() {
    WebLimits limits;
    limits.requests = 2;
    limits.always = [](const WebRequest& request) { return request.target == "/health"; };
    return limits;
  }
  static WebAnswer answer(const WebRequest& request) {
    WebResponse response;
    const std::size_t count = request.target == "/endless" ? 100'000 : 300;
    if (request.target == "/health") {
      response.body = "fine\n";
    } else {
      response.parts = std::make_shared<TestParts>(request.target == "/short" ? 299 : count, count);
    }
    return response;
  }
  std::string fetch(const std::string& method, const std::string& target) {
    RawClient client(address_);
    client.send(method + " " + target + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    return client.read();
  }

  boost::asio::io_context context_;
  HttpServer server_;
  std::string address_;
  std::thread thread_;
};

TEST_F(HttpPartsTest, AreOneBody) {
  const std::string reply = fetch("GET", "/");
  const std::size_t body = reply.find("\r\n\r\n") + 4;
  EXPECT_THAT(reply.substr(0, body), HasSubstr("\r\nContent-Length: 307200\r\n"));
  EXPECT_EQ(reply.size() - body, 300u * 1024);
  EXPECT_EQ(std::count(reply.begin() + static_cast<std::ptrdiff_t>(body), reply.end(), '\n'), 300);
  const std::string head = fetch("HEAD", "/");
  EXPECT_THAT(head, HasSubstr("\r\nContent-Length: 307200\r\n"));
  EXPECT_THAT(head, EndsWith("\r\n\r\n"));
}

TEST_F(HttpPartsTest, TheConnectionGoesOn) {
  RawClient kept(address_);
  for (int i = 0; i < 3; ++i) {
    kept.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    const std::string reply = kept.read("\n");
    EXPECT_THAT(reply, StartsWith("HTTP/1.1 200 "));
    std::size_t size = reply.size() - reply.find("\r\n\r\n") - 4;
    while (size < 300u * 1024) {
      const std::string more = kept.read("\n");
      ASSERT_FALSE(more.empty());
      size += more.size();
    }
    EXPECT_EQ(size, 300u * 1024);
  }
}

TEST_F(HttpPartsTest, FewerThanAnnouncedEndTheConnection) {
  const std::string reply = fetch("GET", "/short");
  EXPECT_EQ(reply.size() - reply.find("\r\n\r\n") - 4, 299u * 1024);
  RawClient kept(address_);
  kept.send("GET /short HTTP/1.1\r\nHost: x\r\n\r\n");
  kept.read();
  EXPECT_TRUE(kept.ended());
}

TEST_F(HttpPartsTest, HealthIsAnsweredWhateverOthersHold) {
  std::vector<RawClient> slow;
  for (int i = 0; i < 2; ++i) {
    slow.emplace_back(address_);
    slow.back().small_window();
    slow.back().send("GET /endless HTTP/1.1\r\nHost: x\r\n\r\n");
  }
  std::string refused;
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(5);
  do {
    refused = fetch("GET", "/");
  } while (!refused.starts_with("HTTP/1.1 503 ") && std::chrono::steady_clock::now() < end);
  EXPECT_THAT(refused, StartsWith("HTTP/1.1 503 "));
  for (int i = 0; i < 5; ++i) EXPECT_THAT(fetch("GET", "/health"), EndsWith("fine\n"));
}

}  // namespace
}  // namespace taskwatchd
