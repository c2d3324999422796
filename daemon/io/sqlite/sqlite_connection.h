// One open state database and its error handling: after a transient error (full, locked) it stays
// usable; after any other error it is closed, reopened once and checked, and the call is repeated;
// a second consecutive error marks it as broken for good. After a failed fsync, the commit is
// searched for in the reopened file, never written twice. Threads: opened on one, used on one
// other; give_up() on any.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <variant>

#include "io/open_error.h"
#include "io/sqlite/sqlite_file.h"
#include "io/sqlite/sqlite_prune.h"
#include "io/sqlite/sqlite_tables.h"
#include "ports.h"

namespace taskwatchd::sqlite {

class Connection {
 public:
  struct Settings {
    std::string path;
    std::chrono::milliseconds busy{};  // maximum wait for another program's lock
    std::int64_t max_bytes = 0;        // 0: no limit
  };
  static std::variant<std::unique_ptr<Connection>, OpenError> open(Settings settings);

  std::variant<Committed, StoreError> commit(const Commit& commit);
  // Returns what `query` reads from the tables into a new Value. `query` returns SQLite's result
  // code and may be called twice.
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
  // Runs the next part of `prune`; returns true after the last part.
  std::variant<bool, StoreError> prune(Prune& prune);

  // From now on a lock held by another program fails at once instead of after `busy`.
  void give_up() { give_up_ = true; }

 private:
  Connection(Settings settings, std::unique_ptr<Lock> lock);
  std::variant<std::monostate, OpenError> connect();
  // Runs `action`, with one recovery and retry. Returns nullopt on success.
  std::optional<StoreError> attempt(const std::function<int()>& action);
  int write_once(const Commit& commit, Committed& committed);
  int within_memory(const std::function<int()>& action);
  int look_up();
  StoreError error(int code);
  static int on_busy(void* self, int tries);

  Settings settings_;
  std::unique_ptr<Lock> lock_;
  Database db_;
  // After db_: statements must be destroyed before their connection
  std::unique_ptr<Tables> tables_;
  std::optional<StoreError> broken_;
  bool reopened_ = false;              // reopened, and no call has succeeded since
  std::int64_t expected_commits_ = 0;  // commit count if the commit in doubt is present; 0: none
  std::chrono::steady_clock::time_point busy_since_;
  std::atomic<bool> give_up_ = false;
};

}  // namespace taskwatchd::sqlite
