// The key `notify`: every value of a sink, the defaults, and each error word for word.
#include <gmock/gmock.h>

#include "config/parse_text.h"

namespace taskwatchd {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kAccounts =
    "accounts: [{name: prod, instances: [{region: cn-shanghai}]}, {name: test, instances: "
    "[{region: "
    "cn-beijing}]}]\n";

std::vector<SinkConfig> sinks(const std::string& text) {
  return parsed(kAccounts + text).sinks;
}
// The only sink, with these keys besides name, format and URL.
SinkConfig sink(const std::string& format, const std::string& keys = "") {
  const std::string url = is_chat(*find_in<SinkFormat>(kSinkFormatNames, format))
                              ? "url_file: /run/url"
                              : "url: 'https://h.example/in'";
  const auto all =
      sinks("notify: [{name: s, format: " + format + ", " + url + ", " + keys + "}]\n");
  return all.size() == 1 ? all[0] : SinkConfig{};
}
// The errors without the file's name and line.
std::string wrong(const std::string& sink_text) {
  return errors_of(kAccounts + ("notify: [{" + sink_text + "}]\n"));
}
// The errors of a valid sink to which `keys` were added, without positions.
std::string refused(const std::string& format, const std::string& keys) {
  const bool has_url = keys.find("url") != std::string::npos;
  const std::string url = has_url ? "" : "url_file: u, ";
  std::string lines;
  std::istringstream errors(wrong("name: s, format: " + format + ", " + url + keys));
  for (std::string line; std::getline(errors, line);) {
    lines += (lines.empty() ? "" : "\n") + line.substr(line.find(": ") + 2);
  }
  return lines;
}

TEST(Notify, IsOptional) {
  EXPECT_TRUE(sinks("").empty());
  EXPECT_TRUE(sinks("notify: []\n").empty());
}

TEST(Notify, ReadsEveryKeyOfAChat) {
  const auto all = sinks(R"(
notify:
  - name: ops-chat
    format: dingtalk
    url_file: keys/ops-chat-url
    secret_file: /etc/taskwatchd/keys/ops-chat-secret
    events: [task_transition, job_finished]
    to: [FAILED, TIMED_OUT, UNKNOWN]
    accounts: [prod]
    jobs: ["ota-*", 7]
    labels: {team: ota}
    from: {tasks: 3, ratio: 0.5}
    title: "[prod] "
    mention: {all: true, users: [manager01], mobiles: [13800000000, +852-12345678], from: {tasks: 7, ratio: 1}}
    heartbeat: "23:59"
    time_zone: America/Argentina/Buenos_Aires
    language: zh
    max_per_minute: 6
    give_up: 30m
    proxy: http://proxy:3128
    ca_file: ca.pem
)");
  ASSERT_EQ(all.size(), 1U);
  SinkConfig wanted;
  wanted.name = "ops-chat";
  wanted.format = SinkFormat::kDingTalk;
  wanted.url_file = "/etc/taskwatchd/keys/ops-chat-url";
  wanted.secret_file = "/etc/taskwatchd/keys/ops-chat-secret";
  wanted.events = {"task_transition", "job_finished"};
  wanted.to = {TaskStatus::kFailed, TaskStatus::kTimedOut, TaskStatus::kUnknown};
  wanted.accounts = {"prod"};
  wanted.jobs = {"ota-*", "7"};
  wanted.labels = {{"team", "ota"}};
  wanted.from.tasks = 3;
  wanted.from.ratio = 0.5;
  wanted.title = "[prod] ";
  wanted.mention.all = true;
  wanted.mention.users = {"manager01"};
  wanted.mention.mobiles = {"13800000000", "+852-12345678"};
  wanted.mention.from.tasks = 7;
  wanted.mention.from.ratio = 1;
  wanted.heartbeat = hours(23) + minutes(59);
  wanted.time_zone = "America/Argentina/Buenos_Aires";
  wanted.language = Language::kChinese;
  wanted.max_per_minute = 6;
  wanted.give_up = minutes(30);
  wanted.proxy = "http://proxy:3128";
  wanted.ca_file = "/etc/taskwatchd/ca.pem";
  EXPECT_EQ(all[0], wanted);
}

TEST(Notify, ReadsEveryKeyOfAProgram) {
  const auto all = sinks(R"(
notify:
  - {name: hook, format: cloudevents, url: "https://hooks.example.com/in", secret_file: s, headers_file: h,
     heartbeat: 5m, to: [FAILED]}
  - {name: collector, format: otlp, url: "http://127.0.0.1:4318/v1/logs", headers_file: h}
  - {name: hidden, format: cloudevents, url_file: u, heartbeat: off}
)");
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[0].url, "https://hooks.example.com/in");
  EXPECT_EQ(all[0].secret_file, "/etc/taskwatchd/s");
  EXPECT_EQ(all[0].headers_file, "/etc/taskwatchd/h");
  EXPECT_EQ(all[0].heartbeat, minutes(5));
  EXPECT_EQ(all[1].format, SinkFormat::kOtlp);
  EXPECT_EQ(all[1].url, "http://127.0.0.1:4318/v1/logs");
  EXPECT_EQ(all[2].url, "");
  EXPECT_EQ(all[2].url_file, "/etc/taskwatchd/u");
  EXPECT_EQ(all[2].heartbeat, std::nullopt);
}

