// The store in one SQLite file: WAL, synchronous=FULL, one transaction a commit. It does not group:
// the caller puts what came in meanwhile into its next commit. One own thread does all the work, so
// a slow disk never holds the loop. Not for network file systems. Failure is a value; after
// kBroken every call fails, and the daemon had better restart.
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
  std::chrono::milliseconds busy{5000};  // waiting for another program's lock on the file
  std::int64_t max_bytes = 0;            // of the file; 0: as the disk allows
};

class SqliteStore : public Store {
 public:
  // Makes the file (mode 0600) if there is none; its folder must exist. Locks it against a second
  // daemon (FILE.lock), checks it (reads it all up to 512 MiB) and proves that it can be written.
  // Blocks; call it before the loop runs. Completions come on `executor`, which must outlive it.
  static std::variant<std::unique_ptr<SqliteStore>, OpenError> open(
      boost::asio::any_io_executor executor, const std::string& path, SqliteLimits limits = {});
  ~SqliteStore() override;  // as close(0)

  // Ports.h has the contracts. Beyond them: more than `waiting_calls` get kUnavailable; a call is
  // never cancelled half-way. A cursor never moves back. A commit of nothing touches no disk. A
  // sink is known to prune() once its cursor was committed, be it 0; while none is, no event goes.
  // A prune's parts take some 20 ms each.
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

  // A no-op through the thread, for the watchdog: true once it was answered, false at once if the
  // queue is full. Waits as long as the thread is busy.
  Awaitable<bool> ping();

  // Carries out what waits and closes the file, blocking for at most `bound` and half a second;
  // later calls get kUnavailable. False if something was left undone.
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
