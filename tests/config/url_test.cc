#include "config/url.h"

#include <gtest/gtest.h>

namespace taskwatchd {
namespace {

TEST(Endpoint, IsHttpsToAnyHost) {
  for (const char* good :
       {"https://iot.cn-shanghai.aliyuncs.com", "https://iot.cn-shanghai.aliyuncs.com:8443",
        "https://10.0.0.1", "https://[fd00::1]:443", "https://a", "https://A.B:65535"}) {
    EXPECT_EQ(endpoint_problem(good), std::nullopt) << good;
  }
}

TEST(Endpoint, IsHttpOnlyToALoopbackAddressWrittenOut) {
  for (const char* good :
       {"http://127.0.0.1:8080", "http://127.255.255.255", "http://[::1]:1", "http://localhost",
        "http://localhost:9", "http://LOCALHOST", "http://localhost.", "http://127.0.0.1."}) {
    EXPECT_EQ(endpoint_problem(good), std::nullopt) << good;
  }
  for (const char* bad :
       {"http://iot.cn-shanghai.aliyuncs.com", "http://10.0.0.1", "http://0.0.0.0", "http://127.1",
        "http://2130706433", "http://0x7f.0.0.1", "http://0177.0.0.1", "http://127.0.0.256",
        "http://127.0.0.1.example.com", "http://127.0.0.01", "http://localhost.example.com",
        "http://[::ffff:127.0.0.1]", "http://[::]", "http://127.0.0.1.."}) {
    EXPECT_NE(endpoint_problem(bad), std::nullopt) << bad;
  }
}

TEST(Endpoint, IsSchemeHostAndPortOnly) {
  for (const char* bad : {"",
                          "https://",
                          "iot.aliyuncs.com",
                          "ftp://a",
                          "https:/a",
                          "https://a//",
                          "https://a/path",
                          "https://a?x=1",
                          "https://a#f",
                          "https://u@a",
                          "https://u:p@a",
                          "https://a:",
                          "https://a:0",
                          "https://a:65536",
                          "https://a:08",
                          "https://a:+8",
                          "https://a:x",
                          "https://a:1:2",
                          "https://-a",
                          "https://a..b",
                          "https://a_b",
                          "https://a b",
                          "https://[::1",
                          "https://::1",
                          "https://[]",
                          "https://[::1]x",
                          "https://a\\b",
                          "//a",
                          "https://\xC3\xA9.com",
                          "https://a%2eb",
                          "https://a\n"}) {
    EXPECT_NE(endpoint_problem(bad), std::nullopt) << bad;
  }
}

TEST(Endpoint, SlashDotAndCaseMeanNothing) {
  for (const char* good : {"https://a.b/", "https://a.b./", "https://a.b.", "HTTPS://A.B"}) {
    EXPECT_EQ(endpoint_problem(good), std::nullopt) << good;
    EXPECT_EQ(origin_of(good), "https://a.b") << good;
  }
  EXPECT_EQ(origin_of("https://a.b.:443/"), "https://a.b:443");
  EXPECT_NE(endpoint_problem("https://a_b").value_or("").find("underscore"), std::string::npos);
}

// The case of proxy_slash.yaml, and names that Docker Compose creates.
TEST(Proxy, SlashDotAndUnderscoreMeanNothing) {
  for (const char* good :
       {"http://proxy.example.internal:3128/", "http://proxy.example.internal.:3128",
        "HTTP://Proxy.Example.Internal:3128/"}) {
    EXPECT_EQ(proxy_problem(good), std::nullopt) << good;
    EXPECT_EQ(origin_of(good), "http://proxy.example.internal:3128") << good;
  }
  EXPECT_EQ(proxy_problem("http://squid_proxy:3128"), std::nullopt);
  EXPECT_EQ(origin_of("http://squid_proxy:3128/"), "http://squid_proxy:3128");
  for (const char* bad : {"http://a/path", "http://_a", "http://a_", "http://a..", "http://."}) {
    EXPECT_NE(proxy_problem(bad), std::nullopt) << bad;
  }
}

// Boost.URL 1.81 reads such a name as an address and a path, so the checked host would differ from
// the called one.
TEST(Url, ANameThatBeginsLikeAnAddressIsAName) {
  const auto url = parse_url("https://127.0.0.1.Example.com:8/a?b=c");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->authority.host, "127.0.0.1.example.com");
  EXPECT_EQ(url->authority.port, "8");
  EXPECT_EQ(url->path, "/a");
  EXPECT_EQ(url->query, "?b=c");
  EXPECT_EQ(parse_url("http://127.0.0.1/")->authority.host, "127.0.0.1");
  // Some releases of Boost.URL reject this one; a user is refused later.
  const auto with_user = parse_url("http://u@2.3.4.5.a/");
  EXPECT_TRUE(!with_user || with_user->authority.has_user);
  EXPECT_EQ(parse_authority("10.0.0.1.nip.io:80")->host, "10.0.0.1.nip.io");
  EXPECT_EQ(parse_authority("10.0.0.1")->host, "10.0.0.1");
  EXPECT_FALSE(parse_url("https://[::1]x"));
  EXPECT_NE(endpoint_problem("http://127.0.0.1.example.com"), std::nullopt);
  EXPECT_EQ(endpoint_problem("https://10.0.0.1.nip.io"), std::nullopt);
}

TEST(Proxy, IsHttpOrHttpsToAnyHost) {
  EXPECT_EQ(proxy_problem("http://proxy.example.com:3128"), std::nullopt);
  EXPECT_EQ(proxy_problem("https://proxy.example.com"), std::nullopt);
  EXPECT_NE(proxy_problem("socks5://proxy.example.com"), std::nullopt);
  EXPECT_NE(proxy_problem("proxy.example.com:3128"), std::nullopt);
}

TEST(Proxy, MessageNeverRepeatsAPassword) {
  const auto problem = proxy_problem("http://user:hunter2@proxy.example.com");
  ASSERT_TRUE(problem);
  EXPECT_EQ(problem->find("hunter2"), std::string::npos);
}

}  // namespace
}  // namespace taskwatchd
