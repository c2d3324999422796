#include "io/files/config_file_tasks.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include "io/temporary_folder.h"

namespace taskwatchd {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

class TaskFilesTest : public ::testing::Test {
 protected:
  TaskFilesTest() { globs("d/*.txt"); }

  void globs(const std::string& pattern) {
    config_ = {};
    config_.accounts.resize(1);
    config_.accounts[0].instances.resize(1);
    config_.accounts[0].instances[0].task_files = {folder_ / pattern};
  }
  bool look() {
    const auto wall = std::chrono::system_clock::now() + late_;
    return files_.check(config_, {Mono{std::chrono::hours(1)} + late_,
                                  std::chrono::time_point_cast<std::chrono::milliseconds>(wall)});
  }
  std::vector<std::string> tasks() {
    Config config = config_;
    const TaskFiles::Problems problems = files_.add_to(config, "c.yaml");
    errors_.clear();
    warnings_.clear();
    for (const ConfigError& error : problems.errors) errors_.push_back(to_string(error));
    for (const ConfigError& warning : problems.warnings) warnings_.push_back(to_string(warning));
    return config.accounts[0].instances[0].tasks;
  }
  void pass(Duration span) { late_ += span; }

  TemporaryFolder folder_;
  Config config_;
  TaskFiles files_;
  Duration late_{};
  std::vector<std::string> errors_;
  std::vector<std::string> warnings_;
};

TEST_F(TaskFilesTest, SeesFilesComeGrowAndGo) {
  EXPECT_TRUE(look());
  EXPECT_THAT(tasks(), IsEmpty());
  EXPECT_THAT(warnings_, ElementsAre(HasSubstr("matches no file; it is checked again")));
  EXPECT_FALSE(look());
  folder_.write("d/a.txt", "T1\n");
  EXPECT_TRUE(look());
  EXPECT_THAT(tasks(), ElementsAre("T1"));
  EXPECT_THAT(warnings_, IsEmpty());
  EXPECT_FALSE(look());
  folder_.write("d/a.txt", "T1\nT2\n");
  EXPECT_TRUE(look());
  std::filesystem::rename(folder_.write("new", "T1\nT3\n"), folder_ / "d/a.txt");
  EXPECT_TRUE(look());
  EXPECT_THAT(tasks(), UnorderedElementsAre("T1", "T2", "T3"));
  pass(WatchedFile::kDropAfter);
  EXPECT_TRUE(look());
  EXPECT_THAT(tasks(), ElementsAre("T1", "T3"));
  std::filesystem::remove_all(folder_ / "d");
  EXPECT_FALSE(look());
  EXPECT_THAT(tasks(), ElementsAre("T1", "T3"));
  ASSERT_TRUE(files_.due());
  pass(WatchedFile::kDropAfter);
  EXPECT_TRUE(look());
  EXPECT_THAT(tasks(), IsEmpty());
  EXPECT_EQ(files_.due(), std::nullopt);
}

TEST_F(TaskFilesTest, SeesARewriteOfTheSameSizeAndTime) {
  const std::string path = folder_.write("d/a.txt", "T1\n");
  const auto written = std::filesystem::last_write_time(path);
  EXPECT_TRUE(look());
  folder_.write("d/a.txt", "T2\n");
  std::filesystem::last_write_time(path, written);
  EXPECT_TRUE(look());
  EXPECT_THAT(tasks(), UnorderedElementsAre("T1", "T2"));
}

TEST_F(TaskFilesTest, AFileThatCannotBeReadKeepsItsTasksAndDelaysNoOther) {
  folder_.write("d/a.txt", "T1\n");
  look();
  std::filesystem::remove(folder_ / "d/a.txt");
  std::filesystem::create_directory(folder_ / "d/a.txt");
  folder_.write("d/b.txt", "T2\n");
  EXPECT_TRUE(look());
  pass(std::chrono::minutes(10));
  EXPECT_FALSE(look());
  EXPECT_THAT(tasks(), ElementsAre("T1", "T2"));
  EXPECT_THAT(errors_,
              ElementsAre(HasSubstr("d/a.txt is not a regular file; set the path of a file")));
  std::filesystem::remove(folder_ / "d/a.txt");
  EXPECT_TRUE(look()) << "the problem is over";
  pass(WatchedFile::kDropAfter);
  EXPECT_TRUE(look());
  EXPECT_THAT(tasks(), ElementsAre("T2"));
  EXPECT_THAT(errors_, IsEmpty());
}

TEST_F(TaskFilesTest, AnInvalidLineIsReportedByFileAndLine) {
  const std::string path = folder_.write("d/a.txt", "T1\nno id\nT2\n");
  EXPECT_TRUE(look());
  EXPECT_THAT(tasks(), ElementsAre("T1", "T2"));
  EXPECT_THAT(warnings_, ElementsAre(HasSubstr(path + ":2:1: `no id` is not a valid task id")));
  EXPECT_FALSE(look());
}

TEST_F(TaskFilesTest, ForgetsGlobsThatWereRemoved) {
  folder_.write("d/a.txt", "T1\n");
  folder_.write("one.txt", "T9\n");
  look();
  globs("one.txt");
  EXPECT_TRUE(look());
  files_.keep_only(config_);
  EXPECT_THAT(tasks(), ElementsAre("T9"));
  std::filesystem::remove(folder_ / "one.txt");
  look();
  pass(WatchedFile::kDropAfter);
  EXPECT_TRUE(look());
  EXPECT_THAT(tasks(), IsEmpty());
  EXPECT_THAT(warnings_, ElementsAre(HasSubstr("one.txt does not exist; it is checked again")));
}

TEST_F(TaskFilesTest, ListsTheFoldersToWatch) {
  folder_.write("d/a.txt", "");
  folder_.write("e/b.txt", "");
  EXPECT_THAT(task_file_folders(config_), ElementsAre(folder_ / "d"));
  globs("*/?.txt");
  EXPECT_THAT(task_file_folders(config_),
              ElementsAre(folder_.path(), folder_ / "d", folder_ / "e"));
  globs("one.txt");
  EXPECT_THAT(task_file_folders(config_), ElementsAre(folder_.path()));
}

}  // namespace
}  // namespace taskwatchd
