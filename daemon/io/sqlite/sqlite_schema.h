// The schema of the state database: its tables, its version, and the checks at opening that reject
// a damaged file, a newer version, or another program's file. Data of a rejected file is not
// changed.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <variant>

#include "io/sqlite/sqlite_file.h"
#include "io/sqlite/sqlite_statement.h"

namespace taskwatchd::sqlite {

// Application id in the file's header: "tskw". `file` and other tools show it.
inline constexpr std::int64_t kApplicationId = 0x74736b77;
// Increased with each change of the tables. Changes only add tables, and columns with a default, so
// the version before can work on the file: that is the way back after an upgrade.
inline constexpr std::int64_t kSchemaVersion = 5;
inline constexpr std::int64_t kNewestSchema = kSchemaVersion + 1;  // greater ones are refused
// For larger files only the tables of current status are checked at opening, not the whole history:
// the check reads every database page, and a start must not take minutes.
inline constexpr std::int64_t kFullCheckBytes = std::int64_t{512} << 20;

// Opens an existing (possibly empty) file at the absolute `path`, checks it, creates or upgrades
// the schema in one transaction, and thereby proves that the file can be written. Waits up to
// `busy` for another program's lock. `max_bytes` 0: no limit.
std::variant<Database, OpenError> open_database(const std::string& path,
                                                std::chrono::milliseconds busy,
                                                std::int64_t max_bytes);

}  // namespace taskwatchd::sqlite
