// The rows of a state as plain values, whatever database they are in, for `taskwatchd state`: the
// daemon reads records instead (ports.h). Everything is one transaction of a state that is locked
// against daemons. Blocks. Throws StateFault. One thread.
#pragma once

#include <array>
#include <cstdint>
#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "io/open_error.h"
#include "io/stored_values.h"

namespace taskwatchd {

// NULL, integer, real or text; text is not escaped for the database.
using Cell = std::variant<std::monostate, std::int64_t, double, std::string>;
using CellRow = std::vector<Cell>;  // in the order of StateTable::columns

struct StateTable {
  std::string_view name;
  std::string_view columns;  // separated by commas; the first `keys` of them are the primary key
  std::size_t keys = 0;
  int page = 0;  // rows at a time: bounds the memory
};
inline constexpr std::array<StateTable, 9> kStateTables = {{
    {"tasks", kTaskColumns, 2, 1000},
    {"jobs", kJobColumns, 2, 1000},
    {"distributions", kDistributionColumns, 2, 20},
    {"events", kEventColumns, 1, 1000},
    {"counters", "account,job_id,counter,status,value,created_ms", 4, 1000},
    {"marks", "account,key,at_ms", 2, 1000},
    {"sinks", kSinkColumns, 1, 100},
    {"mutes", kMuteColumns, 1, 100},
    {"cursors", "sink,event_id", 1, 1000},
}};
inline constexpr const StateTable& kCursorTable = kStateTables.back();

// Why a state cannot be used, or ceased to be usable.
class StateFault : public std::exception {
 public:
  explicit StateFault(OpenError error) : error_(std::move(error)) {}
  const OpenError& error() const { return error_; }
  const char* what() const noexcept override { return error_.message.c_str(); }

 private:
  OpenError error_;
};

class StateRows {
 public:
  virtual ~StateRows() = default;

  // It may have columns that this program does not know, which would not be copied.
  virtual bool is_of_newer_version() = 0;
  // Ends reading the table before, and begins at the first row of this one.
  virtual void open(const StateTable& table) = 0;
  // Returns the next rows, in the order of the key; empty after the last one.
  virtual std::vector<CellRow> next_page() = 0;
  // Inserts rows whose keys do not exist yet.
  virtual void insert(const StateTable& table, const std::vector<CellRow>& rows) = 0;
  // Returns the rows that have the keys of `rows`, in any order.
  virtual std::vector<CellRow> find(const StateTable& table, const std::vector<CellRow>& rows) = 0;
  virtual std::int64_t count(const StateTable& table) = 0;
  // The newest id that was used for an event, also if the event was deleted meanwhile.
  virtual std::int64_t last_event_id() = 0;
  virtual void set_last_event_id(std::int64_t id) = 0;
  // Makes everything since the opening durable. Without it nothing is changed.
  virtual void commit() = 0;
};

}  // namespace taskwatchd
