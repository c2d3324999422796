// Measures the SQLite store: the duration of commits at a steady rate of transitions, and how long
// a commit waits while history is pruned.
//
// bench_store FOLDER [--rate=1000] [--seconds=30] [--events=10000000]
//
// FOLDER must be empty and on the disk to be measured. A commit takes all transitions that arrived
// during the one before it, as in the daemon. Prints one line per measurement.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "core/events/event_text.h"
#include "core/events/task_events.h"
#include "io/sqlite/sqlite_statement.h"
#include "io/sqlite/sqlite_store.h"

namespace taskwatchd {
namespace {

using std::chrono::milliseconds;
using Steady = std::chrono::steady_clock;

constexpr std::size_t kTasks = 100'000;
constexpr std::size_t kJobs = 10;
constexpr milliseconds kLongCommit{50};
constexpr std::chrono::seconds kSettlePerMillion{6};  // after so many events were written
constexpr std::size_t kEventsOfTask = 5;              // one for each status of its life

void require(bool works, std::string_view what) {
  if (works) return;
  fmt::print(stderr, "bench_store: {}\n", what);
  std::exit(1);
}

double ms(Steady::duration span) {
  return std::chrono::duration<double, std::milli>(span).count();
}

Wall now() {
  return std::chrono::floor<milliseconds>(std::chrono::system_clock::now());
}

// An id as the platform makes it: in no order.
std::string task_id(std::size_t number) {
  std::mt19937_64 random(number);
  return fmt::format("{:016x}{:06d}", random(), number % 1'000'000);
}

TaskRecord record_of(std::size_t number, Wall at) {
  TaskRecord record;
  record.key = {"prod", task_id(number)};
  record.instance = "iot-060a0001";
  record.last.task_id = record.key.task_id;
  record.last.job_id = fmt::format("sGWotgRkutxX{:08d}", number % kJobs);
  record.last.job_name = "ota-firmware-2.1.7";
  record.last.product_key = "a1BwAGV1234";
  record.last.device_name = fmt::format("pump-{:06d}", number);
  record.last.status = number % 97 == 0 ? TaskStatus::kFailed : TaskStatus::kInProgress;
  record.last.modified = record.last.queued = record.first_seen = record.last_seen = at;
  return record;
}

Event transition_of(const TaskRecord& record, Wall at) {
  return task_transition(record, {.from = TaskStatus::kSent, .observed_at = at, .not_before = at},
                         {});
}

Commit commit_of(std::size_t first, std::size_t count) {
  Commit commit;
  const Wall at = now();
  for (std::size_t i = first; i < first + count; ++i) {
    TaskRecord record = record_of(i % kTasks, at);
    commit.events.push_back(transition_of(record, at));
    commit.counters.push_back(
        {{"prod", record.last.job_id, Counter::kTransitions, record.last.status}});
    commit.records.push_back(std::move(record));
  }
  return commit;
}

class Waits {
 public:
  void add(Steady::duration span) {
    all_.push_back(ms(span));
    if (span <= kLongCommit) return;
    fmt::print("after {:.1f} s a commit took {:.1f} ms\n", ms(Steady::now() - begun_) / 1000,
               ms(span));
    std::fflush(stdout);
  }
  std::string text() {
    require(!all_.empty(), "no commit was made");
    std::sort(all_.begin(), all_.end());
    const auto at = [&](double part) {
      return all_[static_cast<std::size_t>(part * static_cast<double>(all_.size() - 1))];
    };
    return fmt::format("{} commits, p50 {:.1f} ms, p99 {:.1f} ms, longest {:.1f} ms", all_.size(),
                       at(0.5), at(0.99), all_.back());
  }

