// The store's one thread: a bounded queue of jobs, carried out in order on the connection that it
// owns. Signals are blocked on it. Jobs answer through a Mailbox (io/off_loop.h).
// Threads: submit, size and stop on the loop's; post on the worker's.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <thread>

#include "io/sqlite/sqlite_connection.h"

namespace taskwatchd::sqlite {

class Worker {
 public:
  // Called with the connection on the worker's thread, or with nullptr on the loop's when the job
  // is refused because the store closes.
  using Job = std::function<void(Connection*)>;

  // At most `limit` jobs wait.
  Worker(std::unique_ptr<Connection> connection, std::size_t limit);
  ~Worker();  // as stop(0)
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // False: the queue is full, or the worker stops.
  bool submit(Job job);
  // Carries out what waits and closes the connection, for at most `bound`; what is left is refused.
  // False if the thread did not end in time: it is left behind, for a disk that hangs cannot be
  // interrupted, and its answer goes nowhere.
  bool stop(std::chrono::milliseconds bound);

 private:
  struct Shared;
  static void run(const std::shared_ptr<Shared>& shared);

  std::shared_ptr<Shared> shared_;  // with the thread, which may outlive us
  std::thread thread_;
};

}  // namespace taskwatchd::sqlite
