// The rows of a PostgreSQL state while replicas use it, or begin to. Copies are tested end to end.
#include "io/postgres/postgres_rows.h"

#include <atomic>
#include <thread>

#include "postgres_world.h"

namespace taskwatchd {
namespace {

using std::chrono::milliseconds;

class PostgresRowsTest : public ::testing::Test {
 protected:
  std::unique_ptr<StateRows> open() {
    return postgres::open_rows(
        world_.target(),
        {.create = false, .on_wait = [this] { waited_ = true; }, .watch = milliseconds(1200)});
  }
  OpenError::Kind refused() {
    try {
      open();
    } catch (const StateFault& fault) {
      return fault.error().kind;
    }
    ADD_FAILURE() << "it was opened";
    return OpenError::Kind::kUnusable;
  }

  PostgresWorld world_;
  bool waited_ = false;
};

TEST_F(PostgresRowsTest, ALeaseThatIsRenewedIsInUse) {
  std::atomic<bool> stop = false;
  std::thread renews([&] {
    postgres::Session session(world_.target());
    while (!stop) {
      session.run("UPDATE " + world_.target().schema + ".leases SET beat=beat+1 WHERE account='a'");
      std::this_thread::sleep_for(milliseconds(300));
    }
  });
  EXPECT_EQ(refused(), OpenError::Kind::kLocked);
  EXPECT_TRUE(waited_);
  stop = true;
  renews.join();
  waited_ = false;
  EXPECT_EQ(open()->last_event_id(), 0);
  EXPECT_TRUE(waited_);
}

TEST_F(PostgresRowsTest, WithoutHoldersThereIsNoWait) {
  postgres::Session session(world_.target());
  session.run("UPDATE " + world_.target().schema + ".leases SET holder=NULL");
  session.run("DELETE FROM " + world_.target().schema + ".replicas");
  open();
  EXPECT_FALSE(waited_);
}

TEST_F(PostgresRowsTest, NoReplicaGetsALeaseMeanwhile) {
  const auto rows = open();
  postgres::Target impatient = world_.target();
  impatient.exchange = milliseconds(500);
  postgres::Session session(impatient);
  const std::string claim =
      "UPDATE " + world_.target().schema + ".leases SET epoch=epoch+1 WHERE account='a'";
  EXPECT_THROW(session.run(claim), postgres::DatabaseError);
  // Two at the same time are refused too: the lock is not available.
  EXPECT_EQ(refused(), OpenError::Kind::kLocked);
}

TEST_F(PostgresRowsTest, WithoutACommitNothingChanges) {
  const StateTable& cursors = kCursorTable;
  const std::vector<CellRow> written = {{std::string("a\0b\xff", 4), std::int64_t{7}}};
  {
    const auto rows = open();
    rows->insert(cursors, written);
    rows->set_last_event_id(9);
    EXPECT_EQ(rows->find(cursors, written), written);
  }
  {
    const auto rows = open();
    EXPECT_EQ(rows->count(cursors), 0);
    EXPECT_EQ(rows->last_event_id(), 0);
    rows->insert(cursors, written);
    rows->set_last_event_id(9);
    rows->commit();
  }
  const auto rows = open();
  EXPECT_EQ(rows->last_event_id(), 9);
  rows->open(cursors);
  EXPECT_EQ(rows->next_page(), written);
  EXPECT_TRUE(rows->next_page().empty());
}

}  // namespace
}  // namespace taskwatchd