TEST(Notify, DefaultsHangOnTheFormat) {
  for (const char* program : {"cloudevents", "otlp"}) {
    EXPECT_EQ(sink(program).give_up, hours(24)) << program;
    EXPECT_EQ(sink(program).heartbeat, std::nullopt) << program;
    EXPECT_EQ(sink(program).max_per_minute, 0) << program;
  }
  for (const char* chat : {"dingtalk", "feishu", "wecom", "slack"}) {
    EXPECT_EQ(sink(chat).give_up, hours(6)) << chat;
    EXPECT_EQ(sink(chat).heartbeat, hours(9)) << chat;
    EXPECT_EQ(sink(chat).language, Language::kEnglish) << chat;
  }
  EXPECT_EQ(sink("dingtalk").max_per_minute, 18);
  EXPECT_EQ(sink("wecom").max_per_minute, 18);
  EXPECT_EQ(sink("feishu").max_per_minute, 90);
  EXPECT_EQ(sink("slack").max_per_minute, 50);
  EXPECT_EQ(sink("slack", "heartbeat: off").heartbeat, std::nullopt);
  EXPECT_EQ(sink("slack", "heartbeat: '00:00'").heartbeat, Duration(0));
}

TEST(Notify, GivesUpAtTheLatestWhenEventsAreDeleted) {
  const auto text = [](const std::string& keys) {
    return "state: {retain: 2h}\nnotify: [{name: s, format: otlp, url: 'https://h'" + keys + "}]\n";
  };
  EXPECT_EQ(sinks(text("")).at(0).give_up, hours(2));
  EXPECT_EQ(sinks(text(", give_up: 2h")).at(0).give_up, hours(2));
  EXPECT_EQ(errors_of(kAccounts + text(", give_up: 121m")),
            "f.yaml:3:61: `give_up` is longer than `state.retain` (2h), after which events are "
            "deleted; reduce it, or increase `state.retain`\n");
}

TEST(Notify, ErrorsHaveTheirPlace) {
  EXPECT_EQ(wrong("name: s, format: otlp, url: 'http://h'"),
            "f.yaml:2:39: `url` must be https; http is accepted for a loopback address only "
            "(127.0.0.1, [::1], localhost)\n");
  EXPECT_EQ(wrong("name: s, format: otlp"),
            "f.yaml:2:10: `url` is missing in the sink; set it, or `url_file` if the URL is a "
            "secret\n");
  EXPECT_EQ(
      errors_of(std::string(kAccounts) +
                "notify:\n- {name: s, format: slack, url_file: u}\n- {name: s, format: slack, "
                "url_file: u}\n"),
      "f.yaml:4:10: sink name `s` is used in line 3 too; rename one\n");
  EXPECT_EQ(errors_of(std::string(kAccounts) + "notify: [a]\n"),
            "f.yaml:2:10: each of `notify` must contain KEY: VALUE lines, indented below it\n");
  EXPECT_EQ(errors_of(std::string(kAccounts) + "notify: {name: s}\n"),
            "f.yaml:2:9: `notify` must be a list; put `- ` before each item, or write [A, B]\n");
}

TEST(Notify, TheFormatDecidesWhatIsValid) {
  const std::string formats = "`cloudevents`, `otlp`, `dingtalk`, `feishu`, `wecom` or `slack`";
  // The other keys are not judged: some of them would be valid for the right format.
  EXPECT_EQ(wrong("name: s, format: ding, title: 7, x: y"),
            "f.yaml:2:28: `format` must be " + formats + "\n");
  EXPECT_EQ(wrong("name: s, title: a"),
            "f.yaml:2:10: `format` is missing in the sink; set it to " + formats + "\n");
}

