// The configuration in force and how it changes: by SIGHUP, /-/reload, or a task file that changed.
// A bad one changes nothing and is told; requests that come while one is taken over become one;
// what the store cannot take over is tried again. A changed task file changes the tasks only: the
// file that names it is read when that is asked for. Loop's thread, which reading blocks for a
// moment.
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
  // `changed` is called after each attempt, good or bad.
  Reloader(const boost::asio::any_io_executor& executor, Clock& clock, Log& log, std::string file,
           std::function<void()> changed);

  // The first configuration, before the loop runs: what is wrong with it, or nothing.
  std::vector<ConfigError> load_first();
  // Takes the first one over. REQUIRES: load_first found nothing wrong.
  Awaitable<std::optional<StoreError>> take_first(Fleet& fleet);

  // Reads and checks the file now; run() takes it over. Returns what is wrong with it, a line each.
  std::optional<std::string> request();
  // Takes over what is requested until the loop ends.
  Awaitable<void> run(Fleet& fleet);
  // Takes the tasks of task files that appear, change or go, until the loop ends.
  Awaitable<void> follow_task_files();

  const Config& config() const { return config_; }
  bool last_good() const { return last_good_; }
  std::optional<Wall> last_success() const { return last_success_; }

 private:
  std::variant<LoadedConfig, std::vector<ConfigError>> load();
  Awaitable<bool> take_over(Fleet& fleet, const Config& next);
  void in_force(const Config& config);
  void want(Config next);
  void look_at_task_files();
  void watch_folders();
  void notice();
  void tell_all(const std::vector<ConfigError>& problems);
  void tell_new(const std::vector<ConfigError>& problems);

  Clock& clock_;
  Log& log_;
  std::string file_;
  std::function<void()> changed_;
  std::unique_ptr<Alarm> alarm_;
  Config config_;
  std::vector<ConfigError> first_warnings_;
  std::optional<Config> wanted_;
  std::string failure_;  // the store's, as last told
  bool last_good_ = true;
  bool file_good_ = true;  // the configuration file, when it was last asked for
  std::optional<Wall> last_success_;

  FileWatch watch_;
  std::unique_ptr<Alarm> follow_alarm_;
  Config base_;                   // the newest good one, without the tasks of files
  TaskFiles files_;               // what these hold
  std::size_t wanted_tasks_ = 0;  // digest of the tasks of the newest one wanted
  bool look_anew_ = true;         // something was looked at and not taken
  std::optional<Mono> noticed_;   // when the watch first told of a change not looked at yet
  std::optional<Mono> looked_;
  std::set<std::string> told_;  // what is wrong with the task files, told already
  std::string watch_problem_;   // likewise
};

}  // namespace taskwatchd
