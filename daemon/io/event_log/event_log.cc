#include "io/event_log/event_log.h"

#include <sys/stat.h>

#include <array>
#include <atomic>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cassert>
#include <condition_variable>
#include <cstdlib>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>

#include "io/event_log/event_log_writer.h"
#include "io/off_loop.h"

namespace taskwatchd {

namespace asio = boost::asio;

namespace {

// A deliver() call that waits. Its coroutine owns it; the thread holds only a weak pointer, so that
// a timer is never destroyed on the wrong thread.
struct Waiting {
  explicit Waiting(const asio::any_io_executor& executor)
      : done(executor, asio::steady_timer::time_point::max()) {}
  asio::steady_timer done;
  std::optional<bool> delivered;
};

struct Batch {
  std::uint64_t turn = 0;
  std::vector<Event> events;
  std::weak_ptr<Waiting> waiting;
};

struct Diagnostic {
  std::uint64_t turn = 0;
  Event event;
};

std::unique_ptr<event_log::Writer> make_writer(LogFormat format, int fd,
                                               const std::atomic<bool>& give_up) {
  if (format == LogFormat::kJournald) return event_log::journal_writer();
  return event_log::line_writer(fd, format == LogFormat::kJson, give_up);
}

}  // namespace

// Everything the thread needs. The thread shares ownership, because a stalled journal may block it
// forever.
struct EventLog::Shared {
  explicit Shared(asio::any_io_executor e) : executor(std::move(e)), mailbox(executor) {}

  asio::any_io_executor executor;  // the event loop's
  Mailbox mailbox;
  Level lowest = Level::kInfo;
  std::thread thread;  // used on the event loop only

  std::mutex mutex;
  std::condition_variable changed;
  // In the order of arrival.
  std::deque<Diagnostic> diagnostics;
  std::deque<Batch> batches;
  std::uint64_t turns = 0;
  std::weak_ptr<Waiting> in_hand;  // the call whose batch is being written
  bool stopping = false;
  bool ended = false;

  std::atomic<bool> give_up = false;
  std::array<std::atomic<std::uint64_t>, 4> written{};
  std::atomic<std::uint64_t> dropped = 0;
  std::atomic<std::size_t> pending = 0;

  void answer(const std::weak_ptr<Waiting>& to, bool delivered) {
    mailbox.post([to, delivered] {
      if (const auto waiting = to.lock()) {
        waiting->delivered = delivered;
        waiting->done.cancel();
      }
    });
  }

  bool put(event_log::Writer& writer, const Event& event) {
    const bool worked = !give_up && writer.write(event);
    if (worked) ++written.at(static_cast<std::size_t>(event.level));
    return worked;
  }

  void write_batch(event_log::Writer& writer, const Batch& batch) {
    std::size_t left = batch.events.size();
    bool worked = true;
    for (const Event& event : batch.events) {
      worked = worked && put(writer, event);
      if (!worked) break;
      --left;
      --pending;
    }
    pending -= left;
    answer(batch.waiting, worked);
  }

  void run(event_log::Writer& writer) {
    for (;;) {
      std::unique_lock hold(mutex);
      changed.wait(hold, [&] { return stopping || !diagnostics.empty() || !batches.empty(); });
      if (diagnostics.empty() && batches.empty()) break;
      const bool batch_first =
          diagnostics.empty() ||
          (!batches.empty() && batches.front().turn < diagnostics.front().turn);
      if (batch_first) {
        const Batch batch = std::move(batches.front());
        batches.pop_front();
        in_hand = batch.waiting;
        hold.unlock();
        write_batch(writer, batch);
      } else {
        const Diagnostic one = std::move(diagnostics.front());
        diagnostics.pop_front();
        hold.unlock();
        if (!put(writer, one.event)) ++dropped;
        --pending;
      }
    }
  }
};

class EventLog::Sink : public EventSink {
 public:
  explicit Sink(std::shared_ptr<Shared> shared) : shared_(std::move(shared)) {}
  const std::string& name() const override { return name_; }

  Awaitable<bool> deliver(std::vector<Event> events) override {
    const auto shared = shared_;
    std::erase_if(events, [&](const Event& event) { return event.level < shared->lowest; });
    if (events.empty()) co_return true;
    const auto waiting = std::make_shared<Waiting>(shared->executor);
    if (!enqueue(std::move(events), waiting)) waiting->delivered = false;
    boost::system::error_code ignored;
    const auto never = asio::cancellation_slot();
    auto token =
        asio::bind_cancellation_slot(never, asio::redirect_error(asio::use_awaitable, ignored));
    if (!waiting->delivered) co_await waiting->done.async_wait(token);
    assert(waiting->delivered);
    if (*waiting->delivered) co_return true;
    if (!shared->give_up) {
      waiting->done.expires_after(kPause);
      auto pause = asio::redirect_error(asio::use_awaitable, ignored);
      co_await waiting->done.async_wait(pause);
    }
    co_return false;
  }

