#include "commands/plan_command.h"

#include <unistd.h>

#include <cstdio>

#include "core/types/exit_code.h"
#include "io/files/config_file.h"
#include "plan/simulate.h"

namespace taskwatchd {
namespace {

// A progress line that overwrites itself, only on a terminal.
class ProgressLine {
 public:
  ~ProgressLine() {
    if (shown_) std::fputs("\r\x1b[K", stderr);
  }
  void show(plan::Order order, plan::Ms now) {
    if (!terminal_) return;
    shown_ = true;
    std::fprintf(stderr, "\r\x1b[Kpages by %.*s: %.1f h simulated",
                 static_cast<int>(name(order).size()), name(order).data(),
                 static_cast<double>(now) / 3.6e6);
    std::fflush(stderr);
  }

 private:
  const bool terminal_ = isatty(STDERR_FILENO) == 1;
  bool shown_ = false;
};

plan::Report simulated(const Config& config, const plan::Request& request) {
  ProgressLine line;
  return plan::simulate(config, plan::scenario_of(config, request),
                        [&](plan::Order order, plan::Ms now) { line.show(order, now); });
}

}  // namespace

int plan_command(const PlanOptions& options) {
  const auto loaded = load_config(options.config_file, FileChecks::kUnused);
  if (const auto* errors = std::get_if<std::vector<ConfigError>>(&loaded)) {
    for (const ConfigError& error : *errors) std::fprintf(stderr, "%s\n", to_string(error).c_str());
    return kExitConfig;
  }
  const plan::Report report = simulated(std::get<LoadedConfig>(loaded).config, options.request);
  std::fputs((options.json ? json(report) : text(report)).c_str(), stdout);
  if (std::fflush(stdout) != 0) return kExitOther;
  return report.bounds_kept ? kExitOk : kExitSomeBad;
}

}  // namespace taskwatchd
