// What SQLite does for a prune. Threads: one at a time. Failure: SQLite's result code.
#pragma once

#include <vector>

#include "io/prune.h"
#include "io/sqlite/sqlite_tables.h"

namespace taskwatchd::sqlite {

class PruneTables : public PrunableTables {
 public:
  explicit PruneTables(Tables& tables) : tables_(tables) {}
  int page(Table table, const Place& after, std::int64_t limit, std::vector<Row>& rows) override;
  int drop(Table table, const std::vector<Place>& places) override;
  int drop_events(Wall before, std::int64_t after, std::int64_t limit, std::int64_t& last) override;

 private:
  Tables& tables_;
};

}  // namespace taskwatchd::sqlite
