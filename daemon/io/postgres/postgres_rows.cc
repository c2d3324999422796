#include "io/postgres/postgres_rows.h"

#include <map>
#include <ranges>
#include <thread>

#include "core/events/json.h"
#include "io/postgres/postgres_schema.h"
#include "io/postgres/postgres_text.h"

namespace taskwatchd::postgres {
namespace {

constexpr std::chrono::minutes kLongExchange{2};  // for counting or committing 1,000,000 rows
constexpr std::chrono::milliseconds kReadLeasesEvery{500};
// OIDs of PostgreSQL's pg_type.dat
constexpr Oid kBigint = 20;
constexpr Oid kDouble = 701;

std::vector<std::string> columns_of(const StateTable& table) {
  std::vector<std::string> names;
  for (const auto name : std::views::split(table.columns, ',')) {
    names.emplace_back(name.begin(), name.end());
  }
  return names;
}

// The first `count` columns of the rows as a JSON list; NULL is an absent member.
std::string json_of(const StateTable& table, const std::vector<CellRow>& rows, std::size_t count) {
  const std::vector<std::string> names = columns_of(table);
  std::vector<std::string> objects;
  for (const CellRow& row : rows) {
    JsonObject object;
    for (std::size_t i = 0; i < count; ++i) {
      if (const auto* const whole = std::get_if<std::int64_t>(&row[i]))
        object.add(names[i], *whole);
      if (const auto* const real = std::get_if<double>(&row[i])) object.add(names[i], *real);
      if (const auto* const text = std::get_if<std::string>(&row[i])) {
        object.add(names[i], escaped(*text));
      }
    }
    objects.push_back(object.text());
  }
  return json_list(objects);
}

std::vector<CellRow> cells_of(const Rows& rows) {
  std::vector<CellRow> all;
  for (int i = 0; i < rows.size(); ++i) {
    CellRow& cells = all.emplace_back();
    for (int c = 0; c < rows.columns(); ++c) {
      if (rows.null(i, c)) {
        cells.emplace_back();
      } else if (rows.type(c) == kBigint) {
        cells.emplace_back(rows.number(i, c));
      } else if (rows.type(c) == kDouble) {
        cells.emplace_back(rows.real(i, c));
      } else {
        cells.emplace_back(rows.text(i, c));
      }
    }
  }
  return all;
}

class SchemaRows : public StateRows {
 public:
  explicit SchemaRows(const Target& target) : session_(target) {}

  void begin(const OpenRows& how) {
    if (how.create) {
      if (auto error = prepare(session_)) throw StateFault(*std::move(error));
    }
    const auto version = examine(session_);
    if (const auto* const error = std::get_if<OpenError>(&version)) throw StateFault(*error);
    version_ = std::get<std::int64_t>(version);
    if (version_ == 0) {
      refuse(OpenError::Kind::kRefused, "the schema does not exist: check --schema and the URL");
    }
    session_.set_exchange(kLongExchange);
    const Beats seen = watch(how);
    lock();
    if (beats() != seen) refuse_use();
  }

  bool is_of_newer_version() override { return version_ > kSchemaVersion; }

  void open(const StateTable& table) override {
    guarded([&] {
      if (reading_ != nullptr) session_.run("CLOSE state_rows");
      reading_ = &table;
      std::string keys;
      for (const std::string& name : columns_of(table) | std::views::take(table.keys)) {
        keys += (keys.empty() ? "" : ",") + name;
      }
      session_.run("DECLARE state_rows NO SCROLL CURSOR FOR SELECT " + std::string(table.columns) +
                   " FROM " + name(table) + " ORDER BY " + keys);
    });
  }

  std::vector<CellRow> next_page() override {
    return guarded([&] {
      return cells_of(session_.run("FETCH " + std::to_string(reading_->page) + " FROM state_rows"));
    });
  }

  void insert(const StateTable& table, const std::vector<CellRow>& rows) override {
    const std::string columns(table.columns);
    inserted_ = true;
    guarded([&] {
      session_.run("INSERT INTO " + name(table) + "(" + columns + ") SELECT " + columns +
                       " FROM json_populate_recordset(NULL::" + name(table) + ",$1::json)",
                   {json_of(table, rows, columns_of(table).size())});
    });
  }

  std::vector<CellRow> find(const StateTable& table, const std::vector<CellRow>& rows) override {
    std::string columns, same;
    std::size_t count = 0;
    for (const std::string& column : columns_of(table)) {
      columns += (count == 0 ? "t." : ",t.") + column;
      if (count < table.keys) same += (count == 0 ? " ON t." : " AND t.") + column + "=k." + column;
      ++count;
    }
    return guarded([&] {
      return cells_of(session_.run("SELECT " + columns + " FROM " + name(table) +
                                       " t JOIN json_populate_recordset(NULL::" + name(table) +
                                       ",$1::json) k" + same,
                                   {json_of(table, rows, table.keys)}));
    });
  }

  std::int64_t count(const StateTable& table) override {
    return guarded(
        [&] { return session_.run("SELECT count(*) FROM " + name(table)).number(0, 0); });
  }

