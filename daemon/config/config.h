// The configuration as the program uses it: checked, with defaults filled in and paths made
// absolute. Values only. Meaning and defaults of each key: docs/reference/configuration.md.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "config/notify.h"
#include "core/polling/discovery.h"
#include "core/types/api.h"
#include "core/types/pace.h"
#include "core/types/time.h"

namespace taskwatchd {

enum class SignatureVersion : std::uint8_t { kV1, kV3 };

// A role to assume through STS.
struct RoleConfig {
  std::string arn;
  std::string session_name = "taskwatchd";  // appears in Alibaba Cloud's audit trail
  std::string external_id;                  // required by the role's trust policy; may be empty
  Duration duration = std::chrono::hours(1);
  bool operator==(const RoleConfig&) const = default;
};

// Where an account's credentials come from. All empty: the default provider chain (environment,
// ...).
struct CredentialsConfig {
  std::string access_key_id;           // or
  std::string access_key_id_file;      //
  std::string access_key_secret_file;  //
  std::string security_token_file;
  std::string ecs_ram_role;  // used instead of the AccessKey
  // assumed with the credentials above, or with those of the provider chain
  std::optional<RoleConfig> assume_role;

  bool has_keys() const {
    return !access_key_id.empty() || !access_key_id_file.empty() ||
           !access_key_secret_file.empty() || !security_token_file.empty();
  }
  bool operator==(const CredentialsConfig&) const = default;
};

struct InstanceConfig {
  std::string name;  // the label iot_instance
  std::string region;
  std::string id;        // IotInstanceId; may be empty
  std::string endpoint;  // https://host[:port], or http:// to a loopback host
  std::string ca_file;   // the instance's own, otherwise the account's; empty: the system's
  std::vector<std::string> tasks;       // explicit task ids, unique, in the file's order
  std::vector<std::string> task_files;  // absolute globs; config_file.h reads them into `tasks`
  std::vector<std::string> jobs;        // watched job ids, unique, in the file's order
  std::optional<DiscoverJobs> discover_jobs;
  std::optional<Duration> deadline;  // an unfinished task is overdue this long after it was queued
  std::vector<std::pair<std::string, std::string>> labels;
  bool operator==(const InstanceConfig&) const = default;
};

// The account's distributions. They are polled at their own endpoint, whatever the regions of the
// instances.
struct DistributionsConfig {
  std::vector<std::string> ids;  // unique, in the file's order
  std::string endpoint;          // same format as an instance's endpoint
  std::string ca_file;  // that of the instance with the same endpoint, otherwise the account's
  // hosts that result files may be downloaded from: "*.aliyuncs.com"
  std::vector<std::string> file_hosts;
  bool operator==(const DistributionsConfig&) const = default;
};

struct AccountConfig {
  std::string name;  // the label account
  CredentialsConfig credentials;
  SignatureVersion signature = SignatureVersion::kV3;
  std::string proxy;            // empty: none
  std::string ca_file;          // for all connections without their own; empty: the system's
  std::map<Api, double> quota;  // every Api has an entry; 0: the API is not used
  double quota_total = 0;       // calls per second of all APIs together; 0: no such limit
  double quota_share = 0.8;
  Pace pace;
  std::vector<InstanceConfig> instances;
  DistributionsConfig distributions;
  bool operator==(const AccountConfig&) const = default;
};

enum class TaskSeries : std::uint8_t { kNone, kExplicit, kBad, kActive, kAll };

struct Config {
  std::vector<AccountConfig> accounts;
  std::string state_path;           // the SQLite file; empty if state_url is set
  std::string state_url;            // PostgreSQL, checked by parse_state_url; empty: SQLite
  std::string state_password_file;  // of the role in state_url; empty: none
  std::string state_schema = "taskwatchd";
  std::string replica_name;  // empty: the host name
  std::string replica_url;   // http or https, without a final slash; empty: none
  Duration retain = std::chrono::hours(24 * 30);
  TaskSeries task_series = TaskSeries::kBad;
  std::size_t task_series_limit = 1000;
  std::size_t job_series_limit = 1000;
  Duration keep_finished = std::chrono::hours(24);
  std::optional<Duration> detection_delay_bound;
  std::vector<SinkConfig> sinks;  // in the file's order
};

}  // namespace taskwatchd
