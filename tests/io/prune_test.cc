#include "io/prune.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace taskwatchd {
namespace {

// Many tasks and events that all stay; remembers how many rows each part examined.
class EndlessTables : public PrunableTables {
 public:
  static constexpr std::int64_t kRows = 20'000;

  int page(Table table, const Place&, std::int64_t limit, std::vector<Row>& rows) override {
    if (table != Table::kTasks || tasks_ >= kRows) return 0;
    of_tasks.push_back(limit);
    tasks_ += limit;
    const Row row{{"prod", std::to_string(tasks_)}, "job", Wall::max()};
    rows.assign(static_cast<std::size_t>(limit), row);
    return 0;
  }
  int drop(Table, const std::vector<Place>&) override { return 1; }
  int drop_events(Wall, std::int64_t after, std::int64_t limit, std::int64_t& last) override {
    if (after >= kRows) return 0;
    of_events.push_back(limit);
    last = after + limit;
    return 0;
  }

  std::vector<std::int64_t> of_tasks, of_events;

 private:
  std::int64_t tasks_ = 0;
};

// Rows that stay take no time, but the next ones may all be deleted.
TEST(Prune, BeginsEachTableWithFewRowsAndNeverExaminesMany) {
  EndlessTables tables;
  Prune prune(Wall(), {});
  while (!prune.done()) ASSERT_EQ(prune.step(tables), 0);
  for (const auto* const limits : {&tables.of_tasks, &tables.of_events}) {
    ASSERT_GT(limits->size(), 2u);
    EXPECT_LT(limits->front(), 100);
    const auto most = *std::max_element(limits->begin(), limits->end());
    EXPECT_GT(most, limits->front()) << "quick parts grow";
    EXPECT_LE(most, 500);
  }
}

}  // namespace
}  // namespace taskwatchd
