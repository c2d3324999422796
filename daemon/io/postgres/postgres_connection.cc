#include "io/postgres/postgres_connection.h"

#include <span>
#include <utility>

#include "core/events/json.h"
#include "io/postgres/postgres_schema.h"
#include "io/postgres/postgres_text.h"

namespace taskwatchd::postgres {
namespace {

// The lease is lost, or the rows are not those that this process wrote last.
struct Fenced {
  std::vector<std::string> accounts;
  bool went_back = false;  // commits were lost: a failover, or an older backup was restored
};

std::string leases_of(std::span<const Fence::Lease> leases) {
  std::vector<std::string> rows;
  for (const Fence::Lease& lease : leases) {
    JsonObject row;
    row.add("account", escaped(lease.account)).add("epoch", lease.epoch);
    rows.push_back(row.text());
  }
  return json_list(rows);
}

}  // namespace

Connection::Connection(Target target, std::string holder)
    : session_(std::move(target)), holder_(std::move(holder)), tables_(session_) {}

std::variant<std::unique_ptr<Connection>, OpenError> Connection::open(Target target,
                                                                      std::string holder) {
  std::unique_ptr<Connection> connection(new Connection(std::move(target), std::move(holder)));
  try {
    connection->session_.connect();
  } catch (const DatabaseError& failure) {
    return open_error(connection->session_.target(), failure);
  }
  if (auto error = prepare(connection->session_)) return *std::move(error);
  return connection;
}

// The limits hold for this transaction alone: the session may be another one behind PgBouncer.
void Connection::begin() {
  session_.run("BEGIN");
  session_.run(
      "SELECT set_config('statement_timeout','2s',true),"
      " set_config('idle_in_transaction_session_timeout','2s',true),"
      " set_config('synchronous_commit',CASE current_setting('synchronous_commit')"
      " WHEN 'remote_apply' THEN 'remote_apply' ELSE 'on' END,true)");
}

void Connection::roll_back() {
  if (!session_.connected()) return;
  try {
    session_.run("ROLLBACK");
  } catch (const DatabaseError&) {
    session_.disconnect();
  }
}

// Waits for the rows while the server still executes the commit in doubt. All of it was done or
// nothing, so the row of any account whose lease is still the same answers. If all of its leases
// are lost, nothing of it will be repeated.
void Connection::settle() {
  if (!doubt_) return;
  const Doubt doubt = *doubt_;
  std::vector<Fence::Lease> leases;
  for (const auto& [account, lease] : doubt.leases) leases.push_back(lease);
  const Rows rows = session_.run(
      "SELECT l.account,l.epoch,l.commits FROM " + table(session_.target().schema, "leases") +
          " l JOIN json_to_recordset($1::json) AS d(account text, epoch bigint)"
          " ON l.account=d.account COLLATE \"C\" AND l.epoch=d.epoch"
          " ORDER BY l.account FOR UPDATE OF l",
      {leases_of(leases)});
  bool done = false;
  for (int i = 0; i < rows.size(); ++i) {
    const Fence::Lease& lease = doubt.leases.at(rows.text(i, 0));
    done = done || rows.number(i, 2) == lease.commits;
  }
  if (done) {
    for (const Fence::Lease& lease : leases) counted_[lease.account] = lease;
    if (doubt.id != 0) done_ = Done{doubt.id, doubt.event_ids};
  }
  doubt_.reset();
}

void Connection::pass(const Fence& fence, Doubt& commit) {
  if (fence.leases.empty()) return;
  const std::string leases = table(session_.target().schema, "leases");
  // In the order of the accounts, as the renewal does it: two that lock in different orders would
  // wait for each other.
  const Rows passed =
      session_.run("WITH mine AS (SELECT l.account FROM " + leases +
                       " l JOIN json_to_recordset($2::json) AS f(account text, epoch bigint)"
                       " ON l.account=f.account COLLATE \"C\" AND l.epoch=f.epoch"
                       " WHERE l.holder=$1::uuid ORDER BY l.account FOR UPDATE OF l)"
                       " UPDATE " +
                       leases +
                       " l SET commits=l.commits+1 FROM mine WHERE l.account=mine.account"
                       " RETURNING l.account,l.epoch,l.commits",
                   {holder_, leases_of(fence.leases)});
  for (int i = 0; i < passed.size(); ++i) {
    commit.leases[passed.text(i, 0)] = {passed.text(i, 0), passed.number(i, 1),
                                        passed.number(i, 2)};
  }
  Fenced fenced;
  for (const Fence::Lease& lease : fence.leases) {
    const auto found = commit.leases.find(lease.account);
    if (found == commit.leases.end()) {
      fenced.accounts.push_back(lease.account);
      continue;
    }
    Fence::Lease& counted = counted_[lease.account];
    if (counted.epoch != lease.epoch) counted = lease;
    if (found->second.commits == counted.commits + 1) continue;
    fenced.accounts.push_back(lease.account);
    fenced.went_back = true;
  }
  if (!fenced.accounts.empty()) throw fenced;
}

std::variant<Committed, StoreError> Connection::commit(const Commit& commit, const Fence& fence) {
  if (commit.empty()) return Committed{};
  Doubt doubt{.id = commit.id, .leases = {}, .event_ids = {}};
  bool committing = false;
  try {
    begin();
    settle();
    if (done_ && done_->id == commit.id) {
      session_.run("COMMIT");
      return Committed{std::exchange(done_, std::nullopt)->event_ids};
    }
    pass(fence, doubt);
    doubt.event_ids = tables_.write(commit);
    committing = true;
    session_.run("COMMIT");
  } catch (const Fenced& lost) {
    roll_back();
    return fenced(lost.accounts, lost.went_back);
  } catch (const DatabaseError& failure) {
    // Only an answer that was lost leaves a doubt: any other failure means that nothing was done.
    const bool lost = committing && failure.kind() == DatabaseError::Kind::kLost;
    if (lost && !doubt.leases.empty()) doubt_ = std::move(doubt);
    roll_back();
    return error(failure);
  }
  for (const auto& [account, lease] : doubt.leases) counted_[account] = lease;
  return Committed{std::move(doubt.event_ids)};
}

std::variant<Committed, StoreError> Connection::fenced(const std::vector<std::string>& accounts,
                                                       bool went_back) {
  std::string all;
  for (const std::string& one : accounts) all += (all.empty() ? "" : ", ") + one;
  std::string why = "the lease of " + all + " is held by another replica; nothing was written";
  if (went_back) {
    why = "commits of " + all +
          " are missing (a failover of the database, or an older backup); the state is read again";
    try {
      tables_.skip_event_ids();
    } catch (const DatabaseError& failure) {
      return error(failure);
    }
    for (const std::string& one : accounts) counted_.erase(one);
  }
  return StoreError{StoreError::Kind::kFenced, describe(session_.target()) + ": " + why, accounts};
}

std::variant<bool, StoreError> Connection::prune(Prune& prune) {
  try {
    PruneTables tables(session_, holder_);
    prune.step(tables);
    return prune.done();
  } catch (const DatabaseError& failure) {
    roll_back();
    return error(failure);
  }
}

StoreError Connection::error(const DatabaseError& failure) const {
  const std::string code = failure.sqlstate().empty() ? "" : " (" + failure.sqlstate() + ")";
  return {StoreError::Kind::kUnavailable, describe(session_.target()) + ": " + failure.what() +
                                              code +
                                              "; check that PostgreSQL runs and accepts writes"};
}

}  // namespace taskwatchd::postgres
