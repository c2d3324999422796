// All external dependencies of the program (clock, network, storage, log) as interfaces. Each port
// has a real implementation in io/ or view/ and a fake in tests/fakes/ that fails on demand.
// Threads: all calls and completions happen on the event-loop thread; a port may use threads
// internally. Failures are returned as values; no port throws while running.
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
#include "core/types/lease.h"
#include "core/types/outcome.h"
#include "core/types/secret.h"
#include "core/types/time.h"

namespace taskwatchd {

template <typename T>
using Awaitable = boost::asio::awaitable<T>;

// Starts a coroutine that nobody awaits. An exception that escapes it ends the event loop and the
// program: otherwise a part that failed silently would look healthy.
inline void rethrow(const std::exception_ptr& error) {
  if (error) std::rethrow_exception(error);
}
inline void spawn(const boost::asio::any_io_executor& executor, Awaitable<void> coroutine) {
  boost::asio::co_spawn(executor, std::move(coroutine), &rethrow);
}

// A sleep that can be interrupted. Must not outlive its clock. One waiter at a time.
class Alarm {
 public:
  virtual ~Alarm() = default;
  // Returns at `when` or as soon as `ring` is called; immediately if `ring` was called since the
  // last wait.
  virtual Awaitable<void> wait_until(Mono when) = 0;
  virtual void ring() = 0;
};

class Clock {
 public:
  virtual ~Clock() = default;
  virtual Now now() = 0;
  virtual std::unique_ptr<Alarm> make_alarm() = 0;
};

// Random numbers, for nonces and jitter.
class Entropy {
 public:
  virtual ~Entropy() = default;
  virtual std::uint64_t next() = 0;  // uniformly distributed
};

class HttpClient {
 public:
  // Called at most once, on the event loop, just before the request is written: the name is
  // resolved and the connection established. Not called if the request never gets that far. If it
  // returns false, nothing is written and the call fails. Runs inside the client: it must not throw
  // or call the client.
  using Departed = std::function<bool()>;

