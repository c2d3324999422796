#include "io/prune.h"

#include <algorithm>
#include <chrono>

namespace taskwatchd {
namespace {

using Steady = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kPart{20};  // target duration of a part
// Rows per part: reduced after a part that took too long, increased after one below half the
// target.
constexpr std::int64_t kRowsFirst = 500;
constexpr std::int64_t kRowsLeast = 20;
constexpr std::int64_t kRowsMost = 10'000;

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
  const auto took = Steady::now() - begun;
  if (took > kPart) rows_ = std::max(kRowsLeast, rows_ / 2);
  if (took < kPart / 2) rows_ = std::min(kRowsMost, rows_ * 2);
  return code;
}

}  // namespace taskwatchd
