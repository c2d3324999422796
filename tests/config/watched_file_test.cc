#include "config/watched_file.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace taskwatchd {
namespace {

using std::chrono::milliseconds;
using Ids = std::vector<std::string>;

class FollowedFileTest : public ::testing::Test {
 protected:
  bool see(std::optional<std::string_view> text) { return file_.see(text, age_, now_); }
  Ids taken() const { return file_.taken().tasks; }

  WatchedFile file_{"t.txt"};
  Duration age_ = std::chrono::hours(1);
  Mono now_{std::chrono::hours(5)};
};

TEST_F(FollowedFileTest, AnOldOneIsTakenAsItStands) {
  EXPECT_TRUE(see("A\nB"));
  EXPECT_EQ(taken(), (Ids{"A", "B"}));
  EXPECT_EQ(file_.due(), std::nullopt);
  EXPECT_FALSE(see("A\nB"));
}

TEST_F(FollowedFileTest, GrowsAtOnceByWholeLines) {
  see("A\n");
  EXPECT_TRUE(see("A\nB\nhalf-an"));
  EXPECT_EQ(taken(), (Ids{"A", "B"}));
  EXPECT_EQ(file_.due(), now_ + WatchedFile::kLineAfter);
  now_ += WatchedFile::kLineAfter - milliseconds(1);
  EXPECT_FALSE(see("A\nB\nhalf-an"));
  EXPECT_TRUE(see("A\nB\nhalf-an-id\n"));
  EXPECT_EQ(taken(), (Ids{"A", "B", "half-an-id"}));
  EXPECT_EQ(file_.due(), std::nullopt);
}

TEST_F(FollowedFileTest, ReadsALastLineWithoutItsEndOnceTheFileIsStable) {
  age_ = Duration::zero();
  EXPECT_TRUE(see("A\nB"));
  EXPECT_EQ(taken(), (Ids{"A"}));
  now_ += WatchedFile::kLineAfter;
  EXPECT_TRUE(see("A\nB"));
  EXPECT_EQ(taken(), (Ids{"A", "B"}));
  EXPECT_EQ(file_.due(), std::nullopt);
  // A new last line, with or without its newline, does not make this line incomplete again.
  see("A\nB\nC");
  EXPECT_EQ(taken(), (Ids{"A", "B"}));
  see("A\nB\nC\n");
  EXPECT_EQ(taken(), (Ids{"A", "B", "C"}));
}

TEST_F(FollowedFileTest, AFileFromTheFutureIsYoung) {
  age_ = -std::chrono::hours(1);
  see("A\nB");
  EXPECT_EQ(taken(), (Ids{"A"}));
  EXPECT_EQ(file_.due(), now_ + WatchedFile::kLineAfter);
}

TEST_F(FollowedFileTest, KeepsAnUnendedLastTaskWhileTheFileIsRewritten) {
  see("A\nB");
  see("X\nB");
  EXPECT_EQ(taken(), (Ids{"A", "B", "X"}));
  now_ += WatchedFile::kLineAfter - milliseconds(1);
  see("X\nB");
  EXPECT_EQ(taken(), (Ids{"A", "B", "X"}));
  now_ += milliseconds(1);
  see("X\nB");
  EXPECT_EQ(taken(), (Ids{"X", "B"}));
}

TEST_F(FollowedFileTest, DropsWhatIsGoneOnlyAfterAWhile) {
  see("A\nB\nC\n");
  EXPECT_FALSE(see("A\nC\n")) << "B is still there";
  EXPECT_EQ(file_.due(), now_ + WatchedFile::kDropAfter);
  now_ += WatchedFile::kDropAfter - milliseconds(1);
  EXPECT_FALSE(see("A\nC\n"));
  now_ += milliseconds(1);
  EXPECT_TRUE(see("A\nC\n"));
  EXPECT_EQ(taken(), (Ids{"A", "C"}));
  EXPECT_EQ(file_.due(), std::nullopt);
}

TEST_F(FollowedFileTest, SurvivesBeingAwayEmptyAndHalf) {
  see("A\nB\nC\n");
  for (const std::optional<std::string_view> moment :
       {std::optional<std::string_view>(), std::optional<std::string_view>(""),
        std::optional<std::string_view>("A\nB"), std::optional<std::string_view>("A\nB\nC\nD\n")}) {
    now_ += WatchedFile::kDropAfter - milliseconds(1);
    see(moment);
    const Ids held = taken();
    for (const char* id : {"A", "B", "C"}) {
      EXPECT_EQ(std::count(held.begin(), held.end(), id), 1) << id;
    }
    EXPECT_FALSE(file_.gone());
  }
  EXPECT_EQ(taken(), (Ids{"A", "B", "C", "D"}));
}

TEST_F(FollowedFileTest, IsGoneAfterAWhile) {
  see("A\n");
  EXPECT_FALSE(see(std::nullopt));
  EXPECT_FALSE(file_.gone());
  now_ += WatchedFile::kDropAfter;
  EXPECT_TRUE(see(std::nullopt));
  EXPECT_EQ(taken(), Ids{});
  EXPECT_TRUE(file_.gone());
  EXPECT_TRUE(see("A\n"));
  EXPECT_FALSE(file_.gone());
}

TEST_F(FollowedFileTest, AFileThatNeverBecomesStableUsesBoundedMemory) {
  std::size_t most = 0;
  for (int second = 0; second < 600; ++second) {
    now_ += std::chrono::seconds(1);
    see("T" + std::to_string(second) + "\n");
    most = std::max(most, taken().size());
  }
  EXPECT_LE(most, 62U);
  EXPECT_GE(most, 30U);
}

TEST_F(FollowedFileTest, NamesBadLinesButNotTheOneThatIsNotEnded) {
  EXPECT_TRUE(see("A\nno id\n"));
  ASSERT_EQ(file_.taken().errors.size(), 1U);
  EXPECT_EQ(file_.taken().errors[0].line, 2);
  EXPECT_FALSE(see("A\nno id\nno i"));
  EXPECT_TRUE(see("A\nno id\nno id either\n"));
  EXPECT_EQ(file_.taken().errors.size(), 2U);
}

}  // namespace
}  // namespace taskwatchd
