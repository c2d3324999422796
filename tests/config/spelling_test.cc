#include "config/spelling.h"

#include <gtest/gtest.h>

#include <string>

namespace taskwatchd {
namespace {

const std::vector<std::string_view> kWords = {"region", "id", "tasks", "task_files", "QueryTask"};

TEST(Spelling, FindsTheWordThatWasMeant) {
  EXPECT_EQ(nearest("regoin", kWords), "region");
  EXPECT_EQ(nearest("Region", kWords), "region");
  EXPECT_EQ(nearest("task", kWords), "tasks");
  EXPECT_EQ(nearest("taskfiles", kWords), "task_files");
  EXPECT_EQ(nearest("querytask", kWords), "QueryTask");
  EXPECT_EQ(nearest("ids", kWords), "id");
}

TEST(Spelling, SuggestsNothingWhenNoNameIsSimilar) {
  EXPECT_EQ(nearest("colour", kWords), "");
  EXPECT_EQ(nearest("", kWords), "");
  EXPECT_EQ(nearest("xy", kWords), "");
  EXPECT_EQ(nearest(std::string(1000, 'r'), kWords), "");
  EXPECT_EQ(nearest("region", {}), "");
}

}  // namespace
}  // namespace taskwatchd
