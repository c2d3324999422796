// Compares lists and counts with the tasks' histories, at instants in any order.
#include "simulator/model_ledger.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <tuple>

#include "simulator/model_random.h"
#include "simulator/model_world.h"

namespace iotsim {
namespace {

constexpr std::int64_t kStart = 1'800'000'000'000;
constexpr std::int64_t kMinute = 60'000;
constexpr std::array<ListOrder, 3> kOrders = {ListOrder::kId, ListOrder::kNewest,
                                              ListOrder::kOldest};

TEST(Bits, AgreeWithASet) {
  Random random(2);
  for (const std::size_t size : {1U, 63U, 64U, 65U, 500U}) {
    Bits bits(size);
    std::set<std::size_t> truth;
    for (int i = 0; i < 1000; ++i) {
      const std::size_t place = random.below(size);
      if (random.chance(0.5)) {
        bits.set(place);
        truth.insert(place);
      } else {
        bits.clear(place);
        truth.erase(place);
      }
      ASSERT_EQ(bits.count(), truth.size());
      const std::size_t from = random.below(size + 1);
      const auto next = truth.lower_bound(from);
      ASSERT_EQ(bits.next(from), next == truth.end() ? Bits::kNone : *next);
      ASSERT_EQ(bits.previous(from), next == truth.begin() ? Bits::kNone : *std::prev(next));
      const std::size_t n = random.below(size + 1);
      ASSERT_EQ(bits.select(n), n < truth.size()
                                    ? *std::next(truth.begin(), static_cast<std::ptrdiff_t>(n))
                                    : Bits::kNone);
    }
  }
}

class Ledger : public ::testing::Test {
 protected:
  Ledger() {
    world.add(Instance{"a", "cn-shanghai", "iot-1"});
    JobSpec spec;
    spec.id = "job-1";
    spec.created_ms = kStart - kMinute;
    spec.start_ms = kStart;
    spec.devices = 300;
    spec.rollout_per_minute = 100;
    spec.life.failed = 0.2;
    spec.life.hang = 0.1;
    spec.life.offline_mean = 600;
    job = &world.add(spec);
  }

  // Returns the ids in the order of the list, derived from the tasks' own states.
  std::vector<std::string> truth(TaskLedger::Filter status, ListOrder order, std::int64_t t) {
    std::vector<std::pair<std::int64_t, std::string>> rows;
    for (const Task* const task : job->tasks) {
      const auto state = world.status_at(*task, t);
      if (!state || (status && state->status != *status)) continue;
      rows.emplace_back(order == ListOrder::kId ? 0 : state->modified_ms, task->id);
    }
    std::sort(rows.begin(), rows.end());
    if (order == ListOrder::kNewest) std::reverse(rows.begin(), rows.end());
    std::vector<std::string> ids;
    for (auto& row : rows) ids.push_back(row.second);
    return ids;
  }

  std::vector<std::string> listed(TaskLedger::Filter status, ListOrder order) {
    const TaskLedger& ledger = world.ledger(*job);
    std::vector<std::string> ids;
    for (std::size_t place = ledger.at(status, order, 0); place != TaskLedger::kEnd;
         place = ledger.next(status, order, place)) {
      ids.push_back(ledger.task(order, place).id);
    }
    return ids;
  }

  void check_at(std::int64_t t) {
    TaskLedger& ledger = world.ledger(*job);
    ledger.move_to(t);
    std::size_t unfinished = job->tasks.size();
    for (std::size_t s = 0; s <= kStatusWords.size(); ++s) {
      const auto filter = s == kStatusWords.size() ? TaskLedger::Filter() : static_cast<Status>(s);
      for (const ListOrder order : kOrders) {
        ASSERT_EQ(listed(filter, order), truth(filter, order, t)) << s << " at " << t - kStart;
      }
      const std::size_t n = truth(filter, ListOrder::kId, t).size();
      ASSERT_EQ(filter ? ledger.count(*filter) : ledger.total(), n);
      if (filter && is_finished(*filter)) unfinished -= n;
    }
    for (const Task* const task : job->tasks) unfinished -= t >= task->removed_ms ? 1 : 0;
    ASSERT_EQ(ledger.unfinished(), unfinished);
  }