struct Wrong {
  std::string format;
  std::string keys;
  std::string message;
};

TEST(Notify, RefusesWhatAProgramDoesNotUse) {
  for (const char* program : {"cloudevents", "otlp"}) {
    for (const std::string key :
         {"from", "title", "mention", "time_zone", "language", "max_per_minute"}) {
      EXPECT_EQ(
          refused(program, key + ": 7"),
          "`" + key + "` is used only by chats: a program gets each event as data; remove it");
    }
  }
  EXPECT_EQ(refused("otlp", "heartbeat: 5m"),
            "`heartbeat` is not used by otlp, which carries only events; remove it");
  EXPECT_EQ(refused("otlp", "secret_file: a"),
            "`secret_file` is not used by otlp, which has no signature; put a token into "
            "`headers_file`");
}

TEST(Notify, RefusesWhatAChatDoesNotUse) {
  for (const char* chat : {"dingtalk", "feishu", "wecom", "slack"}) {
    EXPECT_EQ(refused(chat, "headers_file: a"),
              "`headers_file` is used only by cloudevents and otlp; remove it");
    EXPECT_EQ(
        refused(chat, "url_file: a, url: 'https://cAnArY'"),
        "the URL of a chat robot is a secret, and this file is shown and copied; put it into a "
        "file and set `url_file`");
  }
  for (const std::string chat : {"wecom", "slack"}) {
    EXPECT_EQ(refused(chat, "secret_file: a"), "`secret_file` is not used by " + chat +
                                                   ", which has no signature: its URL is the "
                                                   "secret; remove it");
  }
  for (const std::string chat : {"feishu", "slack"}) {
    EXPECT_EQ(
        refused(chat, "mention: {mobiles: [1]}"),
        "`mobiles` is not used by " + chat + ", which cannot mention a phone number; use `users`");
  }
  EXPECT_EQ(sink("feishu", "secret_file: /s").secret_file, "/s");
  EXPECT_EQ(sink("wecom", "mention: {all: true, mobiles: [1]}").mention.mobiles.at(0), "1");
}

