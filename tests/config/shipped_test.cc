// The configurations that we ship must be valid, and the example must show every key.
#include <algorithm>

#include "config/parse_text.h"

namespace taskwatchd {
namespace {

const std::string kFolder = SOURCE_DIR "/config/";

TEST(Shipped, MinimalIsFiveLinesAndRight) {
  const std::string text = read_text(kFolder + "minimal.yaml");
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 5);
  EXPECT_EQ(parsed(text).accounts.at(0).instances.at(0).tasks.size(), 1U);
}

TEST(Shipped, ExampleIsRightAsItStands) {
  const Config config = parsed(read_text(kFolder + "example.yaml"));
  ASSERT_EQ(config.accounts.size(), 1U);
  EXPECT_EQ(config.accounts[0].instances.size(), 2U);
}

// A value marked "(default)" in the example is the default: removing those lines changes nothing.
TEST(Shipped, ExampleStatesTheDefaults) {
  const std::string text = read_text(kFolder + "example.yaml");
  std::istringstream lines(text);
  std::string without;
  int removed = 0;
  for (std::string line; std::getline(lines, line);) {
    const bool is_default = line.find("# (default") != std::string::npos;
    removed += is_default ? 1 : 0;
    // A parent key must not lose all its children, so a harmless one is added.
    if (!is_default) without += line + "\n";
    if (line.find("quota:") != std::string::npos) without += "      ListJob: 5\n";
    if (line.find("pace:") != std::string::npos) without += "      job: 1s\n";
    if (line == "metrics:") without += "  job_series_limit: 1000\n";
    if (line == "state:") without += "  retain: 30d\n";
  }
  EXPECT_GE(removed, 20);
  const Config whole = parsed(text);
  const Config bare = parsed(without);
  EXPECT_EQ(whole.accounts, bare.accounts);
  EXPECT_EQ(whole.state_path, bare.state_path);
  EXPECT_EQ(whole.retain, bare.retain);
  EXPECT_EQ(whole.task_series, bare.task_series);
  EXPECT_EQ(whole.task_series_limit, bare.task_series_limit);
  EXPECT_EQ(whole.job_series_limit, bare.job_series_limit);
  EXPECT_EQ(whole.keep_finished, bare.keep_finished);
}

// The sinks of the example are comments: without them, the file would need their key files.
TEST(Shipped, TheSinksOfTheExampleAreValid) {
  std::istringstream lines(read_text(kFolder + "example.yaml"));
  std::string text;
  bool is_in_notify = false;
  for (std::string line; std::getline(lines, line);) {
    is_in_notify = is_in_notify || line.starts_with("# notify:");
    text += (is_in_notify ? line.substr(2) : line) + "\n";
  }
  const Config config = parsed(text);
  ASSERT_EQ(config.sinks.size(), 2U);
  EXPECT_EQ(config.sinks[0].mention.users, std::vector<std::string>{"manager01"});
  EXPECT_EQ(config.sinks[1].heartbeat, std::nullopt);
}

TEST(Shipped, ExampleAndDocumentShowEveryKey) {
  const std::string example = read_text(kFolder + "example.yaml");
  const std::string document = read_text(SOURCE_DIR "/docs/reference/configuration.md");
  for (const char* key : {"accounts",
                          "name",
                          "credentials",
                          "access_key_id",
                          "access_key_id_file",
                          "access_key_secret_file",
                          "security_token_file",
                          "ecs_ram_role",
                          "assume_role",
                          "signature",
                          "proxy",
                          "quota",
                          "QueryTask",
                          "ListTask",
                          "QueryJobStatistics",
                          "QueryJob",
                          "ListJob",
                          "QueryDeviceDistributeJob",
                          "QueryDeviceDistributeDetail",
                          "quota_total",
                          "quota_share",
                          "pace",
                          "task",
                          "job",
                          "finished",
                          "instances",
                          "region",
                          "id",
                          "endpoint",
                          "ca_file",
                          "tasks",
                          "task_files",
                          "jobs",
                          "discover_jobs",
                          "modified_within",
                          "limit",
                          "deadline",
                          "labels",
                          "distributions",
                          "distribution_endpoint",
                          "distribution_file_hosts",
                          "state",
                          "path",
                          "url",
                          "password_file",
                          "schema",
                          "retain",
                          "replica",
                          "metrics",
                          "task_series",
                          "task_series_limit",
                          "job_series_limit",
                          "keep_finished",
                          "bounds",
                          "detection_delay",
                          "notify",
                          "format",
                          "url_file",
                          "secret_file",
                          "headers_file",
                          "events",
                          "to",
                          "from",
                          "ratio",
                          "title",
                          "mention",
                          "all",
                          "users",
                          "mobiles",
                          "heartbeat",
                          "time_zone",
                          "language",
                          "max_per_minute",
                          "give_up"}) {
    EXPECT_NE(example.find(std::string(key) + ":"), std::string::npos) << key;
    EXPECT_NE(document.find("`" + std::string(key)), std::string::npos) << key;
  }
}

}  // namespace
}  // namespace taskwatchd
