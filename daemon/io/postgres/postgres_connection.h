// The store's connection: transactions, their fence, and the commit whose answer was lost.
// DatabaseError is a value. Threads: opened on one, used on one other; give_up() on any.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "io/open_error.h"
#include "io/postgres/postgres_fence.h"
#include "io/postgres/postgres_prune.h"
#include "io/postgres/postgres_session.h"
#include "io/postgres/postgres_tables.h"
#include "io/prune.h"
#include "ports.h"

namespace taskwatchd::postgres {

class Connection {
 public:
  // Connects and checks the schema (postgres_schema.h).
  // `holder`: the UUID of this process.
  static std::variant<std::unique_ptr<Connection>, OpenError> open(Target target,
                                                                   std::string holder);

  // Writes `commit` in one transaction, if `fence` holds. After a lost answer nothing is written
  // twice: a later call with the same Commit::id finds out what happened.
  std::variant<Committed, StoreError> commit(const Commit& commit, const Fence& fence);

  template <typename Value, typename Query>
  std::variant<Value, StoreError> read(const Query& query) {
    try {
      Value value{};
      query(tables_, value);
      return value;
    } catch (const DatabaseError& failure) {
      return error(failure);
    }
  }
  // Runs the next part of `prune`; returns true after the last part.
  std::variant<bool, StoreError> prune(Prune& prune);

  void give_up() { session_.give_up(); }

 private:
  Connection(Target target, std::string holder);

  // A commit whose answer was lost: what the rows of its leases contain if it was done.
  struct Doubt {
    std::uint64_t id = 0;
    std::map<std::string, Fence::Lease> leases;
    std::vector<std::uint64_t> event_ids;
  };
  struct Done {
    std::uint64_t id = 0;  // Commit::id
    std::vector<std::uint64_t> event_ids;
  };
  void begin();
  void roll_back();
  // Finds out whether the commit in doubt was done.
  void settle();
  // Locks the leases until the transaction ends and counts the commit in their rows.
  void pass(const Fence& fence, Doubt& commit);
  std::variant<Committed, StoreError> fenced(const std::vector<std::string>& accounts,
                                             bool went_back);
  StoreError error(const DatabaseError& failure) const;

  Session session_;
  std::string holder_;
  Tables tables_;
  std::map<std::string, Fence::Lease> counted_;  // as of the last commit, by account
  std::optional<Doubt> doubt_;
  // The one that turned out to be done, until it is repeated. Only one can be: the recorder repeats
  // a commit until it is stored, or drops it, before it makes another one with an id.
  std::optional<Done> done_;
};

}  // namespace taskwatchd::postgres