 private:
  bool enqueue(std::vector<Event> events, const std::shared_ptr<Waiting>& waiting) {
    const std::lock_guard hold(shared_->mutex);
    if (shared_->stopping || shared_->batches.size() >= kWaitingBatches) return false;
    shared_->pending += events.size();
    shared_->batches.push_back({shared_->turns++, std::move(events), waiting});
    shared_->changed.notify_all();
    return true;
  }

  std::shared_ptr<Shared> shared_;
  std::string name_ = "log";
};

EventLog::EventLog(asio::any_io_executor executor, LogFormat format, Level lowest, int fd)
    : shared_(std::make_shared<Shared>(std::move(executor))),
      sink_(std::make_unique<Sink>(shared_)) {
  shared_->lowest = lowest;
  shared_->thread = start_thread([shared = shared_, format, fd] {
    const auto writer = make_writer(format, fd, shared->give_up);
    shared->run(*writer);
    const std::lock_guard hold(shared->mutex);
    shared->ended = true;
    shared->changed.notify_all();
  });
}

EventLog::~EventLog() {
  stop(std::chrono::milliseconds(0));
  shared_->mailbox.shut();
}

EventSink& EventLog::sink() {
  return *sink_;
}

void EventLog::write(Event event) {
  if (event.level < shared_->lowest) return;
  const std::lock_guard hold(shared_->mutex);
  if (shared_->stopping) {
    ++shared_->dropped;
    return;
  }
  if (shared_->diagnostics.size() >= kWaitingDiagnostics) {
    shared_->diagnostics.pop_front();
    ++shared_->dropped;
    --shared_->pending;
  }
  ++shared_->pending;
  shared_->diagnostics.push_back({shared_->turns++, std::move(event)});
  shared_->changed.notify_all();
}

std::vector<std::uint64_t> EventLog::written() const {
  return {shared_->written.begin(), shared_->written.end()};
}
std::uint64_t EventLog::dropped() const {
  return shared_->dropped;
}
std::size_t EventLog::pending() const {
  return shared_->pending;
}

bool EventLog::stop(std::chrono::milliseconds bound) {
  // A write to a stalled pipe checks for stop() every 100 ms.
  constexpr std::chrono::milliseconds kLastMoment{500};
  if (!shared_->thread.joinable()) return true;
  std::unique_lock hold(shared_->mutex);
  const auto ended = [this] { return shared_->ended; };
  shared_->stopping = true;
  shared_->changed.notify_all();
  const bool drained = shared_->changed.wait_for(hold, bound, ended);
  shared_->give_up = true;
  const bool gone = drained || shared_->changed.wait_for(hold, kLastMoment, ended);
  std::deque<Batch> batches;
  if (!gone) {
    // A stalled journal blocks the thread: answer the waiting calls here.
    batches.swap(shared_->batches);
    batches.push_front({0, {}, shared_->in_hand});
    shared_->dropped += shared_->diagnostics.size();
    shared_->diagnostics.clear();
  }
  hold.unlock();
  for (const Batch& batch : batches) shared_->answer(batch.waiting, false);
  if (gone) {
    shared_->thread.join();
  } else {
    shared_->thread.detach();
  }
  return drained;
}

bool stderr_is_journal() {
  const char* stream = std::getenv("JOURNAL_STREAM");
  struct stat info {};
  if (stream == nullptr || ::fstat(2, &info) != 0) return false;
  return std::to_string(info.st_dev) + ":" + std::to_string(info.st_ino) == stream;
}

LogFormat log_format(LogFormatChoice choice) {
  switch (choice) {
    case LogFormatChoice::kAuto:
      return stderr_is_journal() ? LogFormat::kJournald : LogFormat::kLogfmt;
    case LogFormatChoice::kLogfmt:
      return LogFormat::kLogfmt;
    case LogFormatChoice::kJson:
      return LogFormat::kJson;
    case LogFormatChoice::kJournald:
      return LogFormat::kJournald;
  }
  return LogFormat::kLogfmt;
}

}  // namespace taskwatchd
