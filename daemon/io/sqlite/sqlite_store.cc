#include "io/sqlite/sqlite_store.h"

namespace taskwatchd {

std::variant<std::unique_ptr<SqliteStore>, OpenError> SqliteStore::open(
    boost::asio::any_io_executor executor, const std::string& path, SqliteLimits limits) {
  auto opened = sqlite::Connection::open({path, limits.busy, limits.max_bytes});
  if (auto* refused = std::get_if<OpenError>(&opened)) return *refused;
  return std::unique_ptr<SqliteStore>(new SqliteStore(
      std::move(executor), "state database " + path,
      std::move(std::get<std::unique_ptr<sqlite::Connection>>(opened)), limits.waiting_calls));
}

Awaitable<std::variant<Committed, StoreError>> SqliteStore::commit(Commit commit) {
  auto action = [commit = std::move(commit)](sqlite::Connection& to) { return to.commit(commit); };
  return thread().call<Committed>(std::move(action));
}

}  // namespace taskwatchd