TEST(Notify, RefusesWrongValues) {
  const std::string events =
      "the stored events are `task_transition`, `task_baseline`, `task_details`, `job_baseline`, "
      "`job_transition`, `job_stalled`, `job_finished`, `task_superseded`, `task_overdue`, "
      "`task_gone`, `blind_interval`, `distribution_transition`, `distribution_result`, "
      "`auth_failed`, `api_forbidden`, `account_unreachable` or `account_recovered`";
  const std::string user =
      "must be the id of a user: 1 to 64 letters, digits, _, -, . and @; for everybody, set `all: "
      "true`";
  const std::string mobile =
      "must be a phone number: 1 to 20 digits, + and -; copy it from the user's profile";
  const std::string zone =
      " must be an IANA name, such as Asia/Shanghai; run `timedatectl list-timezones`";
  const std::string daily =
      "`heartbeat` of a chat must be `off` or a time of day from 00:00 to 23:59, such as \"09:00\"";
  const std::string interval =
      "`heartbeat` of cloudevents must be `off` or a duration of at least 10s, such as 5m";
  const std::vector<Wrong> all = {
      {"otlp", "url: 'https://a', url_file: b",
       "`url` and `url_file` are both set; remove one of them"},
      {"otlp", "url: 'https://me:cAnArY@a'",
       "`url` must not contain a user or password; send them in the header Authorization, by "
       "`headers_file`"},
      {"otlp", "url: 'https://a/?cAnArY'",
       "`url` must not contain a query, which may be a secret; put the URL into a file and set "
       "`url_file`"},
      {"otlp", "url: 'https://a/#cAnArY'",
       "`url` must not contain a #; remove it and what follows"},
      {"otlp", "url: cAnArY", "`url` must be https://HOST[:PORT]/PATH; copy it from the receiver"},
      {"otlp", "url: 'ftp://cAnArY'",
       "`url` must be https://HOST[:PORT]/PATH; copy it from the receiver"},
      {"otlp", "url: 'https://cAnArY:0'",
       "`url` has no valid port; it is a number from 1 to 65535"},
      {"otlp", "url: 'https://-cAnArY'", "`url` has no valid host; write https://HOST[:PORT]/PATH"},
      {"otlp", "url: 'http://10.0.0.1'",
       "`url` must be https; http is accepted for a loopback address only (127.0.0.1, [::1], "
       "localhost)"},
      {"otlp", "url: 'https://a/" + std::string(2048, 'x') + "'",
       "`url` is longer than 2048 bytes; shorten it"},
      {"otlp", "url_file: $CREDENTIALS_DIRECTORY/a",
       "`url_file` needs CREDENTIALS_DIRECTORY in the environment, which systemd sets by "
       "LoadCredential=; set it, or use a plain path"},
      {"otlp", "proxy: h:1", "`proxy` must begin with https:// or http://"},
      {"otlp", "events: []", "`events` is empty; list at least one, or remove it"},
      {"otlp", "events: [task_transitoin]",
       "`task_transitoin` is not a stored event; did you mean `task_transition`?"},
      {"otlp", "events: [admin_action]", "`admin_action` is not a stored event; " + events},
      {"otlp", "events: [task_gone, task_gone]",
       "`task_gone` is in `events` in line 2 too; remove one"},
      {"otlp", "events: [~]", "empty item in the list `events`; remove it"},
      {"otlp", "to: []", "`to` is empty; list at least one, or remove it"},
      {"otlp", "to: [failed]", "`failed` is not a status of a task; did you mean `FAILED`?"},
      {"otlp", "to: [BAD]",
       "`BAD` is not a status of a task; the statuses are `QUEUED`, `SENT`, `IN_PROGRESS`, "
       "`SUCCEEDED`, `FAILED`, `REJECTED`, `TIMED_OUT`, `CANCELLED` or `UNKNOWN`"},
      {"otlp", "accounts: [other]",
       "`other` is not an account of this file; the accounts are `prod` or `test`"},
      {"otlp", "accounts: [prd]", "`prd` is not an account of this file; did you mean `prod`?"},
      {"otlp", "accounts: []", "`accounts` is empty; list at least one, or remove it"},
      {"otlp", "jobs: ['']",
       "a pattern in `jobs` must be 1 to 128 bytes without control characters; shorten it by a *"},
      {"otlp", "jobs: [" + std::string(129, 'x') + "]",
       "a pattern in `jobs` must be 1 to 128 bytes without control characters; shorten it by a *"},
      {"otlp", "jobs: [\"a\\tb\"]",
       "a pattern in `jobs` must be 1 to 128 bytes without control characters; shorten it by a *"},
      {"otlp", "labels: {}", "`labels` is empty; list at least one, or remove it"},
      {"otlp", "labels: {9a: b}",
       "no instance can have the label `9a` with this value; copy it from `labels` of an instance"},
      {"otlp", "labels: {a: b, c: d, e: f, g: h, i: j, k: l}",
       "more than 5 labels, and an instance has no more: remove `k`"},
      {"otlp", "give_up: 0s", "`give_up` must be more than 0s; remove it for the default"},
      {"otlp", "give_up: 31d",
       "`give_up` is longer than `state.retain` (30d), after which events are deleted; reduce it, "
       "or "
       "increase `state.retain`"},
      {"otlp", "give_up: 1.5h", "`give_up` must be a duration such as 500ms, 30s, 5m or 1d"},
      {"otlp", "hedaers_file: a",
       "unknown key `hedaers_file` in a sink; did you mean `headers_file`?"},
      {"cloudevents", "heartbeat: 9s", interval},
      {"cloudevents", "heartbeat: '09:00'", interval},
      {"cloudevents", "heartbeat: 0", interval},
      {"slack", "heartbeat: 24h", daily},
      {"slack", "heartbeat: '24:00'", daily},
      {"slack", "heartbeat: '09:60'", daily},
      {"slack", "heartbeat: 9:00", daily},
      {"slack", "heartbeat: '0a:00'", daily},
      {"slack", "title: \"a\\nb\"",
       "`title` must be at most 128 bytes without control characters; shorten it"},
      {"slack", "title: " + std::string(129, 'x'),
       "`title` must be at most 128 bytes without control characters; shorten it"},
      {"slack", "from: {tasks: 0}", "`tasks` must be a whole decimal number from 1 to 10000000"},
      {"slack", "from: {ratio: 1.1}", "`ratio` must be at least 0 and at most 1"},
      {"slack", "from: {task: 2}", "unknown key `task` in `from`; did you mean `tasks`?"},
      {"slack", "mention: {users: [all]}", "`all` in `users` " + user},
      {"slack", "mention: {users: ['@all']}", "`@all` in `users` " + user},
      {"slack", "mention: {users: ['<!channel>']}", "`<!channel>` in `users` " + user},
      {"slack", "mention: {users: ['a\" b']}", "`a\" b` in `users` " + user},
      {"dingtalk", "mention: {mobiles: [a]}", "`a` in `mobiles` " + mobile},
      {"dingtalk", "mention: {mobiles: ['1 2']}", "`1 2` in `mobiles` " + mobile},
      {"dingtalk", "mention: {all: yes}", "`all` must be true or false"},
      {"slack", "time_zone: /etc/passwd", "time zone `/etc/passwd`" + zone},
      {"slack", "time_zone: a/../b", "time zone `a/../b`" + zone},
      {"slack", "time_zone: 'a b'", "time zone `a b`" + zone},
      {"slack", "time_zone: a//b", "time zone `a//b`" + zone},
      {"slack", "time_zone: +8", "time zone `+8`" + zone},
      {"slack", "language: cn", "`language` must be `en` or `zh`"},
      {"dingtalk", "max_per_minute: 21", "`max_per_minute` must be at least 1 and at most 20"},
      {"wecom", "max_per_minute: 20.5", "`max_per_minute` must be at least 1 and at most 20"},
      {"feishu", "max_per_minute: 101", "`max_per_minute` must be at least 1 and at most 100"},
      {"slack", "max_per_minute: 61", "`max_per_minute` must be at least 1 and at most 60"},
      {"slack", "max_per_minute: 0", "`max_per_minute` must be at least 1 and at most 60"},
  };
  for (const Wrong& one : all) EXPECT_EQ(refused(one.format, one.keys), one.message) << one.keys;
  for (const std::string& name :
       std::vector<std::string>{"a b", "''", "log", std::string(65, 'x'), "'../x'"}) {
    EXPECT_NE(wrong("name: " + name + ", format: slack, url_file: u"), "") << name;
  }
  EXPECT_EQ(wrong("name: log, format: slack, url_file: u"),
            "f.yaml:2:17: the sink name `log` is that of the event log; rename this one\n");
  EXPECT_EQ(wrong("format: slack, url_file: u"),
            "f.yaml:2:10: `name` is missing in the sink; set it, it becomes the label `sink`\n");
  EXPECT_EQ(
      wrong("name: s, format: slack"),
      "f.yaml:2:10: `url_file` is missing in the sink; put the robot's URL into a file and set "
      "it\n");
}