 private:
  Steady::time_point begun_ = Steady::now();
  std::vector<double> all_;
};

// Commits transitions that arrive at `rate` per second until `is_over`; returns how many.
template <typename IsOver>
Awaitable<std::size_t> commit_at(SqliteStore& store, double rate, IsOver is_over, Waits& waits) {
  boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor);
  const auto begun = Steady::now();
  std::size_t done = 0;
  while (!is_over()) {
    const double due = std::chrono::duration<double>(Steady::now() - begun).count() * rate;
    const std::size_t count = static_cast<std::size_t>(due) - done;
    if (count == 0) {
      timer.expires_after(milliseconds(1));
      co_await timer.async_wait(boost::asio::use_awaitable);
      continue;
    }
    Commit commit = commit_of(done, count);
    const auto sent = Steady::now();
    const auto result = co_await store.commit(std::move(commit));
    require(std::holds_alternative<Committed>(result), "a commit failed");
    waits.add(Steady::now() - sent);
    done += count;
  }
  co_return done;
}

template <typename Result>
Result run(boost::asio::io_context& context, Awaitable<Result> work) {
  std::optional<Result> result;
  const auto keep = [&](std::exception_ptr error, Result value) {
    if (error) std::rethrow_exception(error);
    result = std::move(value);
  };
  boost::asio::co_spawn(context, std::move(work), keep);
  context.restart();
  context.run();
  return std::move(*result);
}

std::unique_ptr<SqliteStore> open(boost::asio::io_context& context, const std::string& path) {
  auto opened = SqliteStore::open(context.get_executor(), path);
  if (auto* error = std::get_if<OpenError>(&opened)) require(false, error->message);
  return std::move(std::get<std::unique_ptr<SqliteStore>>(opened));
}

// Writes events of tasks without records, a month old, as their jobs made them: each job has some
// thousand tasks in progress at the same time.
void fill(const std::string& path, std::size_t events) {
  constexpr std::size_t kActive = 10'000;
  sqlite3* raw = nullptr;
  require(sqlite3_open(path.c_str(), &raw) == SQLITE_OK, "cannot open the file again");
  const sqlite::Database db(raw);
  sqlite3_exec(raw, "PRAGMA synchronous=OFF; PRAGMA cache_size=-2000000; BEGIN", nullptr, nullptr,
               nullptr);
  {
    sqlite::Statement insert(
        raw,
        "INSERT INTO events(ts_ms,name,level,account,job_id,task_id,body) VALUES(?,?,?,?,?,?,?)");
    const Wall at = now() - std::chrono::hours(24 * 30);
    for (std::size_t i = 0; i < events; ++i) {
      const std::size_t group = i / (kActive * kEventsOfTask);
      const TaskRecord record = record_of(kTasks + group * kActive + i % kActive, at);
      const Event event = transition_of(record, at);
      require(insert.run(at, event.name, std::string("info"), std::string("prod"),
                         record.last.job_id, record.key.task_id, to_json(event)) == SQLITE_OK,
              "cannot write events");
    }
  }
  require(sqlite3_exec(raw,
                       "INSERT OR REPLACE INTO cursors SELECT 'log', max(id) FROM events; COMMIT;"
                       "PRAGMA synchronous=FULL; PRAGMA wal_checkpoint(TRUNCATE)",
                       nullptr, nullptr, nullptr) == SQLITE_OK,
          "cannot commit the events");
  // Otherwise the first commits wait for gigabytes: a disk goes on writing after sync().
  sync();
  std::this_thread::sleep_for(kSettlePerMillion * (events / 1'000'000));
}

Awaitable<bool> prune(SqliteStore& store, bool& is_over) {
  const auto result = co_await store.prune(now() - std::chrono::hours(24), {});
  require(std::holds_alternative<std::monostate>(result), "the prune failed");
  is_over = true;
  co_return true;
}

std::size_t flag(int argc, char** argv, std::string_view name, std::size_t value) {
  for (int i = 2; i < argc; ++i) {
    const std::string_view text = argv[i];
    if (text.starts_with(name)) value = std::strtoull(argv[i] + name.size(), nullptr, 10);
  }
  return value;
}

int measure(int argc, char** argv) {
  require(argc > 1, "usage: bench_store FOLDER [--rate=1000] [--seconds=30] [--events=10000000]");
  std::filesystem::create_directories(argv[1]);
  const std::string path = std::string(argv[1]) + "/state.db";
  require(!std::filesystem::exists(path), path + " exists");
  const auto rate = static_cast<double>(flag(argc, argv, "--rate=", 1000));
  const std::chrono::seconds span(flag(argc, argv, "--seconds=", 30));
  const std::size_t events = flag(argc, argv, "--events=", 10'000'000);

  boost::asio::io_context context;
  auto store = open(context, path);
  {
    Waits waits;
    const auto begun = Steady::now();
    const auto is_over = [&] { return Steady::now() - begun >= span; };
    const std::size_t done = run(context, commit_at(*store, rate, is_over, waits));
    fmt::print("{:.0f} transitions/s for {} s: {}\n",
               static_cast<double>(done) / (ms(Steady::now() - begun) / 1000), span.count(),
               waits.text());
  }
  store->close(std::chrono::seconds(5));
  store.reset();
  fill(path, events);
  store = open(context, path);
  {
    Waits waits;
    bool is_over = false;
    const auto begun = Steady::now();
    const auto rethrow = [](std::exception_ptr error, bool) {
      if (error) std::rethrow_exception(error);
    };
    boost::asio::co_spawn(context, prune(*store, is_over), rethrow);
    const auto until = [&] { return is_over; };
    const std::size_t done = run(context, commit_at(*store, rate / 10, until, waits));
    fmt::print("{} events pruned in {:.0f} s beside {} transitions: {}\n", events,
               ms(Steady::now() - begun) / 1000, done, waits.text());
  }
  store->close(std::chrono::seconds(5));
  return 0;
}

}  // namespace
}  // namespace taskwatchd

int main(int argc, char** argv) {
  return taskwatchd::measure(argc, argv);
}
