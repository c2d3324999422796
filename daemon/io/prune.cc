#include "io/prune.h"

#include <algorithm>
#include <chrono>

namespace taskwatchd {
namespace {

using Steady = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kPart{5};  // target duration of a part
// Rows per part: as many as the last one could have done in that time. Few at first, and never
// many: a part that deletes nothing is quick, and the next one may delete every row that it
// examines.
constexpr std::int64_t kRowsFirst = 50;
constexpr std::int64_t kRowsLeast = 50;
constexpr std::int64_t kRowsMost = 500;

std::int64_t next_rows(std::int64_t rows, Steady::duration took) {
  const double fitting = static_cast<double>(rows) * (std::chrono::duration<double>(kPart) / took);
  const auto most = std::min(kRowsMost, rows + rows / 4);
  return fitting >= static_cast<double>(most)
             ? most
             : std::max(kRowsLeast, static_cast<std::int64_t>(fitting));
}

}  // namespace

Prune::Prune(Wall before, Watched watched)
    : before_(before), watched_(std::move(watched)), rows_(kRowsFirst) {}

Prune::Table Prune::table_of(Phase phase) {
  switch (phase) {
    case Phase::kTasks:
      return Table::kTasks;
    case Phase::kJobs:
      return Table::kJobs;
    case Phase::kDistributions:
      return Table::kDistributions;
    default:
      return Table::kCounters;
  }
}

void Prune::next_phase() {
  phase_ = static_cast<Phase>(static_cast<int>(phase_) + 1);
  place_ = {};
  rows_ = kRowsFirst;
}

bool Prune::stays(const PrunableTables::Row& row) const {
  if (row.last_seen >= before_) return true;
  if (phase_ == Phase::kDistributions) return watched_.has_distribution(row.place);
  if (phase_ == Phase::kTasks && watched_.has_task(row.place)) return true;
  return watched_.has_job({row.place.first, row.job_id});
}

int Prune::prune_table(PrunableTables& tables) {
  std::vector<PrunableTables::Row> rows;
  if (const int code = tables.page(table_of(phase_), place_, rows_, rows)) return code;
  std::vector<Place> old;
  for (const PrunableTables::Row& row : rows) {
    if (!stays(row)) old.push_back(row.place);
  }
  if (!old.empty()) {
    if (const int code = tables.drop(table_of(phase_), old)) return code;
  }
  if (static_cast<std::int64_t>(rows.size()) < rows_) {
    next_phase();
  } else {
    place_ = std::move(rows.back().place);
  }
  return 0;
}

int Prune::prune_events(PrunableTables& tables) {
  std::int64_t last = 0;
  if (const int code = tables.drop_events(before_, event_, rows_, last)) return code;
  if (last == 0) {
    next_phase();
  } else {
    event_ = last;
  }
  return 0;
}

int Prune::step(PrunableTables& tables) {
  const auto begun = Steady::now();
  if (phase_ == Phase::kWatched) {
    if (watched_.fill(begun + kPart)) next_phase();
    return 0;
  }
  const int code = phase_ == Phase::kEvents ? prune_events(tables) : prune_table(tables);
  rows_ = next_rows(rows_, Steady::now() - begun);
  return code;
}

}  // namespace taskwatchd