  virtual ~HttpClient() = default;
  // Returns within 10 s of the begin of the transfer, whatever the peer does; when many are in
  // flight, it begins later. Never retries, never follows redirects. `departed`
  // may be empty; the caller keeps everything it refers to alive until `send` has returned.
  virtual Awaitable<HttpResult> send(HttpRequest request, Departed departed) = 0;
  Awaitable<HttpResult> send(HttpRequest request) { return send(std::move(request), nullptr); }
};

class ResultFiles {
 public:
  virtual ~ResultFiles() = default;
  // REQUIRES: the start of this download is already stored. Downloads the file, saves its raw bytes
  // next to the state database and parses it. A file in an unknown format is a result that was not
  // understood, not a failure. Long work runs off the event loop.
  virtual Awaitable<std::variant<DistributionResult, ResultFailure>> fetch(
      ResultRequest request) = 0;
};

struct KeyError {
  std::string message;  // includes the file, variable or service and the fix; no secret
  // The first fetch, or a new one after a rejection, is in progress: not a failure, retry soon.
  bool pending = false;
};
class KeySource {
 public:
  virtual ~KeySource() = default;
  // Returns the account's current credentials; changed files are read again within 30 s. Never
  // blocks for long: reads small local files only.
  virtual std::variant<Keys, KeyError> keys(const AccountConfig& account) = 0;
  // The platform rejected `keys` as expired or unknown. Returns true if others are available or
  // being fetched (then `keys` above returns pending): the call may be repeated once.
  virtual bool refused(const AccountConfig& account, const Keys& keys) {
    (void)account;
    (void)keys;
    return false;
  }
};

// The local sources of the default credential provider chain: files and environment variables.
struct LocalText {
  Secret text;          // empty if there is a problem
  std::string problem;  // "cannot be read: ..."
  bool absent = false;  // the file does not exist, which by itself is not an error
};
class LocalSecrets {
 public:
  virtual ~LocalSecrets() = default;
  // Reads a small file now: at most `limit` bytes.
  virtual LocalText file(const std::string& path, std::size_t limit) = 0;
  // Returns an environment variable as it was at program start; empty if it is not set.
  virtual Secret variable(const std::string& name) const = 0;
};

struct StoreError {
  enum class Kind {
    kUnavailable,  // a later try may succeed: full, locked
    kBroken,       // a later try will not succeed: I/O error, corrupt
    kFenced,       // this replica no longer holds the lease of one of the accounts
  };
  Kind kind = Kind::kUnavailable;
  std::string message;                         // includes the database and the fix
  std::vector<std::string> fenced_accounts{};  // of kFenced
};
struct Committed {
  std::vector<std::uint64_t> event_ids;  // one per event of the commit, ascending
};
// What is currently watched and is therefore never pruned.
struct Watched {
  std::vector<TaskKey> tasks;  // explicit ones
  std::vector<JobKey> jobs;
  std::vector<DistributionKey> distributions;
};

// How long callers wait before they retry a store call that failed.
constexpr Duration kStoreRetry = std::chrono::seconds(1);

// Durable storage. Calls are executed in the order in which they are made, except that calls made
// during a prune run between its steps.
class Store {
 public:
  virtual ~Store() = default;
  // Returns once everything in `commit` would survive a power failure, or an error if none of it
  // was stored.
  virtual Awaitable<std::variant<Committed, StoreError>> commit(Commit commit) = 0;
  // Loads all marks, jobs and distributions of one account, but no task records.
  virtual Awaitable<std::variant<Stored, StoreError>> load(std::string account) = 0;
  // Loads the records of these tasks of one account; ids without a record are skipped.
  virtual Awaitable<std::variant<std::vector<TaskRecord>, StoreError>> tasks(
      std::string account, std::vector<std::string> ids) = 0;
  // Loads all counters of these jobs of one account.
  virtual Awaitable<std::variant<std::vector<CounterValue>, StoreError>> counters(
      std::string account, std::vector<std::string> job_ids) = 0;
  // Loads the records of one job's tasks with an id greater than `after`, ascending by id, at most
  // `limit`: a job of 100,000 tasks is read in parts.
  virtual Awaitable<std::variant<std::vector<TaskRecord>, StoreError>> tasks_of_job(
      JobKey job, std::string after, std::size_t limit) = 0;
  // Loads the newest events of one task, at most `limit`, ascending by id.
  virtual Awaitable<std::variant<std::vector<Event>, StoreError>> events_of_task(
      TaskKey task, std::size_t limit) = 0;
  // Loads stored events with an id greater than `id`, ascending, at most `limit`; only those of
  // `account` unless it is empty.
  virtual Awaitable<std::variant<std::vector<Event>, StoreError>> events_after(
      std::uint64_t id, std::size_t limit, std::string account) = 0;
  // Returns the cursor of the log, or of its part for one account; 0 for an unknown one.
  virtual Awaitable<std::variant<std::uint64_t, StoreError>> cursor(std::string sink) = 0;
  // Returns how far a sink of notifications has come; nullopt for an unknown one.
  virtual Awaitable<std::variant<std::optional<SinkState>, StoreError>> sink(std::string name) = 0;
  // Returns all mutes that were not pruned, also those that have ended.
  virtual Awaitable<std::variant<std::vector<Mute>, StoreError>> mutes() = 0;
  // Returns the id of the newest event; 0 if there is none.
  virtual Awaitable<std::variant<std::uint64_t, StoreError>> last_event() = 0;
  // Deletes what was last seen before `before` and is not in `watched`: records of tasks (tasks of
  // a watched job count as watched), jobs and distributions. Then deletes counters created before
  // that time, of jobs that are not watched and have no job or task record left; older events that
  // the log has received and whose task has no record left, whatever other sinks lack; sinks that
  // were written, and mutes that ended, before that time.
  virtual Awaitable<std::variant<std::monostate, StoreError>> prune(Wall before,
                                                                    Watched watched) = 0;
};

// The table of leases in a state database that replicas share. Each call is one exchange with the
// database, whose clock is not used.
class LeaseStore {
 public:
  virtual ~LeaseStore() = default;
  // UUID of this process.
  virtual const std::string& holder() const = 0;
  // Announces this replica, increases the beat of all leases that it holds, and reads the table.
  virtual Awaitable<std::variant<LeaseTable, StoreError>> renew(Replica self) = 0;
  virtual Awaitable<std::variant<LeaseTable, StoreError>> read() = 0;
  // Acquires a lease if it is still as `seen`. Returns it as it is now, or nullopt.
  virtual Awaitable<std::variant<std::optional<Lease>, StoreError>> claim(Lease seen) = 0;
  // Ends a lease that this process holds.
  virtual Awaitable<std::variant<std::monostate, StoreError>> release(Lease held) = 0;
  // Removes the row of a replica if its beat is still the same: this one's at its end, or one that
  // ended without a word.
  virtual Awaitable<std::variant<std::monostate, StoreError>> remove(Replica replica) = 0;
  // From now on commits are written only while these leases are held with these epochs; a commit
  // that needs another one gets kFenced.
  virtual void fence(std::vector<Lease> held) = 0;
};

// Which accounts this process may poll.
class Leases {
 public:
  virtual ~Leases() = default;
  // Whether a call of the account may be sent now; asked right before each request is written.
  virtual bool may_call(const std::string& account) = 0;
};
// Without replicas.
class AllLeasesHeld : public Leases {
 public:
  bool may_call(const std::string&) override { return true; }
};

// A destination of stored events. Delivery is at least once and in order.
class EventSink {
 public:
  virtual ~EventSink() = default;
  virtual const std::string& name() const = 0;
  // Returns true once all events were written, in order; false if the caller must offer them again
  // (at once or after a delay). May take as long as the receiver is stalled.
  virtual Awaitable<bool> deliver(std::vector<Event> events) = 0;
};

// Receives events that are not stored and plain diagnostics. Never blocks; may drop the oldest
// ones, which are counted.
class Log {
 public:
  virtual ~Log() = default;
  virtual void write(Event event) = 0;

