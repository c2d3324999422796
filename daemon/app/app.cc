#include "app/app.h"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstdio>
#include <memory>
#include <utility>

#include "app/local_credentials.h"
#include "app/notifications.h"
#include "app/reloader.h"
#include "app/replication.h"
#include "app/state.h"
#include "app/status_source.h"
#include "app/watchdog.h"
#include "core/types/exit_code.h"
#include "io/curl/curl_client.h"
#include "io/event_log/event_log.h"
#include "io/files/result_files.h"
#include "io/system/complain.h"
#include "io/system/process_stats.h"
#include "io/system/system_clock.h"
#include "io/system/systemd.h"
#include "pipeline/fleet.h"
#include "pipeline/history_pruner.h"
#include "pipeline/next_turn.h"
#include "pipeline/outboxes.h"
#include "pipeline/recorder.h"
#include "pipeline/wait_until.h"
#include "ports.h"
#include "server/api_answers.h"
#include "server/metrics_pages.h"
#include "server/web_front.h"
#include "version.h"
#include "view/metrics.h"
#include "view/status_line.h"

namespace taskwatchd {
namespace {

using std::chrono::milliseconds;

constexpr Duration kStatusEvery = std::chrono::seconds(10);
// Interval of the event-loop latency measurement
constexpr Duration kHeartbeat = std::chrono::seconds(1);
// A long initial load extends systemd's start timeout for as long as the load makes progress.
constexpr Duration kExtendEvery = std::chrono::seconds(1);
constexpr Duration kExtendBy = std::chrono::seconds(30);

// Shutdown limits. From SIGTERM to exit: at most 5 s in total.
constexpr Duration kCallsWithin = milliseconds(1500);         // API calls in flight
constexpr Duration kDeliverWithin = std::chrono::seconds(1);  // delivery of events to the log
constexpr Duration kRecordWithin = std::chrono::seconds(1);   // the last commit
// With replicas, before these: calls and commits of all accounts, and the release of their leases.
constexpr Duration kReleaseWithin = milliseconds(2800);
constexpr milliseconds kLogWithin{300}, kStoreWithin{300};

}  // namespace

class App {
 public:
  explicit App(const RunOptions& options)
      : clock_(context_.get_executor()),
        log_(context_.get_executor(), log_format(options.log_format), options.log_level),
        metrics_({TASKWATCHD_VERSION, TASKWATCHD_REVISION, TASKWATCHD_COMPILER}),
        front_(context_.get_executor(), clock_, log_, entropy_, options, web_pages()),
        external_url_(options.external_url),
        signals_(context_, SIGHUP),
        stop_alarm_(clock_.make_alarm()),
        reloader_(context_.get_executor(), clock_, log_, options.config_file,
                  [this] { configuration_changed(); }) {}

  // Does everything that can fail before the event loop runs: configuration, state database,
  // listeners. Returns 0 or the exit code.
  int prepare();
  int run();

 private:
  WebPages web_pages();
  int open_state();

  Awaitable<void> main();
  Awaitable<void> shut_down();
  Awaitable<void> record();
  Awaitable<void> hear_signals();
  Awaitable<void> extend_start();
  Awaitable<void> keep_status();
  Awaitable<void> measure_delay();
  Awaitable<void> wait_for(Duration span);

  std::optional<std::string> request_reload();
  void configuration_changed();
  Awaitable<DaemonStatus> counted_status() const;
  Awaitable<std::shared_ptr<const MetricsPicture>> picture();
  void stop_with(int code);
  void stop_loading();

