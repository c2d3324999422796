// What PostgreSQL does for a prune: only rows of accounts whose lease this process holds, or that
// no replica configures any more, are deleted. Throws DatabaseError (postgres_session.h); returns
// 0. Threads: one at a time.
#pragma once

#include <string>
#include <vector>

#include "io/postgres/postgres_session.h"
#include "io/prune.h"

namespace taskwatchd::postgres {

class PruneTables : public PrunableTables {
 public:
  PruneTables(Session& session, std::string holder)
      : session_(session), holder_(std::move(holder)) {}
  int page(Table table, const Place& after, std::int64_t limit, std::vector<Row>& rows) override;
  int drop(Table table, const std::vector<Place>& places) override;
  int drop_events(Wall before, std::int64_t after, std::int64_t limit, std::int64_t& last) override;

 private:
  std::string table(std::string_view name) const;
  std::string orphans() const;
  std::string held() const;
  void drop_times_of_jobs(const std::vector<Place>& jobs);

  Session& session_;
  std::string holder_;  // UUID of this process
};

}  // namespace taskwatchd::postgres
