// The state file's shape: its tables, its number, and the checks at opening that refuse a file that
// is damaged, of a newer version, or not ours. No data of a refused file is touched.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <variant>

#include "io/sqlite/sqlite_file.h"
#include "io/sqlite/sqlite_statement.h"

namespace taskwatchd::sqlite {

// Stands in the file's header: "tskw". `file` and other tools show it.
inline constexpr std::int64_t kApplicationId = 0x74736b77;
// Rises with each change of the tables. Changes only add tables, and columns with a default, so the
// version before can work on the file: that is the way back after an upgrade.
inline constexpr std::int64_t kSchemaVersion = 4;
inline constexpr std::int64_t kNewestSchema = kSchemaVersion + 1;  // greater ones are refused
// Larger files have only their tables of present state checked at opening, not the whole history:
// the check reads every page, and a start must not take minutes.
inline constexpr std::int64_t kFullCheckBytes = std::int64_t{512} << 20;

// Opens an existing (perhaps empty) file at the absolute `path`, checks it, brings an empty one or
// one of an older version into shape in one transaction, and proves by this real write that it can
// be written. Waits up to `busy` for another program's lock. `max_bytes` 0: no cap.
std::variant<Database, OpenError> open_database(const std::string& path,
                                                std::chrono::milliseconds busy,
                                                std::int64_t max_bytes);

}  // namespace taskwatchd::sqlite
