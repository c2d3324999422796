// One open state file and what to do when it fails: waitable errors (full, locked) leave it usable;
// any other one closes and reopens it once, checks it, and tries again; the next in a row breaks it
// for good. A commit whose fsync failed is looked up after the reopening, never written twice.
// Threads: opened on one, used on one other; give_up() on any.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <variant>

#include "io/sqlite/sqlite_file.h"
#include "io/sqlite/sqlite_prune.h"
#include "io/sqlite/sqlite_tables.h"
#include "ports.h"

namespace taskwatchd::sqlite {

class Connection {
 public:
  struct Settings {
    std::string path;
    std::chrono::milliseconds busy{};  // how long to wait for another program's lock
    std::int64_t max_bytes = 0;        // 0: no cap
  };
  static std::variant<std::unique_ptr<Connection>, OpenError> open(Settings settings);

  std::variant<Committed, StoreError> commit(const Commit& commit);
  // What `query` reads from the tables into a new Value; it returns SQLite's result code and may be
  // called twice.
  template <typename Value, typename Query>
  std::variant<Value, StoreError> read(const Query& query) {
    Value value{};
    const std::function<int()> action = [&] {
      value = {};
      return query(*tables_, value);
    };
    if (auto failed = attempt(action)) return *std::move(failed);
    return value;
  }
  // The next part of it; true once it was the last.
  std::variant<bool, StoreError> prune(Prune& prune);

  // From now on a lock held by another program fails at once instead of after `busy`.
  void give_up() { give_up_ = true; }

 private:
  Connection(Settings settings, std::unique_ptr<Lock> lock);
  std::variant<std::monostate, OpenError> connect();
  // Runs `action`, mending once. Nothing when it went well.
  std::optional<StoreError> attempt(const std::function<int()>& action);
  int write_once(const Commit& commit, Committed& committed);
  int within_memory(const std::function<int()>& action);
  int look_up();
  StoreError error(int code);
  static int on_busy(void* self, int tries);

  Settings settings_;
  std::unique_ptr<Lock> lock_;
  Database db_;
  std::unique_ptr<Tables> tables_;  // after db_: statements go before their connection
  std::optional<StoreError> broken_;
  bool mended_ = false;                // reopened, and nothing has gone well since
  std::int64_t expected_commits_ = 0;  // the count that the commit in doubt would make; 0: none
  std::chrono::steady_clock::time_point busy_since_;
  std::atomic<bool> give_up_ = false;
};

}  // namespace taskwatchd::sqlite
