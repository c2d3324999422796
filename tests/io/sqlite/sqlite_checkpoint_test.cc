// The log of the state database is written back into its file while commits go on, and whatever
// fails meanwhile, no commit is lost.
#include <filesystem>

#include "faulty_vfs.h"
#include "sqlite_world.h"

namespace taskwatchd {
namespace {

constexpr std::size_t kEvents = 100;
constexpr std::uintmax_t kMegabyte = 1024 * 1024;

// About 1 MB.
Commit large_commit() {
  Commit commit;
  for (std::size_t i = 0; i < kEvents; ++i) {
    Event event = make_event("prod", "t1", 0);
    event.msg = std::string(8192, 'x');
    commit.events.push_back(std::move(event));
  }
  return commit;
}

class SqliteCheckpoint : public testing::Test {
 protected:
  void commit(int count) {
    for (int i = 0; i < count; ++i) world.good(world.store().commit(large_commit()));
    committed += kEvents * static_cast<std::size_t>(count);
  }
  std::uintmax_t log_bytes() const { return std::filesystem::file_size(world.path() + "-wal"); }
  std::size_t stored() { return world.good(world.store().events_after(0, 1'000'000, "")).size(); }

  FaultyVfs disk;
  SqliteWorld world;
  std::size_t committed = 0;
};

TEST_F(SqliteCheckpoint, TheLogBeginsAgainUnderLoad) {
  commit(60);
  EXPECT_LT(log_bytes(), 10 * kMegabyte) << "of 60 MB";
  EXPECT_GT(std::filesystem::file_size(world.path()), 30 * kMegabyte);
}

TEST_F(SqliteCheckpoint, WhileItFailsCommitsGoOnAndAreKept) {
  for (const auto op : {FaultyVfs::Op::kWrite, FaultyVfs::Op::kSync}) {
    const int failed = disk.failed();
    disk.fail(op, 1, 1'000'000, SQLITE_IOERR, true);
    commit(15);
    EXPECT_GT(disk.failed(), failed);
    disk.heal();
    commit(15);
    const std::uintmax_t before = log_bytes();
    commit(15);
    EXPECT_EQ(log_bytes(), before) << "it begins again";
    EXPECT_EQ(stored(), committed);
  }
  world.reopen();
  EXPECT_EQ(stored(), committed);
}

}  // namespace
}  // namespace taskwatchd
