#include "io/sqlite/sqlite_prune.h"

#include <algorithm>
#include <chrono>
#include <vector>

namespace taskwatchd::sqlite {
namespace {

using Steady = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kPart{20};  // target duration of a part
// Rows per part: reduced after a part that took too long, increased after one below half the
// target.
constexpr std::int64_t kRowsFirst = 500;
constexpr std::int64_t kRowsLeast = 20;
constexpr std::int64_t kRowsMost = 10'000;
constexpr std::size_t kKeysBetweenLooks = 1000;  // between two checks of the clock

int inside_transaction(Tables& tables, const auto& action) {
  int code = tables.begin();
  if (code == SQLITE_OK) code = action();
  if (code == SQLITE_OK) code = tables.commit();
  if (code != SQLITE_OK) tables.roll_back();
  return code;
}

int first_number(Statement& statement, int started, std::int64_t& value) {
  int code = started;
  if (code == SQLITE_OK) code = statement.next();
  if (code == SQLITE_ROW) value = statement.number(0);
  statement.finish();
  return code == SQLITE_ROW || code == SQLITE_DONE ? SQLITE_OK : code;
}

}  // namespace

// What a table's rows are pruned by, in the order of its key. `page` gives account, id, job and
// age of the rows after a place; `drop` deletes one.
struct Prune::Table {
  const char* page;
  const char* drop;
};

const Prune::Table& Prune::table_of(Phase phase) {
  static constexpr Table kTasks = {
      "SELECT account,task_id,job_id,last_seen_ms FROM tasks WHERE (account,task_id)>(?,?)"
      " ORDER BY account,task_id LIMIT ?",
      "DELETE FROM tasks WHERE account=? AND task_id=?"};
  static constexpr Table kJobs = {
      "SELECT account,job_id,job_id,last_seen_ms FROM jobs WHERE (account,job_id)>(?,?)"
      " ORDER BY account,job_id LIMIT ?",
      "DELETE FROM jobs WHERE account=? AND job_id=?"};
  static constexpr Table kDistributions = {
      "SELECT account,distribution_id,'',last_seen_ms FROM distributions"
      " WHERE (account,distribution_id)>(?,?) ORDER BY account,distribution_id LIMIT ?",
      "DELETE FROM distributions WHERE account=? AND distribution_id=?"};
  // Counters have no time of their last change: they are deleted with the rest of their job.
  static constexpr Table kCounters = {
      "SELECT account,job_id,job_id,min(created_ms) FROM counters WHERE (account,job_id)>(?,?)"
      " GROUP BY account,job_id ORDER BY account,job_id LIMIT ?",
      "DELETE FROM counters WHERE account=?1 AND job_id=?2"
      " AND NOT EXISTS (SELECT 1 FROM jobs j WHERE j.account=?1 AND j.job_id=?2)"
      " AND NOT EXISTS (SELECT 1 FROM tasks t INDEXED BY tasks_by_job"
      " WHERE t.account=?1 AND t.job_id=?2)"};
  switch (phase) {
    case Phase::kTasks:
      return kTasks;
    case Phase::kJobs:
      return kJobs;
    case Phase::kDistributions:
      return kDistributions;
    default:
      return kCounters;
  }
}

std::size_t Prune::Hash::hash(const Name& name) {
  const std::hash<std::string_view> text;
  return text(name.first) * 0x9e3779b97f4a7c15ULL ^ text(name.second);
}

Prune::Prune(Wall before, Watched watched)
    : before_(before), watched_(std::move(watched)), rows_(kRowsFirst) {}

void Prune::next_phase() {
  phase_ = static_cast<Phase>(static_cast<int>(phase_) + 1);
  place_ = {};
}

// 500,000 tasks are not put into the set at once either.
void Prune::take_watched() {
  const auto until = Steady::now() + kPart;
  if (taken_ == 0) tasks_.reserve(watched_.tasks.size());
  while (taken_ < watched_.tasks.size()) {
    if (taken_ % kKeysBetweenLooks == 0 && Steady::now() >= until) return;
    tasks_.insert(&watched_.tasks[taken_++]);
  }
  for (const JobKey& key : watched_.jobs) jobs_.insert(&key);
  for (const DistributionKey& key : watched_.distributions) distributions_.insert(&key);
  next_phase();
}

bool Prune::stays(const Name& name, std::string_view job_id) const {
  if (phase_ == Phase::kDistributions) return distributions_.contains(name);
  if (phase_ == Phase::kTasks && tasks_.contains(name)) return true;
  return jobs_.contains(Name(name.first, job_id));
}

int Prune::prune_table(Tables& tables, const Table& table) {
  Statement page(tables.database(), table.page);
  std::vector<Place> old;
  Place last;
  std::int64_t looked = 0;
  int code = page.start(place_.first, place_.second, rows_);
  while (code == SQLITE_OK && (code = page.next()) == SQLITE_ROW) {
    ++looked;
    last = {page.text(0), page.text(1)};
    if (page.wall(3) < before_ && !stays(last, page.text(2))) old.push_back(last);
    code = SQLITE_OK;
  }
  page.finish();
  if (code != SQLITE_DONE) return code;
  if (!old.empty()) {
    Statement drop(tables.database(), table.drop);
    const auto drop_all = [&] {
      int dropped = SQLITE_OK;
      for (const auto& [account, id] : old) {
        if ((dropped = drop.run(account, id)) != SQLITE_OK) break;
      }
      return dropped;
    };
    if ((code = inside_transaction(tables, drop_all)) != SQLITE_OK) return code;
  }
  place_ = std::move(last);
  if (looked < rows_) next_phase();
  return SQLITE_OK;
}

int Prune::prune_events(Tables& tables) {
  sqlite3* const db = tables.database();
  // Events not yet delivered to a sink are kept; while no sink is known, all events are kept.
  Statement delivered(db, "SELECT coalesce(min(event_id),0) FROM cursors");
  std::int64_t end = 0, first = 0;
  int code = first_number(delivered, delivered.start(), end);
  Statement following(db, "SELECT coalesce(min(id),0) FROM events WHERE id>?");
  if (code == SQLITE_OK) code = first_number(following, following.start(event_), first);
  if (code != SQLITE_OK) return code;
  if (first == 0 || first > end) {
    next_phase();
    return SQLITE_OK;
  }
  const std::int64_t last = std::min(end, first + rows_ - 1);
  Statement drop(db,
                 "DELETE FROM events WHERE id BETWEEN ?1 AND ?2 AND ts_ms<?3 AND NOT EXISTS "
                 "(SELECT 1 FROM tasks t WHERE t.account=events.account"
                 " AND t.task_id=events.task_id)");
  const auto drop_some = [&] { return drop.run(first, last, before_); };
  code = inside_transaction(tables, drop_some);
  if (code == SQLITE_OK) event_ = last;
  return code;
}

int Prune::step(Tables& tables) {
  if (phase_ == Phase::kWatched) {
    take_watched();
    return SQLITE_OK;
  }
  const auto begun = Steady::now();
  const int code =
      phase_ == Phase::kEvents ? prune_events(tables) : prune_table(tables, table_of(phase_));
  const auto took = Steady::now() - begun;
  if (took > kPart) rows_ = std::max(kRowsLeast, rows_ / 2);
  if (took < kPart / 2) rows_ = std::min(kRowsMost, rows_ * 2);
  return code;
}

}  // namespace taskwatchd::sqlite
