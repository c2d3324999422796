#include "io/sqlite/sqlite_worker.h"

#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>

#include "io/off_loop.h"

namespace taskwatchd::sqlite {

struct Worker::Shared {
  std::unique_ptr<Connection> connection;
  std::size_t limit = 0;
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<Job> jobs;
  bool stopping = false;
  bool ended = false;
};

Worker::Worker(std::unique_ptr<Connection> connection, std::size_t limit)
    : shared_(std::make_shared<Shared>()) {
  shared_->connection = std::move(connection);
  shared_->limit = limit;
  thread_ = start_thread([shared = shared_] { run(shared); });
}

Worker::~Worker() {
  stop(std::chrono::milliseconds(0));
}

bool Worker::submit(Job job) {
  {
    const std::lock_guard hold(shared_->mutex);
    if (shared_->stopping || shared_->jobs.size() >= shared_->limit) return false;
    shared_->jobs.push_back(std::move(job));
  }
  shared_->changed.notify_all();
  return true;
}

void Worker::run(const std::shared_ptr<Shared>& shared) {
  for (;;) {
    std::unique_lock hold(shared->mutex);
    shared->changed.wait(hold, [&] { return shared->stopping || !shared->jobs.empty(); });
    if (shared->jobs.empty()) break;
    const Job job = std::move(shared->jobs.front());
    shared->jobs.pop_front();
    hold.unlock();
    try {
      job(shared->connection.get());
    } catch (const std::exception&) {
      // Ends this call, not the daemon: a job posts its result before it throws.
    }
  }
  // Closes the file and releases its lock before the end is reported.
  shared->connection.reset();
  const std::lock_guard hold(shared->mutex);
  shared->ended = true;
  shared->changed.notify_all();
}

bool Worker::stop(std::chrono::milliseconds bound) {
  if (!thread_.joinable()) return true;
  std::deque<Job> refused;
  bool ended = false;
  {
    std::unique_lock hold(shared_->mutex);
    shared_->stopping = true;
    if (!shared_->ended && shared_->connection) shared_->connection->give_up();
    shared_->changed.notify_all();
    ended = shared_->changed.wait_for(hold, bound, [&] { return shared_->ended; });
    refused.swap(shared_->jobs);
  }
  for (const Job& job : refused) job(nullptr);
  if (!ended) {
    // The current job has exceeded its bound; with the queue empty, a short wait finishes the rest.
    constexpr std::chrono::milliseconds kLastMoment{500};
    std::unique_lock hold(shared_->mutex);
    ended = shared_->changed.wait_for(hold, kLastMoment, [&] { return shared_->ended; });
  }
  if (ended) {
    thread_.join();
  } else {
    thread_.detach();
  }
  return ended && refused.empty();
}

}  // namespace taskwatchd::sqlite
