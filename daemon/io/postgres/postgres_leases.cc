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

  // In one exchange, as read() is: with a database that takes nearly Target::exchange to answer,
  // a renewal of several would come back after the leases have ended, and nobody could use them.
  LeaseTable renew(const Replica& self) {
    const std::string leases = table("leases");
    const std::string replicas = table("replicas");
    // The leases are locked in the order of the accounts, as a commit does it.
    return table_of(session_.run(
        "WITH announced AS (INSERT INTO " + replicas +
            " AS r(holder,name,url,accounts,config_hashes,stopping,beat)"
            " VALUES($1::uuid,$2,$3,$4,$5,$6::bigint,0) ON CONFLICT (holder) DO UPDATE SET"
            " (name,url,accounts,config_hashes,stopping,beat)=ROW(excluded.name,excluded.url,"
            "excluded.accounts,excluded.config_hashes,excluded.stopping,r.beat+1) RETURNING *),"
            " mine AS (SELECT account FROM " +
            leases +
            " WHERE holder=$1::uuid ORDER BY account FOR UPDATE),"
            " renewed AS (UPDATE " +
            leases + " l SET beat=l.beat+1 FROM mine WHERE l.account=mine.account RETURNING l.*) " +
            rows_of("renewed", "announced") + " UNION ALL " +
            rows_of("(SELECT * FROM " + leases + " WHERE holder IS DISTINCT FROM $1::uuid) l",
                    "(SELECT * FROM " + replicas + " WHERE holder<>$1::uuid) r"),
        {holder_, escaped(self.name), escaped(self.url), escaped(joined_ids(self.accounts)),
         escaped(joined_ids(self.config_hashes)), param(self.stopping ? 1 : 0)}));
  }

  LeaseTable read() { return table_of(session_.run(rows_of(table("leases"), table("replicas")))); }

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
  // Rows of both tables as one: those of replicas have a name, those of leases have none.
  static std::string rows_of(const std::string& leases, const std::string& replicas) {
    return "SELECT account,holder,epoch,beat,commits,NULL::text AS name,NULL AS url,NULL AS"
           " config_hashes FROM " +
           leases +
           " UNION ALL SELECT accounts,holder,stopping,beat,0,name,url,config_hashes FROM " +
           replicas;
  }
  static LeaseTable table_of(const Rows& rows) {
    LeaseTable all;
    for (int i = 0; i < rows.size(); ++i) {
      const Row row(rows, i);
      if (row.null(5)) {
        all.leases.push_back(lease_of(row));
      } else {
        all.replicas.push_back({row.text(1), row.text(5), row.text(6), parted_ids(row.text(0)),
                                parted_ids(row.text(7)), row.number(2) != 0, row.number(3)});
      }
    }
    return all;
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