  World world{7};
  const Job* job = nullptr;
};

TEST_F(Ledger, AgreesWithTheTruthForwardsAndBackwards) {
  Random random(3);
  check_at(kStart - 2 * kMinute);  // nothing exists
  for (int i = 0; i < 25; ++i) {
    check_at(kStart + static_cast<std::int64_t>(random.below(60 * kMinute)) - 2 * kMinute);
  }
  check_at(kStart + 100'000 * kMinute);
  EXPECT_EQ(world.ledger(*job).unfinished(), 0u);
}

TEST_F(Ledger, ProgressMovesATaskOnlyByTheSwitch) {
  const std::int64_t t = kStart + 5 * kMinute;
  check_at(t);
  const auto before = listed(Status::kInProgress, ListOrder::kNewest);
  world.progress_bumps_modified = true;
  check_at(t);
  EXPECT_NE(listed(Status::kInProgress, ListOrder::kNewest), before);
  world.progress_bumps_modified = false;
  check_at(t);
  EXPECT_EQ(listed(Status::kInProgress, ListOrder::kNewest), before);
}

TEST_F(Ledger, SeesRerunsCancellationsAndRemovals) {
  const std::int64_t later = kStart + 40 * kMinute;
  check_at(later);
  world.rerun("job-1", later, RerunKind::kKeepTaskId);
  check_at(later);
  check_at(later - kMinute);
  check_at(later + 3 * kMinute);
  ASSERT_FALSE(world.rerun("job-1", later + 4 * kMinute, RerunKind::kNewTaskId).empty());
  check_at(later + 4 * kMinute);
  // The old tasks stay in the lists, next to the tasks that replace them.
  EXPECT_GT(world.ledger(*job).total(), 300u);
  world.cancel("job-1", later + 5 * kMinute);
  check_at(later + 5 * kMinute);
  check_at(later + 5 * kMinute - 1);
  world.remove(job->tasks[0]->id, later + 6 * kMinute);
  check_at(later + 6 * kMinute);
  check_at(later + 6 * kMinute - 1);
  world.remove_job("job-1", later + 7 * kMinute);
  check_at(later + 7 * kMinute);
  EXPECT_EQ(world.ledger(*job).total(), 0u);
}

TEST_F(Ledger, GoesOnAfterAKeyThoughItsRowIsElsewhereByNow) {
  TaskLedger& ledger = world.ledger(*job);
  Random random(8);
  for (int i = 0; i < 120; ++i) {
    const std::int64_t then = kStart + static_cast<std::int64_t>(random.below(20 * kMinute));
    const std::int64_t now = then + static_cast<std::int64_t>(random.below(2 * kMinute));
    const Task& task = *job->tasks[random.below(300)];
    const ListKey key = {world.status_at(task, then)->modified_ms, task.id};
    for (const ListOrder order : kOrders) {
      std::string expected;
      for (const std::string& id : truth(Status::kInProgress, order, now)) {
        const std::int64_t modified = world.status_at(*world.task(id), now)->modified_ms;
        const auto mine = std::tie(modified, id);
        const auto edge = std::tie(key.modified_ms, key.task_id);
        const bool beyond = order == ListOrder::kId       ? id > key.task_id
                            : order == ListOrder::kNewest ? mine < edge
                                                          : mine > edge;
        if (!beyond) continue;
        expected = id;
        break;
      }
      ledger.move_to(now);
      const std::size_t place = ledger.after(Status::kInProgress, order, key);
      ASSERT_EQ(place == TaskLedger::kEnd ? "" : ledger.task(order, place).id, expected);
    }
  }
}

TEST_F(Ledger, CountsPlacesFromTheBeginning) {
  TaskLedger& ledger = world.ledger(*job);
  ledger.move_to(kStart + 4 * kMinute);
  for (const ListOrder order : kOrders) {
    const auto ids = listed(std::nullopt, order);
    ASSERT_EQ(ids.size(), 300u);
    for (const std::size_t i : {0U, 1U, 77U, 299U}) {
      EXPECT_EQ(ledger.task(order, ledger.at(std::nullopt, order, i)).id, ids[i]);
    }
    EXPECT_EQ(ledger.at(std::nullopt, order, 300), TaskLedger::kEnd);
  }
}

}  // namespace
}  // namespace iotsim
