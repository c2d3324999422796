#include "io/sqlite/sqlite_connection.h"

#include <new>
#include <thread>

#include "io/sqlite/sqlite_file.h"
#include "io/sqlite/sqlite_schema.h"

namespace taskwatchd::sqlite {
namespace {

// Returns true for transient errors; the transaction was rolled back and nothing was written.
bool waitable(sqlite3* db, int code) {
  if (is_full(db, code)) return true;
  switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_NOMEM:
    case SQLITE_INTERRUPT:
      return true;
    default:
      return false;
  }
}

// Returns true if the file was removed or replaced while open: writes would be lost when it is
// closed.
bool moved(sqlite3* db) {
  int answer = 0;
  return sqlite3_file_control(db, "main", SQLITE_FCNTL_HAS_MOVED, &answer) == SQLITE_OK &&
         answer != 0;
}

}  // namespace

Connection::Connection(Settings settings, std::unique_ptr<Lock> lock)
    : settings_(std::move(settings)), lock_(std::move(lock)) {}

std::variant<std::unique_ptr<Connection>, OpenError> Connection::open(Settings settings) {
  auto lock = Lock::take(settings.path);
  if (auto* refused = std::get_if<OpenError>(&lock)) return *refused;
  auto file = prepare_file(settings.path);
  if (auto* refused = std::get_if<OpenError>(&file)) return *refused;
  settings.path = std::get<std::string>(file);
  std::unique_ptr<Connection> connection(
      new Connection(std::move(settings), std::move(std::get<std::unique_ptr<Lock>>(lock))));
  const auto connected = connection->connect();
  if (const auto* refused = std::get_if<OpenError>(&connected)) return *refused;
  return connection;
}

std::variant<std::monostate, OpenError> Connection::connect() {
  auto opened = open_database(settings_.path, settings_.busy, settings_.max_bytes);
  if (auto* refused = std::get_if<OpenError>(&opened)) return *refused;
  db_ = std::move(std::get<Database>(opened));
  sqlite3_busy_handler(db_.get(), &Connection::on_busy, this);
  tables_ = std::make_unique<Tables>(db_.get());
  return std::monostate();
}

int Connection::on_busy(void* self, int tries) {
  constexpr std::chrono::milliseconds kPause{5};
  auto& connection = *static_cast<Connection*>(self);
  const auto now = std::chrono::steady_clock::now();
  if (tries == 0) connection.busy_since_ = now;
  if (connection.give_up_ || now - connection.busy_since_ >= connection.settings_.busy) return 0;
  std::this_thread::sleep_for(kPause);
  return 1;
}

StoreError Connection::error(int code) {
  const std::string what = sqlite3_errstr(code);
  const std::string file = "state database " + settings_.path + ": ";
  if (is_full(db_.get(), code)) {
    return {StoreError::Kind::kUnavailable, file + kFull + "; free some space there"};
  }
  switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return {StoreError::Kind::kUnavailable,
              file + what + "; another program has it locked (a backup?): wait for it or stop it"};
    default:
      return {
          waitable(db_.get(), code) ? StoreError::Kind::kUnavailable : StoreError::Kind::kBroken,
          file + what + " (code " + std::to_string(code) + "); check the disk"};
  }
}

// If memory is exhausted, only this call fails: what it had started is rolled back.
int Connection::within_memory(const std::function<int()>& action) {
  try {
    return action();
  } catch (const std::bad_alloc&) {
    if (tables_) tables_->roll_back();
    return SQLITE_NOMEM;
  }
}

std::optional<StoreError> Connection::attempt(const std::function<int()>& action) {
  if (broken_) return broken_;
  if (moved(db_.get())) {
    broken_ = StoreError{
        StoreError::Kind::kBroken,
        "state database " + settings_.path +
            " was removed or replaced while in use; restart taskwatchd to start with a new one"};
    return broken_;
  }
  int code = within_memory(action);
  if (code != SQLITE_OK && !waitable(db_.get(), code) && !reopened_) {
    reopened_ = true;
    tables_.reset();
    db_.reset();
    const auto connected = connect();
    if (const auto* refused = std::get_if<OpenError>(&connected)) {
      broken_ = StoreError{StoreError::Kind::kBroken, refused->message};
      return broken_;
    }
    code = within_memory(action);
  }
  if (code == SQLITE_OK) {
    reopened_ = false;
    return std::nullopt;
  }
  StoreError failed = error(code);
  if (failed.kind == StoreError::Kind::kBroken) broken_ = failed;
  return failed;
}

// Determines whether the commit in doubt is in the file. SQLITE_DONE: no. SQLITE_OK: yes, and
// durable: after a failed fsync its frames may exist in the page cache only, so a checkpoint writes
// them to the main file again and syncs it. Any other code: it is there but not durable, and must
// not be repeated.
int Connection::look_up() {
  if (expected_commits_ == 0) return SQLITE_DONE;
  std::int64_t count = 0;
  const int code = tables_->commits(count);
  if (code != SQLITE_OK) return code;
  if (count != expected_commits_) return SQLITE_DONE;
  const int synced =
      sqlite3_wal_checkpoint_v2(db_.get(), "main", SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr);
  return synced == SQLITE_OK ? SQLITE_OK : SQLITE_IOERR_FSYNC;
}

int Connection::write_once(const Commit& commit, Committed& committed) {
  const int found = look_up();
  if (found != SQLITE_DONE) return found;
  committed.event_ids.clear();
  std::int64_t count = 0;
  int code = tables_->begin();
  if (code == SQLITE_OK) code = tables_->commits(count);
  if (code == SQLITE_OK) code = tables_->write(commit, committed.event_ids);
  if (code == SQLITE_OK) {
    expected_commits_ = count + 1;
    code = tables_->commit();
  }
  if (code != SQLITE_OK) tables_->roll_back();
  return code;
}

std::variant<Committed, StoreError> Connection::commit(const Commit& commit) {
  Committed committed;
  if (commit.empty() && !broken_) return committed;
  expected_commits_ = 0;
  const std::function<int()> write = [&] { return write_once(commit, committed); };
  if (auto failed = attempt(write)) return *failed;
  return committed;
}

std::variant<bool, StoreError> Connection::prune(Prune& prune) {
  const std::function<int()> write = [&] {
    PruneTables tables(*tables_);
    return prune.step(tables);
  };
  if (auto failed = attempt(write)) return *failed;
  return prune.done();
}

}  // namespace taskwatchd::sqlite
