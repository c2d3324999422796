#include "io/postgres/postgres_leases.h"

#include "io/postgres/postgres_schema.h"
#include "io/postgres/postgres_text.h"
#include "io/stored_values.h"

namespace taskwatchd {

using postgres::DatabaseError;
using postgres::escaped;
using postgres::param;
using postgres::Row;
using postgres::Rows;

// The statements, on the thread of the leases. Throws DatabaseError.
class PostgresLeases::Exchange {
 public:
  Exchange(postgres::Target target, std::string holder)
      : session_(std::move(target)), holder_(std::move(holder)) {}
  void give_up() { session_.give_up(); }
  std::string what() const { return postgres::describe(session_.target()); }

  LeaseTable renew(const Replica& self) {
    session_.run("INSERT INTO " + table("replicas") +
                     " AS r(holder,name,url,accounts,stopping,beat)"
                     " VALUES($1::uuid,$2,$3,$4,$5::bigint,0) ON CONFLICT (holder) DO UPDATE SET"
                     " (name,url,accounts,stopping,beat)="
                     "ROW(excluded.name,excluded.url,excluded.accounts,excluded.stopping,r.beat+1)",
                 {holder_, escaped(self.name), escaped(self.url),
                  escaped(joined_ids(self.accounts)), param(self.stopping ? 1 : 0)});
    // In the order of the accounts, as a commit locks them.
    session_.run("UPDATE " + table("leases") +
                     " SET beat=beat+1 WHERE holder=$1::uuid AND account IN (SELECT account FROM " +
                     table("leases") + " WHERE holder=$1::uuid ORDER BY account FOR UPDATE)",
                 {holder_});
    return read();
  }

  LeaseTable read() {
    LeaseTable all;
    const Rows leases =
        session_.run("SELECT account,holder,epoch,beat,commits FROM " + table("leases"));
    for (int i = 0; i < leases.size(); ++i) all.leases.push_back(lease_of(Row(leases, i)));
    const Rows replicas =
        session_.run("SELECT holder,name,url,accounts,stopping,beat FROM " + table("replicas"));
    for (int i = 0; i < replicas.size(); ++i) {
      const Row row(replicas, i);
      all.replicas.push_back({row.text(0), row.text(1), row.text(2), parted_ids(row.text(3)),
                              row.number(4) != 0, row.number(5)});
    }
    return all;
  }

  std::optional<Lease> claim(const Lease& seen) {
    const Rows rows =
        seen.epoch == 0
            ? session_.run(
                  "INSERT INTO " + table("leases") +
                      "(account,holder,epoch,beat,commits) VALUES($1,$2::uuid,1,0,0)"
                      " ON CONFLICT DO NOTHING RETURNING account,holder,epoch,beat,commits",
                  {escaped(seen.account), holder_})
            : session_.run("UPDATE " + table("leases") +
                               " SET holder=$2::uuid,epoch=epoch+1,beat=beat+1"
                               " WHERE account=$1 AND epoch=$3::bigint AND beat=$4::bigint"
                               " RETURNING account,holder,epoch,beat,commits",
                           {escaped(seen.account), holder_, param(seen.epoch), param(seen.beat)});
    if (rows.size() == 0) return std::nullopt;
    return lease_of(Row(rows, 0));
  }

  void release(const Lease& held) {
    session_.run("UPDATE " + table("leases") +
                     " SET holder=NULL,beat=beat+1"
                     " WHERE account=$1 AND holder=$2::uuid AND epoch=$3::bigint",
                 {escaped(held.account), holder_, param(held.epoch)});
  }

  void remove(const Replica& replica) {
    session_.run("DELETE FROM " + table("replicas") + " WHERE holder=$1::uuid AND beat=$2::bigint",
                 {replica.holder, param(replica.beat)});
  }

 private:
  std::string table(std::string_view name) const {
    return postgres::table(session_.target().schema, name);
  }
  static Lease lease_of(const Row& row) {
    return {row.text(0), row.text(1), row.number(2), row.number(3), row.number(4)};
  }

  postgres::Session session_;
  std::string holder_;
};

PostgresLeases::PostgresLeases(boost::asio::any_io_executor executor,
                               const postgres::Target& target, std::string holder,
                               PostgresStore& store)
    : holder_(holder),
      store_(store),
      thread_(std::move(executor), postgres::describe(target),
              std::make_unique<Exchange>(target, std::move(holder)), 64) {}

PostgresLeases::~PostgresLeases() = default;

template <typename Value, typename Action>
Awaitable<std::variant<Value, StoreError>> PostgresLeases::call(Action action) {
  auto guarded = [action = std::move(action)](Exchange& to) -> std::variant<Value, StoreError> {
    try {
      return action(to);
    } catch (const DatabaseError& failure) {
      return StoreError{StoreError::Kind::kUnavailable, to.what() + ": " + failure.what(), {}};
    }
  };
  return thread_.call<Value>(std::move(guarded));
}

Awaitable<std::variant<LeaseTable, StoreError>> PostgresLeases::renew(Replica self) {
  return call<LeaseTable>([self = std::move(self)](Exchange& to) { return to.renew(self); });
}

Awaitable<std::variant<LeaseTable, StoreError>> PostgresLeases::read() {
  return call<LeaseTable>([](Exchange& to) { return to.read(); });
}

Awaitable<std::variant<std::optional<Lease>, StoreError>> PostgresLeases::claim(Lease seen) {
  return call<std::optional<Lease>>(
      [seen = std::move(seen)](Exchange& to) { return to.claim(seen); });
}

Awaitable<std::variant<std::monostate, StoreError>> PostgresLeases::release(Lease held) {
  return call<std::monostate>([held = std::move(held)](Exchange& to) {
    to.release(held);
    return std::monostate();
  });
}

Awaitable<std::variant<std::monostate, StoreError>> PostgresLeases::remove(Replica replica) {
  return call<std::monostate>([replica = std::move(replica)](Exchange& to) {
    to.remove(replica);
    return std::monostate();
  });
}

}  // namespace taskwatchd
