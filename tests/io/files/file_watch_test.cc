#include "io/files/file_watch.h"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>

#include "io/temporary_folder.h"

namespace taskwatchd {
namespace {

class FileWatchTest : public ::testing::Test {
 protected:
  // Returns whether a change is reported within 5 s.
  bool notified() {
    const int before = changes_;
    loop_.restart();
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(5);
    while (changes_ == before && std::chrono::steady_clock::now() < end) {
      loop_.run_one_for(std::chrono::milliseconds(100));
    }
    return changes_ != before;
  }
  bool quiet() {
    const int before = changes_;
    loop_.restart();
    loop_.run_for(std::chrono::milliseconds(100));
    return changes_ == before;
  }

  TemporaryFolder folder_;
  boost::asio::io_context loop_;
  int changes_ = 0;
  FileWatch watch_{loop_.get_executor(), [this] { ++changes_; }};
};

TEST_F(FileWatchTest, ReportsEachKindOfChange) {
  watch_.follow({folder_.path()});
  ASSERT_EQ(watch_.problem(), "");
  EXPECT_TRUE(quiet());
  const std::string path = folder_.write("a.txt", "T1\n");
  EXPECT_TRUE(notified());
  quiet();
  folder_.write("a.txt", "T1\nT2\n");
  EXPECT_TRUE(notified());
  quiet();
  std::filesystem::rename(path, folder_ / "b.txt");
  EXPECT_TRUE(notified());
  quiet();
  std::filesystem::remove(folder_ / "b.txt");
  EXPECT_TRUE(notified());
}

TEST_F(FileWatchTest, FollowsTheFoldersItIsGivenLast) {
  folder_.write("one/a", "");
  folder_.write("two/a", "");
  watch_.follow({folder_ / "one", folder_ / "none"});
  EXPECT_EQ(watch_.problem(), "");
  watch_.follow({folder_ / "two"});
  quiet();
  folder_.write("one/b", "");
  EXPECT_TRUE(quiet());
  folder_.write("two/b", "");
  EXPECT_TRUE(notified());
}

TEST_F(FileWatchTest, AFolderThatIsReplacedIsFollowedOnceItIsGivenAgain) {
  std::filesystem::create_directory(folder_ / "d");
  watch_.follow({folder_ / "d"});
  std::filesystem::remove(folder_ / "d");
  EXPECT_TRUE(notified());
  std::filesystem::create_directory(folder_ / "d");
  watch_.follow({folder_ / "d"});
  quiet();
  folder_.write("d/a", "");
  EXPECT_TRUE(notified());
}

TEST_F(FileWatchTest, EndsWhileItWaits) {
  auto other = std::make_unique<FileWatch>(loop_.get_executor(), [this] { ++changes_; });
  other->follow({folder_.path()});
  quiet();
  folder_.write("a", "");
  other.reset();
  EXPECT_TRUE(quiet());
}

}  // namespace
}  // namespace taskwatchd