  boost::asio::io_context context_{1};
  SystemClock clock_;
  SystemEntropy entropy_;
  EventLog log_;
  Metrics metrics_;
  MetricsPages pages_{context_.get_executor(), [this] { return picture(); },
                      [this] { return clock_.now().mono; }};
  ProcessStatsReader process_;
  CurlClient http_{context_.get_executor()};
  LocalCredentials keys_{context_.get_executor(), clock_, entropy_, http_, &log_};
  std::unique_ptr<State> state_;
  AllLeasesHeld all_leases_;
  std::unique_ptr<Replication> replication_;  // null without replicas
  std::unique_ptr<CurlResultFiles> results_;
  std::unique_ptr<Recorder> recorder_;
  std::unique_ptr<Outboxes> outboxes_;
  std::unique_ptr<Fleet> fleet_;
  std::unique_ptr<Notifications> notifications_;
  std::unique_ptr<const StatusSource> status_;
  std::unique_ptr<HistoryPruner> pruner_;
  std::unique_ptr<ApiAnswers> answers_;
  std::unique_ptr<Watchdog> watchdog_;
  WebFront front_;
  const std::string external_url_;
  boost::asio::signal_set signals_;
  std::unique_ptr<Alarm> stop_alarm_;
  Reloader reloader_;
  bool ready_ = false;
  bool stopping_ = false;
  bool recorded_ = false;
  int exit_code_ = kExitOk;
};

WebPages App::web_pages() {
  return {.metrics = [this](OutputForm form) { return pages_.page(form); },
          .ready = [this] { return ready_ && !stopping_; },
          .reload = [this] { return request_reload(); },
          .api = [this](ApiQuestion question) { return answers_->answer(std::move(question)); },
          .answered = [this](const std::string& handler,
                             int code) { metrics_.http_request(handler, code); }};
}

int App::prepare() {
  const std::vector<ConfigError> errors = reloader_.load_first();
  for (const ConfigError& error : errors) std::fprintf(stderr, "%s\n", to_string(error).c_str());
  const int web = front_.read();
  if (!errors.empty() || web != kExitOk) return kExitConfig;
  if (const int code = open_state()) return code;
  if (const int code = front_.listen()) return code;

  Leases& leases = replication_ ? replication_->leases() : all_leases_;
  const Ports ports{clock_, entropy_, http_,     keys_, state_->store(),
                    log_,   metrics_, *results_, leases};
  recorder_ = std::make_unique<Recorder>(ports);
  outboxes_ = std::make_unique<Outboxes>(context_.get_executor(), ports, *recorder_, log_.sink());
  recorder_->on_events([this](std::uint64_t last_id) {
    outboxes_->wake(last_id);
    notifications_->sinks().wake(last_id);
    answers_->wake();
  });
  fleet_ = std::make_unique<Fleet>(context_.get_executor(), ports, *recorder_, metrics_);
  notifications_ = std::make_unique<Notifications>(context_.get_executor(), ports, *recorder_,
                                                   *fleet_, reloader_.config(), external_url_);
  if (replication_) {
    replication_->attach(*fleet_, *outboxes_, *recorder_);
    replication_->attach(notifications_->sinks());
  }
  status_ = std::make_unique<const StatusSource>(StatusSource{
      *fleet_, *notifications_, *recorder_, *outboxes_, reloader_, front_, replication_.get()});
  pruner_ =
      std::make_unique<HistoryPruner>(*fleet_, ports, [this] { return reloader_.config().retain; });
  ApiSources sources{[this] { return ready_ && !stopping_; }, [this] { return counted_status(); },
                     DaemonFacts{TASKWATCHD_VERSION, clock_.now().wall},
                     [this] { return status_of(replication_.get()); }};
  answers_ = std::make_unique<ApiAnswers>(*fleet_, notifications_->sinks(), notifications_->mutes(),
                                          ports, std::move(sources));
  watchdog_ =
      std::make_unique<Watchdog>(context_.get_executor(), clock_, state_->store(), front_.server(),
                                 front_.listening().front(), [] { systemd::watchdog_ping(); });
  return kExitOk;
}

int App::open_state() {
  const Config& config = reloader_.config();
  auto opened = State::open(context_.get_executor(), config, entropy_);
  if (const auto* error = std::get_if<OpenError>(&opened)) {
    complain(error->message);
    return exit_code(error->kind);
  }
  state_ = std::get<std::unique_ptr<State>>(std::move(opened));
  ResultFilesOptions options;
  if (!state_->keeps_results()) options.keep.files = 0;
  results_ = std::make_unique<CurlResultFiles>(context_.get_executor(), state_->results_folder(),
                                               std::move(options));
  if (LeaseStore* const leases = state_->leases()) {
    replication_ =
        std::make_unique<Replication>(context_.get_executor(), clock_, log_, *leases, config);
  }
  return kExitOk;
}

int App::run() {
  // Before, they end the process at once: nothing has been started.
  signals_.add(SIGTERM);
  signals_.add(SIGINT);
  const auto executor = context_.get_executor();
  spawn(executor, hear_signals());
  spawn(executor, extend_start());
  spawn(executor, main());
  context_.run();
  log_.stop(kLogWithin);
  state_->close(kStoreWithin);
  return exit_code_;
}

// Runs the daemon from applying the first configuration to shutdown.
Awaitable<void> App::main() {
  if (const auto error = co_await reloader_.take_first(*fleet_)) {
    complain(error->message);
    exit_code_ = kExitState;
    context_.stop();
    co_return;
  }
  give_memory_back();
  const auto executor = context_.get_executor();
  notifications_->sinks().configure(reloader_.config().sinks);
  spawn(executor, notifications_->mutes().run(replication_ != nullptr));
  spawn(executor, record());
  if (replication_) {
    replication_->start([this] {
      answers_->wake();
      notifications_->sinks().wake(0);  // perhaps there are more events
    });
  } else {
    outboxes_->start("");
  }
  spawn(executor, reloader_.run(*fleet_));
  spawn(executor, reloader_.watch_task_files());
  spawn(executor, front_.follow());
  spawn(executor, keep_status());
  spawn(executor, measure_delay());
  spawn(executor, pruner_->run());
  spawn(executor, fleet_->follow_counters());
  if (const auto interval = systemd::watchdog_interval()) {
    spawn(executor, watchdog_->run(*interval));
  }
  ready_ = true;
  log_.write_event(clock_.now().wall, Level::kInfo, "started", "taskwatchd started",
                   {{"version", TASKWATCHD_VERSION},
                    {"listen", front_.listening()},
                    {"tasks", static_cast<std::int64_t>(count_tasks(reloader_.config()))}});
  systemd::ready(render_status_line(status_->read_at_once(), clock_.now().wall));

  while (!stopping_) co_await stop_alarm_->wait_until(Mono::max());
  co_await shut_down();
  context_.stop();
}

// Stops new work first, then waits (bounded) for calls in flight, their events and the last commit.
Awaitable<void> App::shut_down() {
  systemd::stopping();
  log_.write_event(clock_.now().wall, Level::kInfo, "stopping", "taskwatchd is stopping");
  // Named variables, not temporaries at the place of use: g++ 12 destroys such captures twice.
  const auto calls_ended = [this] { return fleet_->stopped(); };
  const auto delivered = [this] { return recorder_->idle() && outboxes_->pending() == 0; };
  const auto recorded = [this] { return recorded_; };
  answers_->stop();
  if (replication_) {
    replication_->stop();
    const auto released = [this] { return replication_->stopped(); };
    co_await wait_until(clock_, kReleaseWithin, released);
  }
  fleet_->stop();
  co_await wait_until(clock_, kCallsWithin, calls_ended);
  co_await wait_until(clock_, kDeliverWithin, delivered);
  outboxes_->stop_all();
  notifications_->sinks().stop();
  notifications_->mutes().stop();
  recorder_->stop();
  co_await wait_until(clock_, kRecordWithin, recorded);
}

Awaitable<void> App::record() {
  const auto error = co_await recorder_->run();
  recorded_ = true;
  if (error && !stopping_) {
    complain(error->message);
    // Not kExitState: a restart finds out whether the database is damaged or the disk was only
    // unavailable.
    stop_with(kExitOther);
  }
}

Awaitable<void> App::hear_signals() {
  for (;;) {
    const int number = co_await signals_.async_wait(boost::asio::use_awaitable);
    if (number == SIGHUP) {
      request_reload();
    } else if (stopping_) {
      std::_Exit(kExitOk);  // second signal: exit at once; committed data is safe
    } else {
      stop_with(kExitOk);
      if (!ready_) stop_loading();
    }
  }
}

// Stops during the initial load. The load changes nothing, so it may be interrupted.
void App::stop_loading() {
  systemd::stopping();
  log_.write_event(clock_.now().wall, Level::kInfo, "stopping", "taskwatchd is stopping");
  context_.stop();
}

Awaitable<void> App::extend_start() {
  for (std::uint64_t before = 0;;) {
    co_await wait_for(kExtendEvery);
    if (ready_ || stopping_) co_return;
    const std::uint64_t now = fleet_->parts_read();
    if (std::exchange(before, now) != now) systemd::extend_timeout(kExtendBy);
  }
}

void App::stop_with(int code) {
  stopping_ = true;
  exit_code_ = code;
  stop_alarm_->ring();
}

std::optional<std::string> App::request_reload() {
  systemd::reloading();
  auto problem = front_.reload();
  if (!problem) return reloader_.request();
  // A failed front-end reload is reported as a failed reload, even if the rest could succeed.
  configuration_changed();
  return problem;
}

// Also called after a failed reload: systemd waits for READY after RELOADING.
void App::configuration_changed() {
  keys_.keep_only(reloader_.config());
  if (replication_) replication_->configure(reloader_.config());
  if (ready_) notifications_->sinks().configure(reloader_.config().sinks);
  give_memory_back();
  if (ready_) {
    systemd::ready(render_status_line(status_->read_at_once(), clock_.now().wall));
  }
}

Awaitable<void> App::keep_status() {
  while (!stopping_) {
    {
      const DaemonStatus now = co_await status_->read();
      if (!stopping_) systemd::status(render_status_line(now, clock_.now().wall));
    }
    co_await wait_for(kStatusEvery);
  }
}

Awaitable<void> App::measure_delay() {
  const std::unique_ptr<Alarm> alarm = clock_.make_alarm();
  while (!stopping_) {
    const Mono due = clock_.now().mono + kHeartbeat;
    co_await alarm->wait_until(due);
    metrics_.loop_delayed(std::max(Duration::zero(), clock_.now().mono - due));
    pages_.drop_old();
  }
}

Awaitable<void> App::wait_for(Duration span) {
  const std::unique_ptr<Alarm> alarm = clock_.make_alarm();
  co_await alarm->wait_until(clock_.now().mono + span);
}

Awaitable<DaemonStatus> App::counted_status() const {
  co_return metrics_.counted(co_await status_->read());
}

Awaitable<std::shared_ptr<const MetricsPicture>> App::picture() {
  const ProcessStats process = process_.read();
  co_await next_turn();  // a thousand descriptors take a millisecond
  DaemonStatus now = co_await status_->read();
  metrics_.log_messages(log_.written(), log_.dropped());
  co_return metrics_.picture(std::move(now), process, clock_.now().wall);
}

int run(const RunOptions& options) {
  App app(options);
  if (const int code = app.prepare()) return code;
  return app.run();
}

}  // namespace taskwatchd
