// One connection to a PostgreSQL server by libpq. Nothing is kept in the session between two
// transactions, so it works behind PgBouncer's transaction pooling. Throws DatabaseError. Threads:
// used on one; give_up() on any.
#pragma once

#include <libpq-fe.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/types/time.h"

namespace taskwatchd::postgres {

// Where the state is kept. Contains no secret: the password is read from its file at each
// connection, so that it can be changed.
struct Target {
  std::string url;            // libpq's syntax
  std::string password_file;  // empty: libpq's own sources (PGPASSFILE)
  std::string schema;
  // The longest one statement may take; then the socket is closed. For each host when connecting.
  std::chrono::milliseconds exchange{3000};
};
// "postgresql://user@host/database, schema taskwatchd": for messages.
std::string describe(const Target& target);

class DatabaseError : public std::exception {
 public:
  enum class Kind {
    kNotConnected,  // no host answered, or the server cannot take connections now
    kLost,          // the connection ended during a statement: whether it was executed is unknown
    kStatement,     // the server refused the statement; the transaction is rolled back
    kRefused,       // the server refused the connection: role, password, database, TLS
  };
  DatabaseError(Kind kind, std::string sqlstate, std::string message)
      : kind_(kind), sqlstate_(std::move(sqlstate)), message_(std::move(message)) {}
  Kind kind() const { return kind_; }
  // Five characters; empty unless the server said it.
  const std::string& sqlstate() const { return sqlstate_; }
  const char* what() const noexcept override { return message_.c_str(); }

 private:
  Kind kind_;
  std::string sqlstate_;
  std::string message_;
};

// A parameter of a statement: text that is already escaped, or NULL.
using Param = std::optional<std::string>;
inline Param param(std::int64_t value) {
  return std::to_string(value);
}
inline Param param(Wall at) {
  return param(std::int64_t{at.time_since_epoch().count()});
}

// Rows that a statement returned.
class Rows {
 public:
  explicit Rows(PGresult* result) : result_(result, &PQclear) {}
  int size() const { return PQntuples(result_.get()); }
  // Number of rows that the statement inserted, changed or deleted.
  std::int64_t affected() const;

  bool null(int row, int column) const { return PQgetisnull(result_.get(), row, column) != 0; }
  std::string text(int row, int column) const;  // unescaped; empty if NULL
  std::int64_t number(int row, int column) const;
  double real(int row, int column) const;
  int columns() const { return PQnfields(result_.get()); }
  // The column's type by its OID in pg_type.
  Oid type(int column) const { return PQftype(result_.get(), column); }

 private:
  std::unique_ptr<PGresult, void (*)(PGresult*)> result_;
};
// One of them, in the form that stored_rows.h reads.
class Row {
 public:
  Row(const Rows& rows, int row) : rows_(rows), row_(row) {}
  bool null(int column) const { return rows_.null(row_, column); }
  std::string text(int column) const { return rows_.text(row_, column); }
  std::int64_t number(int column) const { return rows_.number(row_, column); }
  double real(int column) const { return rows_.real(row_, column); }
  Wall wall(int column) const { return Wall(std::chrono::milliseconds(number(column))); }

 private:
  const Rows& rows_;
  int row_;
};

// Removes libpq's variables, all but PGPASSFILE: they would change what the configuration says, for
// example PGHOSTADDR the server and PGSSLMODE its verification. Call it before threads start.
void ignore_environment();

class Session {
 public:
  explicit Session(Target target) : target_(std::move(target)) {}
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // Connects to the first host that accepts writes, if not connected. Name resolution is not
  // bounded by `exchange`.
  void connect();
  // Closes the socket: an open transaction is rolled back by the server.
  void disconnect() { connection_.reset(); }
  bool connected() const { return connection_ != nullptr; }

  // Executes one statement. A connection that is lost is closed.
  Rows run(const std::string& sql, const std::vector<Param>& params = {});

  // The daemon stops: a statement in progress gets 0.3 s more.
  void give_up() { give_up_ = true; }

  const Target& target() const { return target_; }
  // Replaces Target::exchange.
  void set_exchange(std::chrono::milliseconds exchange) { target_.exchange = exchange; }
  // Whether the connection is encrypted.
  bool encrypted() const;

 private:
  struct Finish {
    void operator()(PGconn* connection) const { PQfinish(connection); }
  };
  using Handle = std::unique_ptr<PGconn, Finish>;
  using Steady = std::chrono::steady_clock;

  Handle connect_to(const std::vector<const char*>& names, const std::vector<const char*>& values);
  // Waits until the socket is ready; returns false after the deadline.
  bool wait(PGconn* connection, bool to_write, Steady::time_point deadline) const;
  [[noreturn]] void lose(const std::string& why);

  Target target_;
  Handle connection_;
  std::atomic<bool> give_up_ = false;
};

}  // namespace taskwatchd::postgres
