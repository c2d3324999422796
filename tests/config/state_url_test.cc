// The URL of the PostgreSQL state database: what libpq would read, and what is refused although
// libpq would take it.
#include "config/state_url.h"

#include <gmock/gmock.h>

#include "config/state_keywords.h"

namespace taskwatchd {
namespace {

using testing::HasSubstr;
using testing::Not;
using Parameters = std::vector<std::pair<std::string, std::string>>;

constexpr char kTls[] = "sslmode=verify-full&sslrootcert=/ca.pem";

// The URL; a failed test and an empty one if it is refused.
StateUrl read(const std::string& url) {
  auto result = parse_state_url(url);
  if (const auto* problem = std::get_if<std::string>(&result)) {
    ADD_FAILURE() << url << " " << *problem;
    return {};
  }
  return std::get<StateUrl>(std::move(result));
}

// What is wrong with it; empty if it is taken.
std::string problem(const std::string& url) {
  const auto result = parse_state_url(url);
  const auto* problem = std::get_if<std::string>(&result);
  return problem == nullptr ? "" : *problem;
}

TEST(StateUrl, IsReadAsLibpqReadsIt) {
  EXPECT_EQ(read("postgresql://").parameters, Parameters{});
  EXPECT_EQ(read("postgres:///db?").parameters, (Parameters{{"dbname", "db"}}));
  EXPECT_EQ(read("postgresql://me@a,b:5433,[fd00::1]:6/db?target_session_attrs=read-write&"
                 "sslmode=verify-full&sslrootcert=/ca.pem")
                .parameters,
            (Parameters{{"user", "me"},
                        {"host", "a,b,fd00::1"},
                        {"port", ",5433,6"},
                        {"dbname", "db"},
                        {"target_session_attrs", "read-write"},
                        {"sslmode", "verify-full"},
                        {"sslrootcert", "/ca.pem"}}));
  EXPECT_EQ(
      read("postgresql://%2Frun%2fpg/a%20b?user=%40me&application_name=x+%26y").parameters,
      (Parameters{
          {"host", "/run/pg"}, {"dbname", "a b"}, {"user", "@me"}, {"application_name", "x+&y"}}));
  EXPECT_EQ(read("postgresql://localhost?us%65r=me").value("user"), "me");
  EXPECT_EQ(read("postgresql://localhost,[::1]/db?port=5").value("port"), "5");
}

TEST(StateUrl, EveryParameterOfLibpq15And16IsKnown) {
  // PQconndefaults() of libpq 15, without those that are refused below.
  for (const char* keyword : {"user",
                              "passfile",
                              "channel_binding",
                              "connect_timeout",
                              "dbname",
                              "host",
                              "hostaddr",
                              "port",
                              "application_name",
                              "fallback_application_name",
                              "keepalives",
                              "keepalives_idle",
                              "keepalives_interval",
                              "keepalives_count",
                              "tcp_user_timeout",
                              "sslmode",
                              "sslcert",
                              "sslkey",
                              "sslrootcert",
                              "sslcrl",
                              "sslcrldir",
                              "sslsni",
                              "requirepeer",
                              "ssl_min_protocol_version",
                              "ssl_max_protocol_version",
                              "gssencmode",
                              "krbsrvname",
                              "gsslib",
                              "target_session_attrs",
                              "require_auth",
                              "load_balance_hosts",
                              "sslcertmode"}) {
    EXPECT_EQ(state_keyword_problem(keyword), std::nullopt) << keyword;
    EXPECT_EQ(password_keyword_problem(keyword), std::nullopt) << keyword;
  }
}

TEST(StateUrl, RefusesParametersThatCannotWork) {
  EXPECT_THAT(problem("postgresql://localhost/db?options=-csearch_path"), HasSubstr("PgBouncer"));
  EXPECT_THAT(problem("postgresql://localhost/db?client_encoding=LATIN1"), HasSubstr("UTF8"));
  EXPECT_THAT(problem("postgresql://localhost/db?requiressl=1"), HasSubstr("deprecated"));
  EXPECT_THAT(problem("postgresql://localhost/db?sslcompression=1"), HasSubstr("deprecated"));
  for (const char* keyword : {"options", "replication", "service", "client_encoding", "requiressl",
                              "sslcompression", "ssl"}) {
    const std::string said = problem("postgresql://localhost/db?" + std::string(keyword) + "=1");
    EXPECT_THAT(said, HasSubstr("`" + std::string(keyword) + "`")) << keyword;
  }
}

TEST(StateUrl, SuggestsTheParameterThatWasMeant) {
  EXPECT_EQ(problem("postgresql://localhost/db?sslmod=require"),
            "has an unknown parameter `sslmod`; did you mean `sslmode`?");
  EXPECT_EQ(problem("postgresql://localhost/db?SSLMODE=require"),
            "has an unknown parameter `SSLMODE`; did you mean `sslmode`?");
  EXPECT_EQ(problem("postgresql://localhost/db?colour=blue"),
            "has an unknown parameter `colour`; the parameters are those of libpq: correct or "
            "remove it");
  EXPECT_THAT(problem("postgresql://localhost/db?option=1"), HasSubstr("PgBouncer"));
  EXPECT_THAT(problem("postgresql://localhost/db?=1"), HasSubstr("unknown parameter;"));
  EXPECT_THAT(problem("postgresql://localhost/db?a%0a=1"), HasSubstr("percent code"));
}

TEST(StateUrl, NeverRepeatsAPassword) {
  for (const char* url : {"postgresql://u:hunter2@h/db",
                          "postgres://u:hunter2@h,h2:5432/db?sslmode=verify-full",
                          "postgresql://u:hunter2/hunter2@h/db",
                          "postgresql://u:1/hunter2@h/db",
                          "postgresql://u:hunter2@hunter2@h/db",
                          "postgresql://u:hunter2?hunter2@h/db",
                          "postgresql://u:1?hunter2/hunter2=x@h",
                          "postgresql://u:hunter2%zz@h/db",
                          "postgresql://u:hunter2 hunter2@h",
                          "postgresql://u:hunter2\xEF\xBC\x81@h",
                          "postgresql://u:@h",
                          "postgresql://:hunter2@h",
                          "postgresql://u%3Ahunter2@localhost",
                          "postgresql:///db?user=u:hunter2",
                          "postgresql:///db?password=hunter2",
                          "postgresql:///db?password=",
                          "postgresql:///db?p%61ssword=hunter2",
                          "postgresql:///db?passwrod=hunter2&hunter2=1",
                          "postgresql:///db?PASSWORD=a&hunter2",
                          "postgresql:///db?hunter2&password=hunter2",
                          "postgresql://h:hunter2?password=hunter2",
                          "postgresql:///db?sslpassword=hunter2",
                          "postgresql:///db?sslpasswd=hunter2"}) {
    const std::string said = problem(url);
    EXPECT_THAT(said, HasSubstr("assword")) << url;
    EXPECT_THAT(said, HasSubstr("state.password_file")) << url;
    EXPECT_THAT(said, HasSubstr("PGPASSFILE")) << url;
    EXPECT_THAT(said, Not(HasSubstr("hunter2"))) << url;
  }
}

// The error is about something else, but any part may be one of a password.
TEST(StateUrl, NeverRepeatsAValue) {
  for (const char* url :
       {"mysql://u:hunter2@h/db", "u:hunter2@h", "postgresql://u:hunter2",
        "postgresql://h:hunter2/", "postgresql://u:hunter2/h/db", "postgresql://[hunter2/db",
        "postgresql://h/hunter2%", "postgresql://h/hunter2?sslmode=require",
        "postgresql://h?sslmode=hunter2", "postgresql://h?hunter2",
        "postgresql://h?sslmode=a=hunter2", "postgresql://h?hunter2/x=1",
        "postgresql://h?port=hunter2", "postgresql://hunter2?host=h", "postgresql://h/a=hunter2"}) {
    EXPECT_NE(problem(url), "") << url;
    EXPECT_THAT(problem(url), Not(HasSubstr("hunter2"))) << url;
  }
}

TEST(StateUrl, RefusesWhatIsNoUrlOfLibpq) {
  for (const char* url : {"", "postgresql:", "postgresql:/", "postgresql:db", "POSTGRESQL://",
                          "jdbc:postgresql://h/db", "host=localhost", "http://localhost"}) {
    EXPECT_EQ(problem(url), "must begin with postgresql:// or postgres://") << url;
  }
  const std::pair<const char*, const char*> wrong[] = {
      {"@localhost", "empty user"},
      {"localhost:", "colon without a port"},
      {"localhost:1,localhost:/db", "colon without a port"},
      {"localhost:0", "1 to 65535"},
      {"localhost:65536", "1 to 65535"},
      {"localhost:05432", "1 to 65535"},
      {"localhost:+1", "1 to 65535"},
      {"localhost:1:2", "1 to 65535"},
      {"localhost:1%2C2", "one port"},
      {"::1", "brackets"},
      {"[::1", "brackets"},
      {"[]", "brackets"},
      {"[::1]1", "brackets"},
      {"localhost/a b", "percent-encoded"},
      {"localhost/a\tb", "percent-encoded"},
      {"localhost/\xC3\xA9", "percent-encoded"},
      {"localhost/a%", "percent code"},
      {"localhost/a%1", "percent code"},
      {"localhost/a%1g", "percent code"},
      {"localhost/a%00", "percent code"},
      {"localhost/a%7F", "percent code"},
      {"localhost?user=%", "percent code"},
      {"localhost/a%3Db", "database name"},
      {"localhost?dbname=postgres:%2F%2Fh", "database name"},
      {"localhost?user", "without a value"},
      {"localhost?&user=a", "without a value"},
      {"localhost?user=a&", "without a value"},
      {"localhost?user=", "no value for `user`"},
      {"localhost?user=a=b", "second = in the value of `user`"},
      {"localhost?user=a&user=b", "`user` twice"},
      {"me@localhost?user=b", "`user` twice"},
      {"localhost?host=/run", "`host` twice"},
      {"localhost:1?port=1", "`port` twice"},
      {"localhost/a?dbname=b", "`dbname` twice"},
      {"localhost,localhost?port=1,2,3", "one port"},
      {"localhost,localhost?hostaddr=127.0.0.1", "`hostaddr`"},
      {"/db?host=@abstract", "%40"},
      {"localhost/a@b", "%40"},
      {"localhost?sslmode=verify", "sslmode"},
      {"localhost?sslmode=VERIFY-FULL", "sslmode"},
  };
  for (const auto& [rest, part] : wrong) {
    EXPECT_THAT(problem("postgresql://" + std::string(rest)), HasSubstr(part)) << rest;
  }
  EXPECT_THAT(problem("postgresql:///" + std::string(5000, 'x')), HasSubstr("longer than 4096"));
}

TEST(StateUrl, NeedsVerifyFullTowardsAnotherHost) {
  for (const char* host :
       {"h", "h,localhost", "localhost,h", ",h", "10.0.0.1", "[fd00::1]", "127.0.0.1.example.com",
        "localhost.example.com", "127.1", "[::ffff:127.0.0.1]", "localhost%2Ch", "%20"}) {
    const std::string url = "postgresql://me@" + std::string(host) + "/db";
    EXPECT_THAT(problem(url), HasSubstr("prefer by default")) << host;
    EXPECT_THAT(problem(url), HasSubstr("add sslmode=verify-full&sslrootcert=")) << host;
    for (const char* mode : {"disable", "allow", "prefer", "require", "verify-ca"}) {
      EXPECT_THAT(problem(url + "?sslmode=" + mode), HasSubstr("is " + std::string(mode) + ")"));
    }
    EXPECT_TRUE(read(url + "?" + kTls).is_remote()) << host;
  }
  EXPECT_NE(problem("postgresql:///db?host=h"), "");
  EXPECT_NE(problem("postgresql:///db?hostaddr=10.0.0.1"), "");
  EXPECT_NE(problem("postgresql://localhost/db?hostaddr=10.0.0.1"), "");
  EXPECT_NE(problem("postgresql://localhost,h/db?hostaddr=127.0.0.1,"), "");
}

TEST(StateUrl, NeedsNoTlsOnTheSameHost) {
  for (const char* rest :
       {"", "/db", "localhost", "LOCALHOST:5433", "127.0.0.1", "127.255.0.1", "[::1]:5432",
        "localhost,127.0.0.1,[::1],", "%2Frun%2Fpostgresql", "%40abstract", "/db?host=/run/pg",
        "/db?host=%40abstract", "/db?hostaddr=127.0.0.1", "/db?hostaddr=::1",
        "h/db?hostaddr=127.0.0.1", "localhost?sslmode=disable", "localhost?sslmode=verify-ca"}) {
    EXPECT_FALSE(read("postgresql://" + std::string(rest)).is_remote()) << rest;
  }
}

TEST(StateUrl, IsShownWithoutParameters) {
  const auto shown = [](const std::string& rest) { return read("postgres://" + rest).shown(); };
  EXPECT_EQ(shown(""), "postgresql://");
  EXPECT_EQ(shown("/db?passfile=/x"), "postgresql:///db");
  EXPECT_EQ(shown("me@a:1,b/db?" + std::string(kTls)), "postgresql://me@a:1,b/db");
  EXPECT_EQ(shown("[::1]:5,localhost"), "postgresql://[::1]:5,localhost");
  EXPECT_EQ(shown("/db?host=/run/pg&user=a%40b&port=7"), "postgresql://a%40b@%2Frun%2Fpg:7/db");
  EXPECT_EQ(shown("localhost,[::1]/%C3%A9?port=7"), "postgresql://localhost:7,[::1]:7/%C3%A9");
  EXPECT_EQ(shown("/db?hostaddr=127.0.0.1,::1"), "postgresql://127.0.0.1,[::1]/db");
}

TEST(StateUrl, SchemaNamesNeedNoQuotes) {
  for (const std::string& good : {std::string("taskwatchd"), std::string("_"), std::string("a1_"),
                                  std::string("pg"), std::string(63, 'a')}) {
    EXPECT_TRUE(is_schema_name(good)) << good;
  }
  for (const std::string& bad :
       {std::string(), std::string("1a"), std::string("A"), std::string("pg_x"), std::string("a-b"),
        std::string("a.b"), std::string("\xC3\xA9"), std::string(64, 'a')}) {
    EXPECT_FALSE(is_schema_name(bad)) << bad;
  }
}

}  // namespace
}  // namespace taskwatchd
