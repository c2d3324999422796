// Everything the program asks of the world, on one page. Each port has a real side in io/ or view/
// and a fake in tests/fakes/ that misbehaves on order.
// Threads: all calls and completions are on the loop's thread; a port may use threads inside.
// Failure is a value; no port throws while running.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "cloud/http.h"
#include "config/config.h"
#include "core/events/event.h"
#include "core/types/change.h"
#include "core/types/distribution.h"
#include "core/types/outcome.h"
#include "core/types/secret.h"
#include "core/types/time.h"

namespace taskwatchd {

template <typename T>
using Awaitable = boost::asio::awaitable<T>;

// Starts a coroutine that nobody waits for. An exception that escapes it ends the loop and the
// program: a part that died in silence would look like health.
inline void rethrow(const std::exception_ptr& error) {
  if (error) std::rethrow_exception(error);
}
inline void spawn(const boost::asio::any_io_executor& executor, Awaitable<void> coroutine) {
  boost::asio::co_spawn(executor, std::move(coroutine), &rethrow);
}

// A sleep that can be cut short. Must not outlive its clock. One waiter at a time.
class Alarm {
 public:
  virtual ~Alarm() = default;
  // Returns at `when`, or as soon as `ring` is called; at once if it was called since the last
  // wait.
  virtual Awaitable<void> wait_until(Mono when) = 0;
  virtual void ring() = 0;
};

class Clock {
 public:
  virtual ~Clock() = default;
  virtual Now now() = 0;
  virtual std::unique_ptr<Alarm> make_alarm() = 0;
};

// Chance, for nonces and jitter.
class Entropy {
 public:
  virtual ~Entropy() = default;
  virtual std::uint64_t next() = 0;  // uniform
};

class HttpClient {
 public:
  // Called at most once, on the event loop, when the request is about to be written: the name is
  // known and the connection stands. Not called if it never gets that far. Runs inside the client:
  // it must not throw, nor call the client.
  using Departed = std::function<void()>;

