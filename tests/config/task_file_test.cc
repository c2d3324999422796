#include <gtest/gtest.h>

#include "config/parse_text.h"
#include "config/task_file.h"
#include "config/task_owners.h"

namespace taskwatchd {
namespace {

std::vector<std::string> lines_of(const std::vector<ConfigError>& errors) {
  std::vector<std::string> lines;
  for (const ConfigError& error : errors) lines.push_back(to_string(error));
  return lines;
}

TEST(TaskFile, HoldsOneIdALineAndComments) {
  const TaskFile file =
      parse_task_file("\xEF\xBB\xBF# ids\nT1\n\n  T2 # the second\r\n\tT3", "t.txt");
  EXPECT_EQ(file.tasks, (std::vector<std::string>{"T1", "T2", "T3"}));
  EXPECT_EQ(file.lines, (std::vector<int>{2, 4, 5}));
  EXPECT_TRUE(file.errors.empty());
  EXPECT_TRUE(parse_task_file("", "t.txt").tasks.empty());
}

TEST(TaskFile, KeepsTheGoodLinesAndNamesTheBad) {
  const TaskFile file = parse_task_file("T1\n T 2\nT3\n\xFF\xFE\nT1\n", "t.txt");
  EXPECT_EQ(file.tasks, (std::vector<std::string>{"T1", "T3"}));
  const std::string rule =
      " is not a valid task id: write one id per line, 1 to 128 printable ASCII characters without "
      "space, \" and \\; the line is ignored";
  EXPECT_EQ(lines_of(file.errors),
            (std::vector<std::string>{"t.txt:2:2: `T 2`" + rule,
                                      "t.txt:4:1: `\xEF\xBF\xBD\xEF\xBF\xBD`" + rule,
                                      "t.txt:5:1: task `T1` is listed in line 1 too; remove one"}));
}

// tests/data/config/tasks_utf16.txt is a list that a Windows editor saved as "Unicode" (UTF-16).
TEST(TaskFile, InUtf16IsOneMessage) {
  const TaskFile file =
      parse_task_file(read_text(TEST_DATA_DIR "/config/tasks_utf16.txt"), "t.txt");
  EXPECT_TRUE(file.tasks.empty());
  EXPECT_EQ(lines_of(file.errors),
            (std::vector<std::string>{"t.txt:1:1: the file is UTF-16; save it as UTF-8; no task is "
                                      "read from it"}));
}

TEST(TaskFile, MayEndItsLinesByACarriageReturnAlone) {
  const TaskFile file = parse_task_file("T1\rT2\r\nT3\n\rT4", "t.txt");
  EXPECT_EQ(file.tasks, (std::vector<std::string>{"T1", "T2", "T3", "T4"}));
  EXPECT_EQ(file.lines, (std::vector<int>{1, 2, 3, 5}));
}

TEST(TaskFile, NamesACharacterThatIsNotSeen) {
  const TaskFile file = parse_task_file("T1\xE2\x80\x8B\n", "t.txt");
  ASSERT_EQ(file.errors.size(), 1U);
  EXPECT_EQ(file.errors[0].message.find(
                "`T1\\u200b` (\\u200b is a zero-width space) is not a valid task id"),
            0U)
      << file.errors[0].message;
}

TEST(TaskFile, OfAnotherKindDoesNotFloodTheLog) {
  std::string text;
  for (int i = 0; i < 5000; ++i) text += "not an id\n";
  const TaskFile file = parse_task_file(text, "t.txt");
  ASSERT_EQ(file.errors.size(), 101U);
  EXPECT_EQ(to_string(file.errors.back()),
            "t.txt: 4900 more bad lines; is this a file of task ids?");
}

TEST(TaskFile, TakesAHundredThousandIds) {
  std::string text;
  for (int i = 0; i < 100'000; ++i) text += "T" + std::to_string(i) + "\n";
  EXPECT_EQ(parse_task_file(text, "t.txt").tasks.size(), 100'000U);
}

TEST(TaskOwners, WatchATaskOnceAndUnderOneInstance) {
  AccountConfig account;
  account.instances.resize(2);
  account.instances[0].name = "first";
  account.instances[0].tasks = {"T1"};
  account.instances[1].name = "second";
  TaskOwners owners(account);
  EXPECT_TRUE(owners.add(0, parse_task_file("T1\nT2\n", "a.txt")).empty());
  const auto errors = owners.add(1, parse_task_file("T3\nT2\nT1\n", "b.txt"));
  EXPECT_EQ(account.instances[0].tasks, (std::vector<std::string>{"T1", "T2"}));
  EXPECT_EQ(account.instances[1].tasks, (std::vector<std::string>{"T3"}));
  EXPECT_EQ(lines_of(errors),
            (std::vector<std::string>{"b.txt:2:1: task `T2` is listed under instance `first` "
                                      "already and is ignored here; remove one",
                                      "b.txt:3:1: task `T1` is listed under instance `first` "
                                      "already and is ignored here; remove one"}));
}

}  // namespace
}  // namespace taskwatchd
