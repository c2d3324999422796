#include "config/parse_text.h"

namespace taskwatchd {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr const char* kMinimal = R"(accounts:
  - name: prod
    instances:
      - region: cn-shanghai
        tasks: [MSnT9aaaaaaaaaaaaq010101]
)";

TEST(Parse, FillsInTheDefaults) {
  const Config config = parsed(kMinimal);
  ASSERT_EQ(config.accounts.size(), 1U);
  const AccountConfig& account = config.accounts[0];
  EXPECT_EQ(account.name, "prod");
  EXPECT_EQ(account.credentials, CredentialsConfig{});
  EXPECT_EQ(account.signature, SignatureVersion::kV3);
  EXPECT_EQ(account.proxy, "");
  ASSERT_EQ(account.quota.size(), kAllApis.size());
  for (const Api api : kAllApis) EXPECT_EQ(account.quota.at(api), documented_quota(api));
  EXPECT_EQ(account.quota_total, 0);
  EXPECT_EQ(account.quota_share, 0.8);
  EXPECT_EQ(account.pace.task, seconds(5));
  EXPECT_EQ(account.pace.job, seconds(1));
  EXPECT_EQ(account.pace.finished, minutes(1));
  ASSERT_EQ(account.instances.size(), 1U);
  const InstanceConfig& instance = account.instances[0];
  EXPECT_EQ(instance.name, "cn-shanghai");
  EXPECT_EQ(instance.region, "cn-shanghai");
  EXPECT_EQ(instance.id, "");
  EXPECT_EQ(instance.endpoint, "https://iot.cn-shanghai.aliyuncs.com");
  EXPECT_EQ(instance.ca_file, "");
  EXPECT_EQ(instance.tasks, std::vector<std::string>{"MSnT9aaaaaaaaaaaaq010101"});
  EXPECT_TRUE(instance.jobs.empty());
  EXPECT_EQ(instance.discover_jobs, std::nullopt);
  EXPECT_EQ(instance.deadline, std::nullopt);
  EXPECT_EQ(config.state_path, "/var/lib/taskwatchd/state.db");
  EXPECT_EQ(config.retain, hours(30 * 24));
  EXPECT_EQ(config.task_series, TaskSeries::kBad);
  EXPECT_EQ(config.task_series_limit, 1000U);
  EXPECT_EQ(config.job_series_limit, 1000U);
  EXPECT_EQ(config.keep_finished, hours(24));
  EXPECT_EQ(config.detection_delay_bound, std::nullopt);
}

