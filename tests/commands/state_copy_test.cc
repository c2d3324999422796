// What `taskwatchd state copy` does with rows in memory: above all, that it finds each difference.
// Copies between real databases are tested end to end.
#include "commands/state_copy.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <functional>
#include <map>

namespace taskwatchd {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class MemoryRows : public StateRows {
 public:
  std::map<std::string, std::vector<CellRow>> tables;
  std::int64_t last_id = 0;
  bool newer = false;
  int commits = 0;
  // What a bad database does to a page while it is written.
  std::function<void(const StateTable&, std::vector<CellRow>&)> on_insert;

  bool is_of_newer_version() override { return newer; }
  void open(const StateTable& table) override {
    table_ = &table;
    next_ = 0;
  }
  std::vector<CellRow> next_page() override {
    const auto& all = tables[std::string(table_->name)];
    const auto size = std::min<std::size_t>(2, all.size() - next_);
    const auto begin = all.begin() + static_cast<std::ptrdiff_t>(next_);
    next_ += size;
    return {begin, begin + static_cast<std::ptrdiff_t>(size)};
  }
  void insert(const StateTable& table, const std::vector<CellRow>& rows) override {
    std::vector<CellRow> written = rows;
    if (on_insert) on_insert(table, written);
    auto& all = tables[std::string(table.name)];
    all.insert(all.end(), written.begin(), written.end());
  }
  std::vector<CellRow> find(const StateTable& table, const std::vector<CellRow>& rows) override {
    std::vector<CellRow> found;
    for (const CellRow& one : tables[std::string(table.name)]) {
      const auto same = [&](const CellRow& row) {
        return std::equal(row.begin(), row.begin() + static_cast<std::ptrdiff_t>(table.keys),
                          one.begin());
      };
      if (std::any_of(rows.begin(), rows.end(), same)) found.insert(found.begin(), one);
    }
    return found;
  }
  std::int64_t count(const StateTable& table) override {
    return static_cast<std::int64_t>(tables[std::string(table.name)].size());
  }
  std::int64_t last_event_id() override { return last_id; }
  void set_last_event_id(std::int64_t id) override { last_id = id; }
  void commit() override { ++commits; }

 private:
  const StateTable* table_ = nullptr;
  std::size_t next_ = 0;
};

Cell text(const char* value) {
  return std::string(value);
}
CellRow mark(const char* account, const char* key, std::int64_t at) {
  return {text(account), text(key), at};
}
CellRow event(std::int64_t id, const char* account) {
  return {id,        std::int64_t{1}, text("task_gone"), text(account),
          text("j"), text("t"),       text("{}"),        text("info")};
}
CellRow cursor(const char* sink, std::int64_t id) {
  return {text(sink), id};
}

class StateCopyTest : public ::testing::Test {
 protected:
  StateCopyTest() {
    from.tables["marks"] = {mark("a", "x", 1), mark("a", "y", 2), mark("b", "x", 3)};
    from.tables["events"] = {event(3, "a"), event(5, "b"), event(9, "")};
    from.tables["cursors"] = {cursor("hook", 4), cursor("log", 5)};
    from.last_id = 12;
  }
  std::optional<OpenError> copy(bool from_shared, bool to_shared) {
    return copy_state({from, "one", from_shared}, {to, "two", to_shared},
                      [](const char*, const StateTable&, std::int64_t, bool) {});
  }
  std::string difference() {
    const auto error = copy(false, false);
    EXPECT_EQ(to.commits, 0) << "nothing may be changed";
    return error ? error->message : "equal";
  }

  MemoryRows from, to;
};

TEST_F(StateCopyTest, EverythingIsCopiedOnceAndCommitted) {
  EXPECT_FALSE(copy(false, false));
  EXPECT_EQ(to.tables["marks"], from.tables["marks"]);
  EXPECT_EQ(to.tables["events"], from.tables["events"]);
  EXPECT_EQ(to.tables["cursors"], from.tables["cursors"]);
  EXPECT_EQ(to.last_id, 12);
  EXPECT_EQ(to.commits, 1);
}

TEST_F(StateCopyTest, TheLogHasACursorPerAccountOrOneForAll) {
  EXPECT_FALSE(copy(false, true));
  EXPECT_THAT(to.tables["cursors"],
              ElementsAre(cursor("hook", 4), cursor("log/a", 5), cursor("log/b", 5)));
  from.tables["cursors"] = {cursor("log/a", 8), cursor("log/b", 7)};
  to = {};
  EXPECT_FALSE(copy(true, false));
  EXPECT_THAT(to.tables["cursors"], ElementsAre(cursor("log", 7)));
  // b has no cursor: its first event, 5, was not delivered yet.
  from.tables["cursors"] = {cursor("log/a", 8)};
  to = {};
  EXPECT_FALSE(copy(true, false));
  EXPECT_THAT(to.tables["cursors"], ElementsAre(cursor("log", 4)));
  from.tables["cursors"] = {};
  to = {};
  EXPECT_FALSE(copy(true, false));
  EXPECT_THAT(to.tables["cursors"], ElementsAre());
}

TEST_F(StateCopyTest, ADifferentCellIsNamed) {
  to.on_insert = [](const StateTable& table, std::vector<CellRow>& rows) {
    if (table.name == "marks" && rows.size() == 1) rows[0][2] = std::int64_t{4};
  };
  EXPECT_THAT(difference(), HasSubstr("differ in table marks, key (b, x): the column at_ms"));
}

TEST_F(StateCopyTest, AMissingRowIsNamed) {
  to.on_insert = [](const StateTable& table, std::vector<CellRow>& rows) {
    if (table.name == "events") rows.erase(rows.begin());
  };
  EXPECT_THAT(difference(), HasSubstr("differ in table events, key (3): the row is missing"));
}

TEST_F(StateCopyTest, AnAdditionalRowIsCounted) {
  to.on_insert = [](const StateTable& table, std::vector<CellRow>& rows) {
    if (table.name == "cursors") rows.push_back(cursor("other", 1));
  };
  EXPECT_THAT(difference(), HasSubstr("table cursors: 2 and 3 rows"));
}

TEST_F(StateCopyTest, ATargetThatIsNotEmptyIsRefused) {
  to.last_id = 1;
  EXPECT_EQ(copy(false, false)->kind, OpenError::Kind::kRefused);
  to.last_id = 0;
  to.tables["marks"] = {mark("z", "z", 1)};
  EXPECT_THAT(difference(), HasSubstr("two is not empty"));
  EXPECT_EQ(to.tables["events"].size(), 0U);
}

TEST_F(StateCopyTest, WhatANewerVersionAddedIsNotLost) {
  from.newer = true;
  EXPECT_EQ(copy(false, false)->kind, OpenError::Kind::kNewer);
  EXPECT_EQ(to.commits, 0);
}

}  // namespace
}  // namespace taskwatchd
