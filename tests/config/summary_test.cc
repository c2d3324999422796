#include "config/summary.h"

#include <gmock/gmock.h>

#include "config/parse_text.h"

namespace taskwatchd {
namespace {

TEST(Summary, ReportsWhatIsWatchedAndWhatItCosts) {
  const Config config = parsed(R"(
accounts:
  - name: prod
    credentials: {access_key_id: LTAI5tCANARY, access_key_secret_file: secret}
    signature: v1
    proxy: http://proxy.example.com:3128
    quota: {QueryTask: 7, ListTask: 0}
    quota_total: 6
    quota_share: 0.7
    pace: {task: 0s}
    instances:
      - {region: cn-shanghai, id: iot-1, name: main, tasks: [T1, T2], jobs: [J1], deadline: 36h}
      - {region: cn-beijing, tasks: [T3], discover_jobs: {name: "ota-*", limit: 50}}
  - {name: test, instances: [{region: ap-southeast-1}]}
bounds: {detection_delay: 90s}
)");
  EXPECT_EQ(
      summary(config),
      "account prod: 2 instances, 3 tasks, 1 job, credentials: AccessKey from files, signature v1, "
      "proxy http://proxy.example.com:3128\n"
      "  calls/s used at most (share 0.7): QueryTask 4.9, ListTask off, "
      "QueryJobStatistics 3.5, QueryJob 3.5, ListJob 3.5, QueryDeviceDistributeJob 7, "
      "QueryDeviceDistributeDetail 3.5, all together 4.2\n"
      "  minimum poll interval: task 0s, job 1s, finished 1m\n"
      "  instance main: region cn-shanghai, id iot-1, "
      "https://iot.cn-shanghai.aliyuncs.com, 2 tasks, 1 job, overdue after 1d12h\n"
      "  instance cn-beijing: region cn-beijing, "
      "https://iot.cn-beijing.aliyuncs.com, 1 task, 0 jobs\n"
      "    and the newest 50 jobs named ota-* and modified within 7d\n"
      "account test: 1 instance, 0 tasks, 0 jobs, credentials: default credential provider chain, "
      "signature v3\n"
      "  calls/s used at most (share 0.8): QueryTask 4, ListTask 4, QueryJobStatistics 4, "
      "QueryJob 4, ListJob 4, QueryDeviceDistributeJob 8, QueryDeviceDistributeDetail 4\n"
      "  minimum poll interval: task 5s, job 1s, finished 1m\n"
      "  instance ap-southeast-1: region ap-southeast-1, "
      "https://iot.ap-southeast-1.aliyuncs.com, 0 tasks, 0 jobs\n"
      "state database: /var/lib/taskwatchd/state.db (history of unwatched items kept for 30d)\n"
      "bound: failures are recorded within 1m30s\n");
}

TEST(Summary, ReportsWhichPostgresqlHasTheState) {
  const std::string accounts = "accounts: [{name: a, instances: [{region: cn-shanghai}]}]\n";
  const std::string state =
      "state:\n  url: postgresql://me@h1,h2/db?sslmode=verify-full&sslrootcert=/ca.pem\n";
  EXPECT_THAT(summary(parsed(accounts + state)),
              testing::HasSubstr("state database: postgresql://me@h1,h2/db, schema taskwatchd "
                                 "(history of unwatched items kept for 30d)\n"
                                 "replica: the host name\n"));
  EXPECT_THAT(
      summary(parsed(accounts + state + "replica: {name: r1, url: 'https://r1.example'}\n")),
      testing::HasSubstr("\nreplica: r1 at https://r1.example\n"));
}

TEST(Summary, HoldsNoKey) {
  const Config config = parsed(R"(
accounts:
  - name: prod
    credentials: {access_key_id: CANARY, access_key_secret_file: s, security_token_file: t}
    instances: [{region: cn-shanghai}]
)");
  EXPECT_EQ(summary(config).find("CANARY"), std::string::npos);
  EXPECT_NE(summary(config).find("AccessKey and security token from files"), std::string::npos);
}

TEST(Summary, ReportsWhoIsNotified) {
  const Config config = parsed(R"(
accounts:
  - {name: test, instances: [{region: cn-shanghai}]}
notify:
  - {name: hook, format: cloudevents, url: "https://hooks.example.com/iot"}
  - {name: ops, format: dingtalk, url_file: /run/keys/ops-url, events: [job_finished, auth_failed]}
)");
  EXPECT_THAT(summary(config),
              testing::HasSubstr(
                  "sink hook: cloudevents to https://hooks.example.com/iot, all events, dropped "
                  "after 1d\n"
                  "sink ops: dingtalk, job_finished, auth_failed, dropped after 6h\n"));
}

}  // namespace
}  // namespace taskwatchd
