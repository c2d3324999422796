#include "check.h"

#include <cstdio>
#include <utility>

#include "app.h"
#include "ask.h"
#include "config/summary.h"
#include "io/config_file.h"

namespace taskwatchd {
namespace {

// Asked for where no task is listed: that the cloud does not know it proves all the rest.
constexpr char kNobody[] = "taskwatchdcheck000000000010001";

Awaitable<int> ask_all(const Config& config, const std::vector<Target>& targets, Asker& asker) {
  int exit_code = kExitOk;
  for (const Target& target : targets) {
    const AccountConfig& account = config.accounts[target.account];
    const InstanceConfig& instance = account.instances[target.instance];
    const AskResult result = co_await asker.ask(target.account, target.instance, target.task_id);
    const auto* failure = std::get_if<Failure>(&result.outcome);
    const bool fine =
        failure == nullptr || (failure->reason == Reason::kNotFound && target.task_id == kNobody);
    std::printf("online: account %s, instance %s: QueryTask %s\n", account.name.c_str(),
                instance.name.c_str(), fine ? "answers" : "failed");
    std::fflush(stdout);
    if (fine) continue;
    complain("account " + account.name + ", instance " + instance.name +
             (failure->reason == Reason::kNotFound ? ", task " + target.task_id : "") + ": " +
             result.advice);
    exit_code = kExitUnavailable;
  }
  co_return exit_code;
}

int check_online(const Config& config) {
  std::vector<Target> targets;
  for (std::size_t a = 0; a < config.accounts.size(); ++a) {
    const AccountConfig& account = config.accounts[a];
    if (account.quota.at(Api::kQueryTask) == 0) continue;  // by the operator's own word
    if (const auto refused = refuse_pace(account)) {
      std::fputs(refused->text.c_str(), stderr);
      return kExitConfig;
    }
    for (std::size_t i = 0; i < account.instances.size(); ++i) {
      const auto& tasks = account.instances[i].tasks;
      targets.push_back({tasks.empty() ? kNobody : tasks.front(), a, i});
    }
  }
  AskLoop loop(config);
  if (const auto refused = loop.refuse_keys(targets)) {
    std::fputs(refused->text.c_str(), stderr);
    return kExitConfig;
  }
  return loop.run(ask_all(config, targets, loop.asker()));
}

}  // namespace

int check(const CheckOptions& options) {
  const auto loaded = load_config(options.config_file);
  if (const auto* errors = std::get_if<std::vector<ConfigError>>(&loaded)) {
    for (const ConfigError& error : *errors) {
      std::fprintf(stderr, "%s\n", to_string(error).c_str());
    }
    return kExitConfig;
  }
  const LoadedConfig& good = std::get<LoadedConfig>(loaded);
  for (ConfigError warning : good.warnings) {
    warning.message = "warning: " + warning.message;
    std::fprintf(stderr, "%s\n", to_string(warning).c_str());
  }
  std::fputs(summary(good.config).c_str(), stdout);
  if (std::fflush(stdout) != 0) return kExitOther;
  return options.online ? check_online(good.config) : kExitOk;
}

}  // namespace taskwatchd
