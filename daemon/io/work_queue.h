// A thread with a bounded queue of jobs, run in order. Signals are blocked on it. Jobs post their
// results through a Mailbox (io/off_loop.h). Threads: every function on the event loop's.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <thread>

namespace taskwatchd {

class WorkQueue {
 public:
  // Called with true on the queue's thread, or with false on the event-loop thread if the job is
  // rejected because the queue stops.
  using Job = std::function<void(bool run)>;
  struct Hooks {
    std::function<void()> hurry;  // stop() begins: the current job should end soon; any thread
    std::function<void()> end;    // the last job has ended; on the queue's thread
  };

  // At most `limit` jobs wait.
  WorkQueue(std::size_t limit, Hooks hooks);
  ~WorkQueue();  // same as stop(0)
  WorkQueue(const WorkQueue&) = delete;
  WorkQueue& operator=(const WorkQueue&) = delete;

  // Returns false if the queue is full or stops.
  bool submit(Job job);
  // Runs waiting jobs and `end`, for at most `bound`; remaining jobs are rejected. Returns false if
  // the thread did not end in time: it is detached, because a hanging disk cannot be interrupted,
  // and its results are discarded.
  bool stop(std::chrono::milliseconds bound);

 private:
  struct Shared;
  static void run(const std::shared_ptr<Shared>& shared);

  std::shared_ptr<Shared> shared_;  // shared with the thread, which may outlive this object
  std::thread thread_;
};

}  // namespace taskwatchd
