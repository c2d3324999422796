#include "commands/check.h"

#include <algorithm>
#include <cstdio>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

#include "commands/ask.h"
#include "commands/online_calls.h"
#include "commands/state_check.h"
#include "config/regions.h"
#include "config/summary.h"
#include "core/types/exit_code.h"
#include "io/files/config_file.h"
#include "io/system/complain.h"
#include "pipeline/fleet.h"
#include "server/web_settings.h"
#include "view/page_estimate.h"

namespace taskwatchd {
namespace {

// A metrics output of this size takes seconds to generate, send and parse.
constexpr std::size_t kLargePage = 50'000'000;  // bytes

// Checks the calls of one account and prints the results.
class AccountCheck {
 public:
  AccountCheck(const Config& config, std::size_t account)
      : account_(account),
        config_(config.accounts[account]),
        calls_(online_calls(config.accounts[account])) {}

  bool asks_nothing() const { return calls_.empty(); }

  // Returns true if no errors were found. Calls run one after another, in the order of the file.
  Awaitable<bool> run(Asker& asker) {
    report_slow_pace(config_, slowest());
    for (const OnlineCall& one : calls_) {
      if (account_is_out_ || endpoints_out_.contains(endpoint_of(one))) {
        print(one, "was skipped");
        continue;
      }
      ApiCall call = one.call;
      const AskResult result = co_await asker.ask(account_, one.instance, std::move(call));
      record_result(one, result);
    }
    if (lacks_action_) {
      complain("account " + config_.name + ": minimum RAM policy for this configuration:");
      std::fprintf(stderr, "%s\n", ram_policy(calls_).c_str());
    }
    co_return fine_;
  }

 private:
  Api slowest() const {
    const auto slower = [this](const OnlineCall& a, const OnlineCall& b) {
      return config_.quota.at(a.call.api) < config_.quota.at(b.call.api);
    };
    return std::min_element(calls_.begin(), calls_.end(), slower)->call.api;
  }

  std::string place_of(const OnlineCall& one) const {
    if (!one.instance) return "account " + config_.name + ", distributions";
    return "account " + config_.name + ", instance " + config_.instances[*one.instance].name;
  }

  const std::string& endpoint_of(const OnlineCall& one) const {
    return one.instance ? config_.instances[*one.instance].endpoint
                        : config_.distributions.endpoint;
  }

  void print(const OnlineCall& one, const char* what) const {
    std::printf("online: %s: %s %s\n", place_of(one).c_str(),
                std::string(name(one.call.api)).c_str(), what);
    std::fflush(stdout);
  }

  void record_result(const OnlineCall& one, const AskResult& result) {
    const auto* failure = std::get_if<Failure>(&result.outcome);
    const bool absent = failure != nullptr && failure->reason == Reason::kNotFound;
    if (failure == nullptr || (absent && one.id.empty())) {
      print(one, "responds");
      return;
    }
    fine_ = false;
    print(one, "failed");
    if (lacks_action(*failure)) lacks_action_ = true;
    if (is_of_account(*failure)) account_is_out_ = true;
    if (is_of_endpoint(*failure)) endpoints_out_.insert(endpoint_of(one));
    // A wrong instance id is one error, however many calls fail because of it.
    const bool known = !lacks_action(*failure) && !absent &&
                       !printed_.insert({one.instance, failure->reason, failure->code}).second;
    if (!known) {
      complain(place_of(one) + (absent ? ", id " + one.id : "") + ": " + result.advice);
    }
  }

  const std::size_t account_;
  const AccountConfig& config_;
  const std::vector<OnlineCall> calls_;
  std::set<std::tuple<std::optional<std::size_t>, Reason, std::string>> printed_;
  std::set<std::string> endpoints_out_;
  bool account_is_out_ = false;
  bool lacks_action_ = false;
  bool fine_ = true;
};

Awaitable<int> check_all(std::vector<AccountCheck>& accounts, Asker& asker, int exit_code) {
  for (AccountCheck& account : accounts) {
    const bool fine = co_await account.run(asker);
    if (!fine && exit_code == kExitOk) exit_code = kExitUnavailable;
  }
  co_return exit_code;
}

int check_online(const Config& config) {
  AskLoop loop(config);
  std::vector<AccountCheck> accounts;
  int exit_code = kExitOk;
  for (std::size_t a = 0; a < config.accounts.size(); ++a) {
    AccountCheck account(config, a);
    if (account.asks_nothing()) continue;  // configured by the operator: all quotas are 0
    auto refused = refuse_share(config.accounts[a]);
    if (!refused) refused = loop.refuse_keys(config.accounts[a]);
    if (refused) {
      std::fputs(refused->text.c_str(), stderr);
      exit_code = kExitConfig;
      continue;
    }
    accounts.push_back(std::move(account));
  }
  return loop.run(check_all(accounts, loop.asker(), exit_code));
}

void print_problems(const std::vector<ConfigError>& errors, const std::string& kind = "") {
  for (ConfigError error : errors) {
    error.message = kind + error.message;
    std::fprintf(stderr, "%s\n", to_string(error).c_str());
  }
}

void warn_of_large_page(const Config& config, const std::string& file) {
  const std::size_t bytes = named_tasks_bytes(config);
  if (bytes <= kLargePage) return;
  print_problems(
      {{file, 0, 0,
        "the " + std::to_string(count_tasks(config)) + " explicit tasks make /metrics about " +
            std::to_string(bytes / 1'000'000) +
            " MB per scrape; set `metrics.task_series: none`, or list fewer task ids and watch "
            "their `jobs` instead"}},
      "warning: ");
}

}  // namespace

int check(const CheckOptions& options) {
  const auto loaded = load_config(options.config_file);
  const auto web = options.web_config_file.empty() ? WebSettingResult()
                                                   : load_web_setting(options.web_config_file);
  const auto* const errors = std::get_if<std::vector<ConfigError>>(&loaded);
  const auto* const web_errors = std::get_if<std::vector<ConfigError>>(&web);
  if (errors != nullptr) print_problems(*errors);
  if (web_errors != nullptr) print_problems(*web_errors);
  if (errors != nullptr || web_errors != nullptr) return kExitConfig;
  const LoadedConfig& good = std::get<LoadedConfig>(loaded);
  const WebSetting& good_web = std::get<WebSetting>(web);
  print_problems(good.warnings, "warning: ");
  print_problems(good_web.warnings, "warning: ");
  for (const std::string& warning : region_warnings(good.config)) {
    print_problems({{options.config_file, 0, 0, warning}}, "warning: ");
  }
  warn_of_large_page(good.config, options.config_file);
  std::fputs(summary(good.config).c_str(), stdout);
  if (!options.web_config_file.empty()) std::fputs(summary(good_web.config).c_str(), stdout);
  if (std::fflush(stdout) != 0) return kExitOther;
  const int state = good.config.state_url.empty() ? kExitOk : check_state(good.config);
  if (options.online) {
    check_sinks(good.config);
    const int online = check_online(good.config);  // makes up an id where none is configured
    return state == kExitOk ? online : state;
  }
  if (!good.nothing_readable) return state;
  print_problems(
      {{options.config_file, 0, 0,
        "nothing to watch: the task files contain no valid task id; correct the lines above"}});
  return kExitConfig;
}

}  // namespace taskwatchd
