// The Store port on a DatabaseThread, all but commit(), written once for every database. Connection
// has prune(Prune&) and `read<Value>(query)`, which runs `query(tables, value)`; its tables have
// one function for each question of the port.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "io/database_thread.h"
#include "io/prune.h"
#include "ports.h"

namespace taskwatchd {

// A store with a thread, for the watchdog and for the daemon's end.
class DatabaseStore : public Store {
 public:
  // Passes a no-op through the thread. Returns true once it was processed, false at once if the
  // queue is full. Waits as long as the thread is busy.
  virtual Awaitable<bool> ping() = 0;
  // See DatabaseThread::stop.
  virtual bool close(std::chrono::milliseconds bound) = 0;
};

template <typename Connection>
class ThreadedStore : public DatabaseStore {
 public:
  ThreadedStore(boost::asio::any_io_executor executor, std::string what,
                std::unique_ptr<Connection> connection, std::size_t limit)
      : thread_(std::move(executor), std::move(what), std::move(connection), limit) {}

  Awaitable<std::variant<Stored, StoreError>> load(std::string account) override {
    return read<Stored>([account = std::move(account)](auto& from, Stored& stored) {
      return from.load(account, stored);
    });
  }
  Awaitable<std::variant<std::vector<TaskRecord>, StoreError>> tasks(
      std::string account, std::vector<std::string> ids) override {
    return read<std::vector<TaskRecord>>(
        [account = std::move(account), ids = std::move(ids)](auto& from, auto& records) {
          return from.tasks(account, ids, records);
        });
  }
  Awaitable<std::variant<std::vector<CounterValue>, StoreError>> counters(
      std::string account, std::vector<std::string> job_ids) override {
    return read<std::vector<CounterValue>>(
        [account = std::move(account), job_ids = std::move(job_ids)](auto& from, auto& values) {
          return from.counters(account, job_ids, values);
        });
  }
  Awaitable<std::variant<std::vector<TaskRecord>, StoreError>> tasks_of_job(
      JobKey job, std::string after, std::size_t limit) override {
    return read<std::vector<TaskRecord>>(
        [job = std::move(job), after = std::move(after), limit](auto& from, auto& records) {
          return from.tasks_of_job(job, after, limit, records);
        });
  }
  Awaitable<std::variant<std::vector<Event>, StoreError>> events_of_task(
      TaskKey task, std::size_t limit) override {
    return read<std::vector<Event>>([task = std::move(task), limit](auto& from, auto& events) {
      return from.events_of_task(task, limit, events);
    });
  }
  Awaitable<std::variant<std::vector<Event>, StoreError>> events_after(
      std::uint64_t id, std::size_t limit, std::string account) override {
    return read<std::vector<Event>>(
        [id, limit, account = std::move(account)](auto& from, auto& events) {
          return from.events_after(id, limit, account, events);
        });
  }
  Awaitable<std::variant<std::uint64_t, StoreError>> cursor(std::string sink) override {
    return read<std::uint64_t>(
        [sink = std::move(sink)](auto& from, std::uint64_t& id) { return from.cursor(sink, id); });
  }
  Awaitable<std::variant<std::optional<SinkState>, StoreError>> sink(std::string name) override {
    return read<std::optional<SinkState>>(
        [name = std::move(name)](auto& from, auto& state) { return from.sink(name, state); });
  }
  Awaitable<std::variant<std::vector<Mute>, StoreError>> mutes() override {
    return read<std::vector<Mute>>([](auto& from, auto& all) { return from.mutes(all); });
  }
  Awaitable<std::variant<std::uint64_t, StoreError>> last_event() override {
    return read<std::uint64_t>([](auto& from, std::uint64_t& id) { return from.last_event(id); });
  }
  Awaitable<std::variant<std::monostate, StoreError>> prune(Wall before, Watched watched) override {
    // Each part is a separate call, submitted after the previous one returned: queued calls go
    // first.
    const auto prune = std::make_shared<Prune>(before, std::move(watched));
    for (;;) {
      auto action = [prune](Connection& from) { return from.prune(*prune); };
      auto part = co_await thread_.template call<bool>(std::move(action));
      if (auto* error = std::get_if<StoreError>(&part)) co_return std::move(*error);
      if (std::get<bool>(part)) co_return std::monostate();
    }
  }

  Awaitable<bool> ping() override {
    auto action = [](Connection&) -> std::variant<std::monostate, StoreError> {
      return std::monostate();
    };
    const auto answer = co_await thread_.template call<std::monostate>(action);
    co_return std::holds_alternative<std::monostate>(answer);
  }
  bool close(std::chrono::milliseconds bound) override { return thread_.stop(bound); }

 protected:
  DatabaseThread<Connection>& thread() { return thread_; }

 private:
  template <typename Value, typename Query>
  Awaitable<std::variant<Value, StoreError>> read(Query query) {
    auto action = [query = std::move(query)](Connection& from) {
      return from.template read<Value>(query);
    };
    return thread_.template call<Value>(std::move(action));
  }

  DatabaseThread<Connection> thread_;
};

}  // namespace taskwatchd