  virtual ~HttpClient() = default;
  // Returns within 10 s whatever the peer does. Never retries, never follows redirects. `departed`
  // may be empty; the caller keeps what it refers to until `send` has returned.
  virtual Awaitable<HttpResult> send(HttpRequest request, Departed departed) = 0;
  Awaitable<HttpResult> send(HttpRequest request) { return send(std::move(request), nullptr); }
};

class ResultFiles {
 public:
  virtual ~ResultFiles() = default;
  // REQUIRES: that it begins is stored. Fetches the file, keeps its raw bytes beside the state and
  // reads it. A file of a format that we do not know is a result that was not understood, not a
  // failure. Off the loop where it is long.
  virtual Awaitable<std::variant<DistributionResult, ResultFailure>> fetch(
      ResultRequest request) = 0;
};

struct KeyError {
  std::string message;  // names the file, variable or service and the mend; no secret
  // They are being fetched for the first time, or anew after a refusal: no failure, ask again soon.
  bool pending = false;
};
class KeySource {
 public:
  virtual ~KeySource() = default;
  // The account's keys as they are now; files that changed are read anew within 30 s. Never blocks
  // for long: small local files only.
  virtual std::variant<Keys, KeyError> keys(const AccountConfig& account) = 0;
  // The cloud refused `keys` as expired or unknown. True if there are others by now or on their way
  // (then `keys` above is pending): the call may be made once more.
  virtual bool refused(const AccountConfig& account, const Keys& keys) {
    (void)account;
    (void)keys;
    return false;
  }
};

// Where the provider chain looks on this machine.
struct LocalText {
  Secret text;          // empty if there is a problem
  std::string problem;  // "cannot be read: ..."
  bool absent = false;  // there is no such file: no problem of its own
};
class LocalSecrets {
 public:
  virtual ~LocalSecrets() = default;
  // A small file's text, read now: at most `limit` bytes.
  virtual LocalText file(const std::string& path, std::size_t limit) = 0;
  // A variable of the environment as it was at the start; empty if it is not set.
  virtual Secret variable(const std::string& name) const = 0;
};

struct StoreError {
  enum class Kind {
    kUnavailable,  // a later try may succeed: full, locked
    kBroken,       // it will not: I/O error, corrupt
  };
  Kind kind = Kind::kUnavailable;
  std::string message;  // names the file and the mend
};
struct Committed {
  std::vector<std::uint64_t> event_ids;  // one for each event of the commit, rising
};
// What is watched now, and therefore kept.
struct Watched {
  std::vector<TaskKey> tasks;  // explicit ones
  std::vector<JobKey> jobs;
  std::vector<DistributionKey> distributions;
};

// How long callers wait before they ask a store again that failed.
constexpr Duration kStoreRetry = std::chrono::seconds(1);

// Durable memory. Calls are carried out in the order they are made, except that those made while a
// prune is under way come in between its parts.
class Store {
 public:
  virtual ~Store() = default;
  // Returns once everything in `commit` would survive a power cut, or nothing of it.
  virtual Awaitable<std::variant<Committed, StoreError>> commit(Commit commit) = 0;
  // All marks, jobs and distributions of one account, and no records.
  virtual Awaitable<std::variant<Stored, StoreError>> load(std::string account) = 0;
  // The records of these tasks of one account, of those that exist.
  virtual Awaitable<std::variant<std::vector<TaskRecord>, StoreError>> tasks(
      std::string account, std::vector<std::string> ids) = 0;
  // All counters of these jobs of one account.
  virtual Awaitable<std::variant<std::vector<CounterValue>, StoreError>> counters(
      std::string account, std::vector<std::string> job_ids) = 0;
  // The records of one job's tasks with an id above `after`, rising by id, at most `limit`: a job
  // of 100,000 tasks is read in parts.
  virtual Awaitable<std::variant<std::vector<TaskRecord>, StoreError>> tasks_of_job(
      JobKey job, std::string after, std::size_t limit) = 0;
  // The newest events of one task, at most `limit`, rising.
  virtual Awaitable<std::variant<std::vector<Event>, StoreError>> events_of_task(
      TaskKey task, std::size_t limit) = 0;
  // Stored events with an id above `id`, rising, at most `limit`.
  virtual Awaitable<std::variant<std::vector<Event>, StoreError>> events_after(
      std::uint64_t id, std::size_t limit) = 0;
  // The sink's cursor; 0 for a sink never heard of.
  virtual Awaitable<std::variant<std::uint64_t, StoreError>> cursor(std::string sink) = 0;
  // The id of the newest event; 0 if there is none.
  virtual Awaitable<std::variant<std::uint64_t, StoreError>> last_event() = 0;
  // Drops what was last seen before `before` and is not in `watched`: records of tasks (a watched
  // job's tasks are watched), jobs and distributions; then the counters that began before that, of
  // jobs that are not watched and have neither a record nor a task's record left; and events older
  // than that which every known sink has got and whose task has no record left.
  virtual Awaitable<std::variant<std::monostate, StoreError>> prune(Wall before,
                                                                    Watched watched) = 0;
};

// Where stored events leave. Delivery is at least once and in order.
class EventSink {
 public:
  virtual ~EventSink() = default;
  virtual const std::string& name() const = 0;
  // Returns true once all were written, in order; false if they must be offered again (at once or
  // after a pause of the caller's choice). May take as long as the far end is stalled.
  virtual Awaitable<bool> deliver(std::vector<Event> events) = 0;
};

// Events that are not stored and plain diagnostics: never blocks; may drop the oldest, counted.
class Log {
 public:
  virtual ~Log() = default;
  virtual void write(Event event) = 0;

  // A diagnostic, or an event that is not stored.
  void tell(Wall ts, Level level, std::string name, std::string msg,
            std::vector<Field> fields = {}) {
    write({.id = 0,
           .ts = ts,
           .level = level,
           .name = std::move(name),
           .msg = std::move(msg),
           .fields = std::move(fields)});
  }
};

// Told what happens, on the loop; must return at once. The metrics listen here.
struct CallEnd {
  std::string account;
  Api api = Api::kQueryTask;
  std::optional<Reason> failure;  // nothing: a good reply
  Duration took{};
  bool retry = false;
};
class Observer {
 public:
  virtual ~Observer() = default;
  virtual void call_ended(const CallEnd& call) = 0;
  // After the commit, in its order, each change once; `at` is when the commit returned.
  virtual void committed(const TaskChange& change, Wall at) = 0;
  virtual void counted(const CounterDelta& delta, Wall at) = 0;
  virtual void anomaly(const std::string& account, Anomaly kind) = 0;
  virtual void commit_took(Duration took) = 0;
};

// All of them, as the parts of the main path hold them. Owned by the app (or the simulation), which
// outlives whoever holds this.
struct Ports {
  Clock& clock;
  Entropy& entropy;
  HttpClient& http;
  KeySource& keys;
  Store& store;
  Log& log;
  Observer& observer;
  ResultFiles& results;
};

}  // namespace taskwatchd
