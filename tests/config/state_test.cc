// The keys of `state` and `replica`, and which of them need a restart.
#include <gmock/gmock.h>

#include "config/parse_text.h"
#include "config/restart.h"

namespace taskwatchd {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr const char* kAccounts = "accounts: [{name: a, instances: [{region: cn-shanghai}]}]\n";
constexpr const char* kUrl = "url: 'postgresql://me@localhost/db'";

Config with(const std::string& text) {
  return parsed(kAccounts + text);
}
// Without the file's name and line, which is the second.
std::string wrong(const std::string& line) {
  return errors_of(kAccounts + line + "\n");
}

TEST(State, IsSqliteByDefault) {
  const Config config = with("");
  EXPECT_EQ(config.state_path, "/var/lib/taskwatchd/state.db");
  EXPECT_EQ(config.state_url, "");
  EXPECT_EQ(config.state_password_file, "");
  EXPECT_EQ(config.state_schema, "taskwatchd");
  EXPECT_EQ(config.replica_name, "");
  EXPECT_EQ(config.replica_url, "");
}

TEST(State, ReadsEveryKeyOfPostgresql) {
  const Config config = with(R"(state:
  url: postgresql://me@h1,h2/db?sslmode=verify-full&sslrootcert=/ca.pem
  password_file: keys/postgres
  schema: other
  retain: 2d
replica: {name: "replica-1", url: "https://one.example/taskwatchd/"}
)");
  EXPECT_EQ(config.state_path, "");
  EXPECT_EQ(config.state_url, "postgresql://me@h1,h2/db?sslmode=verify-full&sslrootcert=/ca.pem");
  EXPECT_EQ(config.state_password_file, "/etc/taskwatchd/keys/postgres");
  EXPECT_EQ(config.state_schema, "other");
  EXPECT_EQ(config.retain, std::chrono::hours(48));
  EXPECT_EQ(config.replica_name, "replica-1");
  EXPECT_EQ(config.replica_url, "https://one.example/taskwatchd");
}

TEST(State, PasswordFileMayBeACredentialOfSystemd) {
  const std::string yaml = std::string(kAccounts) + "state: {" + kUrl +
                           ", password_file: $CREDENTIALS_DIRECTORY/postgres}\n";
  EXPECT_EQ(parsed(yaml, {"f.yaml", "/etc", "/run/credentials/x", "/state"}).state_password_file,
            "/run/credentials/x/postgres");
  EXPECT_EQ(parsed(yaml, {"f.yaml", "/etc", "/run/credentials/x", "/state"}).state_path, "");
  EXPECT_THAT(errors_of(yaml), HasSubstr("`password_file` needs CREDENTIALS_DIRECTORY"));
}

TEST(State, IsOneOfTheTwo) {
  EXPECT_EQ(wrong("state: {path: /a, " + std::string(kUrl) + "}"),
            "f.yaml:2:15: `path` and `url` are both set; remove `path` to use PostgreSQL, or `url` "
            "to use the file\n");
  for (const char* key : {"password_file", "schema"}) {
    EXPECT_THAT(wrong("state: {" + std::string(key) + ": a}"),
                HasSubstr("`" + std::string(key) +
                          "` is used only with PostgreSQL; set `url` in `state`, or remove it"));
  }
  EXPECT_EQ(wrong("replica: {name: a}"),
            "f.yaml:2:10: `replica` needs `state.url`: replicas share a PostgreSQL database; set "
            "`url` in `state`, or remove `replica`\n");
  EXPECT_THAT(wrong("state: {path: /a}\nreplica: {}"), HasSubstr("needs `state.url`"));
}

TEST(State, AnInvalidUrlIsOneError) {
  EXPECT_EQ(wrong("state: {url: mysql://h, password_file: a, schema: b}\nreplica: {name: a}"),
            "f.yaml:2:14: `url` must begin with postgresql:// or postgres://\n");
  EXPECT_THAT(wrong("state: {url: [a]}\nreplica: {name: a}"), Not(HasSubstr("replica")));
  EXPECT_THAT(wrong("replica: {name: a}\nstate: {url"), Not(HasSubstr("`replica` needs")));
}

TEST(State, ErrorsNeverRepeatAPassword) {
  const std::string url = "postgresql://me:cAn,Ary,cAnArY,p\xEF\xBC\x81@h/db";
  for (const std::string& line :
       {"state: {url: " + url + "}", "state: {url: '" + url + "'}", "state:\n  url: " + url,
        "state: {url: [" + url + "]}", "state: {path: a, url: \"" + url + "\"}", "state: " + url,
        "state: {url: " + url, "state: {url: '" + url + "}",
        "state: {" + std::string(kUrl) + "}\nreplica: {url: 'https://me:cAnArY@h'}",
        "state: {" + std::string(kUrl) + "}\nreplica: {url: 'https://me:cAnArY@h:x'}"}) {
    const std::string errors = wrong(line);
    EXPECT_NE(errors, "") << line;
    for (const char* part : {"cAn", "Ary", "ff01"}) {
      EXPECT_THAT(errors, Not(HasSubstr(part))) << line;
    }
  }
}

// {url: A,B} has the key `B`.
TEST(State, SeveralHostsNeedQuotesInsideBraces) {
  const std::string errors = wrong("state: {url: postgresql://localhost,h2/db}");
  EXPECT_THAT(errors, HasSubstr("f.yaml:2:37: unknown key without a value in `state`; remove it, "
                                "or put a URL with a comma into quotes\n"));
}

TEST(State, SuggestsTheKeyThatWasMeant) {
  EXPECT_THAT(wrong("state: {pasword_file: a}"), HasSubstr("did you mean `password_file`?"));
  EXPECT_THAT(wrong("state: {" + std::string(kUrl) + "}\nreplica: {names: a}"),
              HasSubstr("unknown key `names` in `replica`; did you mean `name`?"));
  EXPECT_THAT(wrong("state: {" + std::string(kUrl) + ", schema: Pg_x}"),
              HasSubstr("schema `Pg_x` must be 1 to 63 of a-z, 0-9 and _"));
  EXPECT_THAT(wrong("replicas: {name: a}"), HasSubstr("did you mean `replica`?"));
}

TEST(Replica, HasANameAndAUrlThatPeopleCanOpen) {
  const auto replica = [](const std::string& text) {
    return "state: {" + std::string(kUrl) + "}\nreplica: {" + text + "}\n";
  };
  EXPECT_EQ(with(replica("")).replica_name, "");
  EXPECT_EQ(with(replica("name: " + std::string(63, 'x'))).replica_name, std::string(63, 'x'));
  EXPECT_EQ(with(replica("name: 7")).replica_name, "7");
  EXPECT_EQ(with(replica("url: 'HTTP://[::1]:80'")).replica_url, "HTTP://[::1]:80");
  for (const std::string& name :
       {std::string("a b"), std::string("\xC3\xA9"), std::string(64, 'x'), std::string("'a\tb'")}) {
    EXPECT_THAT(wrong(replica("name: " + name)), HasSubstr("1 to 63 printable ASCII")) << name;
  }
  for (const char* url : {"ftp://a", "a.example", "javascript:alert(1)", "https://", "https://a:0",
                          "https://a:65536", "https://u@a", "https://a/?x=1", "https://a/#x"}) {
    EXPECT_THAT(wrong(replica("url: '" + std::string(url) + "'")), HasSubstr("`url` must ")) << url;
  }
  EXPECT_THAT(wrong(replica("url: 'https://a/" + std::string(1024, 'x') + "'")),
              HasSubstr("longer than 1024 bytes"));
}

TEST(Restart, IsNeededForWhatStaysOpen) {
  const Config sqlite = with("");
  const Config postgres = with("state: {" + std::string(kUrl) + "}\n");
  EXPECT_THAT(restart_needed(sqlite, with("state: {retain: 1d}\nmetrics: {task_series: all}\n")),
              IsEmpty());
  EXPECT_THAT(restart_needed(sqlite, with("state: {path: /other}\n")), ElementsAre("state.path"));
  EXPECT_THAT(restart_needed(sqlite, postgres), ElementsAre("state.url"));
  EXPECT_THAT(restart_needed(postgres, sqlite), ElementsAre("state.url"));
  const Config other = with(R"(state: {url: "postgresql:///other", password_file: p, schema: s}
replica: {name: n, url: "http://r"}
)");
  EXPECT_THAT(restart_needed(postgres, other),
              ElementsAre("state.url", "state.password_file", "state.schema", "replica.name",
                          "replica.url"));
}

TEST(Restart, UntilThenTheActiveSettingsStay) {
  const Config active = with("state: {" + std::string(kUrl) + ", schema: s}\nreplica: {name: n}\n");
  Config next = with("state: {path: /other, retain: 1d}\n");
  keep_until_restart(active, next);
  EXPECT_THAT(restart_needed(active, next), IsEmpty());
  EXPECT_EQ(next.state_path, "");
  EXPECT_EQ(next.state_url, "postgresql://me@localhost/db");
  EXPECT_EQ(next.retain, std::chrono::hours(24));
}

}  // namespace
}  // namespace taskwatchd
