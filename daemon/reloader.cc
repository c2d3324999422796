#include "reloader.h"

#include <utility>

namespace taskwatchd {
namespace {

constexpr Duration kFollowEvery = std::chrono::seconds(5);

std::vector<std::string> patterns(const Config& config) {
  std::vector<std::string> all;
  for (const AccountConfig& account : config.accounts) {
    for (const InstanceConfig& instance : account.instances) {
      all.insert(all.end(), instance.task_files.begin(), instance.task_files.end());
    }
  }
  return all;
}

}  // namespace

Reloader::Reloader(Clock& clock, Log& log, std::string file, std::function<void()> changed)
    : clock_(clock),
      log_(log),
      file_(std::move(file)),
      changed_(std::move(changed)),
      alarm_(clock.make_alarm()),
      follow_alarm_(clock.make_alarm()) {}

std::vector<ConfigError> Reloader::load_first() {
  auto loaded = load();
  if (auto* errors = std::get_if<std::vector<ConfigError>>(&loaded)) return std::move(*errors);
  wanted_ = std::get<LoadedConfig>(std::move(loaded));
  config_ = wanted_->config;
  return {};
}

Awaitable<std::optional<StoreError>> Reloader::take_first(Fleet& fleet) {
  const LoadedConfig first = std::move(*std::exchange(wanted_, std::nullopt));
  for (const ConfigError& warning : first.warnings)
    log_.tell(clock_.now().wall, Level::kWarn, "", to_string(warning));
  auto error = co_await fleet.take_over(first.config);
  if (!error) in_force(first.config);
  co_return error;
}

// Also notes what the task files were before they were read: one that changes while we read, or
// while the fleet takes over, is then seen to have changed.
std::variant<LoadedConfig, std::vector<ConfigError>> Reloader::load() {
  std::string before = task_files_state(config_);
  auto loaded = load_config(file_);
  if (const auto* good = std::get_if<LoadedConfig>(&loaded)) {
    const bool same = patterns(good->config) == patterns(config_);
    followed_ = same ? std::move(before) : task_files_state(good->config);
  }
  return loaded;
}

std::optional<std::string> Reloader::request() {
  auto loaded = load();
  if (auto* good = std::get_if<LoadedConfig>(&loaded)) {
    wanted_ = std::move(*good);
    alarm_->ring();
    return std::nullopt;
  }
  const auto& errors = std::get<std::vector<ConfigError>>(loaded);
  last_good_ = false;
  std::string all;
  for (const ConfigError& error : errors) all += (all.empty() ? "" : "\n") + to_string(error);
  log_.tell(clock_.now().wall, Level::kError, "config_reload_failed",
            "the configuration is not good; the old one stays: " + to_string(errors.front()),
            {{"errors", static_cast<std::int64_t>(errors.size())}});
  for (std::size_t i = 1; i < errors.size(); ++i)
    log_.tell(clock_.now().wall, Level::kError, "", to_string(errors[i]));
  changed_();
  return all;
}

Awaitable<void> Reloader::run(Fleet& fleet) {
  for (;;) {
    if (!wanted_) {
      co_await alarm_->wait_until(Mono::max());
      continue;
    }
    LoadedConfig next = std::move(*std::exchange(wanted_, std::nullopt));
    co_await take_over(fleet, std::move(next));
  }
}

Awaitable<void> Reloader::take_over(Fleet& fleet, LoadedConfig next) {
  for (const ConfigError& warning : next.warnings)
    log_.tell(clock_.now().wall, Level::kWarn, "", to_string(warning));
  StringList needs_restart;
  if (next.config.state_path != config_.state_path) {
    needs_restart.push_back("state.path");
    next.config.state_path = config_.state_path;
  }
  const auto error = co_await fleet.take_over(next.config);
  last_good_ = !error;
  if (error) {
    followed_ = task_files_state(config_);
    log_.tell(clock_.now().wall, Level::kError, "config_reload_failed",
              "the old configuration stays: " + error->message);
  } else {
    in_force(next.config);
    std::vector<Field> fields{{"tasks", static_cast<std::int64_t>(watched_tasks(config_).size())}};
    if (!needs_restart.empty()) fields.push_back({"needs_restart", needs_restart});
    log_.tell(clock_.now().wall, Level::kInfo, "config_reloaded", "the configuration is taken over",
              std::move(fields));
  }
  changed_();
}

void Reloader::in_force(const Config& config) {
  config_ = config;
  last_success_ = clock_.now().wall;
}

Awaitable<void> Reloader::follow_task_files() {
  for (;;) {
    co_await follow_alarm_->wait_until(clock_.now().mono + kFollowEvery);
    std::string state = task_files_state(config_);
    if (state == followed_) continue;
    followed_ = std::move(state);
    request();
  }
}

}  // namespace taskwatchd
