// The store's only thread: a bounded queue of jobs, run in order on the connection that it owns.
// Signals are blocked on it. Jobs post results through a Mailbox (io/off_loop.h). Threads: submit,
// size and stop on the event loop's; post on the worker's.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <thread>

#include "io/sqlite/sqlite_connection.h"

namespace taskwatchd::sqlite {

class Worker {
 public:
  // Called with the connection on the worker's thread, or with nullptr on the event-loop thread if
  // the job is rejected because the store closes.
  using Job = std::function<void(Connection*)>;

  // At most `limit` jobs wait.
  Worker(std::unique_ptr<Connection> connection, std::size_t limit);
  ~Worker();  // same as stop(0)
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // Returns false if the queue is full or the worker stops.
  bool submit(Job job);
  // Runs queued jobs and closes the connection, for at most `bound`; remaining jobs are rejected.
  // Returns false if the thread did not end in time: it is detached, because a hanging disk cannot
  // be interrupted, and its results are discarded.
  bool stop(std::chrono::milliseconds bound);

 private:
  struct Shared;
  static void run(const std::shared_ptr<Shared>& shared);

  std::shared_ptr<Shared> shared_;  // shared with the thread, which may outlive this object
  std::thread thread_;
};

}  // namespace taskwatchd::sqlite
