// What the commands that ask the cloud share (query, wait, check --online): from their options to
// places and keys, and a small loop of their own, beside a daemon that may be running.
// Threads: the calling one. Failure: a text for stderr, with exit code 78.
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
  std::string config_file;  // empty: `region` is given instead
  std::string region;       // keys from the provider chain, all else by default
  std::string account;      // of the file; empty: whichever lists the task
  std::string instance;     // a name of the file or an IotInstanceId; with `region` an id
  std::vector<std::string> task_ids;
};

struct Asking {
  Config config;
  std::vector<Target> targets;
};

// Lines for stderr, each ended: what is wrong and the mend.
struct Refusal {
  std::string text;
};

// Reads the configuration, or makes one for `region`, and finds each task's place.
std::variant<Asking, Refusal> prepare_asking(const AskOptions& options);
// Accounts whose share of the quota leaves nothing to ask with.
std::optional<Refusal> refuse_share(const AccountConfig& account);

// Says on stderr where the pace is so slow that silence would look like a fault.
void tell_slow_pace(const Asking& asking);
void tell_slow_pace(const AccountConfig& account, Api api);

class AskLoop {
 public:
  // `config` must outlive this.
  explicit AskLoop(const Config& config);

  Asker& asker() { return asker_; }
  Clock& clock() { return clock_; }
  boost::asio::io_context& context() { return context_; }

  // Accounts of these targets that have no keys to sign with. Waits for those that are fetched.
  std::optional<Refusal> refuse_keys(const std::vector<Target>& targets);
  std::optional<Refusal> refuse_keys(const AccountConfig& account);

  // Runs `work` to its end and returns its exit code; kExitInterrupted at SIGINT, kExitTimeout when
  // `timeout` has passed: then calls in flight are dropped. One use.
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
