#include "server/web.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

namespace taskwatchd {
namespace {

using Headers = std::vector<std::pair<std::string, std::string>>;

class TextParts : public WebParts {
 public:
  explicit TextParts(std::string text) : text_(std::move(text)) {}
  std::size_t bytes() const override { return text_.size(); }
  std::string_view next() override {
    if (std::exchange(is_read_, true)) return {};
    return text_;
  }

 private:
  std::string text_;
  bool is_read_ = false;
};

WebResponse resolved(WebAnswer answer) {
  auto* const later = std::get_if<boost::asio::awaitable<WebResponse>>(&answer);
  if (later == nullptr) return std::get<WebResponse>(std::move(answer));
  boost::asio::io_context context;
  WebResponse response;
  boost::asio::co_spawn(
      context, std::move(*later),
      [&](const std::exception_ptr&, WebResponse got) { response = std::move(got); });
  context.run();
  return response;
}

class WebTest : public testing::Test {
 protected:
  WebResponse ask(const std::string& method, const std::string& target, Headers headers = {}) {
    const bool named = std::any_of(headers.begin(), headers.end(),
                                   [](const auto& header) { return header.first == "host"; });
    if (!named) headers.emplace_back("host", "127.0.0.1:10120");
    const Web web(options, {.metrics = [this](OutputForm form) { return metrics(form); },
                            .ready = [this] { return ready; },
                            .reload =
                                [this] {
                                  ++reloads;
                                  return wrong;
                                },
                            .answered =
                                [this](const std::string& handler, int code) {
                                  answered = handler + " " + std::to_string(code);
                                }});
    WebResponse response = resolved(web.handle({method, target, std::move(headers)}));
    if (response.parts) {
      const std::size_t bytes = response.parts->bytes();
      for (auto part = response.parts->next(); !part.empty(); part = response.parts->next()) {
        response.body += part;
      }
      EXPECT_EQ(response.body.size(), bytes);
    }
    return response;
  }
  int status(const std::string& method, const std::string& target, Headers headers = {}) {
    return ask(method, target, std::move(headers)).status;
  }
  static std::string header(const WebResponse& response, const std::string& name) {
    for (const auto& [key, value] : response.headers) {
      if (key == name) return value;
    }
    return "(absent)";
  }

  boost::asio::awaitable<std::shared_ptr<WebParts>> metrics(OutputForm form) {
    asked = form;
    if (page.empty()) co_return nullptr;
    co_return std::make_shared<TextParts>(page);
  }

