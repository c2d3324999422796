#include "commands/ask.h"

#include <fmt/format.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/signal_set.hpp>
#include <cassert>
#include <csignal>
#include <cstdio>
#include <set>
#include <utility>

#include "config/ids.h"
#include "config/parse.h"
#include "core/types/exit_code.h"
#include "io/files/config_file.h"
#include "io/system/complain.h"
#include "ports.h"

namespace taskwatchd {
namespace {

// Interval of checks whether credentials have been fetched
constexpr std::chrono::milliseconds kPollEvery{20};
constexpr double kSlowPace = 0.2;                 // calls/s; below it the user is warned
constexpr char kRegionAccount[] = "environment";  // account name in messages

Refusal refusal(const std::string& text) {
  return {"taskwatchd: " + text + "\n"};
}

// With --region, all settings other than the region have their configuration file defaults.
std::variant<Config, Refusal> config_for(const AskOptions& options) {
  if (!is_region(options.region)) {
    return refusal("--region must be a-z, 0-9 and hyphens, such as --region=cn-shanghai");
  }
  if (!options.instance.empty() && !is_valid_id(options.instance)) {
    return refusal(
        "--instance is not a valid IotInstanceId; copy it from the console's instance overview");
  }
  std::string yaml = "accounts:\n  - name: " + std::string(kRegionAccount) +
                     "\n    instances:\n      - region: \"" + options.region + "\"\n";
  if (!options.instance.empty()) yaml += "        id: \"" + options.instance + "\"\n";
  ParseContext context;
  context.directory = "/";
  ConfigResult parsed = parse_config(yaml, context);
  assert(std::holds_alternative<Config>(parsed));
  return std::get<Config>(std::move(parsed));
}

std::variant<Config, Refusal> config_of(const AskOptions& options) {
  if (!options.region.empty()) return config_for(options);
  auto loaded = load_config(options.config_file);
  if (const auto* errors = std::get_if<std::vector<ConfigError>>(&loaded)) {
    Refusal refused;
    for (const ConfigError& error : *errors) refused.text += to_string(error) + "\n";
    return refused;
  }
  return std::get<LoadedConfig>(std::move(loaded)).config;
}

}  // namespace

void report_slow_pace(const Asking& asking) {
  std::set<std::size_t> accounts;
  for (const Target& target : asking.targets) accounts.insert(target.account);
  for (const std::size_t index : accounts) {
    report_slow_pace(asking.config.accounts[index], Api::kQueryTask);
  }
}

void report_slow_pace(const AccountConfig& account, Api api) {
  if (spare_rate(account, api) >= kSlowPace) return;
  complain(fmt::format(
      "account {}: quota_share {:g} leaves one call every {:.3g} s for commands; this will be slow",
      account.name, account.quota_share, 1 / spare_rate(account, api)));
}

std::optional<Refusal> refuse_share(const AccountConfig& account) {
  if (account.quota_share < 1) return std::nullopt;
  return refusal("account " + account.name +
                 ": quota_share is 1, so the daemon may use the whole quota and no call is left "
                 "for commands; set quota_share below 1 (0.8 leaves one call in five)");
}

std::variant<Asking, Refusal> prepare_asking(const AskOptions& options) {
  if (options.task_ids.empty()) return refusal("no task ids; add the ids of the tasks to query");
  for (const std::string& id : options.task_ids) {
    if (!is_valid_id(id)) {
      return refusal(
          "a task id must be 1 to 128 printable ASCII characters without space, \", \\ "
          "and #; copy it from the console or from ListTask");
    }
  }
  auto config = config_of(options);
  if (auto* refused = std::get_if<Refusal>(&config)) return std::move(*refused);
  Asking asking;
  asking.config = std::get<Config>(std::move(config));

  PlaceHint hint;
  if (options.region.empty()) hint = {options.account, options.instance};
  auto targets = find_targets(asking.config, hint, options.task_ids);
  if (const auto* problem = std::get_if<std::string>(&targets)) return refusal(*problem);
  asking.targets = std::get<std::vector<Target>>(std::move(targets));
  for (const Target& target : asking.targets) {
    const AccountConfig& account = asking.config.accounts[target.account];
    if (account.quota.at(Api::kQueryTask) == 0) {
      return refusal("account " + account.name +
                     ": quota QueryTask is 0, so it must not be called; raise it");
    }
    if (auto refused = refuse_share(account)) return *refused;
  }
  return asking;
}

AskLoop::AskLoop(const Config& config)
    : config_(config),
      clock_(context_.get_executor()),
      http_(context_.get_executor()),
      keys_(context_.get_executor(), clock_, entropy_, http_, nullptr),
      asker_(config, clock_, entropy_, http_, keys_) {}

std::optional<Refusal> AskLoop::refuse_keys(const std::vector<Target>& targets) {
  std::set<std::size_t> accounts;
  for (const Target& target : targets) accounts.insert(target.account);
  for (const std::size_t account : accounts) {
    if (auto refused = refuse_keys(config_.accounts[account])) return refused;
  }
  return std::nullopt;
}

std::optional<Refusal> AskLoop::refuse_keys(const AccountConfig& account) {
  auto keys = keys_.keys(account);
  const auto* error = std::get_if<KeyError>(&keys);
  while (error != nullptr && error->pending) {
    context_.restart();
    context_.run_for(kPollEvery);
    keys = keys_.keys(account);
    error = std::get_if<KeyError>(&keys);
  }
  if (error == nullptr) return std::nullopt;
  return refusal(error->message);
}

Awaitable<void> AskLoop::expire(Mono when) {
  const auto alarm = clock_.make_alarm();
  co_await alarm->wait_until(when);
  exit_code_ = kExitTimeout;
  context_.stop();
}

int AskLoop::run(Awaitable<int> work, std::optional<Duration> timeout) {
  boost::asio::signal_set signals(context_, SIGINT);
  signals.async_wait([this](const boost::system::error_code& error, int) {
    if (error) return;
    exit_code_ = kExitInterrupted;
    context_.stop();
  });
  context_.restart();
  if (timeout) spawn(context_.get_executor(), expire(clock_.now().mono + *timeout));
  boost::asio::co_spawn(context_, std::move(work),
                        [this](const std::exception_ptr& error, int code) {
                          rethrow(error);
                          exit_code_ = code;
                          context_.stop();
                        });
  context_.run();
  assert(exit_code_);
  return *exit_code_;
}

}  // namespace taskwatchd
