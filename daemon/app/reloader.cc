#include "app/reloader.h"

#include <algorithm>
#include <utility>

#include "config/restart.h"

namespace taskwatchd {
namespace {

// Poll interval, because inotify may miss changes
constexpr Duration kCheckEvery = std::chrono::seconds(5);
constexpr Duration kGather = std::chrono::milliseconds(100);  // gathers changes that come together
constexpr Duration kCheckAtMost = std::chrono::seconds(1);    // minimum time between two checks
constexpr Duration kRetryFirst = std::chrono::seconds(1);     // after a store failure; then doubled
constexpr Duration kRetryLongest = std::chrono::seconds(30);
constexpr std::size_t kMaxLogged = 200;  // configuration warnings logged per check

std::size_t digest_of_tasks(const Config& config) {
  std::size_t digest = 0;
  const auto add = [&](const std::string& text) {
    digest = digest * 0x9e3779b97f4a7c15U + std::hash<std::string>()(text);
  };
  for (const AccountConfig& account : config.accounts) {
    for (const InstanceConfig& instance : account.instances) {
      add(account.name + " " + instance.name);
      for (const std::string& task : instance.tasks) add(task);
    }
  }
  return digest;
}

}  // namespace

Reloader::Reloader(const boost::asio::any_io_executor& executor, Clock& clock, Log& log,
                   std::string file, std::function<void()> changed)
    : clock_(clock),
      log_(log),
      file_(std::move(file)),
      changed_(std::move(changed)),
      alarm_(clock.make_alarm()),
      watch_(executor, [this] { notice(); }),
      watch_alarm_(clock.make_alarm()) {}

std::vector<ConfigError> Reloader::load_first() {
  auto loaded = load();
  if (auto* errors = std::get_if<std::vector<ConfigError>>(&loaded)) return std::move(*errors);
  config_ = std::move(std::get<LoadedConfig>(loaded).config);
  first_warnings_ = std::move(std::get<LoadedConfig>(loaded).warnings);
  return {};
}

Awaitable<std::optional<StoreError>> Reloader::take_first(Fleet& fleet) {
  log_all(std::exchange(first_warnings_, {}));
  // config_ cannot be replaced meanwhile: run() has not started.
  auto error = co_await fleet.apply(config_);
  if (!error) last_success_ = clock_.now().wall;
  co_return error;
}

// On an error, the task files just read must still be applied to the previous configuration.
std::variant<LoadedConfig, std::vector<ConfigError>> Reloader::load() {
  auto read = read_config(file_);
  if (auto* errors = std::get_if<std::vector<ConfigError>>(&read)) return std::move(*errors);
  Config base = std::get<Config>(std::move(read));
  files_.check(base, clock_.now());
  auto loaded = complete_config(base, file_, files_);
  if (const auto* good = std::get_if<LoadedConfig>(&loaded)) {
    base_ = std::move(base);
    pending_tasks_ = digest_of_tasks(good->config);
  }
  check_again_ = true;
  files_.keep_only(base_);
  return loaded;
}

std::optional<std::string> Reloader::request() {
  auto loaded = load();
  notice();  // the folders to watch may have changed
  if (auto* good = std::get_if<LoadedConfig>(&loaded)) {
    file_valid_ = true;
    log_all(good->warnings);
    set_pending(std::move(good->config));
    return std::nullopt;
  }
  const auto& errors = std::get<std::vector<ConfigError>>(loaded);
  last_successful_ = file_valid_ = false;
  std::string all;
  for (const ConfigError& error : errors) all += (all.empty() ? "" : "\n") + to_string(error);
  log_.write_event(clock_.now().wall, Level::kError, "config_reload_failed",
                   "configuration reload failed; the previous configuration stays active: " +
                       to_string(errors.front()),
                   {{"errors", static_cast<std::int64_t>(errors.size())}});
  for (std::size_t i = 1; i < errors.size(); ++i)
    log_.write_event(clock_.now().wall, Level::kError, "", to_string(errors[i]));
  changed_();
  return all;
}

void Reloader::set_pending(Config next) {
  pending_ = std::move(next);
  alarm_->ring();
}

Awaitable<void> Reloader::run(Fleet& fleet) {
  Duration pause = kRetryFirst;
  for (;;) {
    if (!pending_) {
      co_await alarm_->wait_until(Mono::max());
      continue;
    }
    Config next = std::move(*std::exchange(pending_, std::nullopt));
    const bool taken = co_await apply(fleet, next);
    if (taken || pending_) {
      pause = kRetryFirst;
      continue;
    }
    pending_ = std::move(next);
    co_await alarm_->wait_until(clock_.now().mono + pause);  // a newer configuration ends the wait
    pause = std::min(2 * pause, kRetryLongest);
  }
}

Awaitable<bool> Reloader::apply(Fleet& fleet, const Config& next) {
  const auto error = co_await fleet.apply(next);
  // Task files may have caused this change while the configuration file itself is still invalid.
  last_successful_ = !error && file_valid_;
  if (!error) {
    const StringList needs_restart = restart_needed(config_, next);
    activate(next);
    std::vector<Field> fields{{"tasks", static_cast<std::int64_t>(count_tasks(config_))}};
    if (!needs_restart.empty()) fields.push_back({"needs_restart", needs_restart});
    log_.write_event(clock_.now().wall, Level::kInfo, "config_reloaded",
                     "configuration reloaded and active", std::move(fields));
  } else if (failure_ != error->message) {
    log_.write_event(
        clock_.now().wall, Level::kError, "config_reload_failed",
        "could not apply the new configuration; the previous one stays active, retrying: " +
            error->message);
  }
  failure_ = error ? error->message : "";
  changed_();
  co_return !error;
}

void Reloader::activate(const Config& config) {
  Config next = config;
  keep_until_restart(config_, next);
  config_ = std::move(next);
  last_success_ = clock_.now().wall;
}

Awaitable<void> Reloader::watch_task_files() {
  for (;;) {
    const Mono now = clock_.now().mono;
    Mono next = checked_at_ ? *checked_at_ + kCheckEvery : now;
    const auto check_at = [&](Mono when) {
      if (checked_at_) next = std::min(next, std::max(when, *checked_at_ + kCheckAtMost));
    };
    if (const auto due = files_.due()) check_at(*due);
    if (noticed_at_) check_at(*noticed_at_ + kGather);
    if (next > now) {
      co_await watch_alarm_->wait_until(next);
    } else {
      check_task_files();
    }
  }
}

void Reloader::notice() {
  if (noticed_at_) return;
  noticed_at_ = clock_.now().mono;
  watch_alarm_->ring();
}

void Reloader::check_task_files() {
  watch_folders();  // before reading, so that no change in between is missed
  noticed_at_.reset();
  checked_at_ = clock_.now().mono;
  const bool changed = files_.check(base_, clock_.now());
  if (!changed && !check_again_) return;
  check_again_ = false;
  Config next = base_;
  TaskFiles::Problems problems = files_.add_to(next, file_);
  problems.errors.insert(problems.errors.end(), problems.warnings.begin(), problems.warnings.end());
  log_new(problems.errors);
  if (problems.too_many_tasks) return;
  const std::size_t digest = digest_of_tasks(next);
  if (std::exchange(pending_tasks_, digest) != digest) set_pending(std::move(next));
}

void Reloader::watch_folders() {
  watch_.follow(task_file_folders(base_));
  const bool any = !task_file_globs(base_).empty();
  if (any && !watch_.problem().empty() && watch_problem_ != watch_.problem()) {
    log_.write_event(clock_.now().wall, Level::kInfo, "",
                     "cannot watch task files with inotify; checking them every 5 s instead: " +
                         watch_.problem());
  }
  watch_problem_ = watch_.problem();
}

void Reloader::log_all(const std::vector<ConfigError>& problems) {
  logged_.clear();
  log_new(problems);
}

// Logs each problem once; again only if it was fixed in between and came back.
void Reloader::log_new(const std::vector<ConfigError>& problems) {
  std::set<std::string> now;
  std::size_t logged = 0;
  for (const ConfigError& problem : problems) {
    std::string text = to_string(problem);
    const bool old = logged_.contains(text);
    if (!now.insert(text).second || old) continue;
    if (++logged <= kMaxLogged)
      log_.write_event(clock_.now().wall, Level::kWarn, "", std::move(text));
  }
  if (logged > kMaxLogged) {
    log_.write_event(
        clock_.now().wall, Level::kWarn, "",
        std::to_string(logged - kMaxLogged) + " more warnings about the configuration");
  }
  logged_ = std::move(now);
}

}  // namespace taskwatchd
