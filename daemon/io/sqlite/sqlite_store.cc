#include "io/sqlite/sqlite_store.h"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <functional>
#include <new>

#include "io/off_loop.h"
#include "io/sqlite/sqlite_worker.h"

namespace taskwatchd {

namespace asio = boost::asio;
using sqlite::Connection;
using sqlite::Tables;
using sqlite::Worker;

struct SqliteStore::Impl {
  asio::any_io_executor executor;
  std::string path;
  std::shared_ptr<Mailbox> mailbox;
  std::unique_ptr<Worker> worker;
};

namespace {

// A call in progress. The waiting coroutine owns it; the worker holds only a weak pointer, so that
// a timer is never destroyed on the wrong thread.
template <typename Result>
struct Asked {
  explicit Asked(const asio::any_io_executor& executor)
      : done(executor, asio::steady_timer::time_point::max()) {}
  asio::steady_timer done;
  std::optional<Result> result;
};

// Passes the result to the coroutine, on the event loop. The result was allocated before the call,
// so that it can be passed even if memory is exhausted.
template <typename Result>
struct Answer {
  std::weak_ptr<Asked<Result>> call;
  std::shared_ptr<Result> result;
  void operator()() {
    if (const auto waiting = call.lock()) {
      waiting->result.emplace(std::move(*result));
      waiting->done.cancel();
    }
  }
};

}  // namespace

SqliteStore::SqliteStore(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

SqliteStore::~SqliteStore() {
  close(std::chrono::milliseconds(0));
}

std::variant<std::unique_ptr<SqliteStore>, OpenError> SqliteStore::open(
    asio::any_io_executor executor, const std::string& path, SqliteLimits limits) {
  auto opened = Connection::open({path, limits.busy, limits.max_bytes});
  if (auto* refused = std::get_if<OpenError>(&opened)) return *refused;
  auto impl = std::make_unique<Impl>();
  impl->mailbox = std::make_shared<Mailbox>(executor);
  impl->executor = std::move(executor);
  impl->path = path;
  impl->worker = std::make_unique<Worker>(std::move(std::get<std::unique_ptr<Connection>>(opened)),
                                          limits.waiting_calls);
  return std::unique_ptr<SqliteStore>(new SqliteStore(std::move(impl)));
}

// Not cancellable on purpose: without its result, nobody would know whether a commit was done.
template <typename Value, typename Action>
Awaitable<std::variant<Value, StoreError>> SqliteStore::call(Action action) {
  using Result = std::variant<Value, StoreError>;
  const auto waiting = std::make_shared<Asked<Result>>(impl_->executor);
  const std::weak_ptr<Asked<Result>> answer_to = waiting;
  const auto mailbox = impl_->mailbox;
  const StoreError refused{
      StoreError::Kind::kUnavailable,
      "state database " + impl_->path + ": too many requests are waiting, or it is closing"};
  const auto result = std::make_shared<Result>(
      StoreError{StoreError::Kind::kUnavailable,
                 "state database " + impl_->path + ": out of memory, or it is closing"});
  Worker::Job job = [action = std::move(action), answer_to, mailbox, result](Connection* to) {
    try {
      if (to != nullptr) *result = action(*to);
    } catch (const std::bad_alloc&) {
      // The result stays unchanged.
    }
    mailbox->post(Answer<Result>{answer_to, result});
  };
  if (!impl_->worker->submit(std::move(job))) co_return refused;
  boost::system::error_code ignored;
  auto token = asio::bind_cancellation_slot(asio::cancellation_slot(),
                                            asio::redirect_error(asio::use_awaitable, ignored));
  if (!waiting->result) co_await waiting->done.async_wait(token);
  assert(waiting->result);
  co_return std::move(*waiting->result);
}

Awaitable<std::variant<Committed, StoreError>> SqliteStore::commit(Commit commit) {
  auto action = [commit = std::move(commit)](Connection& to) { return to.commit(commit); };
  return call<Committed>(std::move(action));
}

template <typename Value, typename Query>
Awaitable<std::variant<Value, StoreError>> SqliteStore::read(Query query) {
  return call<Value>(
      [query = std::move(query)](Connection& from) { return from.read<Value>(query); });
}

Awaitable<std::variant<Stored, StoreError>> SqliteStore::load(std::string account) {
  return read<Stored>([account = std::move(account)](Tables& from, Stored& stored) {
    return from.load(account, stored);
  });
}

Awaitable<std::variant<std::vector<TaskRecord>, StoreError>> SqliteStore::tasks(
    std::string account, std::vector<std::string> ids) {
  return read<std::vector<TaskRecord>>(
      [account = std::move(account), ids = std::move(ids)](Tables& from, auto& records) {
        return from.tasks(account, ids, records);
      });
}

Awaitable<std::variant<std::vector<CounterValue>, StoreError>> SqliteStore::counters(
    std::string account, std::vector<std::string> job_ids) {
  return read<std::vector<CounterValue>>(
      [account = std::move(account), job_ids = std::move(job_ids)](Tables& from, auto& values) {
        return from.counters(account, job_ids, values);
      });
}

Awaitable<std::variant<std::vector<TaskRecord>, StoreError>> SqliteStore::tasks_of_job(
    JobKey job, std::string after, std::size_t limit) {
  return read<std::vector<TaskRecord>>(
      [job = std::move(job), after = std::move(after), limit](Tables& from, auto& records) {
        return from.tasks_of_job(job, after, limit, records);
      });
}

Awaitable<std::variant<std::vector<Event>, StoreError>> SqliteStore::events_of_task(
    TaskKey task, std::size_t limit) {
  return read<std::vector<Event>>([task = std::move(task), limit](Tables& from, auto& events) {
    return from.events_of_task(task, limit, events);
  });
}

Awaitable<std::variant<std::vector<Event>, StoreError>> SqliteStore::events_after(
    std::uint64_t id, std::size_t limit) {
  return read<std::vector<Event>>(
      [id, limit](Tables& from, auto& events) { return from.events_after(id, limit, events); });
}

Awaitable<std::variant<std::uint64_t, StoreError>> SqliteStore::cursor(std::string sink) {
  return read<std::uint64_t>(
      [sink = std::move(sink)](Tables& from, std::uint64_t& id) { return from.cursor(sink, id); });
}

Awaitable<std::variant<std::uint64_t, StoreError>> SqliteStore::last_event() {
  return read<std::uint64_t>([](Tables& from, std::uint64_t& id) { return from.last_event(id); });
}

Awaitable<std::variant<std::monostate, StoreError>> SqliteStore::prune(Wall before,
                                                                       Watched watched) {
  // Each part is a separate call, submitted after the previous one returned: queued calls go first.
  const auto prune = std::make_shared<sqlite::Prune>(before, std::move(watched));
  for (;;) {
    auto action = [prune](Connection& from) { return from.prune(*prune); };
    auto part = co_await call<bool>(std::move(action));
    if (auto* error = std::get_if<StoreError>(&part)) co_return std::move(*error);
    if (std::get<bool>(part)) co_return std::monostate();
  }
}

Awaitable<bool> SqliteStore::ping() {
  auto action = [](Connection&) -> std::variant<std::monostate, StoreError> {
    return std::monostate();
  };
  const auto answer = co_await call<std::monostate>(action);
  co_return std::holds_alternative<std::monostate>(answer);
}

bool SqliteStore::close(std::chrono::milliseconds bound) {
  const bool drained = impl_->worker->stop(bound);
  // Answers to rejected calls are posted by now; a detached thread can post nothing more.
  impl_->mailbox->shut();
  return drained;
}

}  // namespace taskwatchd
