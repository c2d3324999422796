#include "server/web_settings.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include "config/bcrypt.h"
#include "fakes/main_path.h"
#include "io/temporary_folder.h"
#include "io/test_certificates.h"
#include "ports.h"

namespace taskwatchd {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class WebSettingsTest : public testing::Test {
 protected:
  WebSettingsTest() {
    issue();
    configure();
  }
  void issue() {
    const auto [certificate, key] = authority.issue();
    folder.write("c.pem", certificate);
    ::chmod(folder.write("k.pem", key).c_str(), 0600);
  }
  void configure(
      const std::string& users = "  anna: " + bcrypt_of_nobody(10) + "\n",
      const std::string& tls = "tls_server_config: {cert_file: c.pem, key_file: k.pem}\n") {
    folder.write("w.yml", tls + (users.empty() ? "" : "basic_auth_users:\n") + users);
  }
  void start() {
    EXPECT_THAT(settings.load_first(), IsEmpty());
    spawn(context.get_executor(), settings.follow());
    clock.settle();
  }
  // Lets pending inotify events be handled, then advances the clock.
  void pass(Duration time) {
    clock.settle();
    clock.advance(time);
  }
  std::vector<std::string> logged(const std::string& name) const {
    std::vector<std::string> all;
    for (const Event& event : log.events) {
      if (event.name == name) all.push_back(event.msg);
    }
    return all;
  }

