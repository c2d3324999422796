#include "io/work_queue.h"

#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>

#include "io/off_loop.h"

namespace taskwatchd {

struct WorkQueue::Shared {
  std::size_t limit = 0;
  Hooks hooks;
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<Job> jobs;
  bool stopping = false;
  bool ended = false;
};

WorkQueue::WorkQueue(std::size_t limit, Hooks hooks) : shared_(std::make_shared<Shared>()) {
  shared_->limit = limit;
  shared_->hooks = std::move(hooks);
  thread_ = start_thread([shared = shared_] { run(shared); });
}

WorkQueue::~WorkQueue() {
  stop(std::chrono::milliseconds(0));
}

bool WorkQueue::submit(Job job) {
  {
    const std::lock_guard hold(shared_->mutex);
    if (shared_->stopping || shared_->jobs.size() >= shared_->limit) return false;
    shared_->jobs.push_back(std::move(job));
  }
  shared_->changed.notify_all();
  return true;
}

void WorkQueue::run(const std::shared_ptr<Shared>& shared) {
  for (;;) {
    std::unique_lock hold(shared->mutex);
    shared->changed.wait(hold, [&] { return shared->stopping || !shared->jobs.empty(); });
    if (shared->jobs.empty()) break;
    const Job job = std::move(shared->jobs.front());
    shared->jobs.pop_front();
    hold.unlock();
    try {
      job(true);
    } catch (const std::exception&) {
      // Ends this job, not the daemon: a job posts its result before it throws.
    }
  }
  // Releases what the jobs used before the end is reported.
  shared->hooks.end();
  const std::lock_guard hold(shared->mutex);
  shared->ended = true;
  shared->changed.notify_all();
}

bool WorkQueue::stop(std::chrono::milliseconds bound) {
  if (!thread_.joinable()) return true;
  std::deque<Job> refused;
  bool ended = false;
  {
    std::unique_lock hold(shared_->mutex);
    shared_->stopping = true;
    if (!shared_->ended) shared_->hooks.hurry();
    shared_->changed.notify_all();
    ended = shared_->changed.wait_for(hold, bound, [&] { return shared_->ended; });
    refused.swap(shared_->jobs);
  }
  for (const Job& job : refused) job(false);
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

}  // namespace taskwatchd