  std::int64_t last_event_id() override {
    return guarded([&] {
      const std::string& schema = session_.target().schema;
      return session_
          .run("SELECT greatest((SELECT max(value) FROM " + table(schema, "meta") +
               " WHERE key='last_event_id'),(SELECT max(id) FROM " + table(schema, "events") +
               "),0)")
          .number(0, 0);
    });
  }

  void set_last_event_id(std::int64_t id) override {
    guarded([&] {
      session_.run("INSERT INTO " + table(session_.target().schema, "meta") +
                       "(key,value) VALUES('last_event_id',$1::bigint) ON CONFLICT (key)"
                       " DO UPDATE SET value=excluded.value",
                   {param(id)});
    });
  }

  void commit() override {
    try {
      if (inserted_) add_leases();
      session_.run("COMMIT");
    } catch (const DatabaseError& failure) {
      if (failure.kind() != DatabaseError::Kind::kLost) {
        throw StateFault(open_error(session_.target(), failure));
      }
      refuse(OpenError::Kind::kUnreachable,
             std::string(failure.what()) +
                 ": whether the change was committed is unknown; look at the tables");
    }
  }

 private:
  // epoch and beat of each lease that is held, and the beat of each replica.
  using Beats = std::map<std::string, std::pair<std::int64_t, std::int64_t>>;

  std::string name(const StateTable& one) const {
    return table(session_.target().schema, one.name);
  }

  template <typename Action>
  auto guarded(const Action& action) -> decltype(action()) {
    try {
      return action();
    } catch (const DatabaseError& failure) {
      throw StateFault(open_error(session_.target(), failure));
    }
  }

  [[noreturn]] void refuse(OpenError::Kind kind, const std::string& text) {
    throw StateFault({kind, describe(session_.target()) + ": " + text});
  }
  [[noreturn]] void refuse_use() {
    refuse(OpenError::Kind::kLocked,
           "is in use by a replica: stop every taskwatchd that uses it, then run this again");
  }

  Beats beats() {
    return guarded([&] {
      const std::string& schema = session_.target().schema;
      const Rows rows =
          session_.run("SELECT 'lease '||account,epoch,beat FROM " + table(schema, "leases") +
                       " WHERE holder IS NOT NULL UNION ALL"
                       " SELECT 'replica '||holder,0,beat FROM " +
                       table(schema, "replicas"));
      Beats all;
      for (int i = 0; i < rows.size(); ++i) {
        all[rows.text(i, 0)] = {rows.number(i, 1), rows.number(i, 2)};
      }
      return all;
    });
  }

  Beats watch(const OpenRows& how) {
    Beats first = beats();
    if (first.empty()) return first;
    how.on_wait();
    const auto end = std::chrono::steady_clock::now() + how.watch;
    while (std::chrono::steady_clock::now() < end) {
      std::this_thread::sleep_for(kReadLeasesEvery);
      if (beats() != first) refuse_use();
    }
    return first;
  }

  // SET takes no snapshot, a SELECT would: what is read is as of after the lock.
  // Without a row, data of an account that no replica configures would never be pruned.
  void add_leases() {
    std::string accounts;
    for (const StateTable& table : kStateTables) {
      if (&table == &kCursorTable || table.name == "sinks" || table.name == "mutes") continue;
      accounts +=
          (accounts.empty() ? "SELECT account FROM " : " UNION SELECT account FROM ") + name(table);
    }
    session_.run("INSERT INTO " + postgres::table(session_.target().schema, "leases") +
                 "(account,holder,epoch,beat,commits) SELECT account,NULL,1,0,0 FROM (" + accounts +
                 ") a WHERE account<>'' ON CONFLICT DO NOTHING");
  }

  void lock() {
    const std::string& schema = session_.target().schema;
    try {
      session_.run("BEGIN ISOLATION LEVEL REPEATABLE READ");
      session_.run("SET LOCAL statement_timeout=0");
      session_.run("SET LOCAL idle_in_transaction_session_timeout=0");
      session_.run("SET LOCAL lock_timeout='2s'");
      session_.run("LOCK TABLE " + table(schema, "leases") + "," + table(schema, "replicas") +
                   " IN SHARE ROW EXCLUSIVE MODE");
      session_.run(
          "SELECT set_config('lock_timeout','0',true),"
          " set_config('synchronous_commit',CASE current_setting('synchronous_commit')"
          " WHEN 'remote_apply' THEN 'remote_apply' ELSE 'on' END,true)");
    } catch (const DatabaseError& failure) {
      if (failure.sqlstate() == "55P03") refuse_use();  // lock_not_available
      throw StateFault(open_error(session_.target(), failure));
    }
  }

  Session session_;
  std::int64_t version_ = 0;
  bool inserted_ = false;
  const StateTable* reading_ = nullptr;
};

}  // namespace

std::unique_ptr<StateRows> open_rows(const Target& target, const OpenRows& how) {
  ignore_environment();
  auto rows = std::make_unique<SchemaRows>(target);
  rows->begin(how);
  return rows;
}

}  // namespace taskwatchd::postgres