  TestAuthority authority;
  TemporaryFolder folder;
  boost::asio::io_context context;
  FakeClock clock{context};
  NotedLog log;
  std::vector<WebSetting> taken;
  WebSettings settings{context.get_executor(), clock, log, folder / "w.yml",
                       [this](const WebSetting& setting) { taken.push_back(setting); }};
};

TEST_F(WebSettingsTest, TakesTheFirstAndNothingMore) {
  start();
  ASSERT_EQ(taken.size(), 1U);
  EXPECT_TRUE(taken[0].tls);
  EXPECT_EQ(taken[0].config.users.size(), 1U);
  pass(seconds(60));
  EXPECT_EQ(taken.size(), 1U);
  EXPECT_THAT(log.events, IsEmpty());
}

TEST_F(WebSettingsTest, NamesWhatIsWrongWithTheFirst) {
  std::filesystem::remove(folder / "k.pem");
  const auto errors = settings.load_first();
  ASSERT_EQ(errors.size(), 1U);
  EXPECT_THAT(to_string(errors[0]),
              HasSubstr("w.yml:1:49: `key_file` " + (folder / "k.pem") + " cannot be read: "));
  EXPECT_THAT(taken, IsEmpty());
  std::filesystem::remove(folder / "w.yml");
  EXPECT_THAT(to_string(settings.load_first().at(0)), HasSubstr("w.yml: cannot be read"));
}

TEST_F(WebSettingsTest, ANewCertificateIsAppliedOnceItsFilesAreStable) {
  start();
  issue();
  pass(milliseconds(150));
  EXPECT_EQ(taken.size(), 1U);
  pass(milliseconds(1000));
  ASSERT_EQ(taken.size(), 2U);
  EXPECT_NE(taken[1].tls, taken[0].tls);
  EXPECT_THAT(logged("config_reloaded"), ElementsAre("web configuration reloaded and active"));
}

TEST_F(WebSettingsTest, ChangesWithoutNotificationAreFoundWithinSeconds) {
  start();
  issue();
  clock.advance(seconds(6));  // the loop gets no inotify event in between
  EXPECT_EQ(taken.size(), 2U);
}

TEST_F(WebSettingsTest, AFileThatIsBeingWrittenIsNotTaken) {
  start();
  for (int i = 0; i < 20; ++i) {
    configure("  user" + std::to_string(i) + ": " + bcrypt_of_nobody(10) + "\n");
    pass(milliseconds(150));
  }
  EXPECT_EQ(taken.size(), 1U);
  pass(milliseconds(1000));
  ASSERT_EQ(taken.size(), 2U);
  EXPECT_TRUE(taken[1].config.users.contains("user19"));
}

TEST_F(WebSettingsTest, ABadFileKeepsTheOldAndIsReportedOnce) {
  start();
  configure("  anna: plain\n  berta: text\n");
  pass(seconds(60));
  EXPECT_EQ(taken.size(), 1U);
  EXPECT_FALSE(settings.good());
  ASSERT_THAT(logged("config_reload_failed"), testing::SizeIs(1));
  EXPECT_THAT(logged("config_reload_failed")[0],
              HasSubstr("w.yml:3:9: the password of user `anna` must be a bcrypt hash"));
  EXPECT_THAT(logged(""), ElementsAre(HasSubstr("w.yml:4:10: the password of user `berta`")));
  configure();
  pass(seconds(10));
  EXPECT_TRUE(settings.good());
  EXPECT_EQ(taken.size(), 1U) << "the one in force";
}

TEST_F(WebSettingsTest, AKeyThatIsNotYetThereIsWaitedFor) {
  start();
  const auto [certificate, key] = authority.issue();
  folder.write("c.pem", certificate);
  pass(seconds(10));
  EXPECT_EQ(taken.size(), 1U);
  EXPECT_THAT(logged("config_reload_failed"),
              ElementsAre(HasSubstr("w.yml:1:49: `key_file` " + (folder / "k.pem") +
                                    " is not the key of `cert_file`")));
  folder.write("k.pem", key);
  pass(seconds(10));
  EXPECT_EQ(taken.size(), 2U);
  EXPECT_TRUE(settings.good());
}

TEST_F(WebSettingsTest, WhatProtectsIsNotTakenAway) {
  start();
  folder.write("w.yml", "");
  pass(seconds(10));
  EXPECT_EQ(taken.size(), 1U);
  const auto failures = logged("config_reload_failed");
  ASSERT_EQ(failures.size(), 1U);
  EXPECT_THAT(failures[0],
              HasSubstr("`tls_server_config` was removed, but TLS cannot be turned off while "
                        "taskwatchd runs; restore it, or restart taskwatchd"));
  EXPECT_THAT(logged(""), ElementsAre(HasSubstr("`basic_auth_users` was removed")));
  configure("");
  EXPECT_THAT(settings.request().value_or(""), HasSubstr("`basic_auth_users` was removed"));
  configure("  berta: " + bcrypt_of_nobody(10) + "\n");
  EXPECT_EQ(settings.request(), std::nullopt);
  EXPECT_EQ(taken.size(), 2U) << "other users are others to let in";
}

TEST_F(WebSettingsTest, ProtectionMayBeAdded) {
  folder.write("w.yml", "http_server_config: {headers: {X-Frame-Options: deny}}\n");
  start();
  ASSERT_EQ(taken.size(), 1U);
  EXPECT_FALSE(taken[0].tls);
  configure();
  EXPECT_EQ(settings.request(), std::nullopt);
  ASSERT_EQ(taken.size(), 2U);
  EXPECT_TRUE(taken[1].tls);
}

TEST_F(WebSettingsTest, ARequestedReloadReadsTheFileAtOnce) {
  start();
  issue();
  EXPECT_EQ(settings.request(), std::nullopt);
  EXPECT_EQ(taken.size(), 2U);
  configure("  anna: plain\n");
  for (std::size_t times = 1; times <= 2; ++times) {
    EXPECT_THAT(settings.request().value_or(""), HasSubstr("must be a bcrypt hash"));
    EXPECT_THAT(logged("config_reload_failed"), testing::SizeIs(times));
  }
  pass(seconds(60));
  EXPECT_THAT(logged("config_reload_failed"), testing::SizeIs(2)) << "not without being asked";
  EXPECT_EQ(taken.size(), 2U);
}

TEST_F(WebSettingsTest, AKeyThatEveryUserMayReadIsWarnedOf) {
  ASSERT_EQ(::chmod((folder / "k.pem").c_str(), 0644), 0);
  start();
  EXPECT_EQ(taken.size(), 1U) << "and served";
  EXPECT_THAT(logged(""), ElementsAre(HasSubstr("k.pem can be read by every user")));
}

TEST_F(WebSettingsTest, TextsOfTheFileItselfAreServed) {
  const auto [certificate, key] = authority.issue();
  const auto indented = [](const std::string& name, std::string text) {
    for (std::size_t at = 0; (at = text.find('\n', at)) != std::string::npos; at += 5) {
      text.replace(at, 1, "\n    ");
    }
    return "  " + name + ": |\n    " + text + "\n";
  };
  configure("", "tls_server_config:\n" + indented("cert", certificate) + indented("key", key));
  ::chmod((folder / "w.yml").c_str(), 0644);
  start();
  ASSERT_EQ(taken.size(), 1U);
  EXPECT_TRUE(taken[0].tls);
  EXPECT_THAT(logged(""), ElementsAre(HasSubstr("`key` of this file can be read by every user")));
  EXPECT_THAT(logged("")[0], Not(HasSubstr("PRIVATE KEY")));
}

TEST_F(WebSettingsTest, WhatIsLessSafeIsWarnedOfAndServed) {
  configure("  bob: " + bcrypt_of_nobody(18) + "\n", "rate_limit: {interval: 1s}\n");
  start();
  EXPECT_EQ(taken.size(), 1U);
  EXPECT_THAT(logged(""), ElementsAre(HasSubstr("every request gets 429"),
                                      HasSubstr("user `bob` has a cost of 18")));
}

TEST_F(WebSettingsTest, ClientsDoNotBecomeUnverified) {
  folder.write("ca.pem", authority.certificate());
  const auto tls = [this](const std::string& auth) {
    configure("", "tls_server_config: {cert_file: c.pem, key_file: k.pem, " + auth + "}\n");
  };
  tls("client_auth_type: RequireAndVerifyClientCert, client_ca_file: ca.pem");
  start();
  for (const char* weaker : {"VerifyClientCertIfGiven, client_ca_file: ca.pem",
                             "RequireAnyClientCert", "NoClientCert"}) {
    tls("client_auth_type: " + std::string(weaker));
    EXPECT_THAT(settings.request().value_or(""),
                HasSubstr("`client_auth_type: RequireAndVerifyClientCert` was removed"))
        << weaker;
  }
  tls("client_auth_type: RequireAndVerifyClientCert");
  EXPECT_THAT(settings.request().value_or(""), HasSubstr("`client_ca_file` was removed"));
  EXPECT_EQ(taken.size(), 1U);
}

TEST_F(WebSettingsTest, WithoutAFileThereIsNothingToFollow) {
  WebSettings none(context.get_executor(), clock, log, "",
                   [this](const WebSetting& setting) { taken.push_back(setting); });
  EXPECT_THAT(none.load_first(), IsEmpty());
  spawn(context.get_executor(), none.follow());
  clock.settle();
  EXPECT_EQ(none.request(), std::nullopt);
  EXPECT_THAT(taken, IsEmpty());
}

}  // namespace
}  // namespace taskwatchd
