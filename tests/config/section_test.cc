// The YAML dialect of the exporter-toolkit, compared with ours: it accepts what yaml.v2 accepts,
// and our own files reject some of that.
#include "config/section.h"

#include <gmock/gmock.h>

namespace taskwatchd {
namespace {

class SectionTest : public testing::Test {
 protected:
  Section open(const std::string& text, YamlDialect dialect) {
    root = read_yaml(text, problems);
    return Section("the file", root.value(), problems, dialect);
  }
  Problems problems{"f"};
  std::optional<YamlNode> root;
};

TEST_F(SectionTest, InTheToolkitsDialectNothingIsAbsent) {
  Section section = open("a:\nb: ''\nc: ~\nd: {e: }\n", YamlDialect::kToolkit);
  for (const char* key : {"a", "b", "c"}) {
    EXPECT_FALSE(section.text(key)) << key;
    EXPECT_TRUE(section.has(key)) << key;
    EXPECT_FALSE(section.has_value(key)) << key;
  }
  EXPECT_TRUE(section.has_value("d"));
  auto inner = section.section("d", "d");
  ASSERT_TRUE(inner);
  EXPECT_FALSE(inner->boolean("e"));
  EXPECT_TRUE(problems.empty());
  Section ours = open("a:\nb: ''\n", YamlDialect::kOurs);
  ours.text("a");
  ours.text("b");
  EXPECT_EQ(problems.take().size(), 2U);
}

TEST_F(SectionTest, InTheToolkitsDialectYesIsTrueAndTrueMayBeText) {
  Section section = open("a: yes\nb: Off\nc: 'yes'\nd: true\n", YamlDialect::kToolkit);
  EXPECT_EQ(section.boolean("a"), true);
  EXPECT_EQ(section.boolean("b"), false);
  EXPECT_EQ(section.text("d"), "true");
  EXPECT_TRUE(problems.empty());
  EXPECT_FALSE(section.boolean("c")) << "quoted: a text";
  EXPECT_EQ(problems.take().size(), 1U);
  Section ours = open("a: yes\nd: true\n", YamlDialect::kOurs);
  EXPECT_FALSE(ours.boolean("a"));
  EXPECT_FALSE(ours.text("d"));
  EXPECT_EQ(problems.take().size(), 2U);
}

TEST_F(SectionTest, ReadsDurationsAsGoAndAsOurs) {
  Section section = open("a: 1.5s\nb: 2000\nc: 1d\nd: 0\ne: '5'\n", YamlDialect::kToolkit);
  EXPECT_EQ(section.go_duration("a"), std::chrono::milliseconds(1500));
  EXPECT_EQ(section.go_duration("b"), std::chrono::microseconds(2)) << "nanoseconds";
  EXPECT_EQ(section.go_duration("c"), std::chrono::hours(24));
  EXPECT_EQ(section.go_duration("d"), Duration(0));
  EXPECT_TRUE(problems.empty());
  EXPECT_FALSE(section.go_duration("e")) << "a text without a unit";
  EXPECT_EQ(problems.take().size(), 1U);
}

}  // namespace
}  // namespace taskwatchd
