// Shared parts of the commands that call the API (query, wait, check --online): turn options into
// targets and credentials, and run an event loop separate from the daemon's. A daemon may run at
// the same time. Threads: the calling one. Failure: a text for stderr, with exit code 78.
#pragma once

#include <boost/asio/io_context.hpp>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "app/local_credentials.h"
#include "commands/asker.h"
#include "commands/targets.h"
#include "config/config.h"
#include "io/curl/curl_client.h"
#include "io/system/system_clock.h"

namespace taskwatchd {

struct AskOptions {
  std::string config_file;  // empty: `region` is set instead
  std::string region;       // credentials from the provider chain, all else by default
  std::string account;      // an account of the file; empty: the one that lists the task
  std::string instance;     // an instance name of the file or an IotInstanceId; with `region` an id
  std::vector<std::string> task_ids;
};

struct Asking {
  Config config;
  std::vector<Target> targets;
};

// Lines for stderr, each with its line end: the error and how to fix it.
struct Refusal {
  std::string text;
};

// Reads the configuration, or makes one for `region`, and finds the account and instance of each
// task.
std::variant<Asking, Refusal> prepare_asking(const AskOptions& options);
// Returns an error if `quota_share` of the account leaves no quota for commands.
std::optional<Refusal> refuse_share(const AccountConfig& account);

// Prints a note on stderr if the rate limit is so low that the wait would look like a hang.
void report_slow_pace(const Asking& asking);
void report_slow_pace(const AccountConfig& account, Api api);

class AskLoop {
 public:
  // `config` must outlive this object.
  explicit AskLoop(const Config& config);

  Asker& asker() { return asker_; }
  Clock& clock() { return clock_; }
  boost::asio::io_context& context() { return context_; }

  // Returns an error for the accounts of these targets without credentials. Waits for credentials
  // that are being fetched.
  std::optional<Refusal> refuse_keys(const std::vector<Target>& targets);
  std::optional<Refusal> refuse_keys(const AccountConfig& account);

  // Runs `work` to completion and returns its exit code. Returns kExitInterrupted at SIGINT and
  // kExitTimeout when `timeout` has passed; calls in flight are then dropped. Call it once only.
  int run(Awaitable<int> work, std::optional<Duration> timeout = std::nullopt);

 private:
  Awaitable<void> expire(Mono when);

  const Config& config_;
  boost::asio::io_context context_;
  SystemClock clock_;
  SystemEntropy entropy_;
  CurlClient http_;
  LocalCredentials keys_;
  Asker asker_;
  std::optional<int> exit_code_;
};

}  // namespace taskwatchd
