#include "io/postgres/postgres_store.h"

namespace taskwatchd {
namespace {

constexpr std::size_t kWaitingCalls = 1024;

}  // namespace

std::variant<std::unique_ptr<PostgresStore>, OpenError> PostgresStore::open(
    boost::asio::any_io_executor executor, postgres::Target target, std::string holder) {
  postgres::ignore_environment();
  const std::string what = postgres::describe(target);
  auto opened = postgres::Connection::open(std::move(target), std::move(holder));
  if (auto* refused = std::get_if<OpenError>(&opened)) return *refused;
  return std::unique_ptr<PostgresStore>(new PostgresStore(
      std::move(executor), what, std::move(std::get<std::unique_ptr<postgres::Connection>>(opened)),
      kWaitingCalls));
}

// The epochs are those of now: a commit that waits in the queue while its account goes to another
// replica and comes back belongs to the past.
Awaitable<std::variant<Committed, StoreError>> PostgresStore::commit(Commit commit) {
  postgres::Fence fence;
  StoreError missing{StoreError::Kind::kFenced, "", {}};
  for (std::string& account : postgres::accounts_of(commit)) {
    const auto lease = held_.find(account);
    if (lease != held_.end()) {
      fence.leases.push_back(lease->second);
    } else {
      missing.message += (missing.message.empty() ? "no lease is held for " : ", ") + account;
      missing.fenced_accounts.push_back(std::move(account));
    }
  }
  if (!missing.fenced_accounts.empty()) co_return missing;
  auto action = [commit = std::move(commit), fence = std::move(fence)](postgres::Connection& to) {
    return to.commit(commit, fence);
  };
  co_return co_await thread().call<Committed>(std::move(action));
}

void PostgresStore::fence(const std::vector<Lease>& held) {
  held_.clear();
  for (const Lease& lease : held)
    held_[lease.account] = {lease.account, lease.epoch, lease.commits};
}

}  // namespace taskwatchd
