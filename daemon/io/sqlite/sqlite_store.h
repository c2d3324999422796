// The store in one SQLite file: WAL, synchronous=FULL, one transaction per commit. It does not
// group commits: the caller puts what arrives meanwhile into its next commit. A separate thread
// does all the work, so a slow disk never blocks the event loop. Not for network file systems.
// Failure is a value; after kBroken every call fails, and the daemon should restart.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <variant>

#include "io/sqlite/sqlite_file.h"
#include "ports.h"

namespace taskwatchd {

struct SqliteLimits {
  std::size_t waiting_calls = 1024;
  std::chrono::milliseconds busy{5000};  // maximum wait for another program's lock on the file
  std::int64_t max_bytes = 0;            // size limit of the file; 0: none
};

class SqliteStore : public Store {
 public:
  // Creates the file (mode 0600) if none exists; its folder must exist. Locks it against a second
  // daemon (FILE.lock), checks it (all of it up to 512 MiB) and proves that it can be written.
  // Blocks; call it before the event loop runs. Completions run on `executor`, which must outlive
  // the store.
  static std::variant<std::unique_ptr<SqliteStore>, OpenError> open(
      boost::asio::any_io_executor executor, const std::string& path, SqliteLimits limits = {});
  ~SqliteStore() override;  // same as close(0)

  // See ports.h for the contracts. In addition: calls beyond `waiting_calls` get kUnavailable; a
  // call in progress is never cancelled. A cursor never moves back. An empty commit does not touch
  // the disk. A sink is known to prune() once its cursor was committed, even at 0; while no sink is
  // known, no event is deleted. The parts of a prune take about 20 ms each.
  Awaitable<std::variant<Committed, StoreError>> commit(Commit commit) override;
  Awaitable<std::variant<Stored, StoreError>> load(std::string account) override;
  Awaitable<std::variant<std::vector<TaskRecord>, StoreError>> tasks(
      std::string account, std::vector<std::string> ids) override;
  Awaitable<std::variant<std::vector<CounterValue>, StoreError>> counters(
      std::string account, std::vector<std::string> job_ids) override;
  Awaitable<std::variant<std::vector<TaskRecord>, StoreError>> tasks_of_job(
      JobKey job, std::string after, std::size_t limit) override;
  Awaitable<std::variant<std::vector<Event>, StoreError>> events_of_task(
      TaskKey task, std::size_t limit) override;
  Awaitable<std::variant<std::vector<Event>, StoreError>> events_after(std::uint64_t id,
                                                                       std::size_t limit) override;
  Awaitable<std::variant<std::uint64_t, StoreError>> cursor(std::string sink) override;
  Awaitable<std::variant<std::uint64_t, StoreError>> last_event() override;
  Awaitable<std::variant<std::monostate, StoreError>> prune(Wall before, Watched watched) override;

  // Passes a no-op through the thread, for the watchdog. Returns true once it was processed, false
  // at once if the queue is full. Waits as long as the thread is busy.
  Awaitable<bool> ping();

  // Processes queued calls and closes the file, blocking for at most `bound` plus 0.5 s; later
  // calls get kUnavailable. Returns false if a queued call was not processed.
  bool close(std::chrono::milliseconds bound);

 private:
  struct Impl;
  explicit SqliteStore(std::unique_ptr<Impl> impl);
  template <typename Value, typename Action>
  Awaitable<std::variant<Value, StoreError>> call(Action action);
  template <typename Value, typename Query>
  Awaitable<std::variant<Value, StoreError>> read(Query query);

  std::unique_ptr<Impl> impl_;
};

}  // namespace taskwatchd
