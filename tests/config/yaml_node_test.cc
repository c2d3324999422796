// Aliases where they are allowed: they are copied, and their size and depth are limited.
#include "config/yaml_node.h"

#include <gmock/gmock.h>

namespace taskwatchd {
namespace {

using testing::HasSubstr;

struct Read {
  std::optional<YamlNode> root;
  std::string problems;  // one per line
};
Read read(const std::string& text, YamlAliases aliases = YamlAliases::kCopied) {
  Problems problems("f");
  Read read{read_yaml(text, problems, aliases), ""};
  for (const ConfigError& error : problems.take()) read.problems += to_string(error) + "\n";
  return read;
}

TEST(YamlAliases, AreCopies) {
  const Read all = read("a: &x text\nb: *x\nc: &y [1, {k: *x}]\nd: *y\n");
  EXPECT_EQ(all.problems, "");
  ASSERT_TRUE(all.root);
  const auto& entries = all.root->entries;
  ASSERT_EQ(entries.size(), 4U);
  EXPECT_EQ(entries[1].value.text, "text");
  EXPECT_EQ(entries[3].value.items.at(1).entries.at(0).value.text, "text");
}

TEST(YamlAliases, AreRefusedUnlessAllowed) {
  const std::string said = read("a: &x 1\nb: *x\n", YamlAliases::kRefused).problems;
  EXPECT_THAT(said, HasSubstr("anchors (&) are not supported"));
  EXPECT_THAT(said, HasSubstr("aliases (*) are not supported"));
}

TEST(YamlAliases, NameWhatWasWrittenBefore) {
  EXPECT_THAT(read("a: *x\n").problems, HasSubstr("not YAML"));
  EXPECT_THAT(read("a: &x [*x]\n").problems, HasSubstr("f:1:8: this alias (*) stands inside"));
}

TEST(YamlAliases, DoNotGrowWithoutEnd) {
  std::string laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  std::string nested = "a0: &a0 []\n";
  for (int i = 1; i < 40; ++i) {
    const std::string name = "a" + std::to_string(i);
    const std::string last = "*a" + std::to_string(i - 1);
    laughs += name + ": &" + name + " [" + last;
    for (int j = 1; j < 10; ++j) laughs += ", " + last;
    laughs += "]\n";
    nested += name + ": &" + name + " [" + last + "]\n";
  }
  EXPECT_THAT(read(laughs).problems, HasSubstr("more than 100000 keys and values"));
  EXPECT_THAT(read(nested).problems, HasSubstr("more than 32 levels deep"));
}

}  // namespace
}  // namespace taskwatchd