TEST(Parse, ReadsEveryKey) {
  const Config config = parsed(R"(
accounts:
  - name: prod
    credentials:
      access_key_id_file: keys/id
      access_key_secret_file: /keys/secret
      security_token_file: $CREDENTIALS_DIRECTORY/token
    signature: v1
    proxy: http://proxy:3128
    quota: {QueryTask: 20, QueryDeviceDistributeJob: 0}
    quota_total: 7.5
    quota_share: 1.0
    pace: {task: 0s, job: 250ms, finished: 1h}
    instances:
      - name: main
        region: cn-shanghai
        id: iot-cn-0pp1n8t0000
        endpoint: http://127.0.0.1:8080
        ca_file: ca.pem
        tasks: [T2, T1]
        task_files: [tasks.d/*.txt, /abs/*.txt]
        jobs: [J2, J1, T1]
        discover_jobs: {name: "ota-*", modified_within: 2d, limit: 10000}
        deadline: 36h
        labels: {team: ota, tier: "1"}
state: {path: $STATE_DIRECTORY/deep/state.db, retain: 1w}
metrics: {task_series: explicit, task_series_limit: 0, job_series_limit: 7, keep_finished: 1m}
bounds: {detection_delay: 30s}
)",
                               {"f.yaml", "/etc/taskwatchd", "/run/credentials/x", "/var/lib/x"});
  ASSERT_EQ(config.accounts.size(), 1U);
  const AccountConfig& account = config.accounts[0];
  EXPECT_EQ(account.credentials.access_key_id, "");
  EXPECT_EQ(account.credentials.access_key_id_file, "/etc/taskwatchd/keys/id");
  EXPECT_EQ(account.credentials.access_key_secret_file, "/keys/secret");
  EXPECT_EQ(account.credentials.security_token_file, "/run/credentials/x/token");
  EXPECT_EQ(account.signature, SignatureVersion::kV1);
  EXPECT_EQ(account.proxy, "http://proxy:3128");
  EXPECT_EQ(account.quota.at(Api::kQueryTask), 20);
  EXPECT_EQ(account.quota.at(Api::kListTask), 5);
  EXPECT_EQ(account.quota.at(Api::kQueryDeviceDistributeJob), 0);
  EXPECT_EQ(account.quota_total, 7.5);
  EXPECT_EQ(account.quota_share, 1.0);
  EXPECT_EQ(account.pace.task, seconds(0));
  EXPECT_EQ(account.pace.job, milliseconds(250));
  EXPECT_EQ(account.pace.finished, hours(1));
  ASSERT_EQ(account.instances.size(), 1U);
  const InstanceConfig& instance = account.instances[0];
  EXPECT_EQ(instance.name, "main");
  EXPECT_EQ(instance.id, "iot-cn-0pp1n8t0000");
  EXPECT_EQ(instance.endpoint, "http://127.0.0.1:8080");
  EXPECT_EQ(instance.ca_file, "/etc/taskwatchd/ca.pem");
  EXPECT_EQ(instance.tasks, (std::vector<std::string>{"T2", "T1"}));
  EXPECT_EQ(instance.task_files,
            (std::vector<std::string>{"/etc/taskwatchd/tasks.d/*.txt", "/abs/*.txt"}));
  EXPECT_EQ(instance.jobs, (std::vector<std::string>{"J2", "J1", "T1"}));
  EXPECT_EQ(instance.discover_jobs, (DiscoverJobs{"ota-*", hours(48), 10000}));
  EXPECT_EQ(instance.deadline, hours(36));
  using Label = std::pair<std::string, std::string>;
  EXPECT_EQ(instance.labels, (std::vector<Label>{{"team", "ota"}, {"tier", "1"}}));
  EXPECT_EQ(config.state_path, "/var/lib/x/deep/state.db");
  EXPECT_EQ(config.retain, hours(7 * 24));
  EXPECT_EQ(config.task_series, TaskSeries::kExplicit);
  EXPECT_EQ(config.task_series_limit, 0U);
  EXPECT_EQ(config.job_series_limit, 7U);
  EXPECT_EQ(config.keep_finished, minutes(1));
  EXPECT_EQ(config.detection_delay_bound, seconds(30));
}

TEST(Parse, InstanceIsNamedByItsIdBeforeItsRegion) {
  const Config config = parsed(R"(
accounts: [{name: a, instances: [{region: cn-shanghai, id: iot-1}, {region: cn-shanghai}]}]
)");
  EXPECT_EQ(config.accounts.at(0).instances.at(0).name, "iot-1");
  EXPECT_EQ(config.accounts.at(0).instances.at(1).name, "cn-shanghai");
}

TEST(Parse, StateLivesInTheDirectoryThatSystemdGives) {
  EXPECT_EQ(parsed(kMinimal, {"f.yaml", "/etc", "", "/var/lib/private/tw"}).state_path,
            "/var/lib/private/tw/state.db");
}

TEST(Parse, ExpandsNothingElseInPaths) {
  const std::string yaml = std::string(kMinimal) + "state: {path: PATH}\n";
  const auto path = [&](const std::string& text) {
    std::string replaced = yaml;
    replaced.replace(replaced.find("PATH"), 4, text);
    return parsed(replaced, {"f.yaml", "/etc/tw", "/creds", "/state"}).state_path;
  };
  EXPECT_EQ(path("$HOME/s.db"), "/etc/tw/$HOME/s.db");
  EXPECT_EQ(path("~/s.db"), "/etc/tw/~/s.db");
  EXPECT_EQ(path("a/$STATE_DIRECTORY/s.db"), "/etc/tw/a/$STATE_DIRECTORY/s.db");
  EXPECT_EQ(path("$STATE_DIRECTORYX/s.db"), "/etc/tw/$STATE_DIRECTORYX/s.db");
  EXPECT_EQ(path("$CREDENTIALS_DIRECTORY/s.db"), "/creds/s.db");
  EXPECT_EQ(path("/s.db"), "/s.db");
}

TEST(Parse, KeepsIdsAndNamesAsTheyAreWritten) {
  const Config config = parsed(R"(
accounts:
  - name: 1234567890123456
    instances:
      - {region: cn-shanghai, tasks: [007, 1e5, no, TASK, task, 0x10, "true"]}
)");
  EXPECT_EQ(config.accounts.at(0).name, "1234567890123456");
  EXPECT_EQ(config.accounts.at(0).instances.at(0).tasks,
            (std::vector<std::string>{"007", "1e5", "no", "TASK", "task", "0x10", "true"}));
}

TEST(Parse, SameIdMayStandUnderTwoAccounts) {
  EXPECT_EQ(errors_of(R"(
accounts:
  - {name: a, instances: [{region: cn-shanghai, tasks: [T1], jobs: [J1]}]}
  - {name: b, instances: [{region: cn-shanghai, tasks: [T1], jobs: [J1]}]}
)"),
            "");
}

TEST(Parse, DiscoversJobsByAWordOrByWhatDiffers) {
  const auto discover = [](const std::string& value) {
    return parsed(std::string(kMinimal) + "        discover_jobs: " + value + "\n")
        .accounts.at(0)
        .instances.at(0)
        .discover_jobs;
  };
  EXPECT_EQ(discover("true"), (DiscoverJobs{"*", hours(7 * 24), 200}));
  EXPECT_EQ(discover("{}"), DiscoverJobs{});
  EXPECT_EQ(discover("false"), std::nullopt);
  EXPECT_EQ(discover("{limit: 1}"), (DiscoverJobs{"*", hours(7 * 24), 1}));
  EXPECT_EQ(discover("{modified_within: 1ms}"), (DiscoverJobs{"*", milliseconds(1), 200}));
  const std::string longest(128, 'x');
  EXPECT_EQ(discover("{name: " + longest + "}"), (DiscoverJobs{longest, hours(7 * 24), 200}));
  EXPECT_EQ(discover("{name: \"\u8bbe\u5907 [a] ?*\"}")->name, "\xE8\xAE\xBE\xE5\xA4\x87 [a] ?*");
}

TEST(Parse, TheCaFileOfAnAccountIsTheDefaultOfItsParts) {
  const AccountConfig account = parsed(R"(
accounts:
  - name: prod
    ca_file: ca.pem
    instances:
      - region: cn-shanghai
      - {region: cn-beijing, ca_file: /own.pem}
    distribution_endpoint: https://other.example
)")
                                    .accounts.at(0);
  EXPECT_EQ(account.ca_file, "/etc/taskwatchd/ca.pem");
  EXPECT_EQ(account.instances.at(0).ca_file, "/etc/taskwatchd/ca.pem");
  EXPECT_EQ(account.instances.at(1).ca_file, "/own.pem");
  EXPECT_EQ(account.distributions.ca_file, "/etc/taskwatchd/ca.pem");
}

TEST(Parse, TakesByteOrderMarkAndDosLineEnds) {
  std::string yaml = "\xEF\xBB\xBF";
  for (const char c : std::string(kMinimal))
    yaml += c == '\n' ? std::string("\r\n") : std::string{c};
  EXPECT_EQ(parsed(yaml).accounts.size(), 1U);
}

TEST(Parse, TakesTheQuotesOfYaml) {
  const Config config = parsed(R"(
"accounts":
  - 'name': "pr\x6fd"
    instances:
      - region: 'cn-shanghai'
        labels: {a: 'it''s', b: "say \"x\""}
)");
  EXPECT_EQ(config.accounts.at(0).name, "prod");
  EXPECT_EQ(config.accounts.at(0).instances.at(0).labels.at(0).second, "it's");
  EXPECT_EQ(config.accounts.at(0).instances.at(0).labels.at(1).second, "say \"x\"");
}

TEST(Parse, RolesWithAndWithoutKeysOfTheirOwn) {
  const auto credentials = [](const std::string& text) {
    return parsed("accounts:\n  - name: a\n    credentials: {" + text +
                  "}\n    instances: [{region: cn-shanghai}]\n")
        .accounts.at(0)
        .credentials;
  };
  EXPECT_EQ(credentials("ecs_ram_role: machine").ecs_ram_role, "machine");
  EXPECT_FALSE(credentials("ecs_ram_role: machine").has_keys());
  const CredentialsConfig bare = credentials("assume_role: {role_arn: \"acs:ram::1:role/r\"}");
  ASSERT_TRUE(bare.assume_role);
  EXPECT_FALSE(bare.has_keys());
  EXPECT_EQ(bare.assume_role->session_name, "taskwatchd");
  EXPECT_EQ(bare.assume_role->duration, hours(1));
  const CredentialsConfig all = credentials(
      "access_key_id: LTAI, access_key_secret_file: s, assume_role: {role_arn: "
      "\"acs:ram::1:role/r\", session_name: me, external_id: E-1, duration: 15m}");
  EXPECT_TRUE(all.has_keys());
  EXPECT_EQ(all.assume_role->external_id, "E-1");
  EXPECT_EQ(all.assume_role->duration, std::chrono::minutes(15));
}

}  // namespace
}  // namespace taskwatchd
