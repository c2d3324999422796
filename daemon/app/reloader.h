// The active configuration and its changes: by SIGHUP, by /-/reload, or by a changed task file. An
// invalid configuration changes nothing and is logged. Requests that arrive while one is being
// applied are merged into one; a configuration that the store cannot apply is retried. A changed
// task file changes the tasks only: the configuration file is read again on request only.
// Event-loop thread only; reading files blocks it briefly.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "io/files/config_file.h"
#include "io/files/file_watch.h"
#include "pipeline/fleet.h"
#include "ports.h"

namespace taskwatchd {

class Reloader {
 public:
  // `changed` is called after each attempt, successful or not.
  Reloader(const boost::asio::any_io_executor& executor, Clock& clock, Log& log, std::string file,
           std::function<void()> changed);

  // Reads the first configuration, before the event loop runs. Returns its errors, empty if valid.
  std::vector<ConfigError> load_first();
  // Applies the first configuration. REQUIRES: load_first returned no errors.
  Awaitable<std::optional<StoreError>> take_first(Fleet& fleet);

  // Reads and checks the file now; run() applies it later. Returns the errors, one per line, or
  // nullopt.
  std::optional<std::string> request();
  // Applies requested configurations until the event loop stops.
  Awaitable<void> run(Fleet& fleet);
  // Applies task files that appear, change or are removed, until the event loop stops.
  Awaitable<void> watch_task_files();

  const Config& config() const { return config_; }
  bool last_successful() const { return last_successful_; }
  std::optional<Wall> last_success() const { return last_success_; }

 private:
  std::variant<LoadedConfig, std::vector<ConfigError>> load();
  Awaitable<bool> apply(Fleet& fleet, const Config& next);
  void activate(const Config& config);
  void set_pending(Config next);
  void check_task_files();
  void watch_folders();
  void notice();
  void log_all(const std::vector<ConfigError>& problems);
  void log_new(const std::vector<ConfigError>& problems);

  Clock& clock_;
  Log& log_;
  std::string file_;
  std::function<void()> changed_;
  std::unique_ptr<Alarm> alarm_;
  Config config_;
  std::vector<ConfigError> first_warnings_;
  std::optional<Config> pending_;
  std::string failure_;  // the last logged store failure
  bool last_successful_ = true;
  bool file_valid_ = true;  // whether the configuration file was valid when last read
  std::optional<Wall> last_success_;

  FileWatch watch_;
  std::unique_ptr<Alarm> watch_alarm_;
  Config base_;                     // the newest valid one, without the tasks of task files
  TaskFiles files_;                 // the contents of the task files
  std::size_t pending_tasks_ = 0;   // digest of the tasks of the newest requested configuration
  bool check_again_ = true;         // the task files were read, but not applied
  std::optional<Mono> noticed_at_;  // when inotify first reported a change that is not checked yet
  std::optional<Mono> checked_at_;
  std::set<std::string> logged_;  // task file problems that are logged already
  std::string watch_problem_;     // the inotify problem that is logged already
};

}  // namespace taskwatchd