  WebOptions options;
  OutputForm asked;
  std::string page = "metric 1\n";  // empty: too many bytes are being sent
  bool ready = true;
  std::optional<std::string> wrong;
  int reloads = 0;
  std::string answered;
};

TEST_F(WebTest, RoutesByPathAlone) {
  EXPECT_EQ(ask("GET", "/metrics?debug=1").body, page);
  EXPECT_EQ(answered, "/metrics 200");
  EXPECT_EQ(ask("GET", "/metrics").content_type, "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_EQ(status("GET", "/-/healthy"), 200);
  EXPECT_EQ(status("GET", "/"), 200);
  for (const char* path : {"/metric", "/metrics/", "//metrics", "/favicon.ico", "", "/-/quit"}) {
    EXPECT_EQ(status("GET", path), 404) << path;
    EXPECT_EQ(answered, "other 404") << "no path as asked becomes a label";
  }
  EXPECT_EQ(header(ask("GET", "/"), "X-Content-Type-Options"), "nosniff");
  EXPECT_NE(header(ask("GET", "/"), "Content-Security-Policy"), "(absent)");
}

TEST_F(WebTest, OnlyReads) {
  for (const char* path : {"/metrics", "/-/healthy", "/-/ready", "/"}) {
    EXPECT_EQ(status("HEAD", path), 200) << path;
    for (const char* method : {"POST", "PUT", "DELETE", "OPTIONS", "get"}) {
      EXPECT_EQ(status(method, path), 405) << method << " " << path;
      EXPECT_EQ(header(ask(method, path), "Allow"), "GET");
    }
  }
}

TEST_F(WebTest, RunbooksAreThereInBothLanguages) {
  const std::string path = "/runbooks/TaskwatchdTasksBad";
  const auto is_in = [](const WebResponse& response, const std::string& language) {
    return response.status == 200 &&
           response.body.find("<html lang=\"" + language) != std::string::npos;
  };
  EXPECT_TRUE(is_in(ask("GET", path), "en"));
  EXPECT_EQ(answered, "/runbooks 200");
  EXPECT_TRUE(is_in(ask("GET", path, {{"accept-language", "zh-CN,zh;q=0.9,en;q=0.8"}}), "zh"));
  EXPECT_TRUE(is_in(ask("GET", path, {{"accept-language", "de, en;q=0.9, zh;q=0.8"}}), "en"));
  EXPECT_TRUE(is_in(ask("GET", path + "?lang=en", {{"accept-language", "zh"}}), "en"));
  EXPECT_TRUE(is_in(ask("GET", path + "?lang=zh"), "zh"));
  EXPECT_TRUE(is_in(ask("GET", "/runbooks/"), "en")) << "the index";
  const std::string tag = header(ask("GET", path), "ETag");
  EXPECT_EQ(status("GET", path, {{"if-none-match", tag}}), 304);
}

TEST_F(WebTest, RunbooksAreReadOnlyAndServedByAnyName) {
  for (const char* path : {"/runbooks/Other", "/runbooks/TaskwatchdTasksBad/", "/runbooksX"}) {
    EXPECT_EQ(status("GET", path), 404) << path;
  }
  EXPECT_EQ(status("POST", "/runbooks/TaskwatchdTasksBad"), 405);
  EXPECT_EQ(status("GET", "/runbooks/TaskwatchdTasksBad", {{"host", "other.example"}}), 200);
  options.route_prefix = "/watch";
  const WebResponse moved = ask("GET", "/watch/runbooks");
  EXPECT_EQ(moved.status, 308);
  EXPECT_EQ(header(moved, "Location"), "/watch/runbooks/");
  EXPECT_EQ(status("GET", "/watch/runbooks/TaskwatchdTasksBad"), 200);
}

TEST_F(WebTest, ReadyIsWhatTheAppReports) {
  EXPECT_EQ(status("GET", "/-/ready"), 200);
  ready = false;
  EXPECT_EQ(status("GET", "/-/ready"), 503);
  EXPECT_EQ(status("GET", "/-/healthy"), 200);
}

TEST_F(WebTest, MetricsAreZippedForWhomTakesIt) {
  const WebResponse zipped = ask("GET", "/metrics", {{"accept-encoding", "deflate, gzip;q=0.8"}});
  EXPECT_TRUE(asked.gzip);
  EXPECT_EQ(header(zipped, "Content-Encoding"), "gzip");
  EXPECT_EQ(header(zipped, "Vary"), "Accept-Encoding");
  for (const char* accept : {"gzip;q=0", "gzip; q=0.000", "identity", "br, gzip ; q=0.0", ""}) {
    const WebResponse plain = ask("GET", "/metrics", {{"accept-encoding", accept}});
    EXPECT_FALSE(asked.gzip) << accept;
    EXPECT_EQ(header(plain, "Content-Encoding"), "(absent)");
  }
}

TEST_F(WebTest, BeyondTheBudgetOfBytesThereIsNoPageButHealth) {
  page.clear();
  const WebResponse refused = ask("GET", "/metrics", {{"accept-encoding", "gzip"}});
  EXPECT_EQ(refused.status, 503);
  EXPECT_EQ(header(refused, "Retry-After"), "10");
  EXPECT_EQ(header(refused, "Content-Encoding"), "(absent)");
  EXPECT_EQ(answered, "/metrics 503");
  EXPECT_EQ(status("GET", "/-/healthy"), 200);
  EXPECT_EQ(status("GET", "/-/ready"), 200);
}

TEST_F(WebTest, OnlyHealthHasNoPartInTheLimitOfRequests) {
  options.route_prefix = "/p";
  const Web web(options, {});
  for (const char* path : {"/p/-/healthy", "/p/-/ready", "/p/-/ready?x=1"}) {
    EXPECT_TRUE(web.asks_health({"GET", path, {}})) << path;
  }
  for (const char* path : {"/-/healthy", "/p/metrics", "/p/", "/p/-/healthy/", "/p/-/reload"}) {
    EXPECT_FALSE(web.asks_health({"GET", path, {}})) << path;
  }
}

TEST_F(WebTest, TheHostIsCheckedWhereABrowserCouldBeMisled) {
  options.hosts = {"watch.example", "box"};
  const std::pair<const char*, int> table[] = {{"127.0.0.1:10120", 200},
                                               {"[::1]:10120", 200},
                                               {"192.0.2.7", 200},
                                               {"localhost:10120", 200},
                                               {"LOCALHOST", 200},
                                               {"watch.example", 200},
                                               {"Watch.Example:443", 200},
                                               {"box:1", 200},
                                               {"evil.example", 403},
                                               {"watch.example.evil.example", 403},
                                               {"evil.example/watch.example", 403},
                                               {"localhost.evil.example", 403},
                                               {"127.0.0.1.evil.example", 403},
                                               {"", 403}};
  for (const auto& [host, expected] : table) {
    EXPECT_EQ(status("GET", "/", {{"host", host}}), expected) << host;
    EXPECT_EQ(status("GET", "/metrics", {{"host", host}}), 200) << "any name: " << host;
    EXPECT_EQ(status("GET", "/-/healthy", {{"host", host}}), 200);
    EXPECT_EQ(status("GET", "/-/ready", {{"host", host}}), 200);
  }
}

TEST_F(WebTest, ReloadsOnlyWhenAllowedByPostFromHere) {
  EXPECT_EQ(status("POST", "/-/reload"), 403);
  EXPECT_EQ(reloads, 0);
  options.enable_lifecycle = true;
  EXPECT_EQ(status("POST", "/-/reload"), 200);
  EXPECT_EQ(status("PUT", "/-/reload"), 200);
  EXPECT_EQ(reloads, 2);
  EXPECT_EQ(status("GET", "/-/reload"), 405);
  EXPECT_EQ(status("POST", "/-/reload", {{"host", "evil.example"}}), 403);
  EXPECT_EQ(status("POST", "/-/reload", {{"sec-fetch-site", "cross-site"}}), 403);
  EXPECT_EQ(reloads, 2);
  EXPECT_EQ(status("POST", "/-/reload", {{"sec-fetch-site", "same-origin"}}), 200);
  wrong = "a.yaml:1:1: no accounts";
  const WebResponse bad = ask("POST", "/-/reload");
  EXPECT_EQ(bad.status, 500);
  EXPECT_EQ(bad.body, "a.yaml:1:1: no accounts\n");
}

TEST_F(WebTest, AReloadIsNotForPagesOfOtherSites) {
  options.enable_lifecycle = true;
  options.external_url = "https://Watch.example/iot/";
  const auto from = [&](const std::string& origin, const std::string& host) {
    return status("POST", "/-/reload", {{"host", host}, {"origin", origin}});
  };
  const std::string box = "127.0.0.1:10120";
  EXPECT_EQ(from("http://127.0.0.1:10120", box), 200);
  EXPECT_EQ(from("http://LOCALHOST", "localhost"), 200);
  EXPECT_EQ(from("https://watch.example", box), 200) << "by way of a proxy";
  for (const char* other :
       {"null", "", "http://evil.example", "http://127.0.0.1", "http://127.0.0.1:80",
        "http://127.0.0.1:9090", "http://127.0.0.1:10120.evil.example", "http://192.0.2.7",
        "http://localhost:10120", "file://", "127.0.0.1:10120", "://", "https://watch.example:444",
        "http://a@127.0.0.1:10120"}) {
    EXPECT_EQ(from(other, box), 403) << other;
  }
  options.external_url = "";
  EXPECT_EQ(from("https://watch.example", box), 403);
  EXPECT_EQ(reloads, 3);
}

TEST_F(WebTest, APrefixIsPartOfEachPath) {
  options.route_prefix = "/watch";
  options.telemetry_path = "/own";
  EXPECT_EQ(status("GET", "/watch/own"), 200);
  EXPECT_EQ(status("GET", "/watch"), 308);
  EXPECT_EQ(header(ask("GET", "/watch?x=1"), "Location"), "/watch/");
  EXPECT_EQ(status("GET", "/watch/"), 200);
  EXPECT_EQ(status("GET", "/own"), 404);
  EXPECT_EQ(status("GET", "/watch/metrics"), 404);
  EXPECT_EQ(status("GET", "/watchown"), 404);
  // Its links are relative, because a proxy may serve it under any path.
  EXPECT_NE(ask("GET", "/watch/").body.find("href=\"./own\""), std::string::npos);
}

TEST(WebNames, PrefixComesFromTheFlagOrTheExternalUrl) {
  EXPECT_EQ(route_prefix("", ""), "");
  EXPECT_EQ(route_prefix("/", ""), "");
  EXPECT_EQ(route_prefix("a/", "http://h/b"), "/a");
  EXPECT_EQ(route_prefix("", "http://h/b/c/"), "/b/c");
  EXPECT_EQ(route_prefix("", "http://h"), "");
}

TEST(WebNames, HostsAreTakenOutOfUrlsAndHeaders) {
  EXPECT_EQ(host_of("https://A.example:443/x"), "a.example");
  EXPECT_EQ(host_of("a.example"), "a.example");
  EXPECT_EQ(host_of("[::1]:80"), "::1");
  EXPECT_EQ(host_of("[::1"), "") << "neither a name nor an address";
  EXPECT_EQ(host_of(""), "");
  const auto hosts = served_hosts({"Other:1"}, "https://ext.example/x");
  EXPECT_NE(std::find(hosts.begin(), hosts.end(), "other"), hosts.end());
  EXPECT_NE(std::find(hosts.begin(), hosts.end(), "ext.example"), hosts.end());
}

TEST_F(WebTest, OpenMetricsIsForThoseWhoNameIt) {
  const auto type = [&](const std::string& accept) {
    return ask("GET", "/metrics", {{"accept", accept}}).content_type;
  };
  const std::string open = "application/openmetrics-text; version=1.0.0; charset=utf-8";
  // The Accept headers of Prometheus 2 and 3.
  EXPECT_EQ(type("application/openmetrics-text;version=1.0.0,application/openmetrics-text;"
                 "version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"),
            open);
  EXPECT_EQ(type("application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6, "
                 "text/plain;version=0.0.4;q=0.4"),
            open);
  EXPECT_EQ(type("application/openmetrics-text"), open);
  for (const char* accept :
       {"", "*/*", "text/plain", "application/openmetrics-text;version=2.0.0",
        "application/openmetrics-text;q=0", "application/openmetrics-text;q=0.3,text/plain",
        "application/openmetrics-text;q=x"}) {
    EXPECT_EQ(type(accept), "text/plain; version=0.0.4; charset=utf-8") << accept;
  }
  EXPECT_EQ(asked.format, MetricsFormat::kText);
  type("application/openmetrics-text");
  EXPECT_EQ(asked.format, MetricsFormat::kOpenMetrics);
}

}  // namespace
}  // namespace taskwatchd
