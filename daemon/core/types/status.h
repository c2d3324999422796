// The daemon's current status, as plain values: /metrics, STATUS= and the API render it. Created by
// the poller and the app at each scrape; owns no state.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/events/event.h"
#include "core/types/api.h"
#include "core/types/distribution.h"
#include "core/types/job.h"
#include "core/types/mute.h"
#include "core/types/outcome.h"
#include "core/types/time.h"

namespace taskwatchd {

struct ApiStatus {
  Api api = Api::kQueryTask;
  double rate_limit = 0;             // calls/s allowed right now
  double rate_limit_configured = 0;  // calls/s
  std::optional<Wall> last_success;
  bool denied = false;  // the last response denied permission
  // Since the daemon started; filled in by the metrics.
  std::uint64_t calls = 0;
  std::map<Reason, std::uint64_t> failures = {};  // those that occurred
};

struct InstanceStatus {
  std::string name;
  bool up = false;
  std::string failure_reason =
      {};  // the failure logged last since a success: a Reason's name, or empty
};

// taskwatchd_detection_delay_seconds of one class, since the start. Filled in by the metrics.
struct DelayCounts {
  struct Edge {
    double seconds = 0;
    std::uint64_t count = 0;  // of delays up to this edge
  };
  std::string kind;  // bad, good, other
  std::uint64_t count = 0;
  double sum_seconds = 0;
  std::vector<Edge> edges;  // without the infinite one
};

// The label `state` of taskwatchd_task_state.
enum class WatchState : std::uint8_t { kPending, kWatched, kGone };

struct ExplicitTask {
  std::string task_id;
  WatchState state = WatchState::kPending;
};

// One watched job, for the aliyun_iot_job_* families and the API.
struct JobView {
  std::string job_id;
  std::string instance;
  StringMap labels;  // from the configuration
  std::string name;  // registered on the platform; empty until read
  std::string type;  // the job type; empty until read
  JobStatus status = JobStatus::kUnknown;
  bool status_read = false;                 // false: no series of the status yet
  std::optional<JobStatistics> statistics;  // the newest; if denied, from a complete scan
  std::optional<Wall> statistics_read;
  TaskCounts known{};            // its tasks by last known status
  std::optional<Wall> eta_half;  // when the last task is expected to finish, confidence 0.5
  std::optional<Wall> eta_most;  // confidence 0.9
  std::uint32_t stalled = 0;
  std::optional<TaskCounts> overdue;  // unfinished past the deadline; absent without one
  std::uint32_t unseen_ended = 0;     // finished by the statistics, and no response has shown so
  std::optional<Wall> unseen_since;   // since when that has been more than 0
  std::uint32_t unreconciled = 0;
  std::optional<Wall> ended;  // since when all its tasks are finished
};

// One watched distribution, for the aliyun_iot_distribution_* families.
struct DistributionView {
  struct Devices {
    std::uint32_t ok = 0;
    std::uint32_t failed = 0;
    std::uint32_t unknown = 0;
  };
  std::string distribution_id;
  DistributionStatus status = DistributionStatus::kUnknown;
  bool status_read = false;        // false: no series of the status yet
  std::optional<Devices> devices;  // from the result file; absent until it is read
  std::optional<Wall> ended;
};

struct AccountStatus {
  std::string name;
  bool up = false;
  std::string
      failure_reason;  // failure reason of the whole account: "no_keys", a Reason's name, or empty
  std::vector<InstanceStatus> instances;
  std::vector<ApiStatus> apis;  // APIs in use
  std::size_t unseen = 0;
  std::size_t unfinished = 0;
  std::size_t finished = 0;
  std::size_t gone = 0;
  std::shared_ptr<const std::vector<ExplicitTask>> explicit_tasks;  // null: none
  std::optional<Wall> oldest_observation;  // of the least recently observed unfinished task
  std::optional<double> clock_offset_seconds;
  std::optional<Duration> detection_delay_bound;
  std::vector<DelayCounts> delays;  // bad, good, other
  double blind_seconds = 0;
  std::vector<JobView> jobs;  // watched ones
  std::vector<DistributionView> distributions;
  std::size_t jobs_skipped = 0;  // found, but not watched: wrong name, too old, or over the limit
};

// The lease of one configured account, as this replica last saw it.
struct LeaseStatus {
  std::string account;
  bool held = false;              // this replica may send calls for it
  std::int64_t epoch = 0;         // 0: nobody has held it yet
  std::uint64_t transitions = 0;  // changes of the holder that this process has seen
  // Another replica; empty: this one or nobody holds it, or the holder's row is not known.
  std::string holder;      // its name
  std::string holder_url;  // http or https; may be empty
  bool elsewhere = false;  // another replica holds it
  std::string differs_at;  // name of a replica that configures the account differently; or empty
};

struct ReplicaStatus {
  std::string name;
  std::string url;                    // http or https; may be empty
  bool self = false;                  // the replica that answers
  std::vector<std::string> accounts;  // whose leases it holds
  Duration age{};                     // since its beat was last seen to change
};

struct ReplicationStatus {
  std::vector<LeaseStatus> leases;      // by account
  std::vector<ReplicaStatus> replicas;  // those that live, by name
};

// A sink of notifications that runs here.
struct SinkStatus {
  std::string name;
  std::string format;
  std::uint64_t cursor = 0;                 // all events up to this id are delivered or dropped
  std::uint64_t pending = 0;                // stored events that are not delivered yet
  std::optional<Wall> oldest_pending = {};  // when the oldest of them happened
  std::uint64_t replaying = 0;              // what a replay still has to send
  bool muted = false;                       // a mute covers everything that it is sent
  std::optional<std::size_t> mutes = {};    // active ones that concern it; absent if not a chat
  std::optional<Wall> last_success = {};
  std::optional<Wall> failing_since = {};  // nullopt: it works
  std::string reason = {};                 // of the failure; no secret
  // Since the start of this process.
  std::map<std::string, std::uint64_t> requests = {};  // by code
  std::map<std::string, std::uint64_t> dropped = {};   // by reason
};

struct DaemonStatus {
  std::vector<SinkStatus> sinks = {};  // of notifications
  std::vector<Mute> mutes = {};        // active ones
  // By account: a chat notifies people of its failures. Empty without chats.
  std::map<std::string, bool> notified_directly = {};
  std::vector<AccountStatus> accounts;                // polled by this replica
  std::optional<ReplicationStatus> replication = {};  // absent without replicas
  bool store_up = true;
  std::map<std::string, std::uint64_t> events_pending;  // by sink
  bool last_reload_successful = true;
  std::optional<Wall> last_reload_success;
};

}  // namespace taskwatchd
