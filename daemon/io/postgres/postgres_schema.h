// The tables of the state in a PostgreSQL schema, their version, and the checks at opening. Every
// name in a statement is qualified. Throws DatabaseError (postgres_session.h).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "io/open_error.h"
#include "io/postgres/postgres_session.h"

namespace taskwatchd::postgres {

// Increased with each change of the tables. Changes only add tables, and columns with a default, so
// the version before can work on them: two versions run at the same time during an upgrade.
inline constexpr std::int64_t kSchemaVersion = 2;
inline constexpr std::int64_t kNewestSchema = kSchemaVersion + 1;  // greater ones are refused
inline constexpr std::int64_t kOldestServer = 15;                  // major version

// "taskwatchd".table, for a statement.
std::string table(const std::string& schema, std::string_view name);

// All statements that an administrator runs once for `schema`, as SQL text. They can be repeated.
std::string schema_sql(const std::string& schema);

// Connects and checks the server (version, encoding), the schema and the privileges; changes
// nothing. Returns the version of the schema, 0 if there is none yet, or why the state cannot be
// used, and how to fix it.
std::variant<std::int64_t, OpenError> examine(Session& session);

// Checks as examine() does; a missing schema is created if the role may create it. Returns why the
// state cannot be used, and how to fix it.
std::optional<OpenError> prepare(Session& session);

// An error at opening, whose message begins with the target.
OpenError open_error(OpenError::Kind kind, const Target& target, const std::string& text);
OpenError open_error(const Target& target, const DatabaseError& failure);

}  // namespace taskwatchd::postgres
