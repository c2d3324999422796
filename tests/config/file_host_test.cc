#include "config/file_host.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>

namespace taskwatchd {
namespace {

using testing::HasSubstr;
using testing::Not;

const std::vector<std::string> kOss = {"*.aliyuncs.com"};

std::string problem(const std::string& url, const std::vector<std::string>& hosts = kOss) {
  const auto read = read_file_url(url, hosts);
  const auto* const words = std::get_if<std::string>(&read);
  return words == nullptr ? "" : *words;
}

TEST(FileHost, TakesWhatTheListNames) {
  EXPECT_EQ(problem("https://iotx-1.oss-cn-shanghai.aliyuncs.com/job1/7u?Expires=1&Signature=a%2B"),
            "");
  EXPECT_EQ(problem("https://IOTX.AliYunCs.com:443/"), "");
  EXPECT_EQ(problem("https://files.example?x", {"a.b", "Files.Example"}), "");
  EXPECT_EQ(problem("https://files.example:8443/", {"files.example:8443"}), "");
  EXPECT_EQ(problem("https://8.8.8.8/", {"8.8.8.8"}), "");
  const auto read = read_file_url("https://A.aliyuncs.com/x", kOss);
  ASSERT_TRUE(std::holds_alternative<FileUrl>(read));
  EXPECT_EQ(std::get<FileUrl>(read).where(), "a.aliyuncs.com:443");
}

TEST(FileHost, ALinkOfHttpIsFetchedByHttps) {
  for (const char* url : {"http://A.aliyuncs.com/b/c.csv?Expires=1&Signature=x%2By/z",
                          "http://a.aliyuncs.com:80/b/c.csv?Expires=1&Signature=x%2By/z"}) {
    const auto read = read_file_url(url, kOss);
    ASSERT_TRUE(std::holds_alternative<FileUrl>(read)) << std::get<std::string>(read);
    const auto& where = std::get<FileUrl>(read);
    EXPECT_TRUE(where.is_upgraded);
    EXPECT_EQ(where.scheme, "https");
    EXPECT_EQ(where.where(), "a.aliyuncs.com:443");
    EXPECT_EQ(https_url(url, where), "https://a.aliyuncs.com/b/c.csv?Expires=1&Signature=x%2By/z");
  }
  const auto read = read_file_url("http://a.b?x", {"a.b"});
  EXPECT_EQ(https_url("http://a.b?x", std::get<FileUrl>(read)), "https://a.b?x");
  EXPECT_FALSE(std::get<FileUrl>(read_file_url("https://a.b/", {"a.b"})).is_upgraded);
  EXPECT_FALSE(std::get<FileUrl>(read_file_url("http://127.0.0.1/", {"127.0.0.1"})).is_upgraded);
}

TEST(FileHost, AFinalDotMeansNothing) {
  for (const char* url :
       {"https://a.aliyuncs.com./b?c=%2F", "HTTPS://A.aliyuncs.com:443/b?c=%2F"}) {
    const auto read = read_file_url(url, {"*.aliyuncs.com."});
    ASSERT_TRUE(std::holds_alternative<FileUrl>(read)) << std::get<std::string>(read);
    EXPECT_EQ(std::get<FileUrl>(read).where(), "a.aliyuncs.com:443");
    EXPECT_EQ(https_url(url, std::get<FileUrl>(read)), "https://a.aliyuncs.com/b?c=%2F");
  }
  EXPECT_EQ(problem("https://localhost.:1/", {"localhost"}), "");
  EXPECT_EQ(problem("https://localhost:1/", {"localhost."}), "");
}

TEST(FileHost, RefusesWhatItDoesNot) {
  for (const char* url : {"http://a.aliyuncs.com:8080/",
                          "http://evil.example/",
                          "ftp://a.aliyuncs.com/",
                          "",
                          "https://",
                          "https:///x",
                          "//a.aliyuncs.com/",
                          "file:///etc/passwd",
                          "https://aliyuncs.com/",
                          "https://aaliyuncs.com/",
                          "https://a.aliyuncs.com.evil.example/",
                          "https://evil.example/a.aliyuncs.com",
                          "https://evil.example?a.aliyuncs.com",
                          "https://evil.example#.aliyuncs.com",
                          "https://evil.example\\.aliyuncs.com/",
                          "https://user@a.aliyuncs.com/",
                          "https://a.aliyuncs.com@evil.example/",
                          "https://a.aliyuncs.com:444/",
                          "https://a.aliyuncs.com:/",
                          "https://a.aliyuncs.com:0443/",
                          "https://a.aliyuncs.com:99999999/",
                          "https://a.aliyuncs.com../",
                          "https://.aliyuncs.com/",
                          "https://a b.aliyuncs.com/",
                          "https://a\n.aliyuncs.com/",
                          "https://\xe4.aliyuncs.com/",
                          "https://a%2ealiyuncs.com/",
                          "https://a_b.aliyuncs.com/",
                          "https://127.0.0.1/",
                          "https://localhost/",
                          "https://[::1]/",
                          "https://[::1/",
                          "https://1.2.3.4/"}) {
    EXPECT_NE(problem(url), "") << url;
  }
  EXPECT_NE(problem("https://a.aliyuncs.com/" + std::string(10'000, 'x')), "");
}

TEST(FileHost, IncludesNeitherPathNorQuery) {
  for (const char* url :
       {"https://evil.example/canary?canary", "ftp://a.aliyuncs.com/canary?canary",
        "https://canary:canary@a.aliyuncs.com/", "canary"}) {
    EXPECT_THAT(problem(url), Not(HasSubstr("canary"))) << url;
  }
  EXPECT_THAT(problem("https://evil.example/x"), HasSubstr("evil.example:443"));
  EXPECT_THAT(problem("https://evil.example/x"), HasSubstr("distribution_file_hosts"));
}

TEST(FileHost, LoopbackMustBeWrittenOut) {
  const std::vector<std::string> loopback = {"127.0.0.1", "[::1]"};
  EXPECT_EQ(problem("http://127.0.0.1:8080/x", loopback), "");
  EXPECT_EQ(problem("https://[::1]:1/x", loopback), "");
  EXPECT_EQ(problem("http://127.0.0.1:8080/", {"127.0.0.1:8080"}), "");
  EXPECT_NE(problem("http://127.0.0.1:8081/", {"127.0.0.1:8080"}), "");
  for (const char* host : {"127.0.0.2", "localhost", "2130706433", "0x7f.1", "0x7f000001", "127.1",
                           "0177.0.0.1", "127.0.0.01", "127.0.0.1.", "[::ffff:127.0.0.1]",
                           "[0:0:0:0:0:0:0:1]", "127.0.0.256", "1e9"}) {
    EXPECT_NE(problem("http://" + std::string(host) + "/", loopback), "") << host;
    EXPECT_NE(problem("https://" + std::string(host) + "/", loopback), "") << host;
    EXPECT_NE(problem("https://" + std::string(host) + "/", {"*.0.0.1", "*"}), "") << host;
  }
}

TEST(FileHost, PatternsAreChecked) {
  for (const char* good : {"*.aliyuncs.com", "a.example", "files:8443", "127.0.0.1", "[::1]",
                           "localhost", "[::1]:8080", "*.a-b.c:444", "a.example.", "*.a.b.:444"}) {
    EXPECT_EQ(file_host_problem(good), std::nullopt) << good;
  }
  for (const char* bad :
       {"", "*", "*.com", "*.", "a*.com", "*.*.com", "https://a.b", "a.b/", "a b", "a:0", "a:x",
        "a:65536", "*.[::1]", "*.0.1", "2130706433", "127.1", "user@a.b", ".a.b", "[::1"}) {
    EXPECT_NE(file_host_problem(bad), std::nullopt) << bad;
  }
}

TEST(FileHost, WhatIsWrongWithAPatternIsNamed) {
  for (const auto& [pattern, wrong] :
       std::vector<std::pair<const char*, const char*>>{{"https://a.b", "has a scheme; write HOST"},
                                                        {"a.b/", "has a slash; write HOST"},
                                                        {"a_b.c", "has an underscore"}}) {
    EXPECT_THAT(file_host_problem(pattern).value_or(""), HasSubstr(wrong));
  }
}

bool is_public_text(const char* text) {
  in_addr v4{};
  if (inet_pton(AF_INET, text, &v4) == 1) return is_public(ntohl(v4.s_addr));
  std::array<std::uint8_t, 16> v6{};
  EXPECT_EQ(inet_pton(AF_INET6, text, v6.data()), 1) << text;
  return is_public(v6);
}

TEST(FileHost, PublicAddresses) {
  for (const char* text : {"8.8.8.8", "1.1.1.1", "9.255.255.255", "11.0.0.0", "100.63.255.255",
                           "100.128.0.0", "172.15.0.1", "172.32.0.1", "169.253.1.1", "223.5.5.5",
                           "192.167.1.1", "2400:3200::1", "::ffff:8.8.8.8", "64:ff9b::808:808"}) {
    EXPECT_TRUE(is_public_text(text)) << text;
  }
  for (const char* text : {"0.0.0.0",
                           "10.0.0.1",
                           "100.64.0.1",
                           "100.100.100.200",
                           "100.127.255.255",
                           "127.0.0.1",
                           "127.255.0.1",
                           "169.254.169.254",
                           "172.16.0.1",
                           "172.31.255.255",
                           "192.0.0.8",
                           "192.0.2.1",
                           "192.88.99.1",
                           "192.168.1.1",
                           "198.18.0.1",
                           "198.19.255.255",
                           "198.51.100.1",
                           "203.0.113.1",
                           "224.0.0.1",
                           "239.1.1.1",
                           "240.0.0.1",
                           "255.255.255.255",
                           "::",
                           "::1",
                           "::127.0.0.1",
                           "::ffff:127.0.0.1",
                           "::ffff:10.0.0.1",
                           "::ffff:169.254.169.254",
                           "64:ff9b::7f00:1",
                           "64:ff9b:1::1",
                           "100::1",
                           "2001::1",
                           "2001:db8::1",
                           "2002:7f00:1::",
                           "3fff::1",
                           "fc00::1",
                           "fd00:ec2::254",
                           "fe80::1",
                           "fec0::1",
                           "ff02::1"}) {
    EXPECT_FALSE(is_public_text(text)) << text;
  }
}

}  // namespace
}  // namespace taskwatchd