TEST(Notify, ErrorsNeverShowAUrl) {
  for (const std::string url :
       {"https://me:cAnArY@h", "https://h/cAnArY?a=cAnArY#cAnArY", "cAnArY", "'https://h/cAnArY '",
        "'https://h/cAnArY\xEF\xBC\x81'", "[https://h/cAnArY]", "'http://cAnArY.example/cAnArY'"}) {
    for (const char* format : {"otlp", "cloudevents", "slack", "nonsense"}) {
      const std::string errors = wrong(std::string("name: s, format: ") + format + ", url: " + url);
      EXPECT_NE(errors, "") << url;
      EXPECT_THAT(errors, Not(HasSubstr("cAnArY"))) << url;
      EXPECT_THAT(errors, Not(HasSubstr("ff01"))) << url;
    }
  }
}

// What an error has hidden is not judged: the account may be the one that has no valid name.
TEST(Notify, AnInvalidFileHasNoConsequentialErrors) {
  const std::string sink_text =
      "notify: [{name: s, format: otlp, url: 'https://h', accounts: [b]}]\n";
  EXPECT_THAT(errors_of("accounts: [{name: 'b ', instances: [{region: r}]}]\n" + sink_text),
              Not(HasSubstr("account of this file")));
  EXPECT_THAT(errors_of(sink_text + "accounts: [{name: b, "),
              Not(HasSubstr("account of this file")));
  EXPECT_THAT(errors_of(sink_text + "accounts: [{name: c, instances: [{region: r}]}]\n"),
              HasSubstr("`b` is not an account of this file; the accounts are `c`"));
}

}  // namespace
}  // namespace taskwatchd
