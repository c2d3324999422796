// The configuration in force and how it changes: by SIGHUP, /-/reload, or a task file that changed.
// A bad one changes nothing and is told; requests that come while one is taken over become one.
// Loop's thread; reading the files blocks it for a moment.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "fleet.h"
#include "io/config_file.h"
#include "ports.h"

namespace taskwatchd {

class Reloader {
 public:
  // `fleet` takes configurations over; `changed` is called after each attempt, good or bad.
  Reloader(Clock& clock, Log& log, std::string file, std::function<void()> changed);

  // The first configuration, before the loop runs: what is wrong with it, or nothing.
  std::vector<ConfigError> load_first();
  // Takes the first one over. REQUIRES: load_first found nothing wrong.
  Awaitable<std::optional<StoreError>> take_first(Fleet& fleet);

  // Reads and checks the file now; run() takes it over. Returns what is wrong with it, a line each.
  std::optional<std::string> request();
  // Takes over what is requested until the loop ends.
  Awaitable<void> run(Fleet& fleet);
  // Requests whenever a task file has appeared, changed or gone, until the loop ends.
  Awaitable<void> follow_task_files();

  const Config& config() const { return config_; }
  bool last_good() const { return last_good_; }
  std::optional<Wall> last_success() const { return last_success_; }

 private:
  std::variant<LoadedConfig, std::vector<ConfigError>> load();
  Awaitable<void> take_over(Fleet& fleet, LoadedConfig next);
  void in_force(const Config& config);

  Clock& clock_;
  Log& log_;
  std::string file_;
  std::function<void()> changed_;
  std::unique_ptr<Alarm> alarm_;
  std::unique_ptr<Alarm> follow_alarm_;
  Config config_;
  std::optional<LoadedConfig> wanted_;
  std::string followed_;  // what the task files were just before they were last read
  bool last_good_ = true;
  std::optional<Wall> last_success_;
};

}  // namespace taskwatchd