  // Logs a diagnostic, or an event that is not stored.
  void write_event(Wall ts, Level level, std::string name, std::string msg,
                   std::vector<Field> fields = {}) {
    write({.id = 0,
           .ts = ts,
           .level = level,
           .name = std::move(name),
           .msg = std::move(msg),
           .fields = std::move(fields)});
  }
};

// Notified of what happens, on the event loop; must return at once. The metrics use this.
struct CallEnd {
  std::string account;
  Api api = Api::kQueryTask;
  std::optional<Reason> failure;  // nullopt: a successful response
  Duration took{};
  bool retry = false;
};
class Observer {
 public:
  virtual ~Observer() = default;
  virtual void call_ended(const CallEnd& call) = 0;
  // Called after the commit, in its order, once per change; `at` is when the commit returned.
  virtual void committed(const TaskChange& change, Wall at) = 0;
  virtual void counted(const CounterDelta& delta, Wall at) = 0;
  virtual void anomaly(const std::string& account, Anomaly kind) = 0;
  virtual void commit_took(Duration took) = 0;
  // A sink's receiver took an event that old.
  virtual void notified(const std::string& sink, Duration age) {
    (void)sink;
    (void)age;
  }
};

// All ports, as the main path uses them. Owned by the app (or the simulation), which outlives every
// user of this struct.
struct Ports {
  Clock& clock;
  Entropy& entropy;
  HttpClient& http;
  KeySource& keys;
  Store& store;
  Log& log;
  Observer& observer;
  ResultFiles& results;
  Leases& leases;
};

}  // namespace taskwatchd
