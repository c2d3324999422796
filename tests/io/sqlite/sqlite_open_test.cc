// Files that cannot be used as the state database: each is rejected with the right kind and its
// name, and stays unchanged.
#include <fcntl.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <fstream>
#include <iterator>

#include "io/sqlite/sqlite_file.h"
#include "sqlite_world.h"

namespace taskwatchd {
namespace {

class SqliteOpen : public testing::Test {
 protected:
  Opened open(const std::string& path) {
    SqliteLimits limits;
    limits.busy = std::chrono::milliseconds(200);
    return SqliteStore::open(context_.get_executor(), path, limits);
  }
  OpenError refused(const std::string& path) {
    auto opened = open(path);
    if (auto* error = std::get_if<OpenError>(&opened)) {
      EXPECT_THAT(error->message, testing::HasSubstr(path));
      return *error;
    }
    ADD_FAILURE() << path << " was opened";
    return {};
  }
  std::string state() const { return folder_ / "state.db"; }
  static std::string slurp(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(in), {});
  }
  static void spill(const std::string& path, const std::string& bytes) {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
  }
  static void sql(const std::string& path, const char* text) {
    sqlite3* db = nullptr;
    ASSERT_EQ(sqlite3_open(path.c_str(), &db), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(db, text, nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(db);
    sqlite3_close(db);
  }
  void make_state() {
    auto opened = open(state());
    auto& store = std::get<std::unique_ptr<SqliteStore>>(opened);
    Commit commit;
    for (int i = 0; i < 500; ++i) {
      commit.records.push_back(make_record("prod", "t" + std::to_string(i)));
      commit.events.push_back(make_event("prod", "t" + std::to_string(i)));
    }
    wait(context_, store->commit(std::move(commit)));
    store->close(std::chrono::seconds(5));
  }

  TemporaryFolder folder_;
  boost::asio::io_context context_;
};

TEST_F(SqliteOpen, SecondOpenerIsRefusedByName) {
  auto first = open(state());
  ASSERT_TRUE(std::holds_alternative<std::unique_ptr<SqliteStore>>(first));
  const OpenError error = refused(state());
  EXPECT_EQ(error.kind, OpenError::Kind::kLocked);
  EXPECT_THAT(error.message, testing::HasSubstr(std::to_string(::getpid())));
  // A symbolic link is another name for the same state database.
  const std::string link = folder_ / "link.db";
  ASSERT_EQ(::symlink(state().c_str(), link.c_str()), 0);
  EXPECT_EQ(refused(link).kind, OpenError::Kind::kLocked);
  std::get<std::unique_ptr<SqliteStore>>(first).reset();
  EXPECT_TRUE(std::holds_alternative<std::unique_ptr<SqliteStore>>(open(state())));
}

TEST_F(SqliteOpen, NewerSchema) {
  make_state();
  // Version 6 only adds to version 5 (sqlite_migration_test.cc); what version 7 does is not known.
  sql(state(), "PRAGMA user_version=7");
  const OpenError error = refused(state());
  EXPECT_EQ(error.kind, OpenError::Kind::kNewer);
  EXPECT_THAT(error.message, testing::HasSubstr("schema 7"));
}

TEST_F(SqliteOpen, AnotherProgramsDatabaseIsNotTouched) {
  sql(state(), "CREATE TABLE precious(x)");
  const std::string before = slurp(state());
  EXPECT_EQ(refused(state()).kind, OpenError::Kind::kUnusable);
  EXPECT_TRUE(slurp(state()) == before);
}

TEST_F(SqliteOpen, NotADatabaseIsNotTouched) {
  for (const std::string& text :
       {std::string("x"), std::string(100, '\0'), std::string("accounts:\n  - name: prod\n"),
        std::string(100'000, 'y')}) {
    spill(state(), text);
    EXPECT_EQ(refused(state()).kind, OpenError::Kind::kUnusable);
    EXPECT_TRUE(slurp(state()) == text);
  }
}

TEST_F(SqliteOpen, EmptyFileIsAFreshOne) {
  spill(state(), "");
  EXPECT_TRUE(std::holds_alternative<std::unique_ptr<SqliteStore>>(open(state())));
}

TEST_F(SqliteOpen, CutFile) {
  make_state();
  const std::string whole = slurp(state());
  ASSERT_GT(whole.size(), 16'384u);
  for (const std::size_t size : {std::size_t{50}, std::size_t{4096}, whole.size() / 2}) {
    spill(state(), whole.substr(0, size));
    const OpenError error = refused(state());
    EXPECT_EQ(error.kind, OpenError::Kind::kUnusable) << size;
  }
}

// If a damaged file is accepted, its store must still respond. Damage to the b-tree's own bytes
// must be rejected. SQLite has no checksums, so a flip inside a text cannot be detected.
TEST_F(SqliteOpen, FlippedBytesNeverCrash) {
  make_state();
  const std::string whole = slurp(state());
  int refusals = 0;
  for (std::size_t place = 0; place < whole.size(); place += 6007) {
    std::string bytes = whole;
    bytes[place] = static_cast<char>(~bytes[place]);
    spill(state(), bytes);
    auto opened = open(state());
    if (std::holds_alternative<OpenError>(opened)) {
      ++refusals;
      continue;
    }
    auto& store = std::get<std::unique_ptr<SqliteStore>>(opened);
    wait(context_, load(*store, "prod", {"t1", "t250", "t499"}));
    wait(context_, store->events_after(0, 1000, ""));
    store->close(std::chrono::seconds(5));
  }
  EXPECT_GT(refusals, 0);
  // The first bytes of a database page in the middle of the file: its type and its cell count.
  std::string bytes = whole;
  bytes.replace(4096 * 3, 8, 8, '\xff');
  spill(state(), bytes);
  EXPECT_THAT(refused(state()).message, testing::HasSubstr("damaged"));
}

TEST_F(SqliteOpen, NoPlaceForAFile) {
  EXPECT_EQ(refused(folder_ / "no/such/state.db").kind, OpenError::Kind::kUnusable);
  EXPECT_THAT(refused(folder_ / "no/such/state.db").message,
              testing::HasSubstr("create its directory"));
  spill(folder_ / "plain", "x");
  EXPECT_EQ(refused(folder_ / "plain/state.db").kind, OpenError::Kind::kUnusable);
  ASSERT_EQ(::mkdir(state().c_str(), 0700), 0);
  EXPECT_EQ(refused(state()).kind, OpenError::Kind::kUnusable);
  const std::string fifo = folder_ / "fifo";
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  EXPECT_EQ(refused(fifo).kind, OpenError::Kind::kUnusable);
  EXPECT_EQ(refused("/proc/state.db").kind, OpenError::Kind::kUnusable);
}

TEST_F(SqliteOpen, ReadOnlyFolder) {
  if (::geteuid() == 0) GTEST_SKIP() << "root writes where no mode allows it; /proc stands in";
  make_state();
  ASSERT_EQ(::chmod(folder_.path().c_str(), 0500), 0);
  const OpenError error = refused(state());
  ::chmod(folder_.path().c_str(), 0700);
  EXPECT_EQ(error.kind, OpenError::Kind::kUnusable);
  EXPECT_THAT(error.message, testing::HasSubstr("writable"));
}

// The daemon ran once as root, then as the service: the files beside the database belong to root.
TEST_F(SqliteOpen, APartOfAnotherUserIsNamed) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can become another user";
  constexpr uid_t kNobody = 65534;
  for (const char* part : {"", "-wal", "-shm", ".lock"}) {
    make_state();
    const std::string name = state() + part;
    spill(name, part[0] == '\0' ? slurp(name) : "");
    ASSERT_EQ(::chmod(folder_.path().c_str(), 0777), 0);
    for (const char* own : {"", "-wal", "-shm", ".lock"}) {
      [[maybe_unused]] const int gone = ::chown((state() + own).c_str(), kNobody, kNobody);
    }
    ASSERT_EQ(::chown(name.c_str(), 0, 0), 0);
    ASSERT_EQ(::chmod(name.c_str(), 0600), 0);
    ASSERT_EQ(::seteuid(kNobody), 0);
    const OpenError error = refused(state());
    ASSERT_EQ(::seteuid(0), 0);
    EXPECT_EQ(error.kind, OpenError::Kind::kUnusable) << part;
    EXPECT_THAT(error.message, testing::HasSubstr(name + " belongs to root")) << part;
    for (const char* old : {"", "-wal", "-shm", ".lock"}) ::unlink((state() + old).c_str());
  }
}

TEST_F(SqliteOpen, NoSpaceMayPass) {
  EXPECT_EQ(sqlite::unusable("s", ENOSPC).kind, OpenError::Kind::kFull);
  EXPECT_EQ(sqlite::unusable("s", EDQUOT).kind, OpenError::Kind::kFull);
  EXPECT_EQ(sqlite::unusable("s", EROFS).kind, OpenError::Kind::kUnusable);
  EXPECT_THAT(sqlite::unusable("s", ENOLCK).message, testing::HasSubstr("local disk"));
}

TEST(NetworkDisk, IsKnownByItsNumber) {
  EXPECT_EQ(sqlite::network_disk(0x6969), "nfs");
  EXPECT_EQ(sqlite::network_disk(0xff534d42), "cifs");
  EXPECT_EQ(sqlite::network_disk(0xef53), "") << "ext4";
  EXPECT_EQ(sqlite::network_disk_of("/proc"), "");
}

TEST_F(SqliteOpen, StateDatabaseLockedByAnotherProgram) {
  make_state();
  sqlite3* db = nullptr;
  ASSERT_EQ(sqlite3_open(state().c_str(), &db), SQLITE_OK);
  ASSERT_EQ(
      sqlite3_exec(db, "PRAGMA locking_mode=EXCLUSIVE; BEGIN EXCLUSIVE", nullptr, nullptr, nullptr),
      SQLITE_OK);
  EXPECT_EQ(refused(state()).kind, OpenError::Kind::kLocked);
  sqlite3_close(db);
}

}  // namespace
}  // namespace taskwatchd
